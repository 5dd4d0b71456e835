//! `realtime/unit/channels/channel_properties.md`

use super::common::*;

/// A peer that confirms attaching, with this serial, and detaching.
fn serving_at(serial: &'static str) -> MockWebSocket {
    MockWebSocket::accepting().on_message(move |m, conn| {
        if is(m, action::ATTACH) {
            conn.send_to_client(attached_at(m, serial));
        } else {
            conn.answer(m);
        }
    })
}

fn attach_serial(channel: &Channel) -> Option<String> {
    channel.properties().attach_serial.map(|s| s.to_string())
}

fn channel_serial(channel: &Channel) -> Option<String> {
    channel.properties().channel_serial.map(|s| s.to_string())
}

/// An attached channel whose serial is `serial-001`.
fn at_001(name: &str) -> (World, Channel) {
    let w = World::connected(serving_at("serial-001"));
    let channel = w.channel(name);
    w.attach(&channel);
    assert_eq!(channel_serial(&channel).as_deref(), Some("serial-001"));
    (w, channel)
}

// UTS: realtime/unit/RTL15c/attach-serial-from-attached-0
#[test]
fn rtl15c_attach_serial_comes_from_attached() {
    let ws = MockWebSocket::accepting();
    let sent = ws.clone();
    ws.set_on_message(move |m, conn| {
        if is(m, action::ATTACH) {
            let n = sent.client_messages_of(action::ATTACH).len();
            conn.send_to_client(attached_at(m, &format!("attach-serial-{n}")));
        } else {
            conn.answer(m);
        }
    });
    let w = World::new(ws);
    let channel = w.channel("test-RTL15c");
    assert_eq!(attach_serial(&channel), None);
    let w = w.connect();
    w.attach(&channel);
    assert_eq!(attach_serial(&channel).as_deref(), Some("attach-serial-1"));
    w.rt.wait(channel.detach()).unwrap();
    w.attach(&channel);
    assert_eq!(attach_serial(&channel).as_deref(), Some("attach-serial-2"));
}

// UTS: realtime/unit/RTL15c/attach-serial-server-reattach-1
#[test]
fn rtl15c_attach_serial_comes_from_every_attached() {
    let w = World::connected(serving_at("initial-serial"));
    let channel = w.channel("test-RTL15c-update");
    w.attach(&channel);
    assert_eq!(attach_serial(&channel).as_deref(), Some("initial-serial"));
    let mut again = attached("test-RTL15c-update");
    again["channelSerial"] = json!("updated-serial");
    w.send(again);
    assert_eq!(attach_serial(&channel).as_deref(), Some("updated-serial"));
}

// UTS: realtime/unit/RTL15b/channel-serial-from-attached-0
#[test]
fn rtl15b_channel_serial_comes_from_attached() {
    let w = World::new(serving_at("serial-001"));
    let channel = w.channel("test-RTL15b-attached");
    assert_eq!(channel_serial(&channel), None);
    let w = w.connect();
    w.attach(&channel);
    assert_eq!(channel_serial(&channel).as_deref(), Some("serial-001"));
}

// UTS: realtime/unit/RTL15b/channel-serial-from-messages-1
#[test]
fn rtl15b_channel_serial_comes_from_messages_and_presence() {
    let (w, channel) = at_001("test-RTL15b-messages");
    let mut m = message(
        "test-RTL15b-messages",
        json!([{"name": "event", "data": "data"}]),
    );
    m["channelSerial"] = json!("serial-002");
    w.send(m);
    assert_eq!(channel_serial(&channel).as_deref(), Some("serial-002"));
    w.send(json!({
        "action": action::PRESENCE,
        "channel": "test-RTL15b-messages",
        "channelSerial": "serial-003",
    }));
    assert_eq!(channel_serial(&channel).as_deref(), Some("serial-003"));
}

// UTS: realtime/unit/RTL15b/serial-not-updated-empty-2
#[test]
fn rtl15b_channel_serial_stays_without_a_new_one() {
    let (w, channel) = at_001("test-RTL15b-noupdate");
    let received = record_messages(&channel);
    w.send(message(
        "test-RTL15b-noupdate",
        json!([{"name": "event", "data": "data"}]),
    ));
    assert_eq!(received.all().len(), 1);
    assert_eq!(channel_serial(&channel).as_deref(), Some("serial-001"));
}

// UTS: realtime/unit/RTL15b/serial-not-updated-irrelevant-3
#[test]
fn rtl15b_channel_serial_does_not_come_from_other_actions() {
    let (w, channel) = at_001("test-RTL15b-irrelevant");
    let serials = Recorder::new();
    let (sink, this) = (serials.clone(), channel.clone());
    channel.on((), move |_| sink.push(channel_serial(&this)));
    let mut m = detached_with("test-RTL15b-irrelevant", error(90198, 500, "Detached"));
    m["channelSerial"] = json!("serial-should-not-apply");
    w.send(m);
    w.await_channel(&channel, ChannelState::Attached);
    assert_eq!(w.sent(action::ATTACH), 2);
    assert_eq!(channel_serial(&channel).as_deref(), Some("serial-001"));
    let always = Some("serial-001".to_owned());
    assert_eq!(serials.all(), [always.clone(), always]);
    channel.off_all();
}

// UTS: realtime/unit/RTL15b1/serial-cleared-detached-0
#[test]
fn rtl15b1_detached_clears_the_channel_serial() {
    let (w, channel) = at_001("test-RTL15b1-detached");
    w.rt.wait(channel.detach()).unwrap();
    assert_eq!(channel.state(), ChannelState::Detached);
    assert_eq!(channel_serial(&channel), None);
}

// UTS: realtime/unit/RTL15b1/serial-cleared-suspended-1
#[test]
fn rtl15b1_suspended_clears_the_channel_serial() {
    let ws = MockWebSocket::accepting();
    let sent = ws.clone();
    ws.set_on_message(move |m, conn| {
        if sent.client_messages_of(action::ATTACH).len() == 1 {
            conn.send_to_client(attached_at(m, "serial-001"));
        }
    });
    let w = World::with(ws, |o| o.realtime_request_timeout(ms(100))).connect();
    let channel = w.channel("test-RTL15b1-suspended");
    w.attach(&channel);
    assert_eq!(channel_serial(&channel).as_deref(), Some("serial-001"));
    w.send(detached_with(
        "test-RTL15b1-suspended",
        error(90198, 500, "Detached"),
    ));
    assert_eq!(channel.state(), ChannelState::Attaching);
    w.rt.advance(ms(150));
    assert_eq!(channel.state(), ChannelState::Suspended);
    assert_eq!(channel_serial(&channel), None);
}

// UTS: realtime/unit/RTL15b1/serial-cleared-failed-2
#[test]
fn rtl15b1_failed_clears_the_channel_serial() {
    let (w, channel) = at_001("test-RTL15b1-failed");
    w.send(channel_error("test-RTL15b1-failed", not_permitted()));
    w.await_channel(&channel, ChannelState::Failed);
    assert_eq!(channel_serial(&channel), None);
}

// Not in UTS. Spec: RTL15b, RTL17.
// DEVIATION: ably-js 2.12.0 takes the serial of a message that it discards, so that attaching from
// that serial skips the message for good.
#[test]
fn rtl15b_a_message_that_is_discarded_does_not_count() {
    let (w, channel) = at_001("test-RTL15b-discarded");
    w.ws.set_on_message(|_, _| {});
    let mut lost = detached("test-RTL15b-discarded");
    lost["error"] = error(90198, 500, "Detached");
    w.send(lost);
    assert_eq!(channel.state(), ChannelState::Attaching);
    let mut m = message("test-RTL15b-discarded", json!([{"name": "early"}]));
    m["channelSerial"] = json!("serial-002");
    w.send(m);
    assert_eq!(channel_serial(&channel).as_deref(), Some("serial-001"));
}
