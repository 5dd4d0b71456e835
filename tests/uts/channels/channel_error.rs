//! `realtime/unit/channels/channel_error.md`

use super::common::*;

// UTS: realtime/unit/RTL14/attached-to-failed-0
#[test]
fn rtl14_an_error_fails_an_attached_channel() {
    let w = World::connected(attaching());
    let channel = w.channel("test-RTL14-attached");
    w.attach(&channel);
    let changes = record_channel(&channel);
    w.send(channel_error("test-RTL14-attached", not_permitted()));
    w.await_channel(&channel, ChannelState::Failed);
    let reason = channel.error_reason().expect("a reason");
    assert_eq!(reason.code(), ErrorCode::CAPABILITY);
    assert_eq!(reason.status_code(), 401);
    assert_eq!(reason.message(), "Not permitted");
    let changes = changes.all();
    assert_eq!(changes.len(), 1);
    assert_eq!(changes[0].current, ChannelState::Failed);
    assert_eq!(changes[0].previous, ChannelState::Attached);
    assert_eq!(changes[0].reason, Some(reason));
    assert_eq!(w.client.connection().state(), ConnectionState::Connected);
}

// UTS: realtime/unit/RTL14/attaching-to-failed-1
#[test]
fn rtl14_an_error_fails_an_attach() {
    let ws = MockWebSocket::accepting().on_message(|m, conn| {
        if is(m, action::ATTACH) {
            conn.send_to_client(channel_error("test-RTL14-attaching", not_permitted()));
        }
    });
    let w = World::connected(ws);
    let channel = w.channel("test-RTL14-attaching");
    let error = w.rt.wait(channel.attach()).unwrap_err();
    assert_eq!(channel.state(), ChannelState::Failed);
    assert_eq!(error.code(), ErrorCode::CAPABILITY);
    assert_eq!(channel.error_reason(), Some(error));
    assert_eq!(w.client.connection().state(), ConnectionState::Connected);
}

// UTS: realtime/unit/RTL14/pending-detach-error-2
#[test]
fn rtl14_an_error_fails_a_detach() {
    let ws = MockWebSocket::accepting().on_message(|m, conn| {
        if is(m, action::DETACH) {
            let failed = error(90198, 500, "Detach failed");
            conn.send_to_client(channel_error("test-RTL14-detaching", failed));
        } else {
            conn.answer(m);
        }
    });
    let w = World::connected(ws);
    let channel = w.channel("test-RTL14-detaching");
    w.attach(&channel);
    let error = w.rt.wait(channel.detach()).unwrap_err();
    assert_eq!(channel.state(), ChannelState::Failed);
    assert_eq!(error.code(), ErrorCode(90198));
    assert_eq!(channel.error_reason(), Some(error));
    assert_eq!(w.client.connection().state(), ConnectionState::Connected);
}

// UTS: realtime/unit/RTL14/other-channels-unaffected-3
#[test]
fn rtl14_an_error_leaves_other_channels_alone() {
    let w = World::connected(attaching());
    let a = w.channel("test-RTL14-a");
    let b = w.channel("test-RTL14-b");
    w.attach(&a);
    w.attach(&b);
    w.send(channel_error("test-RTL14-a", not_permitted()));
    w.await_channel(&a, ChannelState::Failed);
    let reason = a.error_reason().expect("a reason");
    assert_eq!(reason.code(), ErrorCode::CAPABILITY);
    assert_eq!(b.state(), ChannelState::Attached);
    assert_eq!(b.error_reason(), None);
    assert_eq!(w.client.connection().state(), ConnectionState::Connected);
}

// UTS: realtime/unit/RTL14/cancels-pending-timers-4
#[test]
fn rtl14_an_error_stops_the_timers() {
    let ws = MockWebSocket::accepting();
    let sent = ws.clone();
    ws.set_on_message(move |m, conn| {
        if sent.client_messages_of(action::ATTACH).len() == 1 {
            conn.answer(m);
        }
    });
    let w = World::with(ws, |o| {
        o.realtime_request_timeout(ms(100))
            .channel_retry_timeout(ms(200))
    });
    let w = w.connect();
    let channel = w.channel("test-RTL14-timers");
    w.attach(&channel);
    assert_eq!(w.sent(action::ATTACH), 1);
    w.send(detached_with(
        "test-RTL14-timers",
        error(90198, 500, "Detach"),
    ));
    w.rt.advance(ms(150));
    assert_eq!(channel.state(), ChannelState::Suspended);
    w.send(channel_error("test-RTL14-timers", not_permitted()));
    assert_eq!(channel.state(), ChannelState::Failed);
    let before = w.sent(action::ATTACH);
    assert_eq!(before, 2);
    w.rt.advance(ms(500));
    assert_eq!(channel.state(), ChannelState::Failed);
    assert_eq!(w.sent(action::ATTACH), before);
}
