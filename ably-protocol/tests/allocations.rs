//! What a received frame costs in allocations.

#![allow(clippy::unwrap_used)]

use ably_protocol::{Codec, Frame, ProtocolMessage, json::JsonCodec};
use allocation_counter::measure;
use bytes::Bytes;

fn frame(text: &str) -> Frame {
    Frame::Text(Bytes::copy_from_slice(text.as_bytes()))
}

fn cost(frame: &Frame) -> (u64, u64) {
    let mut kept = ProtocolMessage::default();
    let info = measure(|| kept = JsonCodec.decode(frame).unwrap());
    (info.count_total, info.bytes_current as u64)
}

const LONG: &str = "a text that is longer than what a string holds in place, which is thirty bytes";

#[test]
fn a_frame_with_one_message_takes_two_allocations() {
    let text = format!(
        r#"{{"action":15,"channel":"chat:room","id":"aBcDeFgHiJ:12","connectionId":"aBcDeFgHiJ","channelSerial":"{LONG}","timestamp":1700000000000,"messages":[{{"name":"event","data":"{LONG}","clientId":"{LONG}","extras":{{"headers":{{"a":"{LONG}"}}}},"serial":"{LONG}","version":"{LONG}","action":0}}]}}"#
    );
    let (count, bytes) = cost(&frame(&text));
    assert_eq!(count, 2);
    // The copy of the frame and the message: nothing else is kept.
    assert!(bytes < text.len() as u64 + 700, "{bytes}");
}

#[test]
fn json_as_data_takes_one_allocation_for_its_text() {
    let data = r#"{\"list\":[1,2,3],\"name\":\"something\",\"more\":\"text\"}"#;
    let short = format!(
        r#"{{"action":15,"channel":"a","messages":[{{"data":"{data}","encoding":"json"}}]}}"#
    );
    assert_eq!(cost(&frame(&short)).0, 2);
    let with_serial = short.replace(
        "\"encoding\"",
        &format!("\"serial\":\"{LONG}\",\"encoding\""),
    );
    assert_eq!(cost(&frame(&with_serial)).0, 3);
}

#[test]
fn short_strings_and_frames_without_messages_take_none() {
    for text in [
        r#"{"action":0,"id":"ping"}"#,
        r#"{"action":1,"msgSerial":7,"count":1}"#,
        r#"{"action":11,"channel":"chat:room","channelSerial":"s","flags":983040}"#,
    ] {
        assert_eq!(cost(&frame(text)).0, 0, "{text}");
    }
}

#[test]
fn a_message_of_a_large_frame_does_not_keep_the_frame() {
    let one = format!(r#"{{"name":"n","data":"{LONG}"}}"#);
    let text = format!(
        r#"{{"action":15,"channel":"a","messages":[{}]}}"#,
        vec![one; 1000].join(",")
    );
    let frame = frame(&text);
    let mut kept = None;
    let info = measure(|| {
        let pm = JsonCodec.decode(&frame).unwrap();
        kept = pm.messages.into_iter().nth(500);
    });
    assert!(text.len() > 90_000);
    assert!(info.bytes_current < 6_000, "{}", info.bytes_current);
    // One copy for many messages, and the list.
    assert!(info.count_total < 1_100, "{}", info.count_total);
    assert_eq!(kept.unwrap().data, LONG);
}

#[test]
fn a_long_string_in_a_large_frame_is_copied_once() {
    let data = "x".repeat(50_000);
    let text = format!(
        r#"{{"action":15,"channel":"a","channelSerial":"{LONG}","messages":[{{"data":"{data}","serial":"{LONG}"}}]}}"#
    );
    let (count, bytes) = cost(&frame(&text));
    assert!(count <= 4, "{count}");
    assert!(bytes < 50_000 + 2 * 4_096 + 700, "{bytes}");
}
