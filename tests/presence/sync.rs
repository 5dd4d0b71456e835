//! Syncs, and what else the server says.

use crate::support::*;

/// Attached, with `alice` and `bob`.
fn with_two() -> World {
    let w = World::with(with_members(), |o| o.client_id("me"));
    w.attach();
    w.listen();
    w.send_sync(
        "s1:",
        &[member(PRESENT, "alice", 1), member(PRESENT, "bob", 1)],
    );
    assert_eq!(w.told(), ["present alice", "present bob"]);
    w
}

#[test]
fn rtp18a_a_sync_of_another_sequence_begins_anew() {
    let w = with_two();
    w.send_sync("s2:a", &[member(PRESENT, "alice", 1)]);
    assert!(!w.presence().sync_complete());
    // alice was seen in s2 only, which is given up.
    w.send_sync("s3:a", &[member(PRESENT, "bob", 1)]);
    w.send_sync("s3:", &[]);
    assert_eq!(w.told(), ["leave alice"]);
    assert_eq!(w.names(), ["bob"]);
    assert!(w.presence().sync_complete());
}

#[test]
fn rtp18_pages_of_one_sequence_belong_together() {
    let w = with_two();
    w.send_sync("s2:a", &[member(PRESENT, "alice", 1)]);
    w.send_sync("s2:b", &[member(PRESENT, "carol", 1)]);
    w.send_sync("s2:", &[member(PRESENT, "bob", 1)]);
    assert_eq!(w.told(), ["present carol"]);
    assert_eq!(w.names(), ["alice", "bob", "carol"]);
}

#[test]
fn rtp18c_a_sync_without_serial_is_whole() {
    let w = with_two();
    w.send(json!({
        "action": action::SYNC, "channel": "room", "presence": [member(PRESENT, "bob", 1)],
    }));
    assert_eq!(w.told(), ["leave alice"]);
    assert!(w.presence().sync_complete());
}

#[test]
fn a_last_page_without_members_ends_the_sync() {
    let w = World::with(with_members(), |o| o);
    w.attach();
    let mut get = w.presence().get(());
    assert_eq!(w.rt.poll_now(&mut get), None);
    w.send(json!({"action": action::SYNC, "channel": "room", "channelSerial": "s1:"}));
    assert_eq!(w.rt.wait(get).unwrap(), []);
}

#[test]
fn rtp2h2_who_leaves_during_a_sync_is_told_once() {
    let w = with_two();
    w.send_sync("s2:a", &[]);
    w.send_presence(&[member(LEAVE, "alice", 2)]);
    assert_eq!(w.told(), ["leave alice"]);
    assert_eq!(w.names(), ["bob"]);
    // Older than the leave.
    w.send_sync(
        "s2:",
        &[member(PRESENT, "alice", 1), member(PRESENT, "bob", 1)],
    );
    assert_eq!(w.told(), Vec::<String>::new());
    assert_eq!(w.names(), ["bob"]);
    // The witness is gone with the sync.
    w.send_presence(&[member(ENTER, "alice", 1)]);
    assert_eq!(w.told(), ["enter alice"]);
}

#[test]
fn who_entered_between_attached_and_the_first_page_stays() {
    let w = World::with(with_members(), |o| o);
    w.attach();
    w.send_presence(&[member(ENTER, "alice", 1)]);
    w.send_sync("s1:", &[member(PRESENT, "bob", 1)]);
    assert_eq!(w.names(), ["alice", "bob"]);
}

#[test]
fn rtp5f_after_suspended_only_what_changed_is_told() {
    let w = with_two();
    w.suspend();
    assert_eq!(w.names(), ["alice", "bob"]);
    w.ws.set_on_attempt(|a| {
        a.respond_with_connected(connected("another", "key"));
    });
    w.rt.await_state_for(
        Duration::from_secs(120),
        &w.client,
        ConnectionState::Connected,
    );
    w.rt.await_channel_state(&w.channel, ChannelState::Attached);
    w.rt.run_until_idle();
    assert_eq!(w.told(), Vec::<String>::new());
    w.send_sync(
        "s2:",
        &[member(PRESENT, "bob", 1), member(PRESENT, "carol", 1)],
    );
    assert_eq!(w.told(), ["leave alice", "present carol"]);
}

#[test]
fn rtl5f_a_detach_that_is_not_answered_loses_nobody() {
    let ws = with_members();
    let w = World::with(ws.clone(), |o| o);
    w.attach();
    w.listen();
    w.send_sync("s1:", &[member(PRESENT, "alice", 1)]);
    assert_eq!(w.told(), ["present alice"]);
    ws.set_on_message(|_, _| {});
    let detach = w.rt.wait(w.channel.detach());
    assert_eq!(code(detach), 90007);
    assert_eq!(w.channel.state(), ChannelState::Attached);
    assert_eq!(w.names(), ["alice"]);
    assert_eq!(w.told(), Vec::<String>::new());
}

#[test]
fn a_channel_that_has_failed_hears_nothing() {
    let w = with_two();
    w.send(json!({
        "action": action::ERROR, "channel": "room",
        "error": {"code": 90000, "statusCode": 400, "message": "x"},
    }));
    w.send_presence(&[member(ENTER, "carol", 1)]);
    assert_eq!(w.told(), Vec::<String>::new());
    w.ws.set_on_message(|m, conn| conn.answer(m));
    w.rt.wait(w.channel.attach()).unwrap();
    assert_eq!(w.told(), Vec::<String>::new());
    assert_eq!(w.names(), Vec::<String>::new());
}

#[test]
fn tp3_fields_that_are_missing_come_from_the_protocol_message() {
    let w = with_two();
    w.send(json!({
        "action": action::PRESENCE, "channel": "room", "id": "c9:4", "connectionId": "c9",
        "timestamp": 77,
        "presence": [{"action": 2, "clientId": "x"}, {"action": 2, "clientId": "y"}],
    }));
    let params = RealtimePresenceParams::new().connection_id("c9");
    let members = w.rt.wait(w.presence().get(params)).unwrap();
    let shown: Vec<_> = members
        .iter()
        .map(|m| (m.client_id.as_deref(), m.id.as_deref(), m.timestamp))
        .collect();
    assert_eq!(
        shown,
        [
            (Some("x"), Some("c9:4:0"), Some(77)),
            (Some("y"), Some("c9:4:1"), Some(77)),
        ]
    );
}

#[test]
fn what_makes_no_sense_harms_nobody() {
    let w = with_two();
    for presence in [
        json!("text"),
        json!({}),
        json!([1, null]),
        json!([{"action": 99, "clientId": "z"}, {"action": 0, "clientId": "z"}]),
        json!([{"action": "enter", "clientId": "z"}]),
        json!([{"action": 3, "clientId": "nobody", "connectionId": "c", "id": "c:0:0"}]),
        json!([{"action": 3}]),
    ] {
        w.send(json!({"action": action::PRESENCE, "channel": "room", "presence": presence}));
    }
    assert_eq!(w.told(), Vec::<String>::new());
    assert_eq!(w.names(), ["alice", "bob"]);
    assert_eq!(w.client.connection().state(), ConnectionState::Connected);
    // Ids that do not parse are compared by time.
    for (id, timestamp, told) in [("c-alice:x:y", 5, 0), ("c-alice", 9_000, 1)] {
        let mut m = member(4, "alice", 9);
        m["id"] = json!(id);
        m["timestamp"] = json!(timestamp);
        w.send_presence(&[m]);
        assert_eq!(w.told().len(), told, "{id}");
    }
}
