//! Coming back: the same connection, nothing missed, nothing twice.

use serde_json::json;

use crate::world::{World, data_of, flags_of, text};

const RESUMED: u64 = 4;
const HAS_BACKLOG: u64 = 2;

#[test]
fn resuming_keeps_the_id_and_changes_the_key() {
    let mut world = World::new();
    let client = world.connect(&[]);
    world.lose(&client);
    world.advance(119_999);
    let (again, error) = world.connect_with_error(&[("resume", &client.key)]);
    assert_eq!(again.id, client.id);
    assert_ne!(again.key, client.key);
    assert!(error.is_null(), "{error}");
}

#[test]
fn a_key_stays_good_until_the_next_one_was_used() {
    let mut world = World::new();
    let first = world.connect(&[]);
    world.lose(&first);
    // The CONNECTED with the second key never arrives.
    let second = world.connect(&[("resume", &first.key)]);
    world.lose(&second);
    let third = world.connect(&[("resume", &first.key)]);
    assert_eq!(third.id, first.id);
    world.lose(&third);
    let fourth = world.connect(&[("resume", &third.key)]);
    assert_eq!(fourth.id, first.id);
    let (_, error) = world.connect_with_error(&[("resume", &first.key)]);
    assert_eq!(error["code"], 80018);
}

#[test]
fn expired_unknown_and_foreign_keys_give_a_new_connection_with_the_reason() {
    let mut world = World::new();
    let alice = world.connect(&[("clientId", "alice")]);
    let gone = world.connect(&[]);
    world.lose(&gone);
    world.advance_alive(120_000, &[&alice]);
    let (one, error) = world.connect_with_error(&[("resume", &gone.key)]);
    assert_ne!(one.id, gone.id);
    assert_eq!(
        (&error["code"], &error["statusCode"]),
        (&json!(80008), &json!(400))
    );
    let (_, error) = world.connect_with_error(&[("recover", "nonsense")]);
    assert_eq!(error["code"], 80018);
    let (other, error) =
        world.connect_with_error(&[("resume", &alice.key), ("clientId", "mallory")]);
    assert_ne!(other.id, alice.id);
    assert_eq!(error["code"], 80018);
}

#[test]
fn a_resume_takes_over_from_a_socket_that_still_looks_open() {
    let mut world = World::new();
    let old = world.connect(&[]);
    let new = world.connect(&[("resume", &old.key)]);
    assert_eq!(new.id, old.id);
    let frames = world.take(&old);
    assert_eq!(frames[0]["error"]["code"], 50006);
    // The late end of the old socket must not harm the new one.
    world.lose(&old);
    assert_eq!(world.publish(&new, 0, "a", "x")["action"], 1);
}

#[test]
fn missed_messages_arrive_once_and_in_order() {
    let mut world = World::new();
    let listener = world.connect(&[]);
    let publisher = world.connect(&[]);
    world.attach(&listener, "a");
    world.publish(&publisher, 0, "a", "seen");
    let frames = world.take(&listener);
    let serial = text(&frames[0]["channelSerial"]);
    world.lose(&listener);
    for number in 1..=5 {
        world.advance(1_000);
        world.publish(&publisher, number, "a", &format!("missed {number}"));
    }
    let again = world.connect(&[("resume", &listener.key)]);
    let attach = json!({"action": 10, "channel": "a", "channelSerial": serial, "flags": 32});
    let frames = world.ask(&again, attach);
    assert_eq!(
        flags_of(&frames[0]) & (RESUMED | HAS_BACKLOG),
        RESUMED | HAS_BACKLOG
    );
    let expected: Vec<_> = (1..=5).map(|number| format!("missed {number}")).collect();
    assert_eq!(data_of(&frames), expected);
    world.publish(&publisher, 6, "a", "live");
    assert_eq!(data_of(&world.take(&again)), ["live"]);
}

#[test]
fn losing_the_socket_within_the_backlog_loses_nothing() {
    let mut world = World::new();
    let listener = world.connect(&[]);
    let publisher = world.connect(&[]);
    let attached = world.attach(&listener, "a");
    world.lose(&listener);
    world.publish(&publisher, 0, "a", "1");
    world.publish(&publisher, 1, "a", "2");
    let second = world.connect(&[("resume", &listener.key)]);
    let serial = text(&attached["channelSerial"]);
    let frames = world.ask(
        &second,
        json!({"action": 10, "channel": "a", "channelSerial": serial}),
    );
    // Only ATTACHED arrives this time.
    let serial = text(&frames[0]["channelSerial"]);
    world.lose(&second);
    let third = world.connect(&[("resume", &second.key)]);
    let frames = world.ask(
        &third,
        json!({"action": 10, "channel": "a", "channelSerial": serial}),
    );
    assert_eq!(data_of(&frames), ["1", "2"]);
}

#[test]
fn what_retention_dropped_cannot_be_resumed() {
    let mut world = World::new();
    let listener = world.connect(&[]);
    let publisher = world.connect(&[]);
    let attached = world.attach(&listener, "a");
    let serial = text(&attached["channelSerial"]);
    world.advance_alive(10, &[&publisher]);
    world.publish(&publisher, 0, "a", "old");
    world.lose(&listener);
    world.advance_alive(120_000, &[&publisher]);
    let attach = json!({"action": 10, "channel": "a", "channelSerial": serial});
    // To the millisecond: still there, and then not.
    let (in_time, _) = world.connect_with_error(&[]);
    let frames = world.ask(&in_time, attach.clone());
    assert_eq!(flags_of(&frames[0]) & RESUMED, RESUMED);
    assert_eq!(data_of(&frames), ["old"]);
    world.advance_alive(1, &[&publisher]);
    let (late, _) = world.connect_with_error(&[]);
    let frames = world.ask(&late, attach);
    assert_eq!(flags_of(&frames[0]) & (RESUMED | HAS_BACKLOG), 0);
    assert_eq!(frames[0]["error"]["code"], 90003);
    assert_eq!(frames.len(), 1);
}

#[test]
fn a_serial_of_another_channel_does_not_resume() {
    let mut world = World::new();
    let client = world.connect(&[]);
    let serial = text(&world.attach(&client, "a")["channelSerial"]);
    for serial in [serial.as_str(), "nonsense", "1-2@3"] {
        let attach = json!({"action": 10, "channel": "b", "channelSerial": serial});
        let frames = world.ask(&client, json!({"action": 12, "channel": "b"}));
        assert_eq!(frames[0]["action"], 13);
        let frames = world.ask(&client, attach);
        assert_eq!(frames[0]["action"], 11);
        assert_eq!(flags_of(&frames[0]) & RESUMED, 0);
        assert_eq!(frames[0]["error"]["code"], 90003);
    }
}

#[test]
fn repeats_after_a_resume_are_answered_alike_and_not_applied() {
    let mut world = World::new();
    let listener = world.connect(&[]);
    world.attach(&listener, "a");
    let client = world.connect(&[("clientId", "alice")]);
    assert_eq!(world.publish(&client, 0, "a", "one")["action"], 1);
    let wrong = json!({"action": 15, "channel": "a", "msgSerial": 1,
        "messages": [{"name": "n", "data": "x", "clientId": "bob"}]});
    let first = world.ask(&client, wrong.clone());
    assert_eq!(first[0]["error"]["code"], 40012);
    world.lose(&client);
    let again = world.connect(&[("resume", &client.key), ("clientId", "alice")]);
    assert_eq!(world.publish(&again, 0, "a", "one")["action"], 1);
    assert_eq!(world.ask(&again, wrong), first);
    assert_eq!(world.publish(&again, 2, "a", "two")["action"], 1);
    assert_eq!(data_of(&world.take(&listener)), ["one", "two"]);
}

#[test]
fn a_new_connection_may_start_with_any_serial() {
    let mut world = World::new();
    let listener = world.connect(&[]);
    world.attach(&listener, "a");
    let client = world.connect(&[]);
    for (serial, data) in [(7, "a"), (8, "b"), (0, "c")] {
        let answer = world.publish(&client, serial, "a", data);
        assert_eq!(
            answer,
            json!({"action": 1, "msgSerial": serial, "count": 1})
        );
    }
    assert_eq!(data_of(&world.take(&listener)), ["a", "b", "c"]);
}

#[test]
fn another_client_recovers_a_connection_and_what_it_missed() {
    let mut world = World::new();
    let publisher = world.connect(&[]);
    let first = world.connect(&[("clientId", "alice")]);
    let serials = ["a", "b"].map(|name| text(&world.attach(&first, name)["channelSerial"]));
    assert_eq!(world.publish(&first, 0, "c", "sent")["action"], 1);
    world.lose(&first);
    world.publish(&publisher, 0, "a", "1");
    world.publish(&publisher, 1, "b", "2");
    let params = [("recover", first.key.as_str()), ("clientId", "alice")];
    let (second, error) = world.connect_with_error(&params);
    assert_eq!(second.id, first.id);
    assert_ne!(second.key, first.key);
    assert!(error.is_null(), "{error}");
    for (name, serial, data) in [("a", &serials[0], "1"), ("b", &serials[1], "2")] {
        let attach = json!({"action": 10, "channel": name, "channelSerial": serial});
        let frames = world.ask(&second, attach);
        assert_eq!(flags_of(&frames[0]) & RESUMED, RESUMED);
        assert_eq!(data_of(&frames), [data]);
    }
    // Numbers go on where the first client was.
    assert_eq!(world.publish(&second, 1, "c", "more")["action"], 1);
    let history = world.get("/channels/c/messages?direction=forwards");
    let ids: Vec<_> = [0, 1]
        .iter()
        .map(|index| text(&history[*index]["id"]))
        .collect();
    assert_eq!(
        ids,
        [format!("{}:0:0", first.id), format!("{}:1:0", first.id)]
    );
}

#[test]
fn what_was_closed_or_is_anothers_is_not_recovered() {
    let mut world = World::new();
    let closed = world.connect(&[]);
    world.send(&closed, json!({"action": 7}));
    let (one, error) = world.connect_with_error(&[("recover", &closed.key)]);
    assert_ne!(one.id, closed.id);
    assert_eq!(
        (&error["code"], &error["statusCode"]),
        (&json!(80018), &json!(400))
    );
    let alice = world.connect(&[("clientId", "alice")]);
    world.lose(&alice);
    let (two, error) = world.connect_with_error(&[("recover", &alice.key)]);
    assert_ne!(two.id, alice.id);
    assert_eq!(error["code"], 80018);
    world.advance(120_000);
    let params = [("recover", alice.key.as_str()), ("clientId", "alice")];
    let (three, error) = world.connect_with_error(&params);
    assert_ne!(three.id, alice.id);
    assert_eq!(error["code"], 80008);
}
