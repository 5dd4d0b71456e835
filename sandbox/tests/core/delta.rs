//! Deltas: who gets them, what they say, and where they start anew.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value as Json, json};

use crate::world::{Client, World};

const SIMILAR: [&str; 3] = [
    "a sentence that is long enough to be worth a delta: one",
    "a sentence that is long enough to be worth a delta: two",
    "a sentence that is long enough to be worth a delta: three",
];

fn attach(world: &mut World, client: &Client, serial: Option<&str>) -> Vec<Json> {
    let mut attach = json!({"action": 10, "channel": "a", "params": {"delta": "vcdiff"}});
    if let Some(serial) = serial {
        attach["channelSerial"] = serial.into();
    }
    world.ask(client, attach)
}

fn message(frame: &Json) -> &Json {
    assert_eq!(frame["action"], 15, "{frame}");
    &frame["messages"][0]
}

fn is_delta(frame: &Json) -> bool {
    let message = message(frame);
    let encoding = message["encoding"].as_str().unwrap_or_default();
    let marked = !message["extras"]["delta"].is_null();
    assert_eq!(encoding.contains("vcdiff"), marked, "{message}");
    marked
}

#[test]
fn what_repeats_is_sent_as_a_delta_to_those_who_ask() {
    let mut world = World::new();
    let publisher = world.connect(&[]);
    let (deltas, whole) = (world.connect(&[]), world.connect(&[]));
    let attached = attach(&mut world, &deltas, None);
    assert_eq!(attached[0]["params"]["delta"], "vcdiff");
    world.attach(&whole, "a");
    let (mut ids, mut seen) = (Vec::new(), Vec::new());
    for (serial, text) in SIMILAR.iter().enumerate() {
        world.publish(&publisher, serial as u64, "a", text);
        let plain = world.take(&whole);
        assert_eq!(message(&plain[0])["data"], *text);
        assert!(!is_delta(&plain[0]));
        ids.push(format!("{}:0", plain[0]["id"].as_str().expect("an id")));
        seen.extend(world.take(&deltas));
    }
    assert_eq!(message(&seen[0])["data"], SIMILAR[0]);
    assert!(!is_delta(&seen[0]));
    for (index, frame) in seen.iter().enumerate().skip(1) {
        let message = message(frame);
        assert_eq!(
            message["extras"]["delta"],
            json!({"from": ids[index - 1], "format": "vcdiff"})
        );
        assert_eq!(message["encoding"], "utf-8/vcdiff/base64");
        let delta = BASE64_STANDARD.decode(message["data"].as_str().expect("text"));
        let delta = delta.expect("base64");
        assert!(delta.starts_with(&[0xD6, 0xC3, 0xC4, 0, 0]));
        assert!(delta.len() < SIMILAR[index].len());
    }
}

#[test]
fn what_does_not_repeat_is_sent_whole() {
    let mut world = World::new();
    let publisher = world.connect(&[]);
    let client = world.connect(&[]);
    attach(&mut world, &client, None);
    for (serial, text) in ["x", "x", SIMILAR[0], "another thing"].iter().enumerate() {
        world.publish(&publisher, serial as u64, "a", text);
    }
    let frames = world.take(&client);
    let frames: Vec<_> = frames.iter().filter(|f| f["action"] == 15).collect();
    assert!(frames.iter().all(|frame| !is_delta(frame)));
}

#[test]
fn a_client_that_attaches_from_a_serial_is_sent_everything_after_it_anew() {
    let mut world = World::new();
    let publisher = world.connect(&[]);
    let client = world.connect(&[]);
    attach(&mut world, &client, None);
    for (serial, text) in SIMILAR.iter().enumerate() {
        world.publish(&publisher, serial as u64, "a", text);
    }
    let frames = world.take(&client);
    let first = frames.iter().find(|f| f["action"] == 15).expect("one");
    let serial = first["channelSerial"]
        .as_str()
        .expect("a serial")
        .to_owned();
    // It is attached all the time.
    let answer = attach(&mut world, &client, Some(&serial));
    assert_eq!(answer[0]["action"], 11);
    assert_eq!(
        answer[0]["flags"].as_u64().expect("flags") & 4,
        4,
        "RESUMED"
    );
    assert_eq!(answer.len(), 3);
    assert_eq!(message(&answer[1])["data"], SIMILAR[1]);
    assert!(!is_delta(&answer[1]));
    assert!(is_delta(&answer[2]));
}
