//! The channel param `occupancy`.

use ably_sandbox::core::Limits;
use serde_json::{Value as Json, json};

use crate::world::{Client, World};

fn attach(world: &mut World, client: &Client, occupancy: &str) -> Vec<Json> {
    let frame = json!({"action": 10, "channel": "a", "params": {"occupancy": occupancy}});
    world.ask(client, frame)
}

/// Takes the metrics told since.
fn told(world: &mut World, client: &Client) -> Vec<Json> {
    metrics(&world.take(client))
}

fn metrics(frames: &[Json]) -> Vec<Json> {
    let frames = frames.iter().filter(|frame| frame["action"] == 15);
    let all = frames.map(|frame| {
        let message = &frame["messages"][0];
        assert_eq!(
            (&message["name"], &message["action"]),
            (&json!("[meta]occupancy"), &json!(3))
        );
        assert_eq!(message["encoding"], "json");
        assert!(frame.get("channelSerial").is_none());
        let data = serde_json::from_str::<Json>(message["data"].as_str().expect("text"));
        data.expect("JSON")["metrics"].clone()
    });
    all.collect()
}

#[test]
fn occupancy_is_told_at_once_and_then_with_every_change() {
    let mut world = World::new();
    let watcher = world.connect(&[]);
    let frames = attach(&mut world, &watcher, "metrics");
    assert_eq!(frames[0]["params"], json!({"occupancy": "metrics"}));
    let first = &metrics(&frames)[0];
    assert_eq!(
        (&first["connections"], &first["subscribers"]),
        (&json!(1), &json!(1))
    );
    world.advance(1_000);
    world.take(&watcher);
    let others: Vec<_> = (0..3)
        .map(|_| world.connect(&[("clientId", "x")]))
        .collect();
    for other in &others {
        world.attach(other, "a");
    }
    world.enter(&others[0], 0, "a", "here");
    let before = metrics(&world.take(&watcher));
    assert_eq!(before, [] as [Json; 0]);
    world.advance(1_000);
    let after = told(&mut world, &watcher);
    assert_eq!(after.len(), 1);
    assert_eq!(
        (&after[0]["connections"], &after[0]["presenceMembers"]),
        (&json!(4), &json!(1))
    );
    world.ask(&others[0], json!({"action": 12, "channel": "a"}));
    world.lose(&others[1]);
    world.advance(1_000);
    let after = told(&mut world, &watcher);
    assert_eq!(
        (&after[0]["connections"], &after[0]["presenceMembers"]),
        (&json!(2), &json!(0))
    );
    world.advance(10_000);
    assert_eq!(told(&mut world, &watcher), [] as [Json; 0]);
    world.ask(&watcher, json!({"action": 12, "channel": "a"}));
    world.lose(&others[2]);
    world.advance(1_000);
    assert_eq!(told(&mut world, &watcher), [] as [Json; 0]);
}

#[test]
fn one_category_is_told_only_when_it_changes() {
    let mut world = World::new();
    let watcher = world.connect(&[]);
    let frames = attach(&mut world, &watcher, "metrics.presenceMembers");
    assert_eq!(metrics(&frames), [json!({"presenceMembers": 0})]);
    world.advance(1_000);
    world.take(&watcher);
    let other = world.connect(&[("clientId", "x")]);
    world.attach(&other, "a");
    world.advance(1_000);
    assert_eq!(told(&mut world, &watcher), [] as [Json; 0]);
    world.enter(&other, 0, "a", "here");
    world.advance(1_000);
    assert_eq!(told(&mut world, &watcher), [json!({"presenceMembers": 1})]);
}

#[test]
fn occupancy_needs_a_right_param_and_the_capability() {
    let mut world = World::new();
    let client = world.connect(&[]);
    for wrong in [
        "",
        "all",
        "metrics.",
        "metrics.cats",
        "metrics.publishers.x",
    ] {
        let frames = attach(&mut world, &client, wrong);
        assert_eq!(frames[0]["error"]["code"], 40003, "{wrong}");
    }
    let spec = r#"{"keys":[{"capability":{"*":["subscribe"]}}]}"#;
    let mut world = World::with(Limits::default(), spec);
    let client = world.connect(&[]);
    let frames = attach(&mut world, &client, "metrics");
    assert_eq!(
        (&frames[0]["action"], &frames[0]["error"]["code"]),
        (&json!(9), &json!(40160))
    );
}
