//! `realtime/unit/channels/channels_collection.md`

use ably_base::Channels;

use super::common::*;

/// A client that connects by itself.
fn world() -> World {
    World::with(MockWebSocket::serving(), |o| o.auto_connect(true))
}

// UTS: realtime/unit/RTS1/channels-collection-accessible-0
#[test]
fn rts1_a_client_has_channels() {
    let w = world();
    let channels: Channels = w.client.channels();
    assert_eq!(channels.all(), []);
}

// UTS: realtime/unit/RTS2/channel-exists-check-0
#[test]
fn rts2_a_channel_exists_when_it_was_got() {
    let w = world();
    let channels = w.client.channels();
    assert!(!channels.exists("test-RTS2"));
    w.channel("test-RTS2");
    assert!(channels.exists("test-RTS2"));
    assert!(!channels.exists("test-RTS2-other"));
}

// UTS: realtime/unit/RTS2/iterate-channels-1
#[test]
fn rts2_channels_can_be_iterated() {
    let w = world();
    for name in ["test-RTS2-b", "test-RTS2-a", "test-RTS2-c"] {
        w.channel(name);
    }
    let all = w.client.channels().all();
    let names: Vec<_> = all.iter().map(Channel::name).collect();
    assert_eq!(names, ["test-RTS2-a", "test-RTS2-b", "test-RTS2-c"]);
}

// UTS: realtime/unit/RTS3a/get-creates-new-channel-0
#[test]
fn rts3a_get_makes_a_channel() {
    let w = world();
    let channel: Channel = w.channel("test-RTS3a");
    assert_eq!(channel.name(), "test-RTS3a");
    assert!(w.client.channels().exists("test-RTS3a"));
}

// UTS: realtime/unit/RTS3a/get-returns-existing-channel-1
#[test]
fn rts3a_get_gives_the_channel_that_exists() {
    let w = world();
    let first = w.channel("test-RTS3a-existing");
    let second = w.channel("test-RTS3a-existing");
    assert_eq!(first, second);
    assert_eq!(first.name(), "test-RTS3a-existing");
    assert_eq!(second.name(), "test-RTS3a-existing");
    assert_eq!(w.client.channels().all().len(), 1);
    // It is one channel, not two that look alike.
    let attach = first.attach();
    assert_eq!(second.state(), ChannelState::Attaching);
    drop(attach);
}

// UTS: realtime/unit/RTS3a/subscript-operator-channel-2
// DEVIATION: `channels[name]` cannot be had in Rust, where an index gives a reference to something
// that exists. ably-js has `channels.all[name]`, whose counterpart is `channels().all()`.
#[test]
fn rts3a_the_list_and_get_give_one_channel() {
    let w = world();
    let channel = w.channel("test-RTS3a-subscript");
    assert_eq!(w.client.channels().all(), vec![channel.clone()]);
    assert_eq!(w.channel("test-RTS3a-subscript"), channel);
    assert_eq!(w.client.channels().all(), vec![channel.clone()]);
    assert_eq!(channel.name(), "test-RTS3a-subscript");
}

// UTS: realtime/unit/RTS4a/release-removes-channel-0
#[test]
fn rts4a_release_removes_a_channel() {
    let w = world();
    w.channel("test-RTS4a");
    assert!(w.client.channels().exists("test-RTS4a"));
    w.client.channels().release("test-RTS4a").unwrap();
    assert!(!w.client.channels().exists("test-RTS4a"));
}

// UTS: realtime/unit/RTS4a/release-nonexistent-noop-1
#[test]
fn rts4a_release_of_what_does_not_exist_does_nothing() {
    let w = world();
    w.client
        .channels()
        .release("test-RTS4a-nonexistent")
        .unwrap();
    assert!(!w.client.channels().exists("test-RTS4a-nonexistent"));
}

// UTS: realtime/unit/RTS4a/release-detaches-attached-2
// DEVIATION: as in ably-js 2.12.0 a channel that can still get messages is not released: 90001. It
// is for the application to detach it first; the case wants release to do that.
#[test]
fn rts4a_release_of_an_attached_channel_is_an_error() {
    let w = world();
    let channel = w.channel("test-RTS4a-attached");
    w.attach(&channel);
    let error = w
        .client
        .channels()
        .release("test-RTS4a-attached")
        .unwrap_err();
    assert_eq!((error.code(), error.status_code()), (ErrorCode(90001), 400));
    assert_eq!(channel.state(), ChannelState::Attached);
    assert!(w.client.channels().exists("test-RTS4a-attached"));
    w.rt.wait(channel.detach()).unwrap();
    w.client.channels().release("test-RTS4a-attached").unwrap();
    assert!(!w.client.channels().exists("test-RTS4a-attached"));
}

// UTS: realtime/unit/RTS3a/get-after-release-new-3
#[test]
fn rts3a_get_after_release_makes_a_new_channel() {
    let w = world();
    let first = w.channel("test-RTS3a-release");
    w.client.channels().release("test-RTS3a-release").unwrap();
    let second = w.channel("test-RTS3a-release");
    assert_ne!(first, second);
    assert_eq!(second.name(), "test-RTS3a-release");
    assert!(w.client.channels().exists("test-RTS3a-release"));
    // The handle of the old channel is not one of the new channel.
    w.attach(&second);
    assert_eq!(first.state(), ChannelState::Initialized);
}
