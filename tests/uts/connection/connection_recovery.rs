//! `realtime/unit/connection/connection_recovery_test.md`

use super::common::*;
use crate::support::*;
use ConnectionState as S;

/// Attaches a channel that the server answers with `serial`.
#[track_caller]
fn attach(rt: &VirtualRuntime, ws: &MockWebSocket, channel: &Channel, serial: &str) {
    let attach = channel.attach();
    rt.run_until_idle();
    ws.send_to_client(json!({
        "action": action::ATTACHED, "channel": channel.name(), "channelSerial": serial,
    }));
    rt.wait(attach).unwrap();
    assert_eq!(channel.state(), ChannelState::Attached);
}

// UTS: realtime/unit/RTN16g/recovery-key-structure-0
#[test]
fn a_recovery_key_holds_key_and_serials() {
    let rt = VirtualRuntime::new();
    let ws = scripted(|_, a| {
        a.respond_with_connected(connected("connection-1", "key-abc-123"));
    });
    let client = client(options(&rt, &ws));
    client.connect();
    rt.await_state(&client, S::Connected);
    let a = client.channels().get("channel-alpha");
    let b = client.channels().get("channel-éàü-世界");
    attach(&rt, &ws, &a, "serial-a-001");
    attach(&rt, &ws, &b, "serial-b-002");
    let text = client
        .connection()
        .create_recovery_key()
        .expect("there is a recovery key");
    let key: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(key["connectionKey"], "key-abc-123");
    assert_eq!(key["msgSerial"], 0);
    assert_eq!(key["channelSerials"]["channel-alpha"], "serial-a-001");
    assert_eq!(key["channelSerials"]["channel-éàü-世界"], "serial-b-002");
    assert_eq!(key["channelSerials"].as_object().unwrap().len(), 2);
    let again: Value = serde_json::from_str(&key.to_string()).unwrap();
    assert_eq!(again["channelSerials"]["channel-éàü-世界"], "serial-b-002");
}

// UTS: realtime/unit/RTN16g2/recovery-key-null-inactive-0
#[test]
fn no_recovery_key_without_a_connection_to_go_on_with() {
    let rt = VirtualRuntime::new();
    let ws = scripted(|_, a| {
        a.respond_with_connected(connected("connection-1", "key-1"));
    });
    let first = client(options(&rt, &ws));
    assert_eq!(first.connection().create_recovery_key(), None);
    first.connect();
    rt.await_state(&first, S::Connected);
    let key: Value =
        serde_json::from_str(&first.connection().create_recovery_key().unwrap()).unwrap();
    assert_eq!(
        key,
        json!({"connectionKey": "key-1", "msgSerial": 0, "channelSerials": {}})
    );
    first.connection().close();
    assert_eq!(first.connection().state(), S::Closing);
    assert_eq!(first.connection().create_recovery_key(), None);
    rt.await_state(&first, S::Closed);
    assert_eq!(first.connection().create_recovery_key(), None);

    let ws = scripted(|_, a| {
        a.respond_with_connected(connected("conn-f", "key-f"));
    });
    let failed = client(options(&rt, &ws));
    failed.connect();
    rt.await_state(&failed, S::Connected);
    ws.active()
        .send_to_client_and_close(with_error(action::ERROR, 50000, 500, "Fatal error"));
    rt.await_state(&failed, S::Failed);
    assert_eq!(failed.connection().create_recovery_key(), None);

    let ws = scripted(|n, a| {
        if n == 1 {
            a.respond_with_connected(connected_with("conn-s", "key-s", 15_000, 2000));
        } else {
            a.respond_with_refused();
        }
    });
    let options = without_fallbacks(options(&rt, &ws)).disconnected_retry_timeout(ms(500));
    let suspended = client(options);
    suspended.connect();
    rt.await_state(&suspended, S::Connected);
    ws.active().simulate_disconnect();
    for _ in 0..10 {
        rt.advance(ms(1500));
        if suspended.connection().state() == S::Suspended {
            break;
        }
    }
    rt.await_state(&suspended, S::Suspended);
    assert_eq!(suspended.connection().create_recovery_key(), None);
}

// UTS: realtime/unit/RTN16k/recover-query-param-0
#[test]
fn recover_is_sent_once() {
    let rt = VirtualRuntime::new();
    let ws = scripted(|n, a| {
        let key = ["new-key-after-recovery", "resumed-key"][n - 1];
        a.respond_with_connected(connected("recovered-conn-id", key));
    });
    let key = json!({
        "connectionKey": "recovered-key-xyz", "msgSerial": 5, "channelSerials": {},
    });
    let client = client(options(&rt, &ws).recover(key.to_string()));
    client.connect();
    rt.await_state(&client, S::Connected);
    ws.active().simulate_disconnect();
    rt.await_state_for(s(5), &client, S::Connected);
    let attempts = ws.attempts();
    assert_eq!(attempts.len(), 2);
    assert_eq!(
        attempts[0].query("recover").as_deref(),
        Some("recovered-key-xyz")
    );
    assert_eq!(attempts[0].query("resume"), None);
    assert_eq!(
        attempts[1].query("resume").as_deref(),
        Some("new-key-after-recovery")
    );
    assert_eq!(attempts[1].query("recover"), None);
}

/// Connects with a recovery key whose msgSerial is 42, attaches, publishes, and gives the
/// msgSerial that was sent.
fn serial_after_recovery(answer: Value) -> Value {
    let rt = VirtualRuntime::new();
    let ws = scripted(move |_, a| drop(a.respond_with_connected(answer.clone())));
    let key = json!({
        "connectionKey": "old-key",
        "msgSerial": 42,
        "channelSerials": {"test-channel": "ch-serial-1"},
    });
    let client = client(options(&rt, &ws).recover(key.to_string()));
    client.connect();
    rt.await_state(&client, S::Connected);
    let channel = client.channels().get("test-channel");
    attach(&rt, &ws, &channel, "ch-serial-updated");
    let publish = channel.publish("event", "data");
    rt.run_until_idle();
    let sent = ws.client_messages_of(action::MESSAGE);
    assert_eq!(sent.len(), 1);
    ws.send_to_client(json!({
        "action": action::ACK, "msgSerial": sent[0]["msgSerial"], "count": 1,
    }));
    rt.wait(publish).unwrap();
    sent[0]["msgSerial"].clone()
}

// UTS: realtime/unit/RTN16f/recover-initializes-msgserial-0
#[test]
fn recover_goes_on_with_the_serial() {
    assert_eq!(
        serial_after_recovery(connected("recovered-conn", "new-key")),
        42
    );
    // The requirement goes on: a recovery that failed begins at 0.
    let mut refused = connected("new-conn", "new-key");
    refused["error"] = error(80008, 400, "Unable to recover connection");
    assert_eq!(serial_after_recovery(refused), 0);
}

// UTS: realtime/unit/RTN16f1/malformed-recovery-key-0
#[test]
fn a_malformed_recovery_key_is_logged_and_left_out() {
    let rt = VirtualRuntime::new();
    let ws = scripted(|_, a| {
        a.respond_with_connected(connected("fresh-conn", "fresh-key"));
    });
    let log = LogCapture::default();
    let client = client(
        options(&rt, &ws)
            .recover("this-is-not-valid-json!!!")
            .log_handler(log.clone()),
    );
    client.connect();
    rt.await_state(&client, S::Connected);
    assert_eq!(client.connection().state(), S::Connected);
    assert_eq!(client.connection().id().as_deref(), Some("fresh-conn"));
    assert_eq!(client.connection().key().as_deref(), Some("fresh-key"));
    let attempts = ws.attempts();
    assert_eq!(attempts[0].query("recover"), None);
    assert_eq!(attempts[0].query("resume"), None);
    assert_eq!(attempts.len(), 1);
    assert!(log.contains(ably_base::LogLevel::Error, "recovery key is malformed"));
}

// UTS: realtime/unit/RTN16j/recover-channel-serials-0
#[test]
fn recover_makes_the_channels() {
    let rt = VirtualRuntime::new();
    let ws = scripted(|_, a| {
        a.respond_with_connected(connected("recovered-conn", "new-key"));
    });
    let key = json!({
        "connectionKey": "old-key-abc",
        "msgSerial": 10,
        "channelSerials": {
            "channel-one": "serial-1-abc",
            "channel-two": "serial-2-def",
            "channel-üñîçöðé": "serial-3-unicode",
        },
    });
    let client = client(options(&rt, &ws).recover(key.to_string()));
    client.connect();
    rt.await_state(&client, S::Connected);
    let names = ["channel-one", "channel-two", "channel-üñîçöðé"];
    for name in names {
        assert!(client.channels().exists(name), "{name}");
    }
    let [one, two, unicode] = names.map(|n| client.channels().get(n));
    let serial = |c: &Channel| c.properties().channel_serial;
    assert_eq!(serial(&one).as_deref(), Some("serial-1-abc"));
    assert_eq!(serial(&two).as_deref(), Some("serial-2-def"));
    assert_eq!(serial(&unicode).as_deref(), Some("serial-3-unicode"));
    for channel in [&one, &two, &unicode] {
        assert_eq!(channel.state(), ChannelState::Initialized);
    }
    let attach = one.attach();
    rt.run_until_idle();
    let sent = ws.client_messages_of(action::ATTACH);
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0]["channel"], "channel-one");
    assert_eq!(sent[0]["channelSerial"], "serial-1-abc");
    ws.send_to_client(json!({
        "action": action::ATTACHED,
        "channel": "channel-one",
        "channelSerial": "serial-1-abc-updated",
    }));
    rt.wait(attach).unwrap();
    assert_eq!(one.state(), ChannelState::Attached);
}
