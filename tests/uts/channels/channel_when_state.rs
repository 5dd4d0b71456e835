//! `realtime/unit/channels/channel_when_state_test.md`

use super::common::*;

// UTS: realtime/unit/RTL25a/resolves-immediately-current-0
#[test]
fn rtl25a_resolves_at_once_in_the_state() {
    let w = World::connected(attaching());
    let channel = w.channel("test-RTL25a-immediate");
    w.attach(&channel);
    let mut attached = Box::pin(channel.when_state(ChannelState::Attached));
    assert_eq!(w.rt.poll_now(&mut attached), Some(Ok(None)));
}

// UTS: realtime/unit/RTL25b/waits-for-state-change-0
#[test]
fn rtl25b_waits_for_the_state() {
    let w = World::connected(attaching());
    let channel = w.channel("test-RTL25b-deferred");
    let attached = channel.when_state(ChannelState::Attached);
    w.attach(&channel);
    let change = w.rt.wait(attached).unwrap().expect("a change");
    assert_eq!(change.current, ChannelState::Attached);
    assert_eq!(change.previous, ChannelState::Attaching);
}

// UTS: realtime/unit/RTL25b/fires-once-only-1
#[test]
fn rtl25b_resolves_once() {
    let w = World::connected(MockWebSocket::serving());
    let channel = w.channel("test-RTL25b-once");
    let attached = Arc::new(AtomicUsize::new(0));
    let count = attached.clone();
    channel.once(ChannelState::Attached, move |_| {
        count.fetch_add(1, Ordering::Relaxed);
    });
    let when = channel.when_state(ChannelState::Attached);
    w.attach(&channel);
    let change = w.rt.wait(when).unwrap().expect("a change");
    assert_eq!(change.current, ChannelState::Attached);
    assert_eq!(attached.load(Ordering::Relaxed), 1);
    w.rt.wait(channel.detach()).unwrap();
    w.attach(&channel);
    w.rt.advance(ms(50));
    assert_eq!(attached.load(Ordering::Relaxed), 1);
}

// UTS: realtime/unit/RTL25a/past-state-does-not-resolve-1
#[test]
fn rtl25a_a_state_that_is_past_does_not_count() {
    let w = World::connected(attaching());
    let channel = w.channel("test-RTL25a-past");
    w.attach(&channel);
    let mut when = Box::pin(channel.when_state(ChannelState::Attaching));
    assert_eq!(w.rt.poll_now(&mut when), None);
    w.rt.advance(ms(200));
    assert_eq!(w.rt.poll_now(&mut when), None);
}
