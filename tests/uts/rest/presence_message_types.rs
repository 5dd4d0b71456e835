//! `rest/unit/types/presence_message_types.md`
//!
//! DEVIATION: the document writes actions as names; on the wire they are numbers, as ably-js 2.12.0
//! reads and writes them.

use ably_base::{FromEncoded, protocol};
use ably_presence::{ChannelPresence, RealtimePresence};

use super::common::*;

fn parsed(wire: &Value) -> protocol::Value {
    protocol::Value::from_json(&wire.to_string()).unwrap()
}

/// The presence message that this wire form is.
fn from_encoded(wire: &Value) -> PresenceMessage {
    PresenceMessage::from_encoded(parsed(wire), &ChannelOptions::new(), &[]).unwrap()
}

/// The wire form of a presence message.
fn wire_of(message: &PresenceMessage) -> Value {
    let fields = message.to_item().unwrap().fields().to_vec();
    serde_json::from_str(&protocol::Value::Map(fields).to_json()).unwrap()
}

fn text(s: &Option<protocol::Str>) -> Option<&str> {
    s.as_deref()
}

fn extras() -> Value {
    json!({"headers": {"x-key": "x-value"}})
}

// UTS: rest/unit/TP2/presence-action-enum-values-0
#[test]
fn tp2_actions() {
    for (number, action, name) in [
        (0, PresenceAction::ABSENT, "absent"),
        (1, PresenceAction::PRESENT, "present"),
        (2, PresenceAction::ENTER, "enter"),
        (3, PresenceAction::LEAVE, "leave"),
        (4, PresenceAction::UPDATE, "update"),
    ] {
        assert_eq!(action.0, number);
        assert_eq!(action.as_str(), name);
        assert_eq!(from_encoded(&json!({ "action": number })).action, action);
    }
}

// UTS: rest/unit/TP3a/presence-message-attributes-0
#[test]
fn tp3_attributes() {
    let with = |name: &str, value: Value| from_encoded(&json!({ name: value }));
    let id = with("id", json!("presence-123")).id;
    assert_eq!(text(&id), Some("presence-123"));
    assert_eq!(with("action", json!(2)).action, PresenceAction::ENTER);
    let client_id = with("clientId", json!("user-1")).client_id;
    assert_eq!(text(&client_id), Some("user-1"));
    let connection_id = with("connectionId", json!("conn-1")).connection_id;
    assert_eq!(text(&connection_id), Some("conn-1"));
    assert_eq!(with("data", json!("hello")).data, "hello");
    let object = with("data", json!({"status": "online"}));
    assert_eq!(json_of(&object.data), json!({"status": "online"}));
    // One that is not known stays; `json` would be undone.
    let encoded = from_encoded(&json!({"data": "?", "encoding": "custom"}));
    assert_eq!(text(&encoded.encoding), Some("custom"));
    let timestamp = with("timestamp", json!(1_234_567_890_000_i64)).timestamp;
    assert_eq!(timestamp, Some(1_234_567_890_000));
    let extras = with("extras", json!({"headers": {"x-custom": "value"}})).extras;
    let extras: Value = extras.unwrap().parse().unwrap();
    assert_eq!(extras["headers"]["x-custom"], "value");
}

/// The presence messages that listeners get of this PRESENCE.
fn received(mut protocol_message: Value) -> Vec<PresenceMessage> {
    let rt = VirtualRuntime::new();
    let ws = MockWebSocket::accepting().on_message(|m, conn| {
        if m["action"] == action::ATTACH {
            conn.answer(m);
        }
    });
    let client = client(options(&rt, &ws).plugin(RealtimePresence));
    client.connect();
    rt.await_state(&client, ConnectionState::Connected);
    let channel = client.channels().get("test-TP3");
    rt.wait(channel.attach()).unwrap();
    let recorder = Recorder::new();
    let sink = recorder.clone();
    let listening = channel
        .presence()
        .subscribe_with((), move |m| sink.push(m.clone()));
    rt.wait(listening).unwrap();
    protocol_message["action"] = json!(action::PRESENCE);
    protocol_message["channel"] = json!("test-TP3");
    ws.send_to_client(protocol_message);
    rt.run_until_idle();
    recorder.all()
}

// UTS: rest/unit/TP3d/connectionid-from-protocol-message-0
#[test]
fn tp3d_connection_id_of_the_protocol_message() {
    let messages = received(json!({
        "id": "proto-conn-1:0",
        "connectionId": "proto-conn-1",
        "presence": [{"action": 2, "clientId": "user-1"}],
    }));
    assert_eq!(messages.len(), 1);
    assert_eq!(text(&messages[0].connection_id), Some("proto-conn-1"));
}

// UTS: rest/unit/TP3a/id-from-protocol-message-1
#[test]
fn tp3a_ids_of_the_protocol_message() {
    let messages = received(json!({
        "id": "proto-msg-42",
        "connectionId": "conn-1",
        "presence": [
            {"action": 2, "clientId": "alice"},
            {"action": 2, "clientId": "bob"},
        ],
    }));
    let ids: Vec<_> = messages.iter().map(|m| text(&m.id)).collect();
    assert_eq!(ids, [Some("proto-msg-42:0"), Some("proto-msg-42:1")]);
}

// UTS: rest/unit/TP3g/timestamp-from-protocol-message-0
#[test]
fn tp3g_timestamp_of_the_protocol_message() {
    let messages = received(json!({
        "id": "conn-1:0",
        "connectionId": "conn-1",
        "timestamp": 9_999_999,
        "presence": [{"action": 2, "clientId": "user-1"}],
    }));
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0].timestamp, Some(9_999_999));
}

// UTS: rest/unit/TP3/presence-from-json-0
#[test]
fn tp3_from_json() {
    let message = from_encoded(&json!({
        "id": "pm-123",
        "action": 2,
        "clientId": "user-1",
        "connectionId": "conn-1",
        "data": "hello",
        "encoding": null,
        "timestamp": 1_234_567_890_000_i64,
        "extras": extras(),
    }));
    assert_eq!(text(&message.id), Some("pm-123"));
    assert_eq!(message.action, PresenceAction::ENTER);
    assert_eq!(text(&message.client_id), Some("user-1"));
    assert_eq!(text(&message.connection_id), Some("conn-1"));
    assert_eq!(message.data, "hello");
    assert_eq!(message.timestamp, Some(1_234_567_890_000));
    let parsed: Value = message.extras.unwrap().parse().unwrap();
    assert_eq!(parsed, extras());
}

// UTS: rest/unit/TP3/presence-encoded-data-from-json-1
#[test]
fn tp3_from_json_decodes() {
    for (encoding, wire, data) in [
        (None, "plain text", Data::from("plain text")),
        (
            Some("json"),
            r#"{"status":"online"}"#,
            Data::json(&json!({"status": "online"})).unwrap(),
        ),
        (Some("base64"), "SGVsbG8=", Data::from(b"Hello")),
    ] {
        let message = from_encoded(&json!({
            "action": 2,
            "clientId": "user-1",
            "data": wire,
            "encoding": encoding,
        }));
        assert_eq!(message.data, data, "{encoding:?}");
        assert_eq!(message.encoding, None, "{encoding:?}");
    }
}

// UTS: rest/unit/TP3/presence-to-json-2
#[test]
fn tp3_to_json() {
    let message = PresenceMessage::new(PresenceAction::ENTER)
        .client_id("user-1")
        .data("hello")
        .extras(JsonText::from_value(&extras()).unwrap());
    assert_eq!(
        wire_of(&message),
        json!({"action": 2, "clientId": "user-1", "data": "hello", "extras": extras()})
    );
}

// UTS: rest/unit/TP3/null-attributes-omitted-3
#[test]
fn tp3_to_json_leaves_out_what_is_missing() {
    let message = PresenceMessage::new(PresenceAction::ENTER).client_id("user-1");
    assert_eq!(
        wire_of(&message),
        json!({"action": 2, "clientId": "user-1"})
    );
}

// UTS: rest/unit/TP4/from-encoded-presence-0
#[test]
fn tp4_from_encoded() {
    let message = from_encoded(&json!({
        "action": 2,
        "clientId": "user-1",
        "data": r#"{"status":"online"}"#,
        "encoding": "json",
    }));
    assert_eq!(message.action, PresenceAction::ENTER);
    assert_eq!(text(&message.client_id), Some("user-1"));
    assert_eq!(json_of(&message.data), json!({"status": "online"}));
    assert_eq!(message.encoding, None);

    let wire = json!([
        {"action": 2, "clientId": "alice", "data": "hello"},
        {"action": 2, "clientId": "bob", "data": "world"},
    ]);
    let options = ChannelOptions::new();
    let messages = PresenceMessage::from_encoded_array(parsed(&wire), &options, &[]).unwrap();
    assert_eq!(messages.len(), 2);
    assert_eq!(text(&messages[0].client_id), Some("alice"));
    assert_eq!(messages[0].data, "hello");
    assert_eq!(text(&messages[1].client_id), Some("bob"));
    assert_eq!(messages[1].data, "world");
}
