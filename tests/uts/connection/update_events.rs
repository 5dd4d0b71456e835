//! `realtime/unit/connection/update_events_test.md`

use super::common::*;
use crate::support::*;
use ConnectionState as S;

/// A CONNECTED of `connection-id-1` with these fields on top of its connectionDetails.
fn details(fields: Value) -> Value {
    let mut message = connected("connection-id-1", "connection-key-1");
    for (name, value) in fields.as_object().expect("an object") {
        message["connectionDetails"][name] = value.clone();
    }
    message
}

fn setup(first: Value) -> (VirtualRuntime, MockWebSocket, BaseRealtime) {
    let rt = VirtualRuntime::new();
    let ws = scripted(move |_, a| drop(a.respond_with_connected(first.clone())));
    let client = client(options(&rt, &ws));
    (rt, ws, client)
}

/// Records the changes of one event.
fn record(
    client: &BaseRealtime,
    event: impl Into<ConnectionEvent>,
) -> Recorder<ConnectionStateChange> {
    let recorder = Recorder::new();
    let sink = recorder.clone();
    client
        .connection()
        .on(event.into(), move |change| sink.push(change.clone()));
    recorder
}

// UTS: realtime/unit/RTN24/connected-emits-update-0
#[test]
fn connected_while_connected_is_an_update() {
    let (rt, ws, client) = setup(details(json!({"clientId": "client-123"})));
    let connects = record(&client, S::Connected);
    let updates = record(&client, ConnectionEvent::Update);
    client.connect();
    rt.await_state_for(s(5), &client, S::Connected);
    assert_eq!(connects.all().len(), 1);
    assert_eq!(updates.all().len(), 0);
    ws.send_to_client(details(
        json!({"clientId": "client-123", "maxIdleInterval": 20_000}),
    ));
    rt.advance(ms(100));
    assert_eq!(client.connection().state(), S::Connected);
    assert_eq!(connects.all().len(), 1);
    let updates = updates.all();
    assert_eq!(updates.len(), 1);
    assert_eq!(updates[0].previous, S::Connected);
    assert_eq!(updates[0].current, S::Connected);
    assert_eq!(updates[0].reason, None);
    assert_eq!(client.connection().id().as_deref(), Some("connection-id-1"));
    assert_eq!(
        client.connection().key().as_deref(),
        Some("connection-key-1")
    );
}

// UTS: realtime/unit/RTN24/update-event-with-error-1
#[test]
fn an_update_carries_the_error() {
    let (rt, ws, client) = setup(details(json!({})));
    let updates = record(&client, ConnectionEvent::Update);
    client.connect();
    rt.await_state_for(s(5), &client, S::Connected);
    let mut message = details(json!({}));
    message["error"] = error(40142, 401, "Token expired; renewed automatically");
    ws.send_to_client(message);
    rt.advance(ms(100));
    let updates = updates.all();
    assert_eq!(updates.len(), 1);
    assert_eq!(updates[0].previous, S::Connected);
    assert_eq!(updates[0].current, S::Connected);
    let reason = updates[0].reason.clone().expect("there is a reason");
    assert_eq!(reason.code(), 40142);
    assert_eq!(reason.status_code(), 401);
    assert_eq!(reason.message(), "Token expired; renewed automatically");
}

// UTS: realtime/unit/RTN24/connection-details-override-2
//
// DEVIATION: ably-js 2.12.0 fails the connection when the clientId of a client that claims none
// changes.
#[test]
fn an_update_overrides_the_details() {
    let (rt, ws, client) = setup(details(json!({
        "maxIdleInterval": 10_000,
        "connectionStateTtl": 60_000,
        "maxMessageSize": 16_384,
        "serverId": "server-1",
        "clientId": "client-original",
    })));
    client.connect();
    rt.await_state_for(s(5), &client, S::Connected);
    assert_eq!(client.connection().id().as_deref(), Some("connection-id-1"));
    assert_eq!(
        client.connection().key().as_deref(),
        Some("connection-key-1")
    );
    assert_eq!(
        client.auth().client_id().as_deref(),
        Some("client-original")
    );
    let channel = client.channels().get("sizes");
    let large = || channel.publish("large", "x".repeat(20_000));
    let error = rt.wait(large()).unwrap_err();
    assert_eq!(error.code(), 40009);
    ws.send_to_client(details(json!({
        "maxIdleInterval": 20_000,
        "connectionStateTtl": 120_000,
        "maxMessageSize": 32_768,
        "serverId": "server-2",
        "clientId": "client-updated",
    })));
    rt.advance(ms(100));
    assert_eq!(client.connection().id().as_deref(), Some("connection-id-1"));
    assert_eq!(
        client.connection().key().as_deref(),
        Some("connection-key-1")
    );
    assert_eq!(client.connection().state(), S::Connected);

    // What the new details change.
    assert_eq!(client.auth().client_id().as_deref(), Some("client-updated"));
    let publish = large();
    rt.run_until_idle();
    let sent = ws.client_messages_of(action::MESSAGE);
    assert_eq!(sent.len(), 1);
    ws.active().ack(&sent[0]);
    rt.wait(publish).unwrap();
    // Silence is borne for 20 + 10 s now, in place of 10 + 10 s.
    rt.advance(s(29));
    assert_eq!(ws.attempts().len(), 1);
    rt.advance(s(2));
    assert_eq!(ws.attempts().len(), 2);
}

// UTS: realtime/unit/RTN24/no-duplicate-connected-event-3
#[test]
fn an_update_is_no_connected_event() {
    let (rt, ws, client) = setup(details(json!({})));
    let events = Recorder::new();
    for state in [
        S::Initialized,
        S::Connecting,
        S::Connected,
        S::Disconnected,
        S::Suspended,
        S::Closing,
        S::Closed,
        S::Failed,
    ] {
        let sink = events.clone();
        client.connection().on(state, move |change| {
            sink.push((Some(state), change.clone()))
        });
    }
    let sink = events.clone();
    client
        .connection()
        .on(ConnectionEvent::Update, move |change| {
            sink.push((None, change.clone()));
        });
    client.connect();
    rt.await_state_for(s(5), &client, S::Connected);
    let before = events.all().len();
    assert_eq!(before, 2);
    for _ in 1..=3 {
        ws.send_to_client(details(json!({})));
        rt.advance(ms(50));
    }
    let events = events.all();
    let new = &events[before..];
    assert_eq!(new.len(), 3);
    for (state, change) in new {
        assert_eq!(*state, None);
        assert_eq!(change.event, ConnectionEvent::Update);
        assert_eq!(change.previous, S::Connected);
        assert_eq!(change.current, S::Connected);
    }
    let connects = events.iter().filter(|(s, _)| *s == Some(S::Connected));
    assert_eq!(connects.count(), 1);
}
