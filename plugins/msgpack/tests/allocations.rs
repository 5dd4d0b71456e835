//! What a received frame costs in allocations.

#![allow(clippy::unwrap_used)]

use ably_msgpack::MsgPackCodec;
use ably_protocol::{Codec, ErrorCode, ErrorInfo, Frame, ProtocolMessage, json::JsonCodec};
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

/// The most bytes held while reading; what is read, or the code of the error.
fn peak<T>(read: impl FnOnce() -> Result<T, ErrorInfo>) -> (Result<T, ErrorCode>, u64) {
    let mut result = None;
    let info = measure(|| result = Some(read().map_err(|e| e.code())));
    (result.unwrap(), info.bytes_max)
}

fn list_of(member: &[u8], count: u32) -> Vec<u8> {
    let mut out = vec![0xdd];
    out.extend(count.to_be_bytes());
    out.extend(member.repeat(count as usize));
    out
}

/// A frame of one field.
fn frame_of(name: &str, value: &[u8]) -> Frame {
    let mut out = vec![0x81, 0xa0 | name.len() as u8];
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(value);
    Frame::Binary(out.into())
}

#[test]
fn a_frame_of_empty_messages_does_not_take_hundreds_of_times_its_size() {
    let ten_thousand = frame_of("messages", &list_of(&[0x80], 10_000));
    let (pm, _) = peak(|| MsgPackCodec.decode(&ten_thousand));
    assert_eq!(pm.unwrap().messages.len(), 10_000);
    for too_many in [10_001, 1_000_000] {
        let list = list_of(&[0x80], too_many);
        let frame = frame_of("messages", &list);
        let (pm, bytes) = peak(|| MsgPackCodec.decode(&frame));
        assert_eq!(pm.unwrap_err(), ErrorCode::INVALID_DATA);
        assert!(bytes < 8_000_000, "{bytes}");
        let body = Bytes::from(list);
        let (messages, bytes) = peak(|| MsgPackCodec.decode_messages(&body));
        assert_eq!(messages.unwrap_err(), ErrorCode::INVALID_DATA);
        assert!(bytes < 8_000_000, "{bytes}");
    }
}

#[test]
fn a_list_of_empty_items_does_not_take_many_times_its_size() {
    // {"a": a list of as many nils}
    let with = |nils: u8| {
        [
            &[0x81, 0xa1, b'a', 0x90 | nils][..],
            &vec![0xc0; nils.into()],
        ]
        .concat()
    };
    for (member, count, good) in [
        (vec![0x80], 10_000, true),
        (vec![0x80], 1_000_000, false),
        (with(8), 10_000, true),
        (with(10), 10_000, false),
    ] {
        let frame = frame_of("presence", &list_of(&member, count));
        let pm = MsgPackCodec.decode(&frame).unwrap();
        let (items, bytes) = peak(|| pm.presence.read());
        let expected = if good {
            Ok(count as usize)
        } else {
            Err(ErrorCode::INVALID_DATA)
        };
        assert_eq!(items.map(|i| i.len()), expected, "{count} of {member:x?}");
        assert!(bytes < 16_000_000, "{bytes}");
    }
}

#[test]
fn values_are_bounded_wherever_they_are_made() {
    let many = list_of(&[0x90], 1_000_000);
    // A map of one key, which is that list.
    let key = [&[0x81][..], &many, &[0xc0]].concat();
    let message = |field: &str, value: &[u8]| {
        let mut m = vec![0x91, 0x81, 0xa0 | field.len() as u8];
        m.extend_from_slice(field.as_bytes());
        m.extend_from_slice(value);
        frame_of("messages", &m)
    };
    for frame in [
        frame_of("params", &key),
        message("data", &many),
        message("extras", &many),
        Frame::Binary(key.clone().into()),
    ] {
        let (pm, bytes) = peak(|| MsgPackCodec.decode(&frame));
        assert_eq!(pm.err(), Some(ErrorCode::INVALID_DATA));
        assert!(bytes < 16_000_000, "{bytes}");
    }
    let most = Bytes::from(list_of(&[0xc0], 99_999));
    assert!(peak(|| MsgPackCodec.decode_value(&most)).0.is_ok());
    let more = Bytes::from(list_of(&[0xc0], 100_000));
    let (value, _) = peak(|| MsgPackCodec.decode_value(&more));
    assert_eq!(value.unwrap_err(), ErrorCode::INVALID_DATA);
}

/// What is still held after a message of a frame was kept. The frame is a part of a larger block, as
/// it is when a transport reads many frames at once.
fn held(data: usize, others: usize, block: usize) -> (usize, i64) {
    let message = [&[0x81, 0xa4][..], b"data", &binary(data)].concat();
    let mut list = vec![0xdd];
    list.extend((others as u32 + 1).to_be_bytes());
    list.extend(message.repeat(others + 1));
    let frame = frame_of("messages", &list);
    let mut kept = None;
    let info = measure(|| {
        let mut all = BytesMut::with_capacity(block.max(frame.bytes().len()));
        all.extend_from_slice(frame.bytes());
        let pm = MsgPackCodec.decode(&Frame::Binary(all.freeze())).unwrap();
        kept = pm.messages.into_iter().next();
    });
    (kept.unwrap().data.len(), info.bytes_current)
}

fn binary(len: usize) -> Vec<u8> {
    let mut out = vec![0xc6];
    out.extend((len as u32).to_be_bytes());
    out.resize(out.len() + len, 7);
    out
}

#[test]
fn a_kept_payload_does_not_keep_much_more_than_itself() {
    for (data, others, block) in [
        (40, 0, 16 * 1024),
        (4_096, 0, 16 * 1024),
        (8_000, 0, 16 * 1024),
        (20_000, 0, 32 * 1024),
        (40, 100, 0),
        (4_096, 100, 0),
        (20_000, 100, 0),
        (1_000_000, 0, 0),
    ] {
        let (len, bytes) = held(data, others, block);
        assert_eq!(len, data);
        assert!(bytes < 2 * data as i64 + 1_000, "{data}: {bytes}");
    }
}

#[test]
fn a_large_payload_is_not_copied() {
    let message = [&[0x81, 0xa4][..], b"data", &binary(1_000_000)].concat();
    let frame = frame_of("messages", &[&[0x91][..], &message].concat());
    let (pm, bytes) = peak(|| MsgPackCodec.decode(&frame));
    let message = pm.unwrap().messages.into_iter().next().unwrap();
    assert_eq!(message.data.len(), 1_000_000);
    assert!(bytes < 10_000, "{bytes}");
}
