//! `rest/unit/types/message_types.md`

use ably_base::{FromEncoded, protocol};

use super::common::*;

/// The message that this wire form is.
fn from_encoded(wire: &Value) -> Message {
    let wire = protocol::Value::from_json(&wire.to_string()).unwrap();
    Message::from_encoded(wire, &ChannelOptions::new(), &[]).unwrap()
}

fn text(s: &Option<protocol::Str>) -> Option<&str> {
    s.as_deref()
}

// UTS: rest/unit/TM2a/message-attributes-0
//
// What a published message has is what the server gets, and what the server adds is what arrives.
#[test]
fn tm2_attributes() {
    let http = MockHttp::answering(|request| {
        Some(match &*request.method {
            "POST" => created(),
            _ => ok(json!([{
                "connectionId": "conn-id",
                "timestamp": 1_234_567_890_000_i64,
                "serial": "serial-1",
            }])),
        })
    });
    let (rt, client) = rest(&http);
    let channel = client.channels().get("test-TM2");
    let extras = json!({"push": {"notification": {"title": "Hello"}}});
    let messages = vec![
        Message::default().id("unique-id"),
        Message::new("event-name", ()),
        Message::unnamed("string-data"),
        Message::unnamed(Data::json(&json!({"key": "value"})).unwrap()),
        Message::unnamed(&[1, 2]),
        Message::default().client_id("message-client"),
        Message::unnamed("eA==").encoding("json/base64"),
        Message::default().extras(JsonText::from_value(&extras).unwrap()),
    ];
    publish(&rt, channel.publish_messages(messages)).unwrap();
    let body = only(&http).json();
    assert_eq!(body[0]["id"], "unique-id");
    assert_eq!(body[1]["name"], "event-name");
    assert_eq!(body[2]["data"], "string-data");
    assert_eq!(body[3]["data"], r#"{"key":"value"}"#);
    assert_eq!(body[3]["encoding"], "json");
    assert_eq!(body[4]["data"], "AQI=");
    assert_eq!(body[4]["encoding"], "base64");
    assert_eq!(body[5]["clientId"], "message-client");
    assert_eq!(body[6]["encoding"], "json/base64");
    assert_eq!(body[7]["extras"], extras);

    let page = rt.wait(channel.history(())).unwrap();
    let message = &page.items()[0];
    assert_eq!(text(&message.connection_id), Some("conn-id"));
    assert_eq!(message.timestamp, Some(1_234_567_890_000));
    assert_eq!(text(&message.serial), Some("serial-1"));
}

// UTS: rest/unit/TM3/from-encoded-deserialization-0
#[test]
fn tm3_from_encoded() {
    let wire = json!({
        "id": "msg-123",
        "name": "test-event",
        "data": "hello world",
        "clientId": "sender-client",
        "connectionId": "conn-456",
        "timestamp": 1_234_567_890_000_i64,
        "encoding": null,
        "extras": {"headers": {"x-custom": "value"}},
    });
    let message = from_encoded(&wire);
    assert_eq!(text(&message.id), Some("msg-123"));
    assert_eq!(text(&message.name), Some("test-event"));
    assert_eq!(message.data, "hello world");
    assert_eq!(text(&message.client_id), Some("sender-client"));
    assert_eq!(text(&message.connection_id), Some("conn-456"));
    assert_eq!(message.timestamp, Some(1_234_567_890_000));
    let extras: Value = message.extras.as_ref().unwrap().parse().unwrap();
    assert_eq!(extras["headers"]["x-custom"], "value");

    let both = protocol::Value::from_json(&json!([wire, {"name": "b"}]).to_string()).unwrap();
    let messages = Message::from_encoded_array(both, &ChannelOptions::new(), &[]).unwrap();
    assert_eq!(messages.len(), 2);
    assert_eq!(messages[0], message);
    assert_eq!(text(&messages[1].name), Some("b"));
}

// UTS: rest/unit/TM3/from-encoded-decodes-encoding-1
#[test]
fn tm3_from_encoded_decodes() {
    let json = |value: Value| Data::json(&value).unwrap();
    for (encoding, wire, data) in [
        (None, "plain text", Data::from("plain text")),
        (
            Some("json"),
            r#"{"key":"value"}"#,
            json(json!({"key": "value"})),
        ),
        (Some("base64"), "SGVsbG8=", Data::from(b"Hello")),
        (Some("json/base64"), "eyJrIjoidiJ9", json(json!({"k": "v"}))),
    ] {
        let message = from_encoded(&json!({
            "id": "msg",
            "name": "event",
            "data": wire,
            "encoding": encoding,
        }));
        assert_eq!(message.data, data, "{encoding:?}");
        assert_eq!(message.encoding, None, "{encoding:?}");
    }
}

// UTS: rest/unit/TM4/message-constructors-0
#[test]
fn tm4_constructors() {
    let message = Message::new("event-name", "payload");
    assert_eq!(text(&message.name), Some("event-name"));
    assert_eq!(message.data, "payload");
    assert_eq!(message.client_id, None);

    let message = Message::new("event-name", "payload").client_id("client-1");
    assert_eq!(text(&message.name), Some("event-name"));
    assert_eq!(message.data, "payload");
    assert_eq!(text(&message.client_id), Some("client-1"));

    let message = Message::unnamed(());
    assert_eq!(message.name, None);
    assert_eq!(message.data, Data::None);
}

// UTS: rest/unit/TM/null-missing-attributes-0
#[test]
fn tm_missing_attributes() {
    for message in [
        Message::default(),
        from_encoded(&json!({})),
        from_encoded(&json!({
            "id": null, "name": null, "data": null, "clientId": null, "timestamp": null,
        })),
    ] {
        assert_eq!(message.id, None);
        assert_eq!(message.name, None);
        assert_eq!(message.data, Data::None);
        assert_eq!(message.client_id, None);
        assert_eq!(message.timestamp, None);
    }
}

// UTS: rest/unit/TM/message-with-extras-1
#[test]
fn tm_extras() {
    let extras = json!({
        "push": {
            "notification": {"title": "New Message", "body": "You have a new notification"},
            "data": {"customKey": "customValue"},
        },
    });
    let http = MockHttp::replying([created()]);
    let (rt, client) = rest(&http);
    let message =
        Message::new("push-event", "payload").extras(JsonText::from_value(&extras).unwrap());
    let parsed: Value = message.extras.as_ref().unwrap().parse().unwrap();
    assert_eq!(parsed["push"]["notification"]["title"], "New Message");
    assert_eq!(parsed["push"]["data"]["customKey"], "customValue");
    let channel = client.channels().get("test-TM-extras");
    publish(&rt, channel.publish_message(message)).unwrap();
    assert_eq!(only_message(&http)["extras"], extras);
}
