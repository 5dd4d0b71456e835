//! `realtime/unit/presence/realtime_presence_subscribe.md`

use super::common::*;

fn plain(name: &str) -> Fixture {
    Fixture::anonymous(serving(name, 0, vec![]), name)
}

/// What `alice` does, one after the other.
fn enter_update_leave() -> [Value; 3] {
    [
        wire(ENTER, "alice", "c1", "c1:0:0", 1000),
        wire_with_data(UPDATE, "alice", "c1", "c1:1:0", 2000, "updated"),
        wire(LEAVE, "alice", "c1", "c1:2:0", 3000),
    ]
}

fn actions(told: &Recorder<PresenceMessage>) -> Vec<PresenceAction> {
    told.all().iter().map(|m| m.action).collect()
}

// UTS: realtime/unit/RTP6a/subscribe-all-presence-events-0
#[test]
fn rtp6a_all_events() {
    let name = "test-RTP6a";
    let f = Fixture::anonymous(serving(name, HAS_PRESENCE, vec![]), name);
    f.connect();
    let (told, _) = record(&f.channel, ());
    f.rt.await_channel_state(&f.channel, ChannelState::Attached);
    // DEVIATION: RTP2h2 — a leave during a sync is told too, once, as the case wants it.
    for event in enter_update_leave() {
        f.send(presence(name, &[event]));
    }
    assert_eq!(actions(&told), [ENTER, UPDATE, LEAVE]);
    let told = told.all();
    assert_eq!(told[0].client_id.as_deref(), Some("alice"));
    assert_eq!(told[1].data, "updated");
    f.close();
}

// UTS: realtime/unit/RTP6b/subscribe-filtered-by-action-0
#[test]
fn rtp6b_events_of_one_action() {
    let name = "test-RTP6b";
    let f = plain(name);
    f.connect_and_attach();
    let (enters, _) = record(&f.channel, ENTER);
    let (leaves, _) = record(&f.channel, LEAVE);
    f.send(presence(name, &enter_update_leave()));
    assert_eq!(actions(&enters), [ENTER]);
    assert_eq!(actions(&leaves), [LEAVE]);
    f.close();
}

// UTS: realtime/unit/RTP6b/subscribe-filtered-multiple-actions-1
#[test]
fn rtp6b_events_of_several_actions() {
    let name = "test-RTP6b-multi";
    let f = plain(name);
    f.connect_and_attach();
    let (told, _) = record(&f.channel, [ENTER, LEAVE]);
    f.send(presence(name, &enter_update_leave()));
    assert_eq!(actions(&told), [ENTER, LEAVE]);
    f.close();
}

// UTS: realtime/unit/RTP6d/subscribe-implicitly-attaches-0
#[test]
fn rtp6d_subscribing_attaches() {
    let f = plain("test-RTP6d");
    f.connect();
    assert_eq!(f.channel.state(), ChannelState::Initialized);
    let _subscribed = f.channel.presence().subscribe_with((), |_| {});
    f.rt.await_channel_state(&f.channel, ChannelState::Attached);
    assert_eq!(f.ws.client_messages_of(action::ATTACH).len(), 1);
    f.close();
}

// UTS: realtime/unit/RTP6e/subscribe-no-attach-option-0
#[test]
fn rtp6e_subscribing_does_not_attach_when_told_not_to() {
    let name = "test-RTP6e";
    let f = plain(name);
    let options = ChannelOptions::new().attach_on_subscribe(false);
    let channel = f.client.channels().get_with(name, options).unwrap();
    f.connect();
    assert_eq!(channel.state(), ChannelState::Initialized);
    let subscribed = channel.presence().subscribe_with((), |_| {});
    f.rt.advance(s(1));
    assert_eq!(channel.state(), ChannelState::Initialized);
    assert_eq!(f.ws.client_messages_of(action::ATTACH).len(), 0);
    assert_eq!(f.rt.wait(subscribed).unwrap(), None);
    f.close();
}

// UTS: realtime/unit/RTP7c/unsubscribe-all-listeners-0
#[test]
fn rtp7c_all_listeners_are_taken_off() {
    let name = "test-RTP7c";
    let f = plain(name);
    f.connect_and_attach();
    let (a, _) = record(&f.channel, ());
    let (b, _) = record(&f.channel, ());
    f.send(presence(
        name,
        &[wire(ENTER, "alice", "c1", "c1:0:0", 1000)],
    ));
    assert_eq!((a.all().len(), b.all().len()), (1, 1));
    f.channel.presence().unsubscribe_all();
    f.send(presence(name, &[wire(ENTER, "bob", "c2", "c2:0:0", 2000)]));
    assert_eq!((a.all().len(), b.all().len()), (1, 1));
    f.close();
}

// UTS: realtime/unit/RTP7a/unsubscribe-specific-listener-0
#[test]
fn rtp7a_one_listener_is_taken_off() {
    let name = "test-RTP7a";
    let f = plain(name);
    f.connect_and_attach();
    let (a, id) = record(&f.channel, ());
    let (b, _) = record(&f.channel, ());
    f.channel.presence().unsubscribe(id);
    f.send(presence(
        name,
        &[wire(ENTER, "alice", "c1", "c1:0:0", 1000)],
    ));
    assert_eq!((a.all().len(), b.all().len()), (0, 1));
    f.close();
}

// UTS: realtime/unit/RTP7b/unsubscribe-for-specific-action-0
#[test]
fn rtp7b_a_listener_is_taken_off_one_action() {
    let name = "test-RTP7b";
    let f = plain(name);
    f.connect_and_attach();
    // One listener of two actions: here a listener is what was subscribed together.
    let (told, id) = record(&f.channel, [ENTER, LEAVE]);
    f.channel.presence().unsubscribe_from(ENTER, id);
    f.send(presence(
        name,
        &[
            wire(ENTER, "alice", "c1", "c1:0:0", 1000),
            wire(LEAVE, "alice", "c1", "c1:1:0", 2000),
        ],
    ));
    assert_eq!(actions(&told), [LEAVE]);
    f.close();
}

// UTS: realtime/unit/RTP6/presence-events-update-map-0
#[test]
fn rtp6_events_change_the_members() {
    let name = "test-RTP6-map";
    let f = plain(name);
    f.connect_and_attach();
    let _subscribed = f.channel.presence().subscribe_with((), |_| {});
    f.send(presence(
        name,
        &[wire_with_data(
            ENTER, "alice", "c1", "c1:0:0", 1000, "hello",
        )],
    ));
    let members = f.rt.wait(f.channel.presence().get(no_wait())).unwrap();
    assert_eq!(client_ids(&members), ["alice"]);
    assert_eq!(members[0].data, "hello");
    assert_eq!(members[0].action, PRESENT);
    f.close();
}

// UTS: realtime/unit/RTP6/multiple-presence-in-single-message-1
#[test]
fn rtp6_several_events_in_one_message() {
    let name = "test-RTP6-batch";
    let f = plain(name);
    f.connect_and_attach();
    let (told, _) = record(&f.channel, ());
    f.send(presence(
        name,
        &[
            wire(ENTER, "alice", "c1", "c1:0:0", 1000),
            wire(ENTER, "bob", "c2", "c2:0:0", 1000),
            wire(ENTER, "carol", "c3", "c3:0:0", 1000),
        ],
    ));
    let names: Vec<_> = told.all().into_iter().filter_map(|m| m.client_id).collect();
    assert_eq!(names, ["alice", "bob", "carol"]);
    f.close();
}
