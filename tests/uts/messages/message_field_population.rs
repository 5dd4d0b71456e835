//! `realtime/unit/channels/message_field_population.md`

use super::common::*;

/// A case that is attached and records its messages since before it was connected.
#[track_caller]
fn subscribed(name: &str) -> (Case, Recorder<Message>) {
    let c = Case::with(name, attaching(), |o| o, ChannelOptions::new());
    let received = c.record(());
    (c.connect().attach(), received)
}

// UTS: realtime/unit/TM2a/id-from-protocol-message-0
#[test]
fn tm2a_id_comes_from_the_protocol_message() {
    let (c, received) = subscribed("test-TM2a-id");
    c.deliver(json!({
        "id": "abc123:5",
        "connectionId": "abc123",
        "timestamp": 1_700_000_000_000_i64,
        "messages": [
            {"name": "first", "data": "a"},
            {"name": "second", "data": "b"},
            {"name": "third", "data": "c"},
        ],
    }));
    let received = received.all();
    assert_eq!(received.len(), 3);
    assert_eq!(text(&received[0].id), Some("abc123:5:0"));
    assert_eq!(text(&received[1].id), Some("abc123:5:1"));
    assert_eq!(text(&received[2].id), Some("abc123:5:2"));
}

// UTS: realtime/unit/TM2a/existing-id-not-overwritten-1
#[test]
fn tm2a_an_id_is_kept() {
    let (c, received) = subscribed("test-TM2a-existing");
    c.deliver(json!({
        "id": "proto-id:0",
        "messages": [{"id": "my-custom-id", "name": "msg", "data": "hello"}],
    }));
    let received = received.all();
    assert_eq!(received.len(), 1);
    assert_eq!(text(&received[0].id), Some("my-custom-id"));
}

// UTS: realtime/unit/TM2a/no-id-without-protocol-id-2
#[test]
fn tm2a_no_id_from_a_protocol_message_without_one() {
    let (c, received) = subscribed("test-TM2a-no-proto-id");
    c.deliver(json!({
        "connectionId": "abc123",
        "messages": [{"name": "msg", "data": "hello"}],
    }));
    let received = received.all();
    assert_eq!(received.len(), 1);
    assert_eq!(text(&received[0].id), None);
}

// UTS: realtime/unit/TM2c/connectionid-from-protocol-0
#[test]
fn tm2c_connection_id_comes_from_the_protocol_message() {
    let (c, received) = subscribed("test-TM2c-connId");
    c.deliver(json!({
        "id": "msg:0",
        "connectionId": "server-conn-xyz",
        "messages": [{"name": "msg", "data": "hello"}],
    }));
    let received = received.all();
    assert_eq!(received.len(), 1);
    assert_eq!(text(&received[0].connection_id), Some("server-conn-xyz"));
}

// UTS: realtime/unit/TM2c/existing-connectionid-kept-1
#[test]
fn tm2c_a_connection_id_is_kept() {
    let (c, received) = subscribed("test-TM2c-existing");
    c.deliver(json!({
        "id": "msg:0",
        "connectionId": "proto-conn",
        "messages": [{"connectionId": "msg-conn", "name": "msg", "data": "hello"}],
    }));
    let received = received.all();
    assert_eq!(received.len(), 1);
    assert_eq!(text(&received[0].connection_id), Some("msg-conn"));
}

// UTS: realtime/unit/TM2f/timestamp-from-protocol-0
#[test]
fn tm2f_timestamp_comes_from_the_protocol_message() {
    let (c, received) = subscribed("test-TM2f-timestamp");
    c.deliver(json!({
        "id": "msg:0",
        "timestamp": 1_700_000_000_000_i64,
        "messages": [{"name": "msg", "data": "hello"}],
    }));
    let received = received.all();
    assert_eq!(received.len(), 1);
    assert_eq!(received[0].timestamp, Some(1_700_000_000_000));
}

// UTS: realtime/unit/TM2f/existing-timestamp-kept-1
#[test]
fn tm2f_a_timestamp_is_kept() {
    let (c, received) = subscribed("test-TM2f-existing");
    c.deliver(json!({
        "id": "msg:0",
        "timestamp": 1_700_000_000_000_i64,
        "messages": [{"timestamp": 1_600_000_000_000_i64, "name": "msg", "data": "hello"}],
    }));
    let received = received.all();
    assert_eq!(received.len(), 1);
    assert_eq!(received[0].timestamp, Some(1_600_000_000_000));
}

// UTS: realtime/unit/TM2a/all-fields-populated-together-3
#[test]
fn tm2_all_fields_together() {
    let (c, received) = subscribed("test-TM2-all-fields");
    c.deliver(json!({
        "id": "connId:7",
        "connectionId": "connId",
        "timestamp": 1_700_000_000_000_i64,
        "messages": [{"name": "first", "data": "a"}, {"name": "second", "data": "b"}],
    }));
    let received = received.all();
    assert_eq!(received.len(), 2);
    assert_eq!(text(&received[0].id), Some("connId:7:0"));
    assert_eq!(text(&received[0].connection_id), Some("connId"));
    assert_eq!(received[0].timestamp, Some(1_700_000_000_000));
    assert_eq!(text(&received[0].name), Some("first"));
    assert_eq!(received[0].data, "a");
    assert_eq!(text(&received[1].id), Some("connId:7:1"));
    assert_eq!(text(&received[1].connection_id), Some("connId"));
    assert_eq!(received[1].timestamp, Some(1_700_000_000_000));
    assert_eq!(text(&received[1].name), Some("second"));
    assert_eq!(received[1].data, "b");
}
