//! `realtime/unit/channels/channel_state_events.md`

use super::common::*;

const HAS_BACKLOG: u64 = 2;
const RESUMED: u64 = 4;

/// A peer that confirms attaching with these flags.
fn attaching_with(flags: u64) -> MockWebSocket {
    MockWebSocket::accepting().on_message(move |m, conn| {
        if is(m, action::ATTACH) {
            let reply = json!({"action": 11, "channel": m["channel"], "flags": flags});
            conn.send_to_client(reply);
        }
    })
}

/// A peer that refuses attaching.
fn refusing(error: Value) -> MockWebSocket {
    MockWebSocket::accepting().on_message(move |m, conn| {
        if is(m, action::ATTACH) {
            let name = m["channel"].as_str().unwrap();
            conn.send_to_client(channel_error(name, error.clone()));
        }
    })
}

/// Records the changes of these events.
fn record(channel: &Channel, events: impl Into<ably_base::Events<ChannelEvent>>) -> Changes {
    let recorder = Recorder::new();
    let sink = recorder.clone();
    channel.on(events, move |change| sink.push(change.clone()));
    recorder
}

type Changes = Recorder<ChannelStateChange>;

// UTS: realtime/unit/RTL2b/channel-state-attribute-0
#[test]
fn rtl2b_a_channel_has_a_state() {
    let w = World::new(MockWebSocket::new());
    let state: ChannelState = w.channel("test-RTL2b").state();
    assert_eq!(state, ChannelState::Initialized);
}

// UTS: realtime/unit/RTL2b/initial-state-initialized-1
#[test]
fn rtl2b_the_first_state_is_initialized() {
    let w = World::new(MockWebSocket::new());
    let channel = w.channel("test-RTL2b-init");
    assert_eq!(channel.state(), ChannelState::Initialized);
    assert_eq!(channel.state().as_str(), "initialized");
}

// UTS: realtime/unit/RTL2a/state-change-events-emitted-0
#[test]
fn rtl2a_every_change_is_an_event() {
    let w = World::new(MockWebSocket::accepting());
    let channel = w.channel("test-RTL2a");
    let changes = record_channel(&channel);
    let w = w.connect();
    w.ws.set_on_message(|m, conn| conn.answer(m));
    w.attach(&channel);
    let changes = changes.all();
    assert_eq!(changes.len(), 2);
    assert_eq!(changes[0].current, ChannelState::Attaching);
    assert_eq!(changes[0].previous, ChannelState::Initialized);
    assert_eq!(changes[1].current, ChannelState::Attached);
    assert_eq!(changes[1].previous, ChannelState::Attaching);
}

// UTS: realtime/unit/RTL2d/state-change-object-structure-0
#[test]
fn rtl2d_a_change_says_from_where_to_where() {
    let w = World::new(attaching());
    let channel = w.channel("test-RTL2d");
    let changes = record_channel(&channel);
    let w = w.connect();
    w.attach(&channel);
    let change: ChannelStateChange = changes.all()[0].clone();
    assert_eq!(change.current, ChannelState::Attaching);
    assert_eq!(change.previous, ChannelState::Initialized);
    assert_eq!(change.event, ChannelEvent::State(ChannelState::Attaching));
}

// UTS: realtime/unit/RTL2d/state-change-error-reason-1
#[test]
fn rtl2d_a_change_says_why() {
    let w = World::new(refusing(error(40160, 401, "Channel denied")));
    let channel = w.channel("test-RTL2d-error");
    let failed = record(&channel, ChannelState::Failed);
    let w = w.connect();
    let error = w.rt.wait(channel.attach()).unwrap_err();
    assert_eq!(error.code(), ErrorCode::CAPABILITY);
    let failed = failed.all();
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0].current, ChannelState::Failed);
    let reason = failed[0].reason.as_ref().expect("a reason");
    assert_eq!(reason.code(), ErrorCode::CAPABILITY);
    assert_eq!(reason.message(), "Channel denied");
}

// UTS: realtime/unit/RTL2/filtered-event-subscription-0
#[test]
fn rtl2_a_listener_gets_what_it_asked_for() {
    let w = World::new(attaching());
    let channel = w.channel("test-RTL2-filtered");
    let attached = record(&channel, ChannelState::Attached);
    let w = w.connect();
    w.attach(&channel);
    let attached = attached.all();
    assert_eq!(attached.len(), 1);
    assert_eq!(attached[0].current, ChannelState::Attached);
    assert_eq!(
        attached[0].event,
        ChannelEvent::State(ChannelState::Attached)
    );
}

// UTS: realtime/unit/RTL2g/update-event-condition-change-0
#[test]
fn rtl2g_a_changed_attachment_is_an_update() {
    let w = World::new(attaching());
    let channel = w.channel("test-RTL2g");
    let updates = record(&channel, ChannelEvent::Update);
    let w = w.connect();
    w.attach(&channel);
    w.send(attached("test-RTL2g"));
    assert_eq!(channel.state(), ChannelState::Attached);
    let updates = updates.all();
    assert_eq!(updates.len(), 1);
    assert_eq!(updates[0].event, ChannelEvent::Update);
    assert_eq!(updates[0].current, ChannelState::Attached);
    assert_eq!(updates[0].previous, ChannelState::Attached);
    assert!(!updates[0].resumed);
}

// UTS: realtime/unit/RTL2g/no-duplicate-state-events-1
#[test]
fn rtl2g_no_state_follows_itself() {
    let w = World::new(attaching());
    let channel = w.channel("test-RTL2g-nodup");
    let changes = record_channel(&channel);
    let w = w.connect();
    w.attach(&channel);
    assert_eq!(changes.all().len(), 2);
    w.send(attached("test-RTL2g-nodup"));
    assert_eq!(changes.all().len(), 3);
    change_to(&changes, ChannelState::Attached);
}

// UTS: realtime/unit/RTL2i/has-backlog-flag-true-0
#[test]
fn rtl2i_a_backlog_is_announced() {
    let w = World::new(attaching_with(HAS_BACKLOG));
    let channel = w.channel("test-RTL2i");
    let attached = record(&channel, ChannelState::Attached);
    let w = w.connect();
    w.attach(&channel);
    let attached = attached.all();
    assert_eq!(attached.len(), 1);
    assert!(attached[0].has_backlog);
}

// UTS: realtime/unit/RTL2i/has-backlog-flag-false-1
#[test]
fn rtl2i_no_backlog_is_announced() {
    let w = World::new(attaching());
    let channel = w.channel("test-RTL2i-false");
    let attached = record(&channel, ChannelState::Attached);
    let w = w.connect();
    w.attach(&channel);
    let attached = attached.all();
    assert_eq!(attached.len(), 1);
    assert!(!attached[0].has_backlog);
}

// UTS: realtime/unit/RTL2d/resumed-flag-propagated-2
#[test]
fn rtl2d_a_resumed_attachment_says_so() {
    let w = World::new(attaching_with(RESUMED));
    let channel = w.channel("test-RTL2d-resumed");
    let attached = record(&channel, ChannelState::Attached);
    let w = w.connect();
    w.attach(&channel);
    let attached = attached.all();
    assert_eq!(attached.len(), 1);
    assert!(attached[0].resumed);
    assert!(!attached[0].has_backlog);
}

// UTS: realtime/unit/RTL24/error-reason-populated-0
#[test]
fn rtl24_a_failed_channel_says_why() {
    let w = World::connected(refusing(error(40160, 401, "Not authorized")));
    let channel = w.channel("test-errorReason");
    let error = w.rt.wait(channel.attach()).unwrap_err();
    assert_eq!(error.code(), ErrorCode::CAPABILITY);
    assert_eq!(channel.state(), ChannelState::Failed);
    let reason = channel.error_reason().expect("a reason");
    assert_eq!(reason.code(), ErrorCode::CAPABILITY);
    assert_eq!(reason.message(), "Not authorized");
}
