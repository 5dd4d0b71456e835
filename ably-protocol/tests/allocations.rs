//! What a received frame costs in allocations.

#![allow(clippy::unwrap_used)]

use ably_protocol::{
    Codec, ErrorCode, ErrorInfo, Frame, ProtocolMessage, Value,
    json::{self, JsonCodec},
};
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

/// The most bytes held while reading; what is read, or the code of the error.
fn peak<T>(read: impl FnOnce() -> Result<T, ErrorInfo>) -> (Result<T, ErrorCode>, u64) {
    let mut result = None;
    let info = measure(|| result = Some(read().map_err(|e| e.code())));
    (result.unwrap(), info.bytes_max)
}

fn list_of(member: &str, count: usize) -> Bytes {
    Bytes::from(format!("[{}]", vec![member; count].join(",")))
}

#[test]
fn a_frame_of_empty_messages_does_not_take_hundreds_of_times_its_size() {
    let messages = |count| format!("{{\"messages\":[{}]}}", vec!["{}"; count].join(","));
    let ten_thousand = frame(&messages(10_000));
    let (pm, _) = peak(|| JsonCodec.decode(&ten_thousand));
    assert_eq!(pm.unwrap().messages.len(), 10_000);
    for too_many in [10_001, 350_000] {
        let frame = frame(&messages(too_many));
        let (pm, bytes) = peak(|| JsonCodec.decode(&frame));
        assert_eq!(pm.unwrap_err(), ErrorCode::INVALID_DATA);
        assert!(bytes < 8_000_000, "{bytes}");
        let body = list_of("{}", too_many);
        let (messages, bytes) = peak(|| JsonCodec.decode_messages(&body));
        assert_eq!(messages.unwrap_err(), ErrorCode::INVALID_DATA);
        assert!(bytes < 8_000_000, "{bytes}");
    }
}

#[test]
fn a_list_of_empty_items_does_not_take_many_times_its_size() {
    for (member, count, good) in [
        ("{}", 10_000, true),
        ("{}", 350_000, false),
        (r#"{"a":[0,0,0,0,0,0,0,0]}"#, 10_000, true),
        (r#"{"a":[0,0,0,0,0,0,0,0,0,0]}"#, 10_000, false),
    ] {
        let list = list_of(member, count);
        let text = format!("{{\"presence\":{}}}", std::str::from_utf8(&list).unwrap());
        let pm = JsonCodec.decode(&frame(&text)).unwrap();
        let (items, bytes) = peak(|| pm.presence.read());
        let expected = if good {
            Ok(count)
        } else {
            Err(ErrorCode::INVALID_DATA)
        };
        assert_eq!(items.map(|i| i.len()), expected, "{count} of {member}");
        assert!(bytes < 16_000_000, "{bytes}");
    }
}

#[test]
fn a_body_of_many_values_does_not_take_many_times_its_size() {
    for (body, good) in [
        (list_of("0", 99_999), true),
        (list_of("0", 100_000), false),
        (list_of("[]", 1_000_000), false),
    ] {
        let (value, bytes) = peak(|| JsonCodec.decode_value(&body));
        assert_eq!(value.err(), (!good).then_some(ErrorCode::INVALID_DATA));
        assert!(bytes < 16_000_000, "{bytes}");
        let (value, _) = peak(|| Value::from_json(std::str::from_utf8(&body).unwrap()));
        assert_eq!(value.err(), (!good).then_some(ErrorCode::INVALID_DATA));
    }
    let (list, _) = peak(|| json::split_list(&list_of("0", 10_000)));
    assert_eq!(list.unwrap().len(), 10_000);
    let body = list_of("0", 1_000_000);
    let (list, bytes) = peak(|| json::split_list(&body));
    assert_eq!(list.unwrap_err(), ErrorCode::INVALID_DATA);
    assert!(bytes < 4_000_000, "{bytes}");
}
