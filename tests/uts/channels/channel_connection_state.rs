//! `realtime/unit/channels/channel_connection_state.md`

use super::common::*;

fn disabled() -> Value {
    connection_error(error(40198, 403, "Account disabled"))
}

/// A client with the options of the cases on `suspended`.
fn retrying(ws: MockWebSocket) -> World {
    let none: [&str; 0] = [];
    let w = World::with(ws, |o| {
        o.fallback_hosts(none)
            .disconnected_retry_timeout(s(1))
            .suspended_retry_timeout(s(2))
    });
    w.connect()
}

// UTS: realtime/unit/RTL3e/disconnected-attached-noop-0
#[test]
fn rtl3e_disconnected_leaves_attached_alone() {
    let w = World::connected(attaching());
    let channel = w.channel("test-RTL3e-attached");
    w.attach(&channel);
    let changes = record_channel(&channel);
    let seen = Recorder::new();
    let (sink, this) = (seen.clone(), channel.clone());
    w.client
        .connection()
        .on(ConnectionState::Disconnected, move |_| {
            sink.push(this.state());
        });
    w.cut();
    assert_eq!(seen.all(), [ChannelState::Attached]);
    assert_eq!(channel.state(), ChannelState::Attached);
    assert_eq!(changes.all(), []);
    w.client.connection().off_all();
}

// UTS: realtime/unit/RTL3e/disconnected-attaching-noop-1
#[test]
fn rtl3e_disconnected_leaves_attaching_alone() {
    let w = World::connected(MockWebSocket::accepting());
    let channel = w.channel("test-RTL3e-attaching");
    let mut attach = channel.attach();
    w.await_channel(&channel, ChannelState::Attaching);
    let changes = record_channel(&channel);
    w.cut();
    assert_eq!(channel.state(), ChannelState::Attaching);
    assert_eq!(changes.all(), []);
    assert_eq!(w.rt.poll_now(&mut attach), None);
}

// UTS: realtime/unit/RTL3a/failed-attached-to-failed-0
#[test]
fn rtl3a_failed_fails_attached() {
    let w = World::connected(attaching());
    let channel = w.channel("test-RTL3a-attached");
    w.attach(&channel);
    let changes = record_channel(&channel);
    w.ws.active().send_to_client_and_close(disabled());
    w.await_connection(ConnectionState::Failed);
    assert_eq!(channel.state(), ChannelState::Failed);
    let reason = channel.error_reason().expect("a reason");
    assert_eq!(reason.code(), ErrorCode(40198));
    w.rt.run_until_idle();
    let failed = change_to(&changes, ChannelState::Failed);
    assert_eq!(failed.previous, ChannelState::Attached);
    assert_eq!(failed.reason, Some(reason));
}

// UTS: realtime/unit/RTL3a/failed-attaching-to-failed-1
#[test]
fn rtl3a_failed_fails_attaching() {
    let w = World::connected(MockWebSocket::accepting());
    let channel = w.channel("test-RTL3a-attaching");
    let attach = channel.attach();
    w.await_channel(&channel, ChannelState::Attaching);
    let changes = record_channel(&channel);
    w.ws.active().send_to_client_and_close(disabled());
    w.await_connection(ConnectionState::Failed);
    let error = w.rt.wait(attach).unwrap_err();
    assert_eq!(error.code(), ErrorCode(40198));
    assert_eq!(channel.state(), ChannelState::Failed);
    assert_eq!(channel.error_reason(), Some(error));
    let failed = change_to(&changes, ChannelState::Failed);
    assert_eq!(failed.previous, ChannelState::Attaching);
}

// UTS: realtime/unit/RTL3a/other-states-unaffected-2
#[test]
fn rtl3a_failed_leaves_other_states_alone() {
    let w = World::connected(MockWebSocket::serving());
    let initialized = w.channel("test-RTL3a-init");
    let detached = w.channel("test-RTL3a-detached");
    assert_eq!(initialized.state(), ChannelState::Initialized);
    w.attach(&detached);
    w.rt.wait(detached.detach()).unwrap();
    assert_eq!(detached.state(), ChannelState::Detached);
    let changes = [record_channel(&initialized), record_channel(&detached)];
    w.ws.active().send_to_client_and_close(disabled());
    w.await_connection(ConnectionState::Failed);
    w.rt.run_until_idle();
    assert_eq!(initialized.state(), ChannelState::Initialized);
    assert_eq!(detached.state(), ChannelState::Detached);
    assert_eq!(changes[0].all(), []);
    assert_eq!(changes[1].all(), []);
}

// UTS: realtime/unit/RTL3b/closed-attached-to-detached-0
#[test]
fn rtl3b_closed_detaches_attached() {
    let w = World::connected(attaching());
    let channel = w.channel("test-RTL3b");
    w.attach(&channel);
    let changes = record_channel(&channel);
    w.close();
    assert_eq!(channel.state(), ChannelState::Detached);
    w.rt.run_until_idle();
    let detached = change_to(&changes, ChannelState::Detached);
    assert_eq!(detached.previous, ChannelState::Attached);
}

// UTS: realtime/unit/RTL3b/closed-attaching-to-detached-1
#[test]
fn rtl3b_closed_detaches_attaching() {
    let w = World::connected(MockWebSocket::accepting());
    let channel = w.channel("test-RTL3b-attaching");
    let attach = channel.attach();
    w.await_channel(&channel, ChannelState::Attaching);
    let changes = record_channel(&channel);
    w.close();
    let error = w.rt.wait(attach).unwrap_err();
    assert_eq!(error.code(), ErrorCode::CONNECTION_CLOSED);
    assert_eq!(channel.state(), ChannelState::Detached);
    let detached = change_to(&changes, ChannelState::Detached);
    assert_eq!(detached.previous, ChannelState::Attaching);
}

// UTS: realtime/unit/RTL3c/suspended-attached-to-suspended-0
#[test]
fn rtl3c_suspended_suspends_attached() {
    let w = retrying(attaching());
    let channel = w.channel("test-RTL3c");
    w.attach(&channel);
    let changes = record_channel(&channel);
    w.suspend();
    assert_eq!(channel.state(), ChannelState::Suspended);
    w.rt.run_until_idle();
    let suspended = change_to(&changes, ChannelState::Suspended);
    assert_eq!(suspended.previous, ChannelState::Attached);
}

// UTS: realtime/unit/RTL3c/suspended-attaching-to-suspended-1
#[test]
fn rtl3c_suspended_suspends_attaching() {
    // The attach gives up before the connection does, unless it has more time (RTL4f).
    for (patience, code) in [(s(10), 90007), (s(300), 80002)] {
        let none: [&str; 0] = [];
        let w = World::with(MockWebSocket::accepting(), |o| {
            o.fallback_hosts(none)
                .disconnected_retry_timeout(s(1))
                .realtime_request_timeout(patience)
        });
        let w = w.connect();
        let channel = w.channel("test-RTL3c-attaching");
        let attach = channel.attach();
        w.await_channel(&channel, ChannelState::Attaching);
        let changes = record_channel(&channel);
        w.suspend();
        assert_eq!(channel.state(), ChannelState::Suspended);
        assert_eq!(w.rt.wait(attach).unwrap_err().code(), ErrorCode(code));
        let suspended = change_to(&changes, ChannelState::Suspended);
        assert_eq!(suspended.previous, ChannelState::Attaching);
    }
}

// UTS: realtime/unit/RTL3d/reattach-attached-with-serial-0
#[test]
fn rtl3d_connected_attaches_attached_again() {
    let ws = MockWebSocket::accepting().on_message(|m, conn| {
        if is(m, action::ATTACH) {
            conn.send_to_client(attached_at(m, "serial-001"));
        }
    });
    let w = World::with(ws, |o| o.disconnected_retry_timeout(ms(100))).connect();
    let channel = w.channel("test-RTL3d-attached");
    w.attach(&channel);
    assert_eq!(w.sent(action::ATTACH), 1);
    let changes = record_channel(&channel);
    w.ws.active().simulate_disconnect();
    w.rt.run_until_idle();
    w.await_connection(ConnectionState::Connected);
    w.await_channel(&channel, ChannelState::Attached);
    let sent = w.ws.client_messages_of(action::ATTACH);
    assert_eq!(sent.len(), 2);
    assert_eq!(sent[1]["channelSerial"], "serial-001");
    let expected = [ChannelState::Attaching, ChannelState::Attached];
    assert_eq!(states(&changes), expected);
}

// UTS: realtime/unit/RTL3d/reattach-suspended-channels-1
#[test]
fn rtl3d_connected_attaches_suspended_again() {
    let w = retrying(attaching());
    let channel = w.channel("test-RTL3d-suspended");
    w.attach(&channel);
    assert_eq!(w.sent(action::ATTACH), 1);
    w.suspend();
    assert_eq!(channel.state(), ChannelState::Suspended);
    w.rt.run_until_idle();
    let changes = record_channel(&channel);
    w.ws.set_on_attempt(|a| {
        a.respond_with_connected(connected("connection-id", "connection-key"));
    });
    w.await_connection(ConnectionState::Connected);
    w.await_channel(&channel, ChannelState::Attached);
    assert_eq!(w.sent(action::ATTACH), 2);
    w.rt.run_until_idle();
    let expected = [ChannelState::Attaching, ChannelState::Attached];
    assert_eq!(states(&changes), expected);
}

// UTS: realtime/unit/RTL3d/init-detached-not-reattached-2
#[test]
fn rtl3d_connected_leaves_initialized_and_detached_alone() {
    let ws = MockWebSocket::serving();
    let w = World::with(ws, |o| o.disconnected_retry_timeout(ms(100))).connect();
    let initialized = w.channel("test-RTL3d-init");
    let detached = w.channel("test-RTL3d-detached");
    assert_eq!(initialized.state(), ChannelState::Initialized);
    w.attach(&detached);
    w.rt.wait(detached.detach()).unwrap();
    assert_eq!(detached.state(), ChannelState::Detached);
    let before = w.sent(action::ATTACH);
    let changes = [record_channel(&initialized), record_channel(&detached)];
    let connections = record_connection(&w.client);
    w.ws.active().simulate_disconnect();
    w.rt.run_until_idle();
    w.await_connection(ConnectionState::Connected);
    assert_eq!(connections.all().len(), 3);
    assert_eq!(initialized.state(), ChannelState::Initialized);
    assert_eq!(detached.state(), ChannelState::Detached);
    assert_eq!(changes[0].all(), []);
    assert_eq!(changes[1].all(), []);
    assert_eq!(w.sent(action::ATTACH), before);
}

// UTS: realtime/unit/RTL3d/multiple-channels-reattached-3
#[test]
fn rtl3d_connected_attaches_all_again() {
    let ws = attaching();
    let w = World::with(ws, |o| o.disconnected_retry_timeout(ms(100))).connect();
    let first = w.channel("test-RTL3d-multi1");
    let second = w.channel("test-RTL3d-multi2");
    w.attach(&first);
    w.attach(&second);
    let before = w.sent(action::ATTACH);
    w.ws.active().simulate_disconnect();
    w.rt.run_until_idle();
    w.await_connection(ConnectionState::Connected);
    w.await_channel(&first, ChannelState::Attached);
    w.await_channel(&second, ChannelState::Attached);
    let sent = w.ws.client_messages_of(action::ATTACH);
    let again: Vec<_> = sent[before..].iter().map(|m| &m["channel"]).collect();
    assert_eq!(again, ["test-RTL3d-multi1", "test-RTL3d-multi2"]);
}
