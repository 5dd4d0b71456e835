//! What answers mean.

use super::*;

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
        m.on_head(Lane::Receive, head(200));
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
fn frames_are_slices_of_the_answer() {
    let mut m = connected(false);
    let body = Bytes::from(r#"[{"action":0},{"action":15}]"#.to_owned());
    m.on_head(Lane::Receive, head(200));
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
