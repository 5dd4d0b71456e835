//! What a received frame costs in allocations.

#![allow(clippy::unwrap_used)]

use ably_msgpack::MsgPackCodec;
use ably_protocol::{Codec, Frame, ProtocolMessage, json::JsonCodec};
use allocation_counter::measure;
use bytes::{Bytes, BytesMut};

fn frame(json: String) -> Frame {
    let pm = JsonCodec.decode(&Frame::Text(Bytes::from(json))).unwrap();
    let mut out = BytesMut::new();
    MsgPackCodec.encode(&pm, &mut out).unwrap();
    Frame::Binary(Bytes::copy_from_slice(&out))
}

const LONG: &str = "a text that is longer than what a string holds in place, which is thirty bytes";

#[test]
fn a_frame_with_one_message_takes_two_allocations() {
    let frame = frame(format!(
        r#"{{"action":15,"channel":"chat:room","id":"aBcDeFgHiJ:12","connectionId":"aBcDeFgHiJ","channelSerial":"{LONG}","timestamp":1700000000000,"messages":[{{"name":"event","data":"{LONG}","clientId":"{LONG}","serial":"{LONG}","version":"{LONG}","action":0}}]}}"#
    ));
    let mut kept = ProtocolMessage::default();
    let info = measure(|| kept = MsgPackCodec.decode(&frame).unwrap());
    assert_eq!(info.count_total, 2);
    assert!(info.bytes_current < 5 * LONG.len() as i64 + 700);
}

#[test]
fn short_strings_and_frames_without_messages_take_none() {
    let frame = frame(r#"{"action":1,"id":"x","msgSerial":7,"count":1}"#.into());
    let mut kept = ProtocolMessage::default();
    let info = measure(|| kept = MsgPackCodec.decode(&frame).unwrap());
    assert_eq!(info.count_total, 0);
}

#[test]
fn a_message_of_a_large_frame_does_not_keep_the_frame() {
    let one = format!(r#"{{"name":"n","data":"{LONG}"}}"#);
    let frame = frame(format!(
        r#"{{"action":15,"messages":[{}]}}"#,
        vec![one; 1000].join(",")
    ));
    let mut kept = None;
    let info = measure(|| {
        let pm = MsgPackCodec.decode(&frame).unwrap();
        kept = pm.messages.into_iter().nth(500);
    });
    assert!(frame.bytes().len() > 90_000);
    assert!(info.bytes_current < 2_000, "{}", info.bytes_current);
    assert!(info.count_total < 1_200, "{}", info.count_total);
    assert_eq!(kept.unwrap().data, LONG);
}
