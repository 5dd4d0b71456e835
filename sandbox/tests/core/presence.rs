//! Entering, updating, leaving, and being gone.

use ably_sandbox::core::Limits;
use serde_json::json;

use crate::world::{World, flags_of, presence_of, text};

const ENTER: u64 = 2;
const LEAVE: u64 = 3;
const PRESENCE: u64 = 14;
const SYNC: u64 = 16;

fn owned(events: &[(u64, &str)]) -> Vec<(u64, String)> {
    events
        .iter()
        .map(|(action, id)| (*action, (*id).to_owned()))
        .collect()
}

#[test]
fn events_reach_others_and_the_one_they_are_of() {
    let mut world = World::new();
    let alice = world.connect(&[("clientId", "alice"), ("echo", "false")]);
    let bob = world.connect(&[("clientId", "bob")]);
    world.attach(&alice, "a");
    world.attach(&bob, "a");
    let enter = json!({"action": 14, "channel": "a", "msgSerial": 0,
        "presence": [{"action": 2, "data": "hi"}]});
    let frames = world.ask(&alice, enter);
    assert_eq!(presence_of(&frames, PRESENCE), owned(&[(ENTER, "alice")]));
    let frames = world.take(&bob);
    assert_eq!(frames[0]["id"], format!("{}:0", alice.id));
    assert_eq!(frames[0]["connectionId"], alice.id);
    assert_eq!(frames[0]["presence"][0]["data"], "hi");
    // A leave without data carries the data last known.
    world.ask(
        &alice,
        json!({"action": 14, "channel": "a", "msgSerial": 1,
        "presence": [{"action": 3}]}),
    );
    let frames = world.take(&bob);
    assert_eq!(presence_of(&frames, PRESENCE), owned(&[(LEAVE, "alice")]));
    assert_eq!(frames[0]["presence"][0]["data"], "hi");
    // One that is not there cannot leave.
    let frames = world.ask(
        &alice,
        json!({"action": 14, "channel": "a", "msgSerial": 2,
        "presence": [{"action": 3}]}),
    );
    assert_eq!(frames, [json!({"action": 1, "msgSerial": 2, "count": 1})]);
    assert_eq!(world.take(&bob).len(), 0);
}

#[test]
fn a_large_set_is_synced_in_pages_that_end() {
    let mut world = World::new();
    let many = world.connect(&[]);
    world.attach(&many, "a");
    for number in 0..250 {
        let frames = world.ask(
            &many,
            json!({"action": 14, "channel": "a", "msgSerial": number,
            "presence": [{"action": 2, "clientId": format!("c{number:03}"), "data": "d"}]}),
        );
        assert!(
            frames.iter().any(|frame| frame["action"] == 1),
            "{frames:?}"
        );
    }
    let viewer = world.connect(&[]);
    let frames = world.ask(&viewer, json!({"action": 10, "channel": "a"}));
    assert_eq!(flags_of(&frames[0]) & 1, 1);
    let syncs: Vec<_> = frames
        .iter()
        .filter(|frame| frame["action"] == SYNC)
        .collect();
    assert_eq!(syncs.len(), 3);
    let serials: Vec<_> = syncs
        .iter()
        .map(|sync| text(&sync["channelSerial"]))
        .collect();
    let cursors = serials
        .iter()
        .map(|serial| serial.split_once(':').expect("a cursor").1.is_empty());
    assert_eq!(cursors.collect::<Vec<_>>(), [false, false, true]);
    let members = presence_of(&frames, SYNC);
    assert_eq!(members.len(), 250);
    assert!(members.iter().all(|(action, _)| *action == 1));
    assert_eq!(syncs[0]["presence"][0]["id"], format!("{}:0:0", many.id));
    assert_eq!(syncs[0]["presence"][0]["connectionId"], many.id);
    // 250 is the limit, and updates are no new members.
    let one = |client: &str, action: u64| {
        json!({"action": 14, "channel": "a", "msgSerial": 999,
            "presence": [{"action": action, "clientId": client}]})
    };
    assert_eq!(world.ask(&many, one("more", 2))[0]["error"]["code"], 91003);
    let frames = world.ask(&many, one("c000", 4));
    assert_eq!(presence_of(&frames, PRESENCE), owned(&[(4, "c000")]));
}

#[test]
fn members_outlive_a_lost_socket_for_the_window_and_not_longer() {
    let mut world = World::new();
    let bob = world.connect(&[]);
    world.attach(&bob, "a");
    let alice = world.connect(&[("clientId", "alice")]);
    world.attach(&alice, "a");
    assert_eq!(world.enter(&alice, 0, "a", "here")["action"], 1);
    world.take(&bob);
    world.lose(&alice);
    world.advance_alive(14_999, &[&bob]);
    assert_eq!(presence_of(&world.take(&bob), PRESENCE), []);
    world.advance_alive(1, &[&bob]);
    let frames = world.take(&bob);
    assert_eq!(presence_of(&frames, PRESENCE), owned(&[(LEAVE, "alice")]));
    // Clients tell a leave of the server's by its id.
    assert!(!text(&frames[0]["id"]).starts_with(&alice.id));
    assert_eq!(frames[0]["connectionId"], alice.id);
    assert_eq!(frames[0]["presence"][0]["data"], "here");
    assert_eq!(frames[0]["timestamp"], world.now);
    assert_eq!(world.get("/channels/a/presence"), json!([]));
    // The connection itself is still there.
    assert_eq!(
        world
            .connect(&[("resume", &alice.key), ("clientId", "alice")])
            .id,
        alice.id
    );
}

#[test]
fn resuming_in_time_keeps_the_member() {
    let mut world = World::new();
    let bob = world.connect(&[]);
    world.attach(&bob, "a");
    let alice = world.connect(&[("clientId", "alice")]);
    world.attach(&alice, "a");
    world.enter(&alice, 0, "a", "here");
    world.lose(&alice);
    world.advance_alive(14_000, &[&bob]);
    let again = world.connect(&[("resume", &alice.key), ("clientId", "alice")]);
    world.take(&bob);
    world.advance_alive(60_000, &[&bob, &again]);
    assert_eq!(presence_of(&world.take(&bob), PRESENCE), []);
    assert_eq!(world.get("/channels/a/presence")[0]["clientId"], "alice");
}

#[test]
fn what_comes_before_the_next_attach_counts_where_the_connection_was_attached() {
    let mut world = World::new();
    let bob = world.connect(&[]);
    world.attach(&bob, "a");
    let alice = world.connect(&[("clientId", "alice")]);
    world.attach(&alice, "a");
    world.lose(&alice);
    // ably-js sends what it has queued, and sends again what was not acknowledged, before it
    // attaches again.
    let again = world.connect(&[("resume", &alice.key), ("clientId", "alice")]);
    assert_eq!(again.id, alice.id);
    world.take(&bob);
    let enter = |serial: u64, channel: &str| {
        json!({"action": 14, "channel": channel, "msgSerial": serial,
            "presence": [{"action": 2, "data": "x"}]})
    };
    let frames = world.ask(&again, enter(0, "a"));
    assert_eq!(frames, [json!({"action": 1, "msgSerial": 0, "count": 1})]);
    assert_eq!(
        presence_of(&world.take(&bob), PRESENCE),
        owned(&[(ENTER, "alice")])
    );
    // Not where it never was, and not after it has left.
    let frames = world.ask(&again, enter(1, "b"));
    assert_eq!(frames[0]["error"]["code"], 91001);
    world.ask(&again, json!({"action": 12, "channel": "a"}));
    assert_eq!(
        presence_of(&world.take(&bob), PRESENCE),
        owned(&[(LEAVE, "alice")])
    );
    let frames = world.ask(&again, enter(2, "a"));
    assert_eq!(frames[0]["error"]["code"], 91001);
    // The mode counts as it did.
    let mute = world.connect(&[("clientId", "mute")]);
    world.ask(
        &mute,
        json!({"action": 10, "channel": "a", "flags": 1 << 18}),
    );
    world.lose(&mute);
    let again = world.connect(&[("resume", &mute.key), ("clientId", "mute")]);
    let frames = world.ask(&again, enter(0, "a"));
    assert_eq!(frames[0]["error"]["code"], 40165);
}

#[test]
fn clients_may_choose_the_window() {
    let mut world = World::new();
    let bob = world.connect(&[]);
    world.attach(&bob, "a");
    let alice = world.connect(&[("clientId", "alice"), ("remainPresentFor", "1000")]);
    world.attach(&alice, "a");
    world.enter(&alice, 0, "a", "x");
    world.take(&bob);
    world.lose(&alice);
    world.advance_alive(999, &[&bob]);
    assert_eq!(presence_of(&world.take(&bob), PRESENCE), []);
    world.advance_alive(1, &[&bob]);
    assert_eq!(
        presence_of(&world.take(&bob), PRESENCE),
        owned(&[(LEAVE, "alice")])
    );
}

#[test]
fn close_and_detach_leave_at_once() {
    let mut world = World::new();
    let bob = world.connect(&[]);
    world.attach(&bob, "a");
    for end in [json!({"action": 7}), json!({"action": 12, "channel": "a"})] {
        let alice = world.connect(&[("clientId", "alice")]);
        world.attach(&alice, "a");
        world.enter(&alice, 0, "a", "x");
        world.take(&bob);
        world.send(&alice, end);
        assert_eq!(
            presence_of(&world.take(&bob), PRESENCE),
            owned(&[(LEAVE, "alice")])
        );
    }
}

#[test]
fn refusals_say_why() {
    let mut world = World::new();
    let enter = |claim: Option<&str>| {
        json!({"action": 14, "channel": "a", "msgSerial": 0,
            "presence": [{"action": 2, "clientId": claim}]})
    };
    let anonymous = world.connect(&[]);
    let code =
        |world: &mut World, client, frame| world.ask(client, frame)[0]["error"]["code"].clone();
    assert_eq!(code(&mut world, &anonymous, enter(Some("x"))), 91001);
    world.attach(&anonymous, "a");
    assert_eq!(code(&mut world, &anonymous, enter(None)), 91000);
    assert_eq!(code(&mut world, &anonymous, enter(Some("*"))), 40012);
    let alice = world.connect(&[("clientId", "alice")]);
    world.attach(&alice, "a");
    assert_eq!(code(&mut world, &alice, enter(Some("bob"))), 40012);
    world.ask(
        &alice,
        json!({"action": 10, "channel": "b", "flags": 262_144}),
    );
    let frame = json!({"action": 14, "channel": "b", "msgSerial": 1, "presence": [{"action": 2}]});
    assert_eq!(code(&mut world, &alice, frame), 40165);
    let frame = json!({"action": 14, "channel": "a", "msgSerial": 1, "presence": [{"action": 0}]});
    assert_eq!(code(&mut world, &alice, frame), 40000);
    let big = "x".repeat(65_537);
    let frame = json!({"action": 14, "channel": "a", "msgSerial": 1,
        "presence": [{"action": 2, "data": big}]});
    assert_eq!(code(&mut world, &alice, frame), 40009);
}

#[test]
fn own_events_come_back_without_the_presence_subscribe_mode() {
    let mut world = World::new();
    let alice = world.connect(&[("clientId", "alice")]);
    let bob = world.connect(&[("clientId", "bob")]);
    for client in [&alice, &bob] {
        world.ask(
            client,
            json!({"action": 10, "channel": "a", "flags": 65_536}),
        );
    }
    let frames = world.ask(
        &alice,
        json!({"action": 14, "channel": "a", "msgSerial": 0,
        "presence": [{"action": 2}]}),
    );
    assert_eq!(presence_of(&frames, PRESENCE), owned(&[(ENTER, "alice")]));
    assert_eq!(world.take(&bob).len(), 0);
    let frames = world.ask(&bob, json!({"action": 10, "channel": "a", "flags": 65_536}));
    assert_eq!(flags_of(&frames[0]) & 1, 0);
    assert_eq!(frames.len(), 1);
}

#[test]
fn a_re_entry_keeps_the_id_it_comes_with() {
    let mut world = World::new();
    let alice = world.connect(&[("clientId", "alice")]);
    world.attach(&alice, "a");
    let id = format!("{}:7:0", alice.id);
    let frames = world.ask(
        &alice,
        json!({"action": 14, "channel": "a", "msgSerial": 0,
        "presence": [{"action": 2, "id": id}]}),
    );
    assert_eq!(frames[0]["presence"][0]["id"], id);
}

#[test]
fn presence_over_rest_filters_and_pages() {
    let mut world = World::with(Limits::default(), r#"{"keys":[{}]}"#);
    let many = world.connect(&[]);
    let other = world.connect(&[("clientId", "c1")]);
    world.attach(&many, "a");
    world.attach(&other, "a");
    for number in 0..5 {
        world.ask(
            &many,
            json!({"action": 14, "channel": "a", "msgSerial": number,
            "presence": [{"action": 2, "clientId": format!("c{number}")}]}),
        );
    }
    world.enter(&other, 0, "a", "x");
    assert_eq!(
        world.get("/channels/a/presence").as_array().map(Vec::len),
        Some(6)
    );
    let c1 = world.get("/channels/a/presence?clientId=c1");
    assert_eq!(c1.as_array().map(Vec::len), Some(2));
    let one = world.get(&format!(
        "/channels/a/presence?clientId=c1&connectionId={}",
        other.id
    ));
    assert_eq!(one[0]["data"], "x");
    assert_eq!(one[0]["action"], 1);
    assert_eq!(one.as_array().map(Vec::len), Some(1));
    let history = world.get("/channels/a/presence/history?direction=forwards&limit=2");
    assert_eq!(
        (&history[0]["clientId"], &history[0]["action"]),
        (&json!("c0"), &json!(2))
    );
}

#[test]
fn a_window_of_nothing_ends_with_the_socket() {
    let mut world = World::new();
    let bob = world.connect(&[]);
    world.attach(&bob, "a");
    let alice = world.connect(&[("clientId", "alice"), ("remainPresentFor", "0")]);
    world.attach(&alice, "a");
    world.enter(&alice, 0, "a", "x");
    world.take(&bob);
    world.lose(&alice);
    world.advance(0);
    let left = presence_of(&world.take(&bob), PRESENCE);
    assert_eq!(left, owned(&[(LEAVE, "alice")]));
}

#[test]
fn newcomers_see_those_whose_socket_is_lost_until_the_window_ends() {
    let mut world = World::new();
    let alice = world.connect(&[("clientId", "alice")]);
    world.attach(&alice, "a");
    world.enter(&alice, 0, "a", "x");
    world.lose(&alice);
    world.advance(14_000);
    let viewer = world.connect(&[]);
    let frames = world.ask(&viewer, json!({"action": 10, "channel": "a"}));
    assert_eq!(flags_of(&frames[0]) & 1, 1);
    assert_eq!(presence_of(&frames, SYNC), owned(&[(1, "alice")]));
    world.advance(1_000);
    let left = presence_of(&world.take(&viewer), PRESENCE);
    assert_eq!(left, owned(&[(LEAVE, "alice")]));
    let late = world.connect(&[]);
    let frames = world.ask(&late, json!({"action": 10, "channel": "a"}));
    assert_eq!(flags_of(&frames[0]) & 1, 0);
}

#[test]
fn whoever_leaves_while_pages_are_on_their_way_leaves_after_them() {
    let mut world = World::new();
    let many = world.connect(&[]);
    world.attach(&many, "a");
    let event = |serial: u64, action: u64, number: u64| {
        json!({"action": 14, "channel": "a", "msgSerial": serial,
            "presence": [{"action": action, "clientId": format!("c{number:03}")}]})
    };
    for number in 0..150 {
        world.ask(&many, event(number, 2, number));
    }
    let viewer = world.connect(&[]);
    world.send(&viewer, json!({"action": 10, "channel": "a"}));
    // The viewer has read nothing yet.
    world.ask(&many, event(150, 3, 7));
    world.ask(&many, event(151, 3, 149));
    world.ask(&many, event(152, 2, 150));
    let frames = world.take(&viewer);
    let actions: Vec<_> = frames
        .iter()
        .filter_map(|one| one["action"].as_u64())
        .collect();
    assert_eq!(actions, [11, 16, 16, 14, 14, 14]);
    // Both pages are of one sync, whose last has no cursor.
    let serials = [1, 2].map(|page: usize| text(&frames[page]["channelSerial"]));
    let [first, last] = serials
        .each_ref()
        .map(|serial| serial.split_once(':').expect("a cursor"));
    assert_eq!((first.0, last.1), (last.0, ""));
    assert_ne!(first.1, "");
    let after = presence_of(&frames, PRESENCE);
    assert_eq!(
        after,
        owned(&[(LEAVE, "c007"), (LEAVE, "c149"), (ENTER, "c150")])
    );
    // What follows is newer than what the pages say, by its ids.
    assert_eq!(presence_of(&frames, SYNC).len(), 150);
    assert!(text(&frames[3]["id"]).starts_with(&many.id));
    let again = world.connect(&[]);
    let frames = world.ask(&again, json!({"action": 10, "channel": "a"}));
    let members = presence_of(&frames, SYNC);
    assert_eq!(members.len(), 149);
    assert!(!members.contains(&(1, "c007".to_owned())));
}
