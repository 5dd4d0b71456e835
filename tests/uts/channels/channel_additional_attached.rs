//! `realtime/unit/channels/channel_additional_attached.md`

use super::common::*;

/// A channel that is attached, and what it says of updates.
fn attached_channel(name: &str) -> (World, Channel, Recorder<ChannelStateChange>) {
    let w = World::connected(attaching());
    let channel = w.channel(name);
    w.attach(&channel);
    let updates = Recorder::new();
    let sink = updates.clone();
    channel.on(ChannelEvent::Update, move |c| sink.push(c.clone()));
    (w, channel, updates)
}

// UTS: realtime/unit/RTL12/update-emits-with-error-0
#[test]
fn rtl12_attached_again_is_an_update_with_the_error() {
    let (w, channel, updates) = attached_channel("test-RTL12-update");
    let mut again = attached("test-RTL12-update");
    again["error"] = error(50000, 500, "generic serverside failure");
    w.send(again);
    assert_eq!(channel.state(), ChannelState::Attached);
    let updates = updates.all();
    assert_eq!(updates.len(), 1);
    assert_eq!(updates[0].event, ChannelEvent::Update);
    assert_eq!(updates[0].current, ChannelState::Attached);
    assert_eq!(updates[0].previous, ChannelState::Attached);
    assert!(!updates[0].resumed);
    let reason = updates[0].reason.as_ref().expect("a reason");
    assert_eq!(reason.code(), ErrorCode(50000));
    // Not in the case: it is the reason of an event, not of the channel's state.
    assert_eq!(channel.error_reason(), None);
}

// UTS: realtime/unit/RTL12/resumed-no-update-1
#[test]
fn rtl12_attached_again_and_resumed_is_no_update() {
    let (w, channel, updates) = attached_channel("test-RTL12-no-update");
    let mut again = attached("test-RTL12-no-update");
    again["flags"] = json!(4);
    w.send(again);
    assert_eq!(channel.state(), ChannelState::Attached);
    assert_eq!(updates.all(), []);
}

// UTS: realtime/unit/RTL12/no-error-null-reason-2
#[test]
fn rtl12_attached_again_without_error_has_no_reason() {
    let (w, channel, updates) = attached_channel("test-RTL12-no-error");
    w.send(attached("test-RTL12-no-error"));
    assert_eq!(channel.state(), ChannelState::Attached);
    let updates = updates.all();
    assert_eq!(updates.len(), 1);
    assert!(!updates[0].resumed);
    assert_eq!(updates[0].reason, None);
}
