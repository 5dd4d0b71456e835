//! Opening, keeping and ending connections.

use ably_sandbox::core::{Limits, Selector};
use serde_json::json;

use crate::world::{Sent, World};

#[test]
fn connected_carries_the_details_that_clients_need() {
    let mut world = World::new();
    let transport = world.open(&[("clientId", "alice")]);
    let frames = world.frames(transport);
    assert_eq!(frames.len(), 1);
    assert_eq!(frames[0]["action"], 4);
    let details = &frames[0]["connectionDetails"];
    assert_eq!(details["clientId"], "alice");
    assert_eq!(details["maxMessageSize"], 65_536);
    assert_eq!(details["maxFrameSize"], 524_288);
    assert_eq!(details["connectionStateTtl"], 120_000);
    assert_eq!(details["maxIdleInterval"], 15_000);
    let id = frames[0]["connectionId"].as_str().expect("an id");
    assert!(id.chars().all(|c| c.is_ascii_alphanumeric()), "{id}");
    assert_ne!(details["connectionKey"], frames[0]["connectionId"]);
}

fn failure(world: &mut World, params: &[(&str, &str)]) -> (u64, u64, u64) {
    let transport = world.open(params);
    let sent = world.sent(transport);
    let [Sent::Frame(frame), Sent::Close] = sent.as_slice() else {
        panic!("expected an error and a close, got {sent:?}");
    };
    let number = |key: &str| frame["error"][key].as_u64().expect("a number");
    let action = frame["action"].as_u64().expect("an action");
    assert!(frame["error"]["message"].is_string());
    (action, number("code"), number("statusCode"))
}

#[test]
fn wrong_credentials_are_told_on_the_socket() {
    let mut world = World::new();
    let name = world.key.split(':').next().expect("a name").to_owned();
    let wrong_secret = format!("{name}:wrong");
    assert_eq!(
        failure(&mut world, &[("key", &wrong_secret)]),
        (9, 40101, 401)
    );
    assert_eq!(
        failure(&mut world, &[("key", "no.such:key")]),
        (9, 40101, 401)
    );
    assert_eq!(failure(&mut world, &[("key", "nonsense")]), (9, 40005, 401));
    assert_eq!(failure(&mut world, &[("key", "")]), (9, 40101, 401));
    // A token that is not known can be renewed, so this is no ERROR.
    assert_eq!(
        failure(&mut world, &[("access_token", "x")]),
        (6, 40143, 401)
    );
}

#[test]
fn other_versions_and_formats_are_refused() {
    let mut world = World::new();
    for version in ["1", "4", "6", ""] {
        assert_eq!(failure(&mut world, &[("v", version)]), (9, 40017, 400));
    }
    assert_eq!(failure(&mut world, &[("format", "xml")]), (9, 40000, 400));
}

#[test]
fn heartbeats_are_echoed_with_their_id() {
    let mut world = World::new();
    let client = world.connect(&[]);
    let answer = world.ask(&client, json!({"action": 0, "id": "ping-1"}));
    assert_eq!(answer, [json!({"action": 0, "id": "ping-1"})]);
}

#[test]
fn a_silent_connection_gets_heartbeats_or_pings_in_time() {
    let mut world = World::new();
    let with = world.connect(&[("heartbeats", "true")]);
    let without = world.connect(&[("heartbeats", "false")]);
    world.advance(14_999);
    let heartbeat = Sent::Frame(json!({"action": 0}));
    assert!(world.sent(with.transport).contains(&heartbeat));
    let sent = world.sent(without.transport);
    assert!(
        !sent.is_empty() && sent.iter().all(|sent| *sent == Sent::Ping),
        "{sent:?}"
    );
}

#[test]
fn a_client_that_answers_no_ping_is_cut_and_can_resume() {
    let mut world = World::new();
    let dead = world.connect(&[]);
    let alive = world.connect(&[]);
    world.advance_alive(50_000, &[&alive]);
    assert_eq!(world.sent(dead.transport).last(), Some(&Sent::Cut));
    assert!(!world.sent(alive.transport).contains(&Sent::Cut));
    let again = world.connect(&[("resume", &dead.key)]);
    assert_eq!(again.id, dead.id);
}

#[test]
fn close_is_answered_and_final() {
    let mut world = World::new();
    let client = world.connect(&[]);
    world.send(&client, json!({"action": 7}));
    let closed = Sent::Frame(json!({"action": 8}));
    assert_eq!(world.sent(client.transport), [closed, Sent::Close]);
    let (again, error) = world.connect_with_error(&[("resume", &client.key)]);
    assert_ne!(again.id, client.id);
    assert_eq!(error["code"], 80018);
}

#[test]
fn a_client_that_does_not_read_is_dropped_with_an_error_and_can_resume() {
    let limits = Limits {
        max_outbox_bytes: 100_000,
        ..Limits::default()
    };
    let mut world = World::with(limits, r#"{"keys":[{}]}"#);
    let slow = world.connect(&[]);
    let quick = world.connect(&[]);
    world.attach(&slow, "a");
    for serial in 0..100 {
        assert_eq!(
            world.publish(&quick, serial, "a", &"x".repeat(5_000))["action"],
            1
        );
    }
    let sent = world.sent(slow.transport);
    let [Sent::Frame(farewell), Sent::Close] = sent.as_slice() else {
        panic!("expected a farewell only, got {} items", sent.len());
    };
    assert_eq!(
        (&farewell["action"], &farewell["error"]["code"]),
        (&json!(6), &json!(80003))
    );
    assert_eq!(world.connect(&[("resume", &slow.key)]).id, slow.id);
}

#[test]
fn reading_pauses_while_much_waits() {
    let mut world = World::new();
    let client = world.connect(&[]);
    world.attach(&client, "a");
    assert!(!world.core.is_congested(client.transport));
    let other = world.connect(&[]);
    for serial in 0..60 {
        world.publish(&other, serial, "a", &"x".repeat(60_000));
    }
    assert!(world.core.is_congested(client.transport));
    world.take(&client);
    assert!(!world.core.is_congested(client.transport));
}

#[test]
fn cut_refuse_and_restore_pick_the_client_they_name() {
    let mut world = World::new();
    let alice = world.connect(&[("clientId", "alice")]);
    let bob = world.connect(&[("clientId", "bob")]);
    let now = world.now;
    assert_eq!(world.core.cut(&Selector::from("alice"), now), 1);
    assert_eq!(world.sent(alice.transport), [Sent::Cut]);
    assert_eq!(world.sent(bob.transport), []);
    world.core.refuse(Selector::from("alice"));
    let refused = world.open(&[("clientId", "alice"), ("resume", &alice.key)]);
    assert_eq!(world.sent(refused), [Sent::Cut]);
    assert_eq!(world.connect(&[("clientId", "carol")]).id.len(), 10);
    world.core.restore(&Selector::from("alice"));
    let again = world.connect(&[("clientId", "alice"), ("resume", &alice.key)]);
    assert_eq!(again.id, alice.id);
    let now = world.now;
    assert_eq!(world.core.cut(&Selector::ConnectionId(bob.id), now), 1);
    assert_eq!(
        world
            .core
            .connections()
            .iter()
            .filter(|one| one.connected)
            .count(),
        2
    );
}

#[test]
fn equal_seeds_replay_exactly() {
    let run = || {
        let mut world = World::new();
        let client = world.connect(&[]);
        let attached = world.attach(&client, "a");
        (client.id, client.key, attached)
    };
    assert_eq!(run(), run());
}
