//! Events as a stream, and the ends of subscriptions.

use crate::support::*;

#[test]
fn a_stream_gives_the_events_it_was_asked_for() {
    let w = World::attached();
    let mut all = w.presence().subscribe(());
    let mut leaves = w.presence().subscribe(PresenceAction::LEAVE);
    w.rt.wait(all.attached()).unwrap();
    w.send_presence(&[member(ENTER, "alice", 1), member(LEAVE, "alice", 2)]);
    let mut next = || w.rt.wait(all.next()).unwrap().unwrap().action;
    assert_eq!(
        [next(), next()],
        [PresenceAction::ENTER, PresenceAction::LEAVE]
    );
    assert_eq!(all.try_next(), None);
    let leave = w.rt.wait(leaves.next()).unwrap().unwrap();
    assert_eq!(leave.action, PresenceAction::LEAVE);
    assert_eq!(leaves.try_next(), None);
}

#[test]
fn a_reader_that_is_too_slow_is_told_how_many_it_missed() {
    let w = World::attached();
    let mut slow = w.presence().subscribe(()).bounded(2, usize::MAX);
    for serial in 1..=5 {
        w.send_presence(&[member(4, "alice", serial)]);
    }
    assert_eq!(slow.try_next().unwrap().unwrap().timestamp, Some(1001));
    // The gap comes first, however much room there is now.
    w.send_presence(&[member(4, "alice", 6)]);
    assert_eq!(slow.try_next().unwrap().unwrap().timestamp, Some(1002));
    assert_eq!(slow.try_next().unwrap().unwrap_err().missed, 4);
    w.send_presence(&[member(4, "alice", 7)]);
    assert_eq!(slow.try_next().unwrap().unwrap().timestamp, Some(1007));
}

#[test]
fn a_reader_that_is_too_slow_keeps_no_more_than_64_mib() {
    const MIB: usize = 1024 * 1024;
    let w = World::attached();
    let mut slow = w.presence().subscribe(());
    let mut small = w.presence().subscribe(()).bounded(usize::MAX, MIB);
    for serial in 1..=66 {
        let mut update = member(4, "alice", serial);
        // A MiB with its client id and its id.
        let ids = "alice".len() + update["id"].as_str().unwrap().len();
        update["data"] = "x".repeat(MIB - ids).into();
        w.send_presence(&[update]);
    }
    for (stream, kept) in [(&mut slow, 64), (&mut small, 1)] {
        for _ in 0..kept {
            assert!(stream.try_next().unwrap().is_ok());
        }
        assert_eq!(stream.try_next().unwrap().unwrap_err().missed, 66 - kept);
        assert_eq!(stream.try_next(), None);
    }
}

#[test]
fn all_that_a_member_can_make_long_counts() {
    let long = "x".repeat(80);
    for (name, value) in [
        ("extras", json!({"headers": {"h": long}})),
        ("clientId", json!(long)),
        ("encoding", json!(long)),
    ] {
        let w = World::attached();
        let mut small = w.presence().subscribe(()).bounded(usize::MAX, 180);
        for serial in 1..=2 {
            let mut update = member(4, "alice", serial);
            update[name] = value.clone();
            w.send_presence(&[update]);
        }
        assert!(small.try_next().unwrap().is_ok(), "{name}");
        let second = small.try_next().unwrap();
        assert_eq!(second.expect_err(name).missed, 1);
    }
}

#[test]
fn a_stream_ends_with_its_channel() {
    let w = World::attached();
    let mut stream = w.presence().subscribe(());
    w.send_presence(&[member(ENTER, "alice", 1)]);
    w.rt.wait(w.channel.detach()).unwrap();
    w.client.channels().release("room").unwrap();
    assert_eq!(
        w.rt.wait(stream.next())
            .unwrap()
            .unwrap()
            .client_id
            .as_deref(),
        Some("alice")
    );
    assert_eq!(w.rt.wait(stream.next()), None);
}

#[test]
fn callbacks_go_with_the_client_and_with_all_that_they_hold() {
    let held = Arc::new(());
    let w = World::attached();
    let inside = held.clone();
    let _subscribed = w.presence().subscribe_with((), move |_| {
        let _ = &inside;
    });
    assert_eq!(Arc::strong_count(&held), 2);
    w.rt.shut_down();
    assert_eq!(Arc::strong_count(&held), 1);
}

#[test]
fn rtp7_every_form_of_unsubscribe() {
    let w = World::attached();
    w.listen();
    let seen = Arc::new(AtomicUsize::new(0));
    let sink = seen.clone();
    let _subscribed =
        w.presence()
            .subscribe_with([PresenceAction::ENTER, PresenceAction::UPDATE], move |_| {
                sink.fetch_add(1, Ordering::Relaxed);
            });
    w.presence().unsubscribe_actions(PresenceAction::ENTER);
    w.send_presence(&[member(ENTER, "alice", 1), member(4, "alice", 2)]);
    assert_eq!(seen.load(Ordering::Relaxed), 1);
    // Those who listen to everything stay on, as in ably-js.
    assert_eq!(w.told(), ["enter alice", "update alice"]);
    w.presence().unsubscribe_all();
    w.send_presence(&[member(4, "alice", 3)]);
    assert_eq!(seen.load(Ordering::Relaxed), 1);
    assert_eq!(w.told(), Vec::<String>::new());
}

#[test]
fn rtp6_who_subscribes_to_a_failed_channel_is_refused() {
    let w = World::attached();
    w.send(json!({
        "action": action::ERROR, "channel": "room",
        "error": {"code": 40160, "statusCode": 401, "message": "x"},
    }));
    let subscribed = w.presence().subscribe_with((), |_| {});
    assert_eq!(subscribed.id(), None);
    assert_eq!(code(w.rt.wait(subscribed)), 90001);
    let mut stream = w.presence().subscribe(());
    assert_eq!(w.rt.wait(stream.next()), None);
    assert_eq!(code(w.rt.wait(stream.attached())), 90001);
    assert_eq!(w.channel.state(), ChannelState::Failed);
}

/// All actions, said by somebody so slow that everything else is done meanwhile.
struct Slowly<'a>(&'a World);

impl From<Slowly<'_>> for ably_base::Events<PresenceAction> {
    fn from(Slowly(world): Slowly<'_>) -> Self {
        world.rt.run_until_idle();
        world.send_sync("s:", &[member(PRESENT, "a", 1)]);
        ().into()
    }
}

#[test]
fn a_stream_is_there_before_its_attach_begins() {
    let world = World::with(with_members(), |o| o.client_id("me"));
    world.connect();
    let mut events = world.presence().subscribe(Slowly(&world));
    world.rt.run_until_idle();
    world.send_sync("s:", &[member(PRESENT, "a", 1)]);
    let told = events.try_next().expect("an event").expect("no gap");
    assert_eq!(told.client_id.as_deref(), Some("a"));
}
