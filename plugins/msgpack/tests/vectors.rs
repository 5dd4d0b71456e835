//! Both codecs against what ably-js wrote (`tests/vectors/codec.json`) and, where they are at hand,
//! Ably's own fixtures.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::{fs, path::PathBuf, sync::Arc};

use ably_msgpack::MsgPackCodec;
use ably_protocol::{
    Codec, Data, Frame, JsonText, Message, PresenceMessage, ProtocolMessage, Value, json::JsonCodec,
};
use bytes::{Bytes, BytesMut};
use serde::Deserialize;

#[derive(Deserialize)]
struct Vectors {
    frames: Vec<Vector>,
    messages: Vec<MessageVector>,
    values: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    #[serde(default)]
    name: String,
    json: String,
    msgpack: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MessageVector {
    name: String,
    kind: String,
    value: Option<String>,
    json: String,
    msgpack: String,
    presence_json: String,
    presence_msgpack: String,
}

fn workspace() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn vectors() -> Vectors {
    let text = fs::read_to_string(workspace().join("tests/vectors/codec.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn unhex(text: &str) -> Bytes {
    (0..text.len())
        .step_by(2)
        .map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap())
        .collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn encode(codec: &dyn Codec, pm: &ProtocolMessage) -> Vec<u8> {
    let mut out = BytesMut::new();
    codec.encode(pm, &mut out).unwrap();
    out.to_vec()
}

#[test]
fn frames_of_every_action_are_those_of_ably_js_byte_for_byte() {
    let frames = vectors().frames;
    let mut actions = Vec::new();
    for Vector {
        name,
        json,
        msgpack,
    } in frames
    {
        let from_json = JsonCodec
            .decode(&Frame::Text(Bytes::from(json.clone())))
            .unwrap();
        let from_msgpack = MsgPackCodec
            .decode(&Frame::Binary(unhex(&msgpack)))
            .unwrap();
        actions.push(from_json.action.0);
        for pm in [&from_json, &from_msgpack] {
            assert_eq!(
                String::from_utf8(encode(&JsonCodec, pm)).unwrap(),
                json,
                "{name}"
            );
            assert_eq!(hex(&encode(&MsgPackCodec, pm)), msgpack, "{name}");
        }
        assert_eq!(from_json.messages, from_msgpack.messages, "{name}");
    }
    for action in 0..=21 {
        assert!(actions.contains(&action), "no vector for action {action}");
    }
}

#[test]
fn published_data_is_written_and_read_as_by_ably_js() {
    for v in vectors().messages {
        let value = v.value.clone().unwrap_or_default();
        let data = match v.kind.as_str() {
            "none" => Data::None,
            "text" => Data::from(value),
            "bytes" => Data::from(unhex(&value)),
            "json" => Data::from(JsonText::new(value).unwrap()),
            other => panic!("{other}"),
        };
        let message = Arc::new(Message::new(v.name.clone(), data.clone()));
        for (codec, theirs) in [
            (&JsonCodec as &dyn Codec, Bytes::from(v.json.clone())),
            (&MsgPackCodec, unhex(&v.msgpack)),
        ] {
            let mut ours = BytesMut::new();
            codec
                .encode_messages(std::slice::from_ref(&message), &mut ours)
                .unwrap();
            // ably-js puts the encoding last, so the order of keys differs.
            let tree = |b: &Bytes| sorted(codec.decode_value(b).unwrap());
            assert_eq!(tree(&ours.clone().freeze()), tree(&theirs), "{}", v.name);
            assert_eq!(ours.len(), theirs.len(), "{}", v.name);
            assert_eq!(
                codec.decode_messages(&ours.freeze()).unwrap(),
                codec.decode_messages(&theirs).unwrap(),
                "{}",
                v.name
            );
        }
        let mut member = PresenceMessage::default();
        member.action.0 = 2;
        member.client_id = Some("bob".into());
        member.encoding = matches!(data, Data::Json(_)).then(|| "json".into());
        member.data = data;
        let mut pm = ProtocolMessage::default();
        pm.presence = ably_protocol::Items::Values(vec![member.to_item().unwrap()]);
        for (codec, theirs) in [
            (&JsonCodec as &dyn Codec, Bytes::from(v.presence_json)),
            (&MsgPackCodec, unhex(&v.presence_msgpack)),
        ] {
            let frame = codec.decode_value(&encode(codec, &pm).into()).unwrap();
            let Value::Map(fields) = frame else {
                panic!("{frame:?}")
            };
            let ours = fields.into_iter().find(|(k, _)| k == "presence").unwrap().1;
            assert_eq!(
                sorted(ours),
                sorted(codec.decode_value(&theirs).unwrap()),
                "{}",
                v.name
            );
        }
    }
}

fn sorted(value: Value) -> Value {
    match value {
        Value::List(l) => Value::List(l.into_iter().map(sorted).collect()),
        Value::Map(m) => {
            let mut m: Vec<_> = m.into_iter().map(|(k, v)| (k, sorted(v))).collect();
            m.sort_by(|a, b| a.0.cmp(&b.0));
            Value::Map(m)
        }
        other => other,
    }
}

#[test]
fn values_are_those_of_ably_js_byte_for_byte() {
    let values = vectors().values;
    assert!(values.len() > 40);
    for Vector { json, msgpack, .. } in values {
        let value = Value::from_json(&json).unwrap();
        assert_eq!(
            MsgPackCodec.decode_value(&unhex(&msgpack)).unwrap(),
            value,
            "{json}"
        );
        let mut out = BytesMut::new();
        MsgPackCodec.encode_value(&value, &mut out).unwrap();
        assert_eq!(hex(&out), msgpack, "{json}");
        assert_eq!(value.to_json(), json);
    }
}

/// Ably's `msgpack_test_fixtures.json`: completeness, when the checkout of it is there.
#[test]
fn ably_fixtures_are_read() {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Fixture {
        name: String,
        data: serde_json::Value,
        num_repeat: usize,
        r#type: String,
        msgpack: String,
    }
    let path = workspace().join("../shared/fixtures/msgpack_test_fixtures.json");
    let Ok(text) = fs::read_to_string(path) else {
        return;
    };
    for f in serde_json::from_str::<Vec<Fixture>>(&text).unwrap() {
        let frame = base64(&f.msgpack);
        let pm = MsgPackCodec.decode(&Frame::Binary(frame)).unwrap();
        assert_eq!(pm.msg_serial, Some(0), "{}", f.name);
        let [m] = pm.messages.as_slice() else {
            panic!("{}", f.name)
        };
        let text = m.data.as_text().unwrap();
        let repeated = || f.data.as_str().unwrap().repeat(f.num_repeat);
        match f.r#type.as_str() {
            "string" => {
                assert_eq!(text, repeated(), "{}", f.name);
                assert_eq!(m.encoding, None);
            }
            "binary" => {
                assert_eq!(base64(text), repeated().as_bytes(), "{}", f.name);
                assert_eq!(m.encoding.as_deref(), Some("base64"));
            }
            "jsonArray" | "jsonObject" => {
                let json: serde_json::Value = serde_json::from_str(text).unwrap();
                assert_eq!(json, f.data, "{}", f.name);
                assert_eq!(m.encoding.as_deref(), Some("json"));
            }
            other => panic!("{other}"),
        }
    }
}

fn base64(text: &str) -> Bytes {
    let digit = |c: u8| match c {
        b'A'..=b'Z' => c - b'A',
        b'a'..=b'z' => c - b'a' + 26,
        b'0'..=b'9' => c - b'0' + 52,
        b'+' => 62,
        _ => 63,
    };
    let mut bits = 0u32;
    let mut out = Vec::new();
    for (i, c) in text.bytes().filter(|c| *c != b'=').enumerate() {
        bits = bits << 6 | u32::from(digit(c));
        if i % 4 > 0 {
            out.push((bits >> (6 - 2 * (i % 4))) as u8);
        }
    }
    out.into()
}
