//! `realtime/unit/connection/forwards_compatibility_test.md`

use super::common::*;
use crate::support::*;
use ConnectionState as S;

/// A connected client, a channel that it is attached to, and the messages that came on it.
fn attached() -> (
    VirtualRuntime,
    MockWebSocket,
    BaseRealtime,
    Channel,
    Recorder<Message>,
) {
    let rt = VirtualRuntime::new();
    let ws = MockWebSocket::accepting();
    let client = client(options(&rt, &ws).use_binary_protocol(false));
    client.connect();
    rt.await_state(&client, S::Connected);
    let channel = client.channels().get("test-compat");
    let received = Recorder::new();
    let sink = received.clone();
    let subscribed = channel.subscribe_with((), move |m| sink.push(m.clone()));
    rt.run_until_idle();
    ws.send_to_client(json!({
        "action": action::ATTACHED, "channel": "test-compat", "flags": 0,
    }));
    rt.wait(subscribed).unwrap();
    assert_eq!(channel.state(), ChannelState::Attached);
    (rt, ws, client, channel, received)
}

#[track_caller]
fn assert_text(m: &Message, name: &str, data: &str) {
    assert_eq!(m.name.as_deref(), Some(name));
    assert_eq!(m.data, Data::from(data));
}

// UTS: realtime/unit/RTF1/unrecognised-attributes-ignored-0
#[test]
fn unknown_attributes_of_a_protocol_message_are_ignored() {
    let (rt, ws, client, channel, received) = attached();
    ws.send_to_client(json!({
        "action": 15,
        "channel": "test-compat",
        "messages": [{"name": "test-event", "data": "hello", "serial": "msg-serial-1"}],
        "unknownField1": "some-future-value",
        "unknownField2": 42,
        "unknownNestedObject": {"nestedKey": "nestedValue"},
        "unknownArray": [1, 2, 3],
    }));
    rt.run_until_idle();
    let received = received.all();
    assert_eq!(received.len(), 1);
    assert_text(&received[0], "test-event", "hello");
    assert_eq!(client.connection().state(), S::Connected);
    assert_eq!(channel.state(), ChannelState::Attached);
}

// UTS: realtime/unit/RTF1/unknown-action-handled-1
#[test]
fn an_unknown_action_is_ignored() {
    let rt = VirtualRuntime::new();
    let ws = MockWebSocket::accepting();
    let client = client(options(&rt, &ws).use_binary_protocol(false));
    let changes = record_connection(&client);
    client.connect();
    rt.await_state(&client, S::Connected);
    ws.send_to_client(json!({
        "action": 254,
        "channel": "test-RTF1-unknown-action",
        "unknownPayload": "future-feature-data",
    }));
    ws.send_to_client(json!({"action": action::HEARTBEAT}));
    rt.advance(s(1));
    assert_eq!(client.connection().state(), S::Connected);
    assert_eq!(states(&changes), [S::Connecting, S::Connected]);
    // What comes after it is still read.
    let ping = client.connection().ping();
    rt.run_until_idle();
    let sent = ws.client_messages_of(action::HEARTBEAT);
    ws.send_to_client(json!({"action": action::HEARTBEAT, "id": sent[0]["id"]}));
    assert_eq!(rt.wait(ping).unwrap(), Duration::ZERO);
}

// UTS: realtime/unit/RSF1/message-unrecognised-attrs-0
#[test]
fn unknown_attributes_of_a_message_are_ignored() {
    let (rt, ws, client, channel, received) = attached();
    ws.send_to_client(json!({
        "action": 15,
        "channel": "test-compat",
        "messages": [
            {
                "name": "event-1",
                "data": "payload-1",
                "serial": "serial-1",
                "futureField": "future-value",
                "futureNumber": 99,
                "futureObject": {"nested": true},
            },
            {
                "name": "event-2",
                "data": "payload-2",
                "serial": "serial-2",
                "anotherUnknownField": [1, 2, 3],
            },
        ],
    }));
    rt.run_until_idle();
    let received = received.all();
    assert_eq!(received.len(), 2);
    assert_text(&received[0], "event-1", "payload-1");
    assert_text(&received[1], "event-2", "payload-2");
    assert_eq!(client.connection().state(), S::Connected);
    assert_eq!(channel.state(), ChannelState::Attached);
}
