//! What JSON from the network must not do: panic, hang, or be taken for something else.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use ably_protocol::{Codec, ErrorCode, Frame, ProtocolMessage, Value, json::JsonCodec};
use bytes::Bytes;
use proptest::prelude::*;

fn decode(bytes: &[u8]) -> Result<ProtocolMessage, ErrorCode> {
    JsonCodec
        .decode(&Frame::Text(Bytes::copy_from_slice(bytes)))
        .map_err(|e| {
            assert_eq!(e.status_code(), 400);
            e.code()
        })
}

const GOLDEN: &str = r#"{"action":15,"channel":"a","id":"C1:0","connectionId":"C1","channelSerial":"S1","timestamp":1700000000000,"flags":1.5e1,"error":{"code":40142,"statusCode":401,"message":"m","cause":{"code":1}},"params":{"a":"b"},"connectionDetails":{"maxIdleInterval":15000},"auth":{"accessToken":"t"},"messages":[{"name":"n","data":"d\u00e9\n","extras":{"h":[true,false,null,-1.5e-3]},"operation":{"metadata":{"k":"v"}},"action":0}],"presence":[{"action":2}],"annotations":[],"state":[{}]}"#;

#[test]
fn a_frame_cut_anywhere_is_refused() {
    assert!(decode(GOLDEN.as_bytes()).is_ok());
    for end in 0..GOLDEN.len() {
        let cut = decode(&GOLDEN.as_bytes()[..end]);
        assert_eq!(cut.unwrap_err(), ErrorCode::INVALID_DATA, "cut at {end}");
    }
}

#[test]
fn wrong_types_are_refused() {
    for text in [
        "",
        "[]",
        "1",
        "\"x\"",
        "{}{}",
        "{} x",
        "{,}",
        "{\"action\":0,}",
        "{\"action\" 0}",
        "{action:0}",
        "{\"action\":\"0\"}",
        "{\"action\":[]}",
        "{\"action\":true}",
        "{\"channel\":5}",
        "{\"channel\":{}}",
        "{\"id\":[\"x\"]}",
        "{\"connectionId\":false}",
        "{\"msgSerial\":\"1\"}",
        "{\"timestamp\":{}}",
        "{\"error\":\"x\"}",
        "{\"params\":[]}",
        "{\"connectionDetails\":1}",
        "{\"auth\":\"t\"}",
        "{\"auth\":{\"accessToken\":1}}",
        "{\"messages\":{}}",
        "{\"messages\":[1]}",
        "{\"messages\":[{\"name\":1}]}",
        "{\"messages\":[{\"id\":[]}]}",
        "{\"messages\":[{\"encoding\":1}]}",
        "{\"messages\":[{\"extras\":{\"a\":}}]}",
        "{\"presence\":{}}",
        "{\"presence\":[}",
        "{\"x\":01}",
        "{\"x\":nul}",
        "{\"x\":tru}",
        "{\"x\":'a'}",
        "{\"x\":\"a\nb\"}",
        "{\"x\":\"\\x\"}",
        "{\"x\":\"\\u12\"}",
        "{\"x\":[1 2]}",
        "{\"x\":[1,]}",
        "{\"x\":[,1]}",
        "{,\"x\":1}",
        "{\"x\":1,,\"y\":1}",
        "{\"x\":NaN}",
        "\u{feff}{}",
    ] {
        assert_eq!(
            decode(text.as_bytes()).err(),
            Some(ErrorCode::INVALID_DATA),
            "{text}"
        );
    }
    assert_eq!(
        decode(b"{\"id\":\"\xff\"}").err(),
        Some(ErrorCode::INVALID_DATA)
    );
}

#[test]
fn depth_is_limited_wherever_it_is_hidden() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        for (before, after) in [
            ("{\"x\":", "}"),
            ("{\"presence\":[", "]}"),
            ("{\"messages\":[{\"extras\":", "}]}"),
            ("{\"messages\":[{\"data\":", "}]}"),
            ("{\"params\":{\"a\":", "}}"),
        ] {
            let nested =
                |n: usize| format!("{before}{}1{}{after}", open.repeat(n), close.repeat(n));
            let near = nested(100);
            assert!(decode(near.as_bytes()).is_ok(), "{near}");
            for n in [200, 100_000] {
                assert_eq!(
                    decode(nested(n).as_bytes()).err(),
                    Some(ErrorCode::INVALID_DATA)
                );
            }
            let open_only = format!("{before}{}", open.repeat(100_000));
            assert_eq!(
                decode(open_only.as_bytes()).err(),
                Some(ErrorCode::INVALID_DATA)
            );
        }
    }
    let causes = format!(
        "{{\"error\":{}1{}}}",
        "{\"cause\":".repeat(1000),
        "}".repeat(1000)
    );
    assert_eq!(
        decode(causes.as_bytes()).err(),
        Some(ErrorCode::INVALID_DATA)
    );
    assert_eq!(
        Value::from_json(&"[".repeat(1_000_000)).unwrap_err().code(),
        ErrorCode::INVALID_DATA
    );
}

const TOKENS: &[&str] = &[
    "{", "}", "[", "]", "[", "]", ",", ":", "\"a\"", "\"\\n\"", "1", "-1.5e3", "0", "null", "true",
    " ",
];

/// What serde_json, another's parser, thinks of a text as a whole.
fn is_json(text: &str) -> bool {
    serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(4000) })]

    #[test]
    fn damaged_frames_never_panic(
        damage in prop::collection::vec((0..GOLDEN.len(), any::<u8>()), 1..4)
    ) {
        let mut bytes = GOLDEN.as_bytes().to_vec();
        for (at, with) in damage {
            bytes[at] = with;
        }
        if let Err(code) = decode(&bytes) {
            prop_assert_eq!(code, ErrorCode::INVALID_DATA);
        } else {
            // What is taken is JSON.
            let text = core::str::from_utf8(&bytes).unwrap();
            prop_assert!(is_json(text), "{}", text);
        }
    }

    #[test]
    fn values_are_judged_as_another_parser_does(
        text in r#"[\[\]{}:, "\\a-f0-9.eEtrun+-]{0,24}"#,
        tokens in prop::collection::vec(prop::sample::select(TOKENS), 0..9),
    ) {
        for text in [text, tokens.concat()] {
            let ours = Value::from_json(&text);
            prop_assert_eq!(ours.is_ok(), is_json(&text), "{}", text);
        }
    }

    #[test]
    fn strings_are_read_and_written_as_another_parser_does(text in any::<String>()) {
        let theirs = serde_json::to_string(&text).unwrap();
        prop_assert_eq!(Value::from_json(&theirs).unwrap(), Value::from(text.as_str()));
        let ours = Value::from(text.as_str()).to_json();
        prop_assert_eq!(serde_json::from_str::<String>(&ours).unwrap(), text);
    }

    #[test]
    fn numbers_keep_their_value(number in any::<f64>()) {
        let text = Value::Float(number).to_json();
        let read = match Value::from_json(&text).unwrap() {
            Value::Float(f) => f,
            Value::Int(i) => i as f64,
            Value::Null => f64::NAN,
            other => panic!("{other:?}"),
        };
        prop_assert!(read == number || !number.is_finite(), "{} {}", text, number);
    }
}
