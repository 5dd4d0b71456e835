//! How a link ends.

use super::*;

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
fn who_leaves_does_not_wait_for_frames_to_be_taken() {
    let frames = format!("[\"{}\"]", "x".repeat(LIMIT - 4));
    for closes in [false, true] {
        let mut m = connected(false);
        m.sends("1");
        m.asks().unwrap();
        m.sends("2");
        let end = match closes {
            true => {
                m.sends(r#"{"action":7}"#);
                "close"
            }
            false => "disconnect",
        };
        m.leave();
        m.answer(Lane::Send, 200, &frames);
        m.answer(Lane::Receive, 200, &frames);
        assert!(m.asks().unwrap().1.ends_with(" [2]"));
        m.answer(Lane::Send, 200, &frames);
        let url = format!("GET /comet/k%211/{end}?key=a.b%3Ac");
        assert_eq!(m.asks(), send(&url));
        m.answer(Lane::Send, 204, "");
        assert!(m.is_over());
    }
}
