//! What MessagePack from the network must not do: panic, hang, or take memory that it only claims.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use ably_msgpack::MsgPackCodec;
use ably_protocol::{Action, Codec, Data, ErrorCode, Frame, ProtocolMessage, json::JsonCodec};
use bytes::{Bytes, BytesMut};
use proptest::prelude::*;

fn decode(bytes: &[u8]) -> Result<ProtocolMessage, ErrorCode> {
    MsgPackCodec
        .decode(&Frame::Binary(Bytes::copy_from_slice(bytes)))
        .map_err(|e| {
            assert_eq!(e.status_code(), 400);
            e.code()
        })
}

fn golden() -> Vec<u8> {
    let json = r#"{"action":15,"channel":"a","id":"C1:0","timestamp":1700000000000,"error":{"code":40142,"statusCode":401,"message":"m"},"params":{"a":"b"},"connectionDetails":{"maxIdleInterval":15000},"messages":[{"name":"n","data":"d","extras":{"h":[true,false,null,-1.5e-3]},"operation":{"metadata":{"k":"v"}},"action":0}],"presence":[{"action":2}],"state":[{}]}"#;
    let pm = JsonCodec
        .decode(&Frame::Text(Bytes::from_static(json.as_bytes())))
        .unwrap();
    let mut out = BytesMut::new();
    MsgPackCodec.encode(&pm, &mut out).unwrap();
    out.to_vec()
}

/// A map of one field.
fn field(name: &str, value: &[u8]) -> Vec<u8> {
    let mut out = vec![0x81, 0xa0 | name.len() as u8];
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(value);
    out
}

#[test]
fn a_frame_cut_anywhere_is_refused() {
    let golden = golden();
    assert!(decode(&golden).is_ok());
    for end in 0..golden.len() {
        assert_eq!(
            decode(&golden[..end]).err(),
            Some(ErrorCode::INVALID_DATA),
            "cut at {end}"
        );
    }
    let mut long = golden;
    long.push(0xc0);
    assert_eq!(decode(&long).err(), Some(ErrorCode::INVALID_DATA));
}

#[test]
fn lengths_that_are_only_claimed_are_refused() {
    for tag in [0xc6, 0xc9, 0xdb, 0xdd, 0xdf] {
        for name in [
            "x", "channel", "data", "messages", "presence", "params", "error",
        ] {
            let bytes = field(name, &[tag, 0xff, 0xff, 0xff, 0xff, 0]);
            assert_eq!(
                decode(&bytes).err(),
                Some(ErrorCode::INVALID_DATA),
                "{tag:x} {name}"
            );
        }
        let body = Bytes::copy_from_slice(&[tag, 0xff, 0xff, 0xff, 0xff]);
        assert!(MsgPackCodec.decode_value(&body).is_err());
        assert!(MsgPackCodec.decode_messages(&body).is_err());
    }
    assert_eq!(
        decode(&[0xdf, 0xff, 0xff, 0xff, 0xff]).err(),
        Some(ErrorCode::INVALID_DATA)
    );
    // Refused at the head, not by running out of members.
    for bytes in [
        &[0x93, 1, 2][..],
        &[0x82, 1, 2, 3],
        &[0xdd, 0xff, 0xff, 0xff, 0xff, 1],
    ] {
        let error = MsgPackCodec
            .decode_value(&Bytes::copy_from_slice(bytes))
            .unwrap_err();
        assert!(error.message().contains("longer than the input"), "{error}");
    }
}

#[test]
fn wrong_types_are_refused() {
    for (name, value) in [
        ("action", &[0xa1, b'0'][..]),
        ("channel", &[5]),
        ("channel", &[0xc4, 1, b'a']),
        ("id", &[0x90]),
        ("msgSerial", &[0xc3]),
        ("messages", &[0x80]),
        ("messages", &[0x91, 1]),
        ("presence", &[0x80]),
        ("params", &[0x90]),
        ("error", &[0xa1, b'x']),
        ("connectionDetails", &[1]),
        ("auth", &[0xa1, b't']),
        ("x", &[0xc1]),
    ] {
        assert_eq!(
            decode(&field(name, value)).err(),
            Some(ErrorCode::INVALID_DATA),
            "{name}"
        );
    }
    for bytes in [&[][..], &[0x90], &[1], &[0xa1, b'x']] {
        assert_eq!(decode(bytes).err(), Some(ErrorCode::INVALID_DATA));
    }
}

#[test]
fn depth_is_limited_wherever_it_is_hidden() {
    for name in ["x", "presence", "extras", "cause"] {
        for open in [&[0x91][..], &[0x81, 0xa1, b'a']] {
            let nested = |n: usize| {
                let mut value = open.repeat(n);
                value.push(0xc0);
                match name {
                    "extras" => {
                        let mut list = vec![0x91];
                        list.extend(field("extras", &value));
                        field("messages", &list)
                    }
                    "cause" => field("error", &field("cause", &value)),
                    "presence" => {
                        value.insert(0, 0x91);
                        field("presence", &value)
                    }
                    _ => field(name, &value),
                }
            };
            assert!(decode(&nested(100)).is_ok(), "{name}");
            for n in [200, 100_000] {
                assert_eq!(
                    decode(&nested(n)).err(),
                    Some(ErrorCode::INVALID_DATA),
                    "{name}"
                );
            }
        }
    }
}

#[test]
fn depth_does_not_count_neighbours() {
    let neighbours = |member: &[u8]| {
        let mut list = vec![0xdc, 1, 0];
        list.extend(member.repeat(256));
        list
    };
    for member in [&[0x90][..], &[0x80], &[0x81, 0xa1, b'a', 0x91, 1]] {
        assert!(decode(&field("x", &neighbours(member))).is_ok());
        let body = Bytes::from(neighbours(member));
        assert!(MsgPackCodec.decode_value(&body).is_ok());
    }
    let pm = decode(&field("messages", &neighbours(&[0x80]))).unwrap();
    assert_eq!(pm.messages.len(), 256);
    let pm = decode(&field("presence", &neighbours(&[0x80]))).unwrap();
    assert_eq!(pm.presence.read().unwrap().len(), 256);
}

#[test]
fn what_other_writers_do_is_tolerated() {
    // Floats and wide integers for integers, nil for absent, extensions, keys that are not strings.
    let mut bytes = vec![0x87];
    for (name, value) in [
        ("action", &[0xcb, 0x40, 0x2e, 0, 0, 0, 0, 0, 0][..]),
        ("msgSerial", &[0xd3, 0, 0, 0, 0, 0, 0, 0, 7]),
        ("channel", &[0xc0]),
        ("id", &[0xd4, 0, 0]),
        ("x", &[0xc7, 2, 1, 0xff, 0xff]),
    ] {
        bytes.extend_from_slice(&field(name, value)[1..]);
    }
    bytes.extend_from_slice(&[7, 0x91, 1]);
    bytes.extend_from_slice(
        &field(
            "messages",
            &[
                0x91, 0x82, 0xa4, b'd', b'a', b't', b'a', 0x92, 1, 0xc4, 1, 0xff, 0xa4, b'n', b'a',
                b'm', b'e', 0xa1, 0xff,
            ],
        )[1..],
    );
    let pm = decode(&bytes).unwrap();
    assert_eq!(pm.action, Action::MESSAGE);
    assert_eq!(pm.msg_serial, Some(7));
    assert_eq!((pm.channel, pm.id), (None, None));
    assert_eq!(
        pm.messages[0].data.as_json().unwrap().as_str(),
        r#"[1,"/w=="]"#
    );
    assert_eq!(pm.messages[0].name.as_deref(), Some("\u{fffd}"));
}

#[test]
fn keys_that_are_maps_or_lists_are_refused() {
    // As text, every level would double the backslashes of the one inside it.
    let mut nested = b"\xa1\"".to_vec();
    for _ in 0..20 {
        nested = [&[0x81], &nested[..], &[0]].concat();
        for name in ["extras", "data"] {
            let message = field(name, &[&[0x81], &nested[..], &[0]].concat());
            let frame = field("messages", &[&[0x91], &message[..]].concat());
            assert_eq!(decode(&frame).err(), Some(ErrorCode::INVALID_DATA));
        }
    }
    let list = field("params", &[0x81, 0x91, 1, 0]);
    assert_eq!(decode(&list).err(), Some(ErrorCode::INVALID_DATA));
    let number = decode(&field("params", &[0x81, 1, 0])).unwrap();
    assert_eq!(number.params.unwrap().get("1").unwrap(), "0");
}

/// A list of messages with these names.
fn named(names: &[Vec<u8>]) -> Vec<u8> {
    let mut list = vec![0xdc, 0, names.len() as u8];
    for name in names {
        let mut text = vec![0xda, (name.len() >> 8) as u8, name.len() as u8];
        text.extend_from_slice(name);
        list.extend(field("name", &text));
    }
    field("messages", &list)
}

#[test]
fn long_text_that_is_not_utf8_spoils_no_other() {
    let good = |n: u8| vec![b'a' + n; 40];
    let cut = [good(20), b"\xc3".to_vec()].concat();
    let tail = [b"\xa9".to_vec(), good(21)].concat();
    let mut names: Vec<_> = (0..10).map(good).collect();
    names.extend([cut, tail]);
    names.extend((10..13).map(good));
    names.push(vec![0xff; 40]);
    names.extend((13..16).map(good));
    names.push(vec![b'z'; 3000]);
    names.push(vec![0xff; 3000]);
    let pm = decode(&named(&names)).unwrap();
    assert_eq!(pm.messages.len(), names.len());
    for (m, name) in pm.messages.iter().zip(&names) {
        assert_eq!(m.name.as_deref().unwrap(), String::from_utf8_lossy(name));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]

    #[test]
    fn texts_of_any_length_keep_their_places(
        names in prop::collection::vec(prop::collection::vec(prop_oneof![
            500 => prop::sample::select(vec![&b"x"[..], b"yz", "\u{e9}".as_bytes()]),
            1 => Just(&b"\xc3"[..]),
        ], 0..80), 0..30),
        large in prop::option::of(900..1100usize),
    ) {
        let mut names: Vec<Vec<u8>> = names.into_iter().map(|n| n.concat()).collect();
        names.extend(large.map(|len| vec![b'l'; len]));
        let pm = decode(&named(&names)).unwrap();
        prop_assert_eq!(pm.messages.len(), names.len());
        for (m, name) in pm.messages.iter().zip(&names) {
            prop_assert_eq!(m.name.as_deref().unwrap(), String::from_utf8_lossy(name));
        }
    }
}

#[test]
fn bytes_that_are_most_of_a_large_frame_are_slices_of_it() {
    let frame_of = |sizes: &[usize]| {
        let mut list = vec![0xdc, 0, sizes.len() as u8];
        for size in sizes {
            let mut data = vec![0xc5, (size >> 8) as u8, *size as u8];
            data.extend(vec![7; *size]);
            list.extend(field("data", &data));
        }
        Bytes::from(field("messages", &list))
    };
    let is_slice = |frame: &Bytes, data: &Data| {
        let range = frame.as_ptr_range();
        range.contains(&data.as_binary().unwrap().as_ptr())
    };
    for (sizes, expected) in [
        (&[100][..], &[false][..]),
        (&[16_383], &[false]),
        (&[16_384], &[true]),
        (&[100, 30_000, 20_000], &[false, true, false]),
    ] {
        let frame = frame_of(sizes);
        let pm = MsgPackCodec.decode(&Frame::Binary(frame.clone())).unwrap();
        let data = pm.messages.iter().map(|m| is_slice(&frame, &m.data));
        assert_eq!(data.collect::<Vec<_>>(), expected, "{sizes:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(4000) })]

    #[test]
    fn damaged_frames_never_panic(damage in prop::collection::vec((0..200usize, any::<u8>()), 1..4)) {
        let mut bytes = golden();
        for (at, with) in damage {
            let len = bytes.len();
            bytes[at % len] = with;
        }
        match decode(&bytes) {
            Err(code) => prop_assert_eq!(code, ErrorCode::INVALID_DATA),
            Ok(pm) => {
                // What was kept unread is judged when it is read.
                for items in [pm.presence, pm.annotations, pm.state] {
                    if let Err(e) = items.read() {
                        prop_assert_eq!(e.code(), ErrorCode::INVALID_DATA);
                    }
                }
            }
        }
    }

    #[test]
    fn noise_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let body = Bytes::from(bytes);
        if let Ok(value) = MsgPackCodec.decode_value(&body) {
            prop_assert!(ably_protocol::Value::from_json(&value.to_json()).is_ok());
        }
        let _pm = decode(&body);
    }
}
