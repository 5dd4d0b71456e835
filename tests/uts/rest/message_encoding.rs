//! `rest/unit/encoding/message_encoding.md`

use base64::{Engine as _, prelude::BASE64_STANDARD};

use super::common::*;

/// What is published with this data, as JSON.
fn published(data: impl Into<Data>) -> Value {
    let http = MockHttp::replying([created()]);
    let (rt, client) = rest_with(&http, |o| o.plugin(MsgPack).use_binary_protocol(false));
    let channel = client.channels().get("test-RSL4");
    publish(&rt, channel.publish("event", data)).unwrap();
    only_message(&http)
}

/// The fields of what is published with this data, as MessagePack.
fn published_msgpack(data: impl Into<Data>) -> Vec<(rmpv::Value, rmpv::Value)> {
    let http = MockHttp::replying([created()]);
    let (rt, client) = rest_with(&http, |o| o.plugin(MsgPack).use_binary_protocol(true));
    let channel = client.channels().get("test-RSL4-msgpack");
    publish(&rt, channel.publish("event", data)).unwrap();
    let body = unpack(&only(&http));
    let list = body.as_array().expect("a list");
    assert_eq!(list.len(), 1);
    list[0].as_map().expect("a map").clone()
}

fn field(fields: &[(rmpv::Value, rmpv::Value)], name: &str) -> Option<rmpv::Value> {
    let found = fields.iter().find(|(n, _)| n.as_str() == Some(name));
    found.map(|(_, value)| value.clone())
}

/// The message that a history with this data and encoding holds.
fn decoded(data: &str, encoding: &str) -> Arc<Message> {
    let http = MockHttp::replying([ok(json!([{
        "id": "msg1",
        "name": "event",
        "data": data,
        "encoding": encoding,
        "timestamp": 1_234_567_890_000_i64,
    }]))]);
    let (rt, client) = rest(&http);
    let page = rt.wait(client.channels().get("test-RSL6").history(()));
    let page = page.unwrap();
    assert_eq!(page.items().len(), 1);
    page.items()[0].clone()
}

/// The message that a history in MessagePack with this data holds.
fn decoded_msgpack(data: rmpv::Value) -> Arc<Message> {
    let body = rmpv::Value::Array(vec![rmpv::Value::Map(vec![
        ("name".into(), "event".into()),
        ("data".into(), data),
    ])]);
    let http = MockHttp::replying([ok_msgpack(&body)]);
    let (rt, client) = rest_with(&http, |o| o.plugin(MsgPack).use_binary_protocol(true));
    let page = rt.wait(client.channels().get("test-RSL6-msgpack").history(()));
    let page = page.unwrap();
    assert_eq!(page.items().len(), 1);
    page.items()[0].clone()
}

fn json_data(value: &Value) -> Data {
    Data::json(value).unwrap()
}

/// JSON in `data`, as text that is marked.
#[track_caller]
fn assert_json(message: &Value, value: &Value) {
    assert_eq!(message["encoding"], "json");
    let text = message["data"].as_str().expect("text");
    assert_eq!(serde_json::from_str::<Value>(text).unwrap(), *value);
}

const BYTES: &[u8; 5] = &[0x00, 0x01, 0x02, 0xFF, 0xFE];

// UTS: rest/unit/RSL4a/string-data-no-encoding-0
#[test]
fn rsl4a_text() {
    let message = published("plain string data");
    assert_eq!(message["data"], "plain string data");
    assert_eq!(message.get("encoding"), None);
}

// UTS: rest/unit/RSL4b/json-object-encoding-0
#[test]
fn rsl4b_object() {
    let object = json!({"key": "value", "nested": {"a": 1}});
    assert_json(&published(json_data(&object)), &object);
}

// UTS: rest/unit/RSL4c/binary-base64-json-protocol-0
#[test]
fn rsl4c_bytes_in_json() {
    let message = published(BYTES);
    assert_eq!(message["encoding"], "base64");
    let data = message["data"].as_str().expect("text");
    assert_eq!(BASE64_STANDARD.decode(data).unwrap(), BYTES);
}

// UTS: rest/unit/RSL4c/binary-direct-msgpack-protocol-1
#[test]
fn rsl4c_bytes_in_msgpack() {
    let message = published_msgpack(BYTES);
    assert_eq!(
        field(&message, "data"),
        Some(rmpv::Value::Binary(BYTES.to_vec()))
    );
    assert_eq!(field(&message, "encoding"), None);
}

// UTS: rest/unit/RSL4d/array-json-encoding-0
#[test]
fn rsl4d_array() {
    let array = json!([1, 2, "three", {"four": 4}]);
    assert_json(&published(json_data(&array)), &array);
}

// UTS: rest/unit/RSL6a/decode-base64-to-binary-0
#[test]
fn rsl6a_base64() {
    let message = decoded("AAECAwQ=", "base64");
    assert_eq!(message.data, Data::from(&[0, 1, 2, 3, 4]));
    assert_eq!(message.encoding, None);
}

// UTS: rest/unit/RSL6a/decode-json-to-object-1
#[test]
fn rsl6a_json() {
    let message = decoded(r#"{"key":"value","number":42}"#, "json");
    assert_eq!(
        json_of(&message.data),
        json!({"key": "value", "number": 42})
    );
    assert_eq!(message.encoding, None);
}

// UTS: rest/unit/RSL6a/decode-chained-encodings-2
#[test]
fn rsl6a_chain() {
    let data = BASE64_STANDARD.encode(r#"{"key":"value"}"#);
    let message = decoded(&data, "json/base64");
    assert_eq!(json_of(&message.data), json!({"key": "value"}));
    assert_eq!(message.encoding, None);
}

// UTS: rest/unit/RSL6b/unrecognized-encoding-preserved-0
//
// The document's data is not base64: its hyphens are of another alphabet. This is.
#[test]
fn rsl6b_unknown_encoding() {
    let data = BASE64_STANDARD.encode("encrypted-data-here");
    let message = decoded(&data, "custom-encryption/base64");
    assert_eq!(message.encoding.as_deref(), Some("custom-encryption"));
    assert_eq!(message.data, Data::from(b"encrypted-data-here"));
    // What is not base64 is not touched at all.
    let message = decoded("encrypted-data-here", "custom-encryption/base64");
    assert_eq!(
        message.encoding.as_deref(),
        Some("custom-encryption/base64")
    );
    assert_eq!(message.data, "encrypted-data-here");
}

// UTS: rest/unit/RSL6/msgpack-binary-stays-binary-0
#[test]
fn rsl6_msgpack_bytes_stay_bytes() {
    let message = decoded_msgpack(rmpv::Value::Binary(b"Hello".to_vec()));
    assert_eq!(message.data, Data::from(b"Hello"));
    assert_eq!(message.encoding, None);
}

// UTS: rest/unit/RSL6/msgpack-string-stays-string-1
#[test]
fn rsl6_msgpack_text_stays_text() {
    let message = decoded_msgpack("Hello World".into());
    assert_eq!(message.data.as_text(), Some("Hello World"));
    assert_eq!(message.encoding, None);
}

/// Data as the application has it, and how it is written: `data` and `encoding` of a fixture. Bytes
/// are base64 in JSON and themselves in MessagePack.
fn fixtures() -> Vec<(Data, String, Option<String>)> {
    let own = json!([
        {"data": "foo", "encoding": null},
        {"data": r#"{"foo":42}"#, "encoding": null},
        {"data": r#"{"foo":42,"bar":["a",1.2,{"boo":"ha"}]}"#, "encoding": "json"},
        {"data": r#"[{"foo":42},"qux"]"#, "encoding": "json"},
        {"data": "3q2+7w==", "encoding": "base64"},
    ]);
    // Ably's own, where they lie beside the project.
    let beside = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../shared/fixtures/messages-encoding.json"
    );
    let theirs = std::fs::read_to_string(beside).unwrap_or_else(|_| r#"{"messages":[]}"#.into());
    let theirs: Value = serde_json::from_str(&theirs).unwrap();
    let all = [&own, &theirs["messages"]].map(|list| list.as_array().expect("a list").clone());
    let fixture = |f: &Value| {
        let data = f["data"].as_str().expect("text").to_owned();
        let encoding = f["encoding"].as_str().map(String::from);
        let input = match encoding.as_deref() {
            None => Data::from(data.as_str()),
            Some("json") => Data::from(JsonText::new(data.as_str()).unwrap()),
            Some("base64") => Data::from(BASE64_STANDARD.decode(&data).unwrap()),
            Some(other) => panic!("an unknown encoding: {other}"),
        };
        (input, data, encoding)
    };
    all.iter().flatten().map(fixture).collect()
}

// UTS: rest/unit/RSL4/encoding-fixtures-ably-common-0
#[test]
fn rsl4_fixtures() {
    let fixtures = fixtures();
    assert!(fixtures.len() >= 5);
    for (input, wire, encoding) in fixtures {
        let message = published(input.clone());
        assert_eq!(message["data"], wire.as_str());
        assert_eq!(
            message.get("encoding").map(|e| e.as_str().expect("text")),
            encoding.as_deref()
        );

        let message = published_msgpack(input.clone());
        let (data, encoding) = match encoding.as_deref() {
            Some("base64") => (
                BASE64_STANDARD.decode(wire).unwrap().as_slice().into(),
                None,
            ),
            _ => (rmpv::Value::from(wire), encoding.map(rmpv::Value::from)),
        };
        assert_eq!(field(&message, "data"), Some(data));
        assert_eq!(field(&message, "encoding"), encoding);
    }
}

// UTS: rest/unit/RSL4/null-data-no-encoding-1
#[test]
fn rsl4_nothing() {
    let message = published(());
    assert_eq!(message.get("data"), None);
    assert_eq!(message.get("encoding"), None);
}

/// Publishes JSON that is no object or array; nothing may be sent.
fn refused(json: &str) -> ErrorInfo {
    let http = MockHttp::replying([created()]);
    let (rt, client) = rest_with(&http, |o| o.use_binary_protocol(false));
    let data = JsonText::new(json).unwrap();
    let channel = client.channels().get("test");
    let error = publish(&rt, channel.publish("event", data)).unwrap_err();
    assert_eq!(http.requests().len(), 0);
    error
}

// UTS: rest/unit/RSL4a/number-type-rejected-1
#[test]
fn rsl4a_number() {
    assert_eq!(code(&refused("42")), (40013, 400));
    assert_eq!(code(&Data::json(&42).unwrap_err()), (40013, 400));
}

// UTS: rest/unit/RSL4a/boolean-type-rejected-2
#[test]
fn rsl4a_boolean() {
    assert_eq!(code(&refused("true")), (40013, 400));
    assert_eq!(code(&Data::json(&true).unwrap_err()), (40013, 400));
}

// UTS: rest/unit/RSL6/decode-utf8-base64-data-2
#[test]
fn rsl6_utf8() {
    let message = decoded("SGVsbG8gV29ybGQ=", "utf-8/base64");
    assert_eq!(message.data.as_text(), Some("Hello World"));
    assert_eq!(message.encoding, None);
}

// UTS: rest/unit/RSL6/complex-chained-encoding-3
#[test]
fn rsl6_long_chain() {
    let object = json!({"status": "active", "count": 5});
    let data = BASE64_STANDARD.encode(object.to_string());
    let message = decoded(&data, "json/utf-8/base64");
    assert_eq!(json_of(&message.data), object);
    assert_eq!(message.encoding, None);
}

/// The request of a publish in either protocol.
fn request(binary: bool) -> SentRequest {
    let http = MockHttp::replying([created()]);
    let (rt, client) = rest_with(&http, |o| o.plugin(MsgPack).use_binary_protocol(binary));
    let channel = client.channels().get("test-RSL4-ct");
    publish(&rt, channel.publish("event", "test")).unwrap();
    only(&http)
}

// UTS: rest/unit/RSL4/json-protocol-content-type-2
#[test]
fn rsl4_json_content_type() {
    let request = request(false);
    assert_eq!(request.header("content-type"), Some("application/json"));
    assert_eq!(request.header("accept"), Some("application/json"));
}

// UTS: rest/unit/RSL4/msgpack-protocol-content-type-3
#[test]
fn rsl4_msgpack_content_type() {
    let request = request(true);
    assert_eq!(
        request.header("content-type"),
        Some("application/x-msgpack")
    );
    assert_eq!(request.header("accept"), Some("application/x-msgpack"));
}

// UTS: rest/unit/RSL4/empty-string-no-encoding-4
#[test]
fn rsl4_empty_text() {
    let message = published("");
    assert_eq!(message["data"], "");
    assert_eq!(message.get("encoding"), None);
}

// UTS: rest/unit/RSL4/empty-array-json-encoding-5
#[test]
fn rsl4_empty_array() {
    assert_json(&published(json_data(&json!([]))), &json!([]));
}

// UTS: (no-id) rest/unit/encoding/message_encoding.md#L966
#[test]
fn rsl4_empty_object() {
    assert_json(&published(json_data(&json!({}))), &json!({}));
}
