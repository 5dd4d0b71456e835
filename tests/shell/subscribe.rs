//! Streams of messages that are read too slowly.

use crate::world::*;

/// A client attached to `c`.
fn attached() -> (VirtualRuntime, MockWebSocket, BaseRealtime, Channel) {
    let (rt, ws, client) = serving();
    let channel = client.channels().get("c");
    rt.wait(channel.attach()).unwrap();
    (rt, ws, client, channel)
}

#[test]
fn a_slow_subscriber_is_told_what_it_missed_and_blocks_nobody() {
    let (rt, ws, client, channel) = attached();
    let mut slow = channel.subscribe(()).bounded(10, usize::MAX);
    let mut fast = channel.subscribe(());
    let mut unbounded = channel.subscribe(()).bounded(1, 1).unbounded();
    send(&ws, "c", 0, 25);
    rt.run_until_idle();
    // The socket was read: whatever comes after is seen.
    rt.wait(client.connection().ping()).unwrap();

    for n in 0..25 {
        let m = rt.wait(fast.next()).unwrap().unwrap();
        assert_eq!(m.name.as_deref(), Some(n.to_string().as_str()));
        let m = rt.wait(unbounded.next()).unwrap().unwrap();
        assert_eq!(m.name.as_deref(), Some(n.to_string().as_str()));
    }
    for n in 0..10 {
        let m = rt.wait(slow.next()).unwrap().unwrap();
        assert_eq!(m.name.as_deref(), Some(n.to_string().as_str()));
    }
    let lagged = rt.wait(slow.next()).unwrap().unwrap_err();
    assert_eq!(lagged.missed, 15);
    assert_eq!(lagged.since_serial.as_deref(), Some("s9"));

    // The stream goes on after the gap.
    send(&ws, "c", 25, 2);
    rt.run_until_idle();
    for n in [25, 26] {
        let m = rt.wait(slow.next()).unwrap().unwrap();
        assert_eq!(m.name.as_deref(), Some(n.to_string().as_str()));
    }
    assert!(slow.try_next().is_none());
}

#[test]
fn a_gap_is_in_one_place() {
    let (rt, ws, _client, channel) = attached();
    let mut slow = channel.subscribe(()).bounded(2, usize::MAX);
    send(&ws, "c", 0, 4);
    rt.run_until_idle();
    let m = rt.wait(slow.next()).unwrap().unwrap();
    assert_eq!(m.name.as_deref(), Some("0"));
    // There is room again, but what comes now is after the gap.
    send(&ws, "c", 4, 3);
    rt.run_until_idle();
    let m = rt.wait(slow.next()).unwrap().unwrap();
    assert_eq!(m.name.as_deref(), Some("1"));
    let lagged = rt.wait(slow.next()).unwrap().unwrap_err();
    assert_eq!(lagged.missed, 5);
    assert_eq!(lagged.since_serial.as_deref(), Some("s1"));
    assert!(slow.try_next().is_none());
}

#[test]
fn a_subscription_is_bounded_in_bytes() {
    let (rt, ws, _client, channel) = attached();
    let mut small = channel.subscribe(()).bounded(usize::MAX, 6);
    // Two bytes each: a name and data.
    send(&ws, "c", 0, 5);
    rt.run_until_idle();
    for n in 0..3 {
        let m = rt.wait(small.next()).unwrap().unwrap();
        assert_eq!(m.name.as_deref(), Some(n.to_string().as_str()));
    }
    assert_eq!(rt.wait(small.next()).unwrap().unwrap_err().missed, 2);
    // One message is kept however large it is.
    let mut tiny = channel.subscribe(()).bounded(usize::MAX, 0);
    send(&ws, "c", 5, 1);
    rt.run_until_idle();
    let m = rt.wait(tiny.next()).unwrap().unwrap();
    assert_eq!(m.name.as_deref(), Some("5"));
}

#[test]
fn all_that_a_publisher_can_make_long_counts() {
    let long = "x".repeat(100);
    for fields in [
        json!({"name": long}),
        json!({"id": long}),
        json!({"clientId": long}),
        json!({"encoding": long}),
        json!({"data": long}),
        json!({"data": [long]}),
        json!({"extras": {"headers": {"h": long}}}),
        json!({"summary": {"reaction:total.v1": {"total": 1, "x": long}}, "action": 4}),
        json!({"operation": {"clientId": long}, "action": 1}),
        json!({"operation": {"description": long}, "action": 1}),
        json!({"operation": {"metadata": {"k": long}}, "action": 1}),
        json!({"operation": {"metadata": {long.as_str(): "v"}}, "action": 1}),
    ] {
        let (rt, ws, _client, channel) = attached();
        let mut small = channel.subscribe(()).bounded(usize::MAX, 180);
        ws.send_to_client(json!({
            "action": action::MESSAGE, "channel": "c", "messages": [fields, fields],
        }));
        rt.run_until_idle();
        assert!(small.try_next().unwrap().is_ok(), "{fields}");
        let second = small.try_next().unwrap();
        assert_eq!(second.expect_err(&fields.to_string()).missed, 1);
    }
}

#[test]
fn names_that_are_not_wanted_are_not_missed() {
    let (rt, ws, _client, channel) = attached();
    let mut some = channel.subscribe("3").bounded(1, usize::MAX);
    send(&ws, "c", 0, 10);
    rt.run_until_idle();
    let m = rt.wait(some.next()).unwrap().unwrap();
    assert_eq!(m.name.as_deref(), Some("3"));
    assert!(some.try_next().is_none());
}

#[test]
fn dropping_a_subscription_leaves_the_channel_attached() {
    let (rt, ws, _client, channel) = attached();
    let subscription = channel.subscribe(());
    drop(subscription);
    send(&ws, "c", 0, 3);
    rt.run_until_idle();
    assert_eq!(channel.state(), ChannelState::Attached);
    assert_eq!(ws.client_messages_of(action::DETACH).len(), 0);
}
