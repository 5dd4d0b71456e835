//! What is asked, and when.

use super::*;

#[test]
fn polling_connects_and_then_receives_one_answer_after_the_other() {
    let mut m = machine(false);
    let connect = "GET /comet/connect?key=a.b%3Ac&v=3&heartbeats=true&stream=false";
    assert_eq!(m.asks(), receive(connect));
    assert_eq!(m.asks(), None);
    m.answer(Lane::Receive, 200, &format!("[{CONNECTED}]"));
    assert_eq!(m.took(), [CONNECTED]);
    assert_eq!(m.asks(), receive(RECV));
    assert_eq!(m.asks(), None);
    m.answer(Lane::Receive, 200, r#"[{"action":0}, {"action":15}]"#);
    assert_eq!(m.took(), [r#"{"action":0}"#, r#"{"action":15}"#]);
    assert_eq!(m.asks(), receive(RECV));
}

#[test]
fn a_stream_brings_frames_before_its_end() {
    let mut m = machine(true);
    let connect = "GET /comet/connect?key=a.b%3Ac&v=3&heartbeats=true";
    assert_eq!(m.asks(), receive(connect));
    m.on_head(Lane::Receive, head(200));
    let bytes = |text: &str| Bytes::from(text.to_owned());
    m.on_chunk(Lane::Receive, bytes(&format!("[{CONNECTED}]\n[{{\"act")));
    assert_eq!(m.took(), [CONNECTED]);
    m.sends(r#"{"action":10}"#);
    assert_eq!(m.asks().unwrap().0, Lane::Send);
    m.on_chunk(Lane::Receive, bytes("ion\":0}]\n\n \r\n"));
    assert_eq!(m.took(), [r#"{"action":0}"#]);
    // The end is no failure, and the next one begins.
    m.on_end(Lane::Receive, T0);
    assert_eq!(m.asks(), receive(RECV));
    m.on_head(Lane::Receive, head(200));
    // The end of a line may be the end of the answer.
    m.on_chunk(Lane::Receive, bytes(r#"[{"action":15}]"#));
    assert_eq!(m.took(), [""; 0]);
    m.on_end(Lane::Receive, T0);
    assert_eq!(m.took(), [r#"{"action":15}"#]);
    assert!(!m.is_over());
}

#[test]
fn frames_wait_for_the_request_before_them_and_then_go_together() {
    let mut m = connected(false);
    m.sends("1");
    let url = "POST /comet/k%211/send?key=a.b%3Ac";
    assert_eq!(m.asks(), send(&format!("{url} [1]")));
    m.sends("2");
    m.sends("3");
    assert_eq!(m.asks(), None);
    assert!(!m.is_flushed());
    m.answer(Lane::Send, 200, r#"[{"action":1,"msgSerial":0}]"#);
    assert_eq!(m.took(), [r#"{"action":1,"msgSerial":0}"#]);
    assert_eq!(m.asks(), send(&format!("{url} [2,3]")));
    m.answer(Lane::Send, 204, "");
    assert!(m.is_flushed());
    assert_eq!((m.asks(), m.took()), (None, Vec::new()));
}

#[test]
fn nothing_is_sent_before_there_is_a_connection() {
    let mut m = machine(false);
    m.sends("1");
    assert_eq!(m.asks().unwrap().0, Lane::Receive);
    assert_eq!(m.asks(), None);
    m.answer(Lane::Receive, 200, &format!("[{CONNECTED}]"));
    assert_eq!(m.asks(), receive(RECV));
    assert_eq!(
        m.asks().unwrap().1,
        "POST /comet/k%211/send?key=a.b%3Ac [1]"
    );
}

#[test]
fn requests_say_that_they_are_json() {
    let mut m = connected(false);
    m.sends("1");
    let (_, request) = m.poll_request(T0).unwrap();
    let json = |name: &str| (name.to_owned(), "application/json".to_owned());
    assert_eq!(request.headers, [json("accept"), json("content-type")]);
    m.answer(Lane::Receive, 200, "[{}]");
    let (_, request) = m.poll_request(T0).unwrap();
    assert_eq!(request.headers, [json("accept")]);
}

#[test]
fn a_new_connection_key_is_used_from_then_on() {
    let mut m = connected(false);
    let update = CONNECTED.replace("k!1", "k 2");
    m.answer(Lane::Receive, 200, &format!("[{update}]"));
    assert_eq!(m.took(), [update]);
    assert_eq!(m.asks(), receive("GET /comet/k%202/recv?key=a.b%3Ac"));
    // One without a key keeps it.
    m.answer(
        Lane::Receive,
        200,
        r#"[{"action":4,"connectionDetails":{}}]"#,
    );
    assert_eq!(m.asks(), receive("GET /comet/k%202/recv?key=a.b%3Ac"));
}

#[test]
fn the_token_of_auth_is_shown_with_it_and_from_then_on() {
    let mut m = connected(false);
    let auth = r#"{"action":17,"auth":{"accessToken":"t&2"}}"#;
    m.sends(auth);
    let url = "/comet/k%211/send?access_token=t%262";
    assert_eq!(m.asks(), send(&format!("POST {url} [{auth}]")));
    m.answer(Lane::Receive, 200, "[{}]");
    assert_eq!(
        m.asks(),
        receive("GET /comet/k%211/recv?access_token=t%262")
    );
}

#[test]
fn requests_are_shown_without_keys() {
    let mut m = machine(false);
    let (_, request) = m.poll_request(T0).unwrap();
    assert_eq!(format!("{request:?}"), "HttpRequest(GET https://h:443)");
    m.answer(Lane::Receive, 200, &format!("[{CONNECTED}]"));
    // Here the path is one that opens a connection to whoever knows it.
    let (_, request) = m.poll_request(T0).unwrap();
    assert!(request.url.contains("k%211"));
    assert_eq!(format!("{request:?}"), "HttpRequest(GET https://h:443)");
}
