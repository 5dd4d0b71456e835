//! `rest/unit/encoding/msgpack_interop.md`
//!
//! The fixtures are made here, in the form of Ably's, and joined by Ably's own where they lie beside
//! the project.

use ably_base::{
    Frame,
    engine::encoding::Chain,
    protocol::{Codec, ProtocolMessage},
};
use ably_msgpack::MsgPackCodec;
use base64::{Engine as _, prelude::BASE64_STANDARD};

use super::common::*;

struct Fixture {
    name: String,
    /// A whole protocol message.
    bytes: Vec<u8>,
    data: Data,
}

/// One of ours: this data and encoding in the one message of a protocol message.
fn own(name: &str, wire: &str, encoding: Option<&str>, data: Data) -> Fixture {
    let mut message = vec![("data".into(), wire.into())];
    message.extend(encoding.map(|e| ("encoding".into(), e.into())));
    let body = rmpv::Value::Map(vec![
        (
            "messages".into(),
            rmpv::Value::Array(vec![rmpv::Value::Map(message)]),
        ),
        ("msgSerial".into(), 0.into()),
    ]);
    Fixture {
        name: name.into(),
        bytes: msgpack(&body),
        data,
    }
}

/// One of Ably's.
fn theirs(fixture: &Value) -> Fixture {
    let times = fixture["numRepeat"].as_u64().expect("a number") as usize;
    let text = || fixture["data"].as_str().expect("text");
    let data = match fixture["type"].as_str().expect("a type") {
        "string" if times == 0 => Data::from(text()),
        "string" => Data::from(text().repeat(times)),
        "binary" => Data::from(text().repeat(times).into_bytes()),
        "jsonArray" | "jsonObject" => Data::json(&fixture["data"]).unwrap(),
        other => panic!("an unknown type: {other}"),
    };
    let bytes = fixture["msgpack"].as_str().expect("base64");
    Fixture {
        name: fixture["name"].as_str().expect("a name").into(),
        bytes: BASE64_STANDARD.decode(bytes).expect("base64"),
        data,
    }
}

fn fixtures() -> Vec<Fixture> {
    let base64 = |n| BASE64_STANDARD.encode("a".repeat(n));
    let bytes = |n| Data::from("a".repeat(n).into_bytes());
    let text = |n| "a".repeat(n);
    let json = |value: Value| Data::json(&value).unwrap();
    let object = json!({"bar": ["a", 1.2, {"boo": "ha"}], "foo": 42});
    let mut all = vec![
        own(
            "array",
            r#"["a","b","c"]"#,
            Some("json"),
            json(json!(["a", "b", "c"])),
        ),
        own(
            "object",
            &object.to_string(),
            Some("json"),
            json(object.clone()),
        ),
        own("short text", "a", None, Data::from("a")),
        own("200 characters", &text(200), None, Data::from(text(200))),
        own("2000 characters", &text(2000), None, Data::from(text(2000))),
        own(
            "70000 characters",
            &text(70_000),
            None,
            Data::from(text(70_000)),
        ),
        own("short bytes", &base64(1), Some("base64"), bytes(1)),
        own("200 bytes", &base64(200), Some("base64"), bytes(200)),
        own("2000 bytes", &base64(2000), Some("base64"), bytes(2000)),
    ];
    let beside = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../shared/fixtures/msgpack_test_fixtures.json"
    );
    let others = std::fs::read_to_string(beside).unwrap_or_else(|_| "[]".into());
    let others: Value = serde_json::from_str(&others).unwrap();
    all.extend(others.as_array().expect("a list").iter().map(theirs));
    all
}

/// The one message of a protocol message, decoded.
fn read(bytes: &[u8]) -> (ProtocolMessage, Message) {
    let frame = Frame::Binary(bytes.to_vec().into());
    let whole = MsgPackCodec.decode(&frame).unwrap();
    assert_eq!(whole.messages.len(), 1);
    let mut message = (*whole.messages[0]).clone();
    let data = std::mem::take(&mut message.data);
    let done = Chain::default().decode(data, message.encoding.take(), &Default::default());
    (message.data, message.encoding) = (done.data, done.encoding);
    (whole, message)
}

/// Equal as data: JSON by its value, not by its text.
#[track_caller]
fn assert_data(found: &Data, wanted: &Data, name: &str) {
    match wanted {
        Data::Json(wanted) => {
            let wanted: Value = wanted.parse().unwrap();
            assert_eq!(json_of(found), wanted, "{name}");
        }
        other => assert_eq!(found, other, "{name}"),
    }
}

// UTS: (no-id) rest/unit/encoding/msgpack_interop.md#L24
#[test]
fn rsl6a3_fixtures_are_decoded() {
    let fixtures = fixtures();
    assert!(fixtures.len() >= 9);
    for fixture in fixtures {
        let (_, message) = read(&fixture.bytes);
        assert_data(&message.data, &fixture.data, &fixture.name);
        assert_eq!(message.encoding, None, "{}", fixture.name);
    }
}

// UTS: (no-id) rest/unit/encoding/msgpack_interop.md#L83
#[test]
fn rsl6a3_fixtures_are_encoded_again() {
    use ably_base::Runtime;

    let mut entropy = VirtualRuntime::new().entropy();
    for fixture in fixtures() {
        let (mut whole, message) = read(&fixture.bytes);
        let (data, encoding) = Chain::default()
            .encode(message.data.clone(), None, &mut *entropy)
            .unwrap();
        let mut again = message.clone();
        (again.data, again.encoding) = (data, encoding);
        whole.messages[0] = Arc::new(again);
        let mut bytes = Default::default();
        MsgPackCodec.encode(&whole, &mut bytes).unwrap();

        // Bytes go as bytes.
        let plain = rmpv::decode::read_value(&mut &bytes[..]).expect("MessagePack");
        let sent = &plain["messages"][0];
        match &fixture.data {
            Data::Binary(b) => assert_eq!(sent["data"], rmpv::Value::Binary(b.to_vec())),
            _ => assert!(sent["data"].is_str(), "{}", fixture.name),
        }

        let (_, again) = read(&bytes);
        assert_eq!(again.data, message.data, "{}", fixture.name);
        assert_eq!(again.encoding, None, "{}", fixture.name);
        assert_data(&again.data, &fixture.data, &fixture.name);
    }
}
