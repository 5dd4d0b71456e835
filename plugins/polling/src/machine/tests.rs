//! The machine with a server that is a list of answers. No time passes but what a test says.

use super::*;
use ably_base::{Str, Target, protocol::Format};
use bytes::Bytes;

const CONNECTED: &str =
    r#"{"action":4,"connectionId":"id","connectionDetails":{"connectionKey":"k!1"}}"#;
const T0: Instant = Instant(1_000_000);
const SEND_TIMEOUT: Duration = Duration::from_secs(10);
const LIMIT: usize = 1000;

fn machine(stream: bool) -> Machine {
    let path = String::from("/?key=a.b%3Ac&v=3&format=json&heartbeats=true");
    let target = Target::new(Str::from_static("h"), 443, true, path, Format::Json);
    Machine::new(Urls::new(&target, stream).unwrap(), LIMIT, SEND_TIMEOUT)
}

impl Machine {
    /// The next request as `METHOD path?query body`, without what never changes.
    fn asks(&mut self) -> Option<(Lane, String)> {
        self.asks_at(T0)
    }

    fn asks_at(&mut self, now: Instant) -> Option<(Lane, String)> {
        let (lane, request) = self.poll_request(now)?;
        let body = std::str::from_utf8(&request.body).unwrap();
        let path = request.url.strip_prefix("https://h:443").unwrap();
        Some((
            lane,
            format!("{} {path} {body}", request.method).trim().into(),
        ))
    }

    fn answer(&mut self, lane: Lane, status: u16, body: &str) {
        self.answer_at(T0, lane, status, body);
    }

    fn answer_at(&mut self, now: Instant, lane: Lane, status: u16, body: &str) {
        self.on_head(lane, status);
        self.on_chunk(lane, Bytes::from(body.to_owned()));
        self.on_end(lane, now);
    }

    fn took(&mut self) -> Vec<String> {
        let mut taken = Vec::new();
        while let Some(frame) = self.take_frame() {
            taken.push(String::from_utf8(frame.bytes().to_vec()).unwrap());
        }
        taken
    }

    fn sends(&mut self, frame: &str) {
        let frame = Frame::Text(Bytes::from(frame.to_owned()));
        self.send(frame).unwrap();
    }

    fn failure(&mut self) -> Option<FailureKind> {
        self.take_failure().map(|e| e.kind)
    }
}

/// Connected, and receiving.
fn connected(stream: bool) -> Machine {
    let mut m = machine(stream);
    m.asks().unwrap();
    m.answer(Lane::Receive, 200, &format!("[{CONNECTED}]"));
    assert_eq!(m.took(), [CONNECTED]);
    assert_eq!(m.asks().unwrap().0, Lane::Receive);
    assert!(m.take_activity());
    m
}

fn receive(text: &str) -> Option<(Lane, String)> {
    Some((Lane::Receive, text.into()))
}

fn send(text: &str) -> Option<(Lane, String)> {
    Some((Lane::Send, text.into()))
}

const RECV: &str = "GET /comet/k%211/recv?key=a.b%3Ac";

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
    m.on_head(Lane::Receive, 200);
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
    m.on_head(Lane::Receive, 200);
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
fn close_goes_after_everything_and_ends_the_link() {
    for body in ["", r#"[{"action":8}]"#, "rubbish"] {
        let mut m = connected(false);
        m.sends("1");
        m.sends(r#"{"action":7}"#);
        assert_eq!(m.asks().unwrap().0, Lane::Send);
        // Who closes does not ask for more.
        m.answer(Lane::Receive, 200, "[{}]");
        assert_eq!((m.took().len(), m.asks()), (1, None));
        let closed = m.send(Frame::Text(Bytes::from_static(b"2"))).unwrap_err();
        assert!(matches!(closed.kind, FailureKind::Closed { .. }));
        m.answer(Lane::Send, 200, "[]");
        assert_eq!(m.asks(), send("GET /comet/k%211/close?key=a.b%3Ac"));
        assert!(!m.is_flushed());
        m.answer(Lane::Send, 200, body);
        let closed = usize::from(body.starts_with('['));
        assert_eq!((m.took().len(), m.failure()), (closed, None), "{body}");
        assert!(m.is_over() && m.is_flushed());
        assert_eq!(m.asks(), None);
    }
}

#[test]
fn a_refused_close_is_the_end_all_the_same() {
    let error = r#"{"error":{"code":40000,"statusCode":400}}"#;
    for answer in [Some(error), Some(r#"[{"action":9}]"#), None] {
        let mut m = connected(false);
        m.sends(r#"{"action":7}"#);
        m.asks().unwrap();
        match answer {
            Some(body) => m.answer(Lane::Send, 400, body),
            None => m.on_failure(Lane::Send, TransportError::new(FailureKind::Refused)),
        }
        assert_eq!((m.took(), m.failure()), (Vec::new(), None));
        assert!(m.is_over());
    }
}

#[test]
fn leaving_sends_what_is_left_then_disconnects() {
    let mut m = connected(false);
    m.sends("1");
    m.leave();
    assert!(!m.awaits(Lane::Receive));
    assert!(m.asks().unwrap().1.ends_with(" [1]"));
    m.leave();
    m.answer(Lane::Send, 204, "");
    assert!(!m.is_over());
    assert_eq!(m.asks(), send("GET /comet/k%211/disconnect?key=a.b%3Ac"));
    m.leave();
    assert_eq!(m.asks(), None);
    m.answer(Lane::Send, 500, "");
    assert!(m.is_over());
    assert_eq!(m.failure(), None);
}

#[test]
fn who_has_closed_does_not_disconnect_too() {
    let mut m = connected(false);
    m.sends(r#"{"action":7}"#);
    m.asks().unwrap();
    m.leave();
    assert_eq!(m.asks(), None);
    m.answer(Lane::Send, 204, "");
    assert!(m.is_over());

    let mut m = connected(false);
    m.sends("1");
    m.asks().unwrap();
    m.sends(r#"{"action":7}"#);
    m.leave();
    m.answer(Lane::Send, 204, "");
    assert_eq!(m.asks(), send("GET /comet/k%211/close?key=a.b%3Ac"));
}

#[test]
fn who_was_not_connected_leaves_without_a_word() {
    let mut m = machine(false);
    m.asks().unwrap();
    m.leave();
    assert!(m.is_over() && !m.awaits(Lane::Receive));
    assert_eq!(m.asks(), None);
}

#[test]
fn the_server_s_last_word_ends_the_link() {
    for last in [
        r#"{"action":6,"error":{"code":80003}}"#,
        r#"{"action":8}"#,
        r#"{"action":9,"error":{"code":40000}}"#,
    ] {
        let mut m = connected(false);
        m.sends("1");
        m.asks().unwrap();
        m.answer(Lane::Receive, 200, &format!(r#"[{{"action":0}},{last},1]"#));
        assert!(m.is_over() && !m.awaits(Lane::Send), "{last}");
        assert_eq!(m.took(), [r#"{"action":0}"#, last]);
        assert_eq!((m.asks(), m.failure()), (None, None));
        // Nobody is there to be told.
        m.leave();
        assert_eq!(m.asks(), None);
        // What was under way does not matter.
        m.answer(Lane::Send, 200, "[1]");
        assert_eq!(m.took(), [""; 0]);
    }
    let mut m = connected(false);
    m.answer(Lane::Receive, 200, r#"[{"action":9,"channel":"c"}]"#);
    assert_eq!(m.took().len(), 1);
    assert_eq!(m.asks(), receive(RECV));
}

#[test]
fn what_is_no_answer_of_ably_s_fails_the_link() {
    let protocol = Some(FailureKind::Protocol);
    let huge = format!("[\"{}\"]", "x".repeat(LIMIT));
    for (status, body, kind) in [
        (200, "", protocol.clone()),
        (200, " ", protocol.clone()),
        (200, "<html>", protocol.clone()),
        (200, "{}", protocol.clone()),
        (200, "[{\"action\":0}", protocol.clone()),
        (200, "[] []", protocol.clone()),
        (200, "[\"\u{fffd}]", protocol.clone()),
        (200, &huge, protocol),
        (302, "", Some(FailureKind::HttpStatus(302))),
        (500, "<html>", Some(FailureKind::HttpStatus(500))),
        (500, "", Some(FailureKind::HttpStatus(500))),
    ] {
        for lane in [Lane::Receive, Lane::Send] {
            let mut m = connected(false);
            m.sends("1");
            m.asks().unwrap();
            m.answer(lane, status, body);
            assert_eq!(
                (m.took(), m.failure()),
                (Vec::new(), kind.clone()),
                "{status} {body}"
            );
            assert!(m.is_over() && !m.awaits(Lane::Receive) && !m.awaits(Lane::Send));
            assert_eq!(m.asks(), None);
        }
    }
}

#[test]
fn odd_elements_are_for_the_codec_to_refuse() {
    let mut m = connected(false);
    let list = r#"[1,"a",null,[2],{"action":"x"},{"action":0}]"#;
    m.answer(Lane::Receive, 200, list);
    assert_eq!(m.took().len(), 6);
    assert!(!m.is_over());
}

#[test]
fn a_stream_that_breaks_its_rules_fails_the_link() {
    let chunks = |body: &str| {
        let mut m = connected(true);
        m.on_head(Lane::Receive, 200);
        m.on_chunk(Lane::Receive, Bytes::from(body.to_owned()));
        if m.awaits(Lane::Receive) {
            m.on_end(Lane::Receive, T0);
        }
        (m.took(), m.failure())
    };
    let kept = || vec![String::from(r#"{"action":0}"#)];
    let protocol = Some(FailureKind::Protocol);
    for rest in [
        "rubbish\n",
        "{}\n",
        "[{\"action\":15",
        &"x".repeat(LIMIT + 1),
    ] {
        // What came whole before it counts.
        let body = format!("[{{\"action\":0}}]\n{rest}");
        assert_eq!(chunks(&body), (kept(), protocol.clone()), "{rest}");
    }
}

#[test]
fn refusals_become_frames() {
    let mut m = connected(false);
    let error = r#"{"code":40142,"statusCode":401,"message":"expired"}"#;
    m.answer(Lane::Receive, 401, &format!(r#"{{"error":{error}}}"#));
    assert_eq!(m.took(), [format!(r#"{{"action":6,"error":{error}}}"#)]);
    assert!(m.is_over());
    assert_eq!(m.failure(), None);

    let mut m = machine(true);
    m.asks().unwrap();
    let error = r#"{"code":40101,"statusCode":401,"message":"no"}"#;
    m.answer(Lane::Receive, 401, &format!(r#"{{"error":{error}}}"#));
    assert_eq!(m.took(), [format!(r#"{{"action":9,"error":{error}}}"#)]);
    assert_eq!(m.failure(), None);

    // A NACK is no end.
    let mut m = connected(false);
    m.sends("1");
    m.asks().unwrap();
    m.answer(Lane::Send, 400, r#"[{"action":2,"msgSerial":0}]"#);
    assert_eq!(m.took().len(), 1);
    assert!(!m.is_over());
}

#[test]
fn an_answer_to_connect_must_hold_connected() {
    for (stream, status, body) in [
        (false, 200, "[]"),
        (false, 204, ""),
        (false, 200, r#"[{"action":0}]"#),
        (false, 200, r#"[{"action":4}]"#),
        (
            false,
            200,
            r#"[{"action":4,"connectionDetails":{"connectionKey":".."}}]"#,
        ),
        (true, 200, ""),
        (true, 200, "[]\n"),
    ] {
        let mut m = machine(stream);
        m.asks().unwrap();
        m.answer(Lane::Receive, status, body);
        assert_eq!(m.failure(), Some(FailureKind::Protocol), "{body}");
    }
}

#[test]
fn requests_are_given_up_in_time() {
    let mut m = connected(false);
    assert_eq!(m.next_timeout(), Some(T0.after(RECEIVE_TIMEOUT)));
    m.sends("1");
    m.asks().unwrap();
    assert_eq!(m.next_timeout(), Some(T0.after(SEND_TIMEOUT)));
    // The head alone does not save it.
    m.on_head(Lane::Send, 200);
    m.on_time(T0.after(SEND_TIMEOUT - Duration::from_micros(1)));
    assert!(!m.is_over());
    m.on_time(T0.after(SEND_TIMEOUT));
    assert_eq!(m.failure(), Some(FailureKind::Timeout));

    let mut m = connected(false);
    m.on_time(T0.after(RECEIVE_TIMEOUT));
    assert_eq!(m.failure(), Some(FailureKind::Timeout));
    assert_eq!(m.next_timeout(), None);

    // A close that is not answered is one all the same.
    let mut m = connected(false);
    m.sends(r#"{"action":7}"#);
    m.asks().unwrap();
    m.on_time(T0.after(SEND_TIMEOUT));
    assert!(m.is_over());
    assert_eq!(m.failure(), None);
}

#[test]
fn a_stream_may_be_silent_once_it_has_begun() {
    let mut m = connected(true);
    assert_eq!(m.next_timeout(), Some(T0.after(RECEIVE_TIMEOUT)));
    m.on_head(Lane::Receive, 200);
    assert_eq!(m.next_timeout(), None);
    m.on_time(T0.after(RECEIVE_TIMEOUT * 2));
    assert!(!m.is_over());
    // A refusal is no stream.
    let mut m = connected(true);
    m.on_head(Lane::Receive, 500);
    assert_eq!(m.next_timeout(), Some(T0.after(RECEIVE_TIMEOUT)));
}

#[test]
fn a_server_that_says_nothing_at_once_is_not_asked_without_end() {
    let says_nothing = [
        (false, 200, "[]"),
        (false, 200, "null"),
        (false, 204, ""),
        (true, 200, ""),
    ];
    for (stream, status, body) in says_nothing {
        let mut m = connected(stream);
        m.answer(Lane::Receive, status, body);
        assert!(m.take_activity());
        assert_eq!(m.asks(), None, "{status} {body}");
        assert_eq!(m.next_timeout(), Some(T0.after(PAUSE)));
        let before = T0.after(PAUSE - Duration::from_micros(1));
        m.on_time(before);
        assert_eq!(m.asks_at(before), None);
        m.on_time(T0.after(PAUSE));
        assert_eq!(m.asks_at(T0.after(PAUSE)), receive(RECV));
    }
    // One that took its time is.
    let mut m = connected(false);
    m.answer_at(T0.after(PAUSE), Lane::Receive, 200, "[]");
    assert_eq!(m.asks_at(T0.after(PAUSE)), receive(RECV));
    // And so is a stream that said something.
    let mut m = connected(true);
    m.answer(Lane::Receive, 200, "[{\"action\":0}]\n");
    assert_eq!(m.asks(), receive(RECV));
}

#[test]
fn the_answer_to_a_receive_is_a_sign_of_life() {
    let mut m = connected(false);
    m.sends("1");
    m.asks().unwrap();
    m.answer(Lane::Send, 204, "");
    assert!(!m.take_activity());
    m.answer_at(T0.after(PAUSE), Lane::Receive, 204, "");
    assert!(m.take_activity() && !m.take_activity());
}

#[test]
fn queues_are_bounded() {
    let mut m = connected(false);
    m.sends("1");
    m.asks().unwrap();
    while m.has_room() {
        m.sends(&format!("\"{}\"", "x".repeat(1000)));
    }
    assert!(m.bytes == 0 && m.out.take().len() < 67_000);
    // Nor are answers collected without end while nobody takes the frames.
    let frames = format!("[\"{}\"]", "x".repeat(LIMIT - 4));
    let mut m = connected(false);
    let mut answers = 0;
    loop {
        m.sends("1");
        if m.asks().is_none() {
            break;
        }
        m.answer(Lane::Send, 200, &frames);
        answers += 1;
        assert!(answers < 10);
    }
    assert_eq!(answers, 2);
    assert!(!m.reads(Lane::Receive) && m.reads(Lane::Send));
    assert_eq!(m.took().len(), 2);
    assert!(m.asks().is_some() && m.reads(Lane::Receive));
}

#[test]
fn frames_are_slices_of_the_answer() {
    let mut m = connected(false);
    let body = Bytes::from(r#"[{"action":0},{"action":15}]"#.to_owned());
    m.on_head(Lane::Receive, 200);
    m.on_chunk(Lane::Receive, body.clone());
    m.on_end(Lane::Receive, T0);
    let frame = m.take_frame().unwrap();
    assert_eq!(frame.bytes().as_ptr(), body.slice(1..).as_ptr());
}

#[test]
fn a_binary_frame_is_refused() {
    let mut m = connected(false);
    let refused = m.send(Frame::Binary(Bytes::from_static(b"1"))).unwrap_err();
    assert_eq!(refused.kind, FailureKind::Protocol);
}

#[test]
fn the_first_end_counts() {
    let mut m = connected(false);
    m.sends("1");
    m.asks().unwrap();
    m.on_failure(Lane::Send, TransportError::new(FailureKind::Refused));
    m.on_failure(Lane::Receive, TransportError::new(FailureKind::Dns));
    let said = m.send(Frame::Text(Bytes::from_static(b"2"))).unwrap_err();
    assert_eq!(said.kind, FailureKind::Refused);
    assert_eq!(m.failure(), Some(FailureKind::Refused));
    assert_eq!(m.failure(), None);
}

#[test]
fn debug_shows_no_credential() {
    let mut m = connected(false);
    m.sends(r#"{"action":17,"auth":{"accessToken":"hunter2"}}"#);
    let shown = format!("{m:?}");
    for secret in ["a.b%3Ac", "k%211"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

/// Xorshift.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % n as u64).unwrap()
    }
}

#[test]
fn whatever_comes_in_whatever_order_is_borne() {
    let update = CONNECTED.replace("k!1", "k2");
    let pieces: [&[u8]; 14] = [
        b"[",
        b"]",
        b",",
        b"\n",
        b"{\"action\":0}",
        b"{\"action\":6}",
        b"{\"action\":9,\"channel\":\"c\"}",
        b"{\"error\":{\"code\":40142}}",
        update.as_bytes(),
        b"\"",
        b"{\"action\":",
        b"\xff\x00",
        b"[[[[[[",
        b"null",
    ];
    let mut ends = [0; 3];
    for seed in 1..4000 {
        let mut random = Random(seed);
        let mut m = connected(random.below(2) == 0);
        let mut now = T0;
        for _ in 0..random.below(60) {
            let lane = [Lane::Receive, Lane::Send][random.below(2)];
            match random.below(10) {
                0 => m.on_head(lane, [200, 204, 302, 401, 500][random.below(5)]),
                1..=3 => {
                    let n = random.below(4);
                    let chunk: Vec<u8> = (0..n)
                        .flat_map(|_| pieces[random.below(pieces.len())])
                        .copied()
                        .collect();
                    m.on_chunk(lane, Bytes::from(chunk));
                }
                4 => m.on_end(lane, now),
                5 if random.below(8) == 0 => {
                    m.on_failure(lane, TransportError::new(FailureKind::Other));
                }
                6 => {
                    now = now.after(Duration::from_millis(300));
                    m.on_time(now);
                }
                7 => {
                    let frame = pieces[4 + random.below(5)];
                    let _ = m.send(Frame::Text(Bytes::copy_from_slice(frame)));
                }
                8 if random.below(8) == 0 => m.leave(),
                _ => drop(m.take_frame()),
            }
            while let Some((_, request)) = m.poll_request(now) {
                assert!(!m.is_over());
                let of_the_connection = |k: &str| {
                    request
                        .url
                        .starts_with(&format!("https://h:443/comet/{k}/"))
                };
                assert!(
                    of_the_connection("k%211") || of_the_connection("k2"),
                    "{}",
                    request.url
                );
            }
            if m.is_over() {
                assert!(m.is_flushed() && !m.awaits(Lane::Receive) && !m.awaits(Lane::Send));
                assert_eq!(m.next_timeout(), None);
            }
            assert_eq!(m.bytes, m.frames.iter().map(Bytes::len).sum::<usize>());
        }
        let end = match (m.is_over(), m.take_failure()) {
            (false, _) => 0,
            (true, None) => 1,
            (true, Some(_)) => 2,
        };
        ends[end] += 1;
    }
    // All of it was reached.
    assert!(ends.iter().all(|n| *n > 100), "{ends:?}");
}
