//! Attaching, modes, params and what is delivered.

use serde_json::json;

use crate::world::{World, data_of, flags_of, text};

const RESUMED: u64 = 4;
const HAS_BACKLOG: u64 = 2;
const DEFAULT_MODES: u64 = 983_040;

#[test]
fn without_wishes_the_default_modes_are_granted() {
    let mut world = World::new();
    let client = world.connect(&[]);
    let attached = world.attach(&client, "a");
    assert_eq!(flags_of(&attached), DEFAULT_MODES);
    assert_eq!(attached["channel"], "a");
    assert!(attached["channelSerial"].is_string());
}

#[test]
fn modes_come_from_flags_and_params_win() {
    let mut world = World::new();
    let client = world.connect(&[]);
    let frames = world.ask(
        &client,
        json!({"action": 10, "channel": "a", "flags": 262_144}),
    );
    assert_eq!(flags_of(&frames[0]), 262_144);
    let attach = json!({"action": 10, "channel": "b", "flags": 262_144,
        "params": {"modes": "publish,presence", "unknown": "x", "agent": "y"}});
    let frames = world.ask(&client, attach);
    assert_eq!(flags_of(&frames[0]), 131_072 + 65_536);
    assert_eq!(frames[0]["params"], json!({"modes": "publish,presence"}));
}

#[test]
fn without_the_subscribe_mode_nothing_is_delivered() {
    let mut world = World::new();
    let client = world.connect(&[]);
    world.ask(
        &client,
        json!({"action": 10, "channel": "a", "flags": 131_072}),
    );
    let other = world.connect(&[]);
    world.publish(&other, 0, "a", "x");
    assert_eq!(data_of(&world.take(&client)), [] as [&str; 0]);
    assert_eq!(world.publish(&client, 0, "a", "y")["action"], 1);
}

#[test]
fn publishing_without_the_mode_is_40165_and_without_the_capability_40160() {
    let spec = r#"{"keys":[{"capability":"{\"in\":[\"subscribe\"],\"both\":[\"publish\",\"subscribe\"]}"}]}"#;
    let mut world = World::with(Default::default(), spec);
    let client = world.connect(&[]);
    assert_eq!(flags_of(&world.attach(&client, "in")), 262_144 + 524_288);
    let answer = world.publish(&client, 0, "in", "x");
    assert_eq!(
        (&answer["action"], &answer["error"]["code"]),
        (&json!(2), &json!(40160))
    );
    assert_eq!(answer["error"]["statusCode"], 401);
    world.ask(
        &client,
        json!({"action": 10, "channel": "both", "flags": 262_144}),
    );
    let answer = world.publish(&client, 1, "both", "x");
    assert_eq!(answer["error"]["code"], 40165);
    let frames = world.ask(&client, json!({"action": 10, "channel": "none"}));
    assert_eq!(
        (&frames[0]["action"], &frames[0]["channel"]),
        (&json!(9), &json!("none"))
    );
    assert_eq!(frames[0]["error"]["code"], 40160);
    // A channel's error is not the connection's.
    assert_eq!(
        world.publish(&client, 2, "none", "x")["error"]["code"],
        40160
    );
}

#[test]
fn invalid_names_fail_the_channel_only() {
    let mut world = World::new();
    let client = world.connect(&[]);
    for name in [
        ":hell",
        "",
        ",a",
        " a",
        "a\nb",
        "[open",
        "[what]a",
        "[filter=x]a",
    ] {
        let frames = world.ask(&client, json!({"action": 10, "channel": name}));
        assert_eq!(frames[0]["action"], 9, "{name:?}");
        assert_eq!(frames[0]["error"]["code"], 40010, "{name:?}");
        assert_eq!(frames[0]["channel"], name);
    }
    assert_eq!(
        world.publish(&client, 0, ":hell", "x")["error"]["code"],
        40010
    );
    world.attach(&client, "a:b,c [d]");
}

#[test]
fn unsupported_params_fail_loudly() {
    let mut world = World::new();
    let client = world.connect(&[]);
    for (key, text) in [
        ("delta", "other"),
        ("occupancy", "everything"),
        ("rewind", "x"),
        ("modes", "fly"),
    ] {
        let attach = json!({"action": 10, "channel": "a", "params": {key: text}});
        let frames = world.ask(&client, attach);
        assert_eq!(
            (&frames[0]["action"], &frames[0]["error"]["code"]),
            (&json!(9), &json!(40003))
        );
    }
}

#[test]
fn detach_is_always_confirmed_and_stops_delivery() {
    let mut world = World::new();
    let client = world.connect(&[]);
    let detached = json!({"action": 13, "channel": "a"});
    assert_eq!(
        world.ask(&client, json!({"action": 12, "channel": "a"})),
        std::slice::from_ref(&detached)
    );
    world.attach(&client, "a");
    assert_eq!(
        world.ask(&client, json!({"action": 12, "channel": "a"})),
        [detached]
    );
    let other = world.connect(&[]);
    world.publish(&other, 0, "a", "x");
    assert_eq!(world.take(&client).len(), 0);
}

#[test]
fn echo_is_suppressed_only_where_asked() {
    let mut world = World::new();
    let silent = world.connect(&[("echo", "false")]);
    let loud = world.connect(&[]);
    world.attach(&silent, "a");
    world.attach(&loud, "a");
    let publish =
        json!({"action": 15, "channel": "a", "msgSerial": 0, "messages": [{"data": "x"}]});
    let frames = world.ask(&silent, publish.clone());
    assert_eq!(frames, [json!({"action": 1, "msgSerial": 0, "count": 1})]);
    assert_eq!(data_of(&world.take(&loud)), ["x"]);
    let frames = world.ask(&loud, publish);
    assert_eq!(data_of(&frames), ["x"]);
    assert_eq!(data_of(&world.take(&silent)), ["x"]);
}

#[test]
fn attaching_again_keeps_continuity_and_repeats_nothing() {
    let mut world = World::new();
    let client = world.connect(&[]);
    let serial = text(&world.attach(&client, "a")["channelSerial"]);
    let other = world.connect(&[]);
    world.publish(&other, 0, "a", "x");
    let attach = json!({"action": 10, "channel": "a", "channelSerial": serial, "flags": 262_176});
    let frames = world.ask(&client, attach);
    assert_eq!(data_of(&frames), ["x"]);
    assert_eq!(frames[1]["action"], 11);
    assert_eq!(flags_of(&frames[1]), 262_144 + RESUMED);
}

#[test]
fn attaching_again_as_if_for_the_first_time_is_not_resumed() {
    let mut world = World::new();
    let client = world.connect(&[]);
    world.attach(&client, "a");
    let other = world.connect(&[]);
    world.publish(&other, 0, "a", "x");
    world.take(&client);
    let attach = json!({"action": 10, "channel": "a", "params": {"rewind": "1"}});
    let frames = world.ask(&client, attach);
    assert_eq!(flags_of(&frames[0]), DEFAULT_MODES + HAS_BACKLOG);
    assert_eq!(data_of(&frames), ["x"]);
    // It is still one attachment.
    world.publish(&other, 1, "a", "y");
    assert_eq!(data_of(&world.take(&client)), ["y"]);
}

#[test]
fn attach_resume_without_a_serial_is_not_resumed() {
    let mut world = World::new();
    let client = world.connect(&[]);
    let frames = world.ask(&client, json!({"action": 10, "channel": "a", "flags": 32}));
    assert_eq!(flags_of(&frames[0]), DEFAULT_MODES);
}

#[test]
fn rewind_counts_messages_and_cuts_a_publish_in_two() {
    let mut world = World::new();
    let publisher = world.connect(&[]);
    world.publish(&publisher, 0, "a", "1");
    let batch = json!({"action": 15, "channel": "a", "msgSerial": 1,
        "messages": [{"data": "2"}, {"data": "3"}]});
    world.ask(&publisher, batch);
    world.publish(&publisher, 2, "a", "4");
    let client = world.connect(&[]);
    let attach = json!({"action": 10, "channel": "a", "params": {"rewind": 2}});
    let frames = world.ask(&client, attach);
    assert_eq!(flags_of(&frames[0]) & HAS_BACKLOG, HAS_BACKLOG);
    assert_eq!(frames[0]["params"], json!({"rewind": "2"}));
    assert_eq!(data_of(&frames), ["3", "4"]);
    // The half of the publish keeps the id it had in the whole.
    assert_eq!(
        frames[1]["messages"][0]["id"],
        format!("{}:1:1", publisher.id)
    );
    let qualified = world.connect(&[]);
    let frames = world.ask(&qualified, json!({"action": 10, "channel": "[?rewind=1]a"}));
    assert_eq!(data_of(&frames), ["4"]);
    assert_eq!(frames[1]["channel"], "[?rewind=1]a");
    world.publish(&publisher, 3, "a", "5");
    assert_eq!(data_of(&world.take(&qualified)), ["5"]);
}

#[test]
fn rewind_by_time_and_its_limits() {
    let mut world = World::new();
    let publisher = world.connect(&[]);
    for number in 0..130 {
        world.publish(&publisher, number, "many", &number.to_string());
    }
    for number in 0..10 {
        world.publish(&publisher, 130 + number, "a", &number.to_string());
        world.advance_alive(1_000, &[&publisher]);
    }
    let client = world.connect(&[]);
    let mut rewind = |channel: &str, params: serde_json::Value| {
        let frames = world.ask(
            &client,
            json!({"action": 10, "channel": channel, "params": params}),
        );
        world.ask(&client, json!({"action": 12, "channel": channel}));
        data_of(&frames)
    };
    assert_eq!(rewind("a", json!({"rewind": "3s"})), ["7", "8", "9"]);
    assert_eq!(
        rewind("a", json!({"rewind": "1m", "rewindLimit": 2})),
        ["8", "9"]
    );
    assert_eq!(rewind("a", json!({"rewind": "0"})), [] as [&str; 0]);
    assert_eq!(rewind("many", json!({"rewind": "1000"})).len(), 100);
    assert_eq!(rewind("many", json!({"rewind": "2m"})).len(), 100);
    // A client that names its position gets what it missed, not the rewind.
    let serial = text(&world.attach(&client, "a")["channelSerial"]);
    world.ask(&client, json!({"action": 12, "channel": "a"}));
    let attach = json!({"action": 10, "channel": "a", "channelSerial": serial,
        "params": {"rewind": "5"}});
    assert_eq!(data_of(&world.ask(&client, attach)), [] as [&str; 0]);
}
