//! What may not be printed is not printed.

#![allow(clippy::expect_used, clippy::indexing_slicing)]

use ably_protocol::{Codec, Frame, Message, json::JsonCodec};
use bytes::Bytes;

const FRAME: &str = r#"{"action":4,"connectionId":"c1","connectionDetails":{"clientId":"me","connectionKey":"hunter2","maxIdleInterval":15000},"auth":{"accessToken":"hunter2"},"messages":[{"name":"n","data":"d","connectionKey":"hunter2"}]}"#;

#[test]
fn a_protocol_message_is_printed_without_its_secrets() {
    let frame = Frame::Text(Bytes::from_static(FRAME.as_bytes()));
    let pm = JsonCodec.decode(&frame).expect("a message");
    let details = pm.connection_details.as_deref().expect("details");
    assert_eq!(details.connection_key.as_deref(), Some("hunter2"));
    assert_eq!(pm.messages[0].connection_key.as_deref(), Some("hunter2"));
    for printed in [
        format!("{pm:?}"),
        format!("{pm:#?}"),
        format!("{details:?}"),
        format!("{:?}", pm.messages[0]),
        format!("{:?}", pm.auth),
    ] {
        assert!(!printed.contains("hunter2"), "{printed}");
        assert!(printed.contains("[redacted]"), "{printed}");
    }
    assert!(format!("{details:?}").contains("max_idle_interval: Some(15000)"));
    let nothing_to_hide = format!("{:?}", Message::new("n", "d"));
    assert!(
        nothing_to_hide.contains("connection_key: None"),
        "{nothing_to_hide}"
    );
}

#[test]
fn a_frame_is_printed_without_its_bytes() {
    let bytes = Bytes::from_static(FRAME.as_bytes());
    let length = FRAME.len();
    assert_eq!(
        format!("{:?}", Frame::Text(bytes.clone())),
        format!("Text({length} bytes)")
    );
    assert_eq!(
        format!("{:#?}", [Frame::Binary(bytes)]),
        format!("[\n    Binary({length} bytes),\n]")
    );
}
