//! `realtime/unit/channels/message_field_population.md`

use super::common::*;

/// What a subscriber gets of a MESSAGE with these fields.
fn received(fields: Value) -> Vec<Message> {
    let w = World::new(attaching());
    let channel = w.channel("test-TM2");
    let messages = record_messages(&channel);
    let w = w.connect();
    w.attach(&channel);
    let mut frame = fields;
    frame["action"] = json!(action::MESSAGE);
    frame["channel"] = json!("test-TM2");
    w.send(frame);
    messages.all()
}

// UTS: realtime/unit/TM2a/id-from-protocol-message-0
#[test]
fn tm2a_ids_are_made_of_the_frames_id_and_the_index() {
    let messages = received(json!({
        "id": "abc123:5",
        "connectionId": "abc123",
        "timestamp": 1_700_000_000_000_i64,
        "messages": [
            {"name": "first", "data": "a"},
            {"name": "second", "data": "b"},
            {"name": "third", "data": "c"},
        ],
    }));
    let ids: Vec<_> = messages.iter().map(|m| m.id.as_deref()).collect();
    assert_eq!(
        ids,
        [Some("abc123:5:0"), Some("abc123:5:1"), Some("abc123:5:2")]
    );
}

// UTS: realtime/unit/TM2a/existing-id-not-overwritten-1
#[test]
fn tm2a_an_id_is_kept() {
    let messages = received(json!({
        "id": "proto-id:0",
        "messages": [{"id": "my-custom-id", "name": "msg", "data": "hello"}],
    }));
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0].id.as_deref(), Some("my-custom-id"));
}

// UTS: realtime/unit/TM2a/no-id-without-protocol-id-2
#[test]
fn tm2a_no_id_without_the_frames_id() {
    let messages = received(json!({
        "connectionId": "abc123",
        "messages": [{"name": "msg", "data": "hello"}],
    }));
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0].id, None);
}

// UTS: realtime/unit/TM2c/connectionid-from-protocol-0
#[test]
fn tm2c_the_connection_id_comes_from_the_frame() {
    let messages = received(json!({
        "id": "msg:0",
        "connectionId": "server-conn-xyz",
        "messages": [{"name": "msg", "data": "hello"}],
    }));
    assert_eq!(messages.len(), 1);
    assert_eq!(
        messages[0].connection_id.as_deref(),
        Some("server-conn-xyz")
    );
}

// UTS: realtime/unit/TM2c/existing-connectionid-kept-1
#[test]
fn tm2c_a_connection_id_is_kept() {
    let messages = received(json!({
        "id": "msg:0",
        "connectionId": "proto-conn",
        "messages": [{"connectionId": "msg-conn", "name": "msg", "data": "hello"}],
    }));
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0].connection_id.as_deref(), Some("msg-conn"));
}

// UTS: realtime/unit/TM2f/timestamp-from-protocol-0
#[test]
fn tm2f_the_timestamp_comes_from_the_frame() {
    let messages = received(json!({
        "id": "msg:0",
        "timestamp": 1_700_000_000_000_i64,
        "messages": [{"name": "msg", "data": "hello"}],
    }));
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0].timestamp, Some(1_700_000_000_000));
}

// UTS: realtime/unit/TM2f/existing-timestamp-kept-1
#[test]
fn tm2f_a_timestamp_is_kept() {
    let messages = received(json!({
        "id": "msg:0",
        "timestamp": 1_700_000_000_000_i64,
        "messages": [{"timestamp": 1_600_000_000_000_i64, "name": "msg", "data": "hello"}],
    }));
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0].timestamp, Some(1_600_000_000_000));
}

// UTS: realtime/unit/TM2a/all-fields-populated-together-3
#[test]
fn tm2_all_fields_come_from_the_frame() {
    let messages = received(json!({
        "id": "connId:7",
        "connectionId": "connId",
        "timestamp": 1_700_000_000_000_i64,
        "messages": [{"name": "first", "data": "a"}, {"name": "second", "data": "b"}],
    }));
    assert_eq!(messages.len(), 2);
    let expected = [("connId:7:0", "first", "a"), ("connId:7:1", "second", "b")];
    for (m, (id, name, data)) in messages.iter().zip(expected) {
        assert_eq!(m.id.as_deref(), Some(id));
        assert_eq!(m.connection_id.as_deref(), Some("connId"));
        assert_eq!(m.timestamp, Some(1_700_000_000_000));
        assert_eq!(m.name.as_deref(), Some(name));
        assert_eq!(text(m), data);
    }
}
