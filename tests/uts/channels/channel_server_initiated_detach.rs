//! `realtime/unit/channels/channel_server_initiated_detach.md`

use super::common::*;

/// A peer that confirms only these attaches, counted from 1.
fn attaching_when(wanted: impl Fn(usize) -> bool + Send + Sync + 'static) -> MockWebSocket {
    let ws = MockWebSocket::accepting();
    let sent = ws.clone();
    ws.set_on_message(move |m, conn| {
        if is(m, action::ATTACH) && wanted(sent.client_messages_of(action::ATTACH).len()) {
            conn.answer(m);
        }
    });
    ws
}

fn impatient(ws: MockWebSocket, retry: Duration) -> World {
    let w = World::with(ws, |o| {
        o.realtime_request_timeout(ms(100))
            .channel_retry_timeout(retry)
    });
    w.connect()
}

fn detach(code: u32) -> Value {
    error(code, 500, "Server detached channel")
}

// UTS: realtime/unit/RTL13a/attached-reattach-triggered-0
#[test]
fn rtl13a_a_detached_channel_is_attached_again() {
    let w = World::connected(attaching());
    let channel = w.channel("test-RTL13a-attached");
    w.attach(&channel);
    assert_eq!(w.sent(action::ATTACH), 1);
    let changes = record_channel(&channel);
    w.send(detached_with("test-RTL13a-attached", detach(90198)));
    w.await_channel(&channel, ChannelState::Attached);
    assert_eq!(w.sent(action::ATTACH), 2);
    let changes = changes.all();
    assert_eq!(changes.len(), 2);
    assert_eq!(changes[0].current, ChannelState::Attaching);
    assert_eq!(changes[0].previous, ChannelState::Attached);
    let reason = changes[0].reason.as_ref().expect("a reason");
    assert_eq!(reason.code(), ErrorCode(90198));
    assert_eq!(changes[1].current, ChannelState::Attached);
}

// UTS: realtime/unit/RTL13a/suspended-reattach-triggered-1
#[test]
fn rtl13a_a_suspended_channel_is_attached_again() {
    let w = impatient(attaching_when(|n| n != 2), s(60));
    let channel = w.channel("test-RTL13a-suspended");
    w.attach(&channel);
    w.send(detached_with("test-RTL13a-suspended", detach(90198)));
    assert_eq!(channel.state(), ChannelState::Attaching);
    w.rt.advance(ms(150));
    assert_eq!(channel.state(), ChannelState::Suspended);
    let changes = record_channel(&channel);
    w.send(detached_with("test-RTL13a-suspended", detach(90199)));
    assert_eq!(channel.state(), ChannelState::Attached);
    assert_eq!(w.sent(action::ATTACH), 3);
    let again = change_to(&changes, ChannelState::Attaching);
    let reason = again.reason.expect("a reason");
    assert_eq!(reason.code(), ErrorCode(90199));
}

// UTS: realtime/unit/RTL13b/failed-reattach-suspended-retry-0
#[test]
fn rtl13b_a_channel_that_cannot_be_attached_again_is_retried() {
    let w = impatient(attaching_when(|n| n != 2), ms(200));
    let channel = w.channel("test-RTL13b");
    w.attach(&channel);
    let changes = record_channel(&channel);
    w.send(detached_with("test-RTL13b", detach(90198)));
    assert_eq!(channel.state(), ChannelState::Attaching);
    assert_eq!(w.sent(action::ATTACH), 2);
    w.rt.advance(ms(150));
    assert_eq!(channel.state(), ChannelState::Suspended);
    w.rt.advance(ms(250));
    assert_eq!(channel.state(), ChannelState::Attached);
    assert_eq!(w.sent(action::ATTACH), 3);
    use ChannelState as S;
    let expected = [S::Attaching, S::Suspended, S::Attaching, S::Attached];
    assert_eq!(states(&changes), expected);
}

// UTS: realtime/unit/RTL13b/attaching-detached-to-suspended-1
#[test]
fn rtl13b_an_attaching_channel_is_suspended() {
    let ws = attaching_when(|n| n == 2);
    let w = World::with(ws, |o| {
        o.realtime_request_timeout(ms(500))
            .channel_retry_timeout(ms(200))
    });
    let w = w.connect();
    let channel = w.channel("test-RTL13b-attaching");
    let attach = channel.attach();
    w.await_channel(&channel, ChannelState::Attaching);
    let changes = record_channel(&channel);
    w.send(detached_with("test-RTL13b-attaching", detach(90198)));
    assert_eq!(channel.state(), ChannelState::Suspended);
    assert_eq!(w.sent(action::ATTACH), 1);
    w.rt.advance(ms(250));
    assert_eq!(channel.state(), ChannelState::Attached);
    assert_eq!(w.sent(action::ATTACH), 2);
    let first = changes.all()[0].clone();
    assert_eq!(first.current, ChannelState::Suspended);
    assert_eq!(first.previous, ChannelState::Attaching);
    let reason = first.reason.expect("a reason");
    assert_eq!(reason.code(), ErrorCode(90198));
    assert_eq!(w.rt.wait(attach).unwrap_err(), reason);
}

// UTS: realtime/unit/RTL13b/repeated-failure-cycle-2
#[test]
fn rtl13b_a_channel_is_retried_again_and_again() {
    let w = impatient(attaching_when(|n| n == 1 || n > 3), ms(200));
    let channel = w.channel("test-RTL13b-repeat");
    w.attach(&channel);
    assert_eq!(w.sent(action::ATTACH), 1);
    let changes = record_channel(&channel);
    w.send(detached_with("test-RTL13b-repeat", detach(90198)));
    assert_eq!(channel.state(), ChannelState::Attaching);
    w.rt.advance(ms(150));
    assert_eq!(channel.state(), ChannelState::Suspended);
    w.await_channel(&channel, ChannelState::Attaching);
    assert_eq!(w.sent(action::ATTACH), 3);
    w.rt.advance(ms(150));
    assert_eq!(channel.state(), ChannelState::Suspended);
    w.rt.advance(ms(250));
    assert_eq!(channel.state(), ChannelState::Attached);
    assert_eq!(w.sent(action::ATTACH), 4);
    use ChannelState as S;
    let expected = [
        S::Attaching,
        S::Suspended,
        S::Attaching,
        S::Suspended,
        S::Attaching,
        S::Attached,
    ];
    assert_eq!(states(&changes), expected);
}

// UTS: realtime/unit/RTL13c/retry-cancelled-disconnected-0
#[test]
fn rtl13c_no_retry_without_a_connection() {
    let w = impatient(attaching_when(|n| n == 1), ms(200));
    let channel = w.channel("test-RTL13c");
    w.attach(&channel);
    assert_eq!(w.sent(action::ATTACH), 1);
    w.send(detached_with("test-RTL13c", detach(90198)));
    assert_eq!(channel.state(), ChannelState::Attaching);
    w.rt.advance(ms(150));
    assert_eq!(channel.state(), ChannelState::Suspended);
    w.cut();
    let before = w.sent(action::ATTACH);
    assert_eq!(before, 2);
    w.rt.advance(ms(500));
    assert_eq!(w.sent(action::ATTACH), before);
    assert_eq!(channel.state(), ChannelState::Suspended);
}

// UTS: realtime/unit/RTL13a/detaching-not-server-initiated-2
#[test]
fn rtl13a_a_detach_on_request_is_final() {
    let w = World::connected(MockWebSocket::serving());
    let channel = w.channel("test-RTL13-detaching");
    w.attach(&channel);
    w.rt.wait(channel.detach()).unwrap();
    w.rt.run_until_idle();
    assert_eq!(channel.state(), ChannelState::Detached);
    assert_eq!(w.sent(action::ATTACH), 1);
}
