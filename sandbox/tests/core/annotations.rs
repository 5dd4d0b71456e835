//! Annotations and summaries.

use ably_sandbox::core::Limits;
use ably_sandbox::core::auth::Credential;
use serde_json::{Value as Json, json};

use crate::world::{Client, World, body, data_of, header, text};

const ALL_MODES: u64 = 65_536 | 131_072 | 262_144 | 524_288 | 2_097_152 | 4_194_304;

fn world() -> World {
    let spec = r#"{"keys":[{}],"namespaces":[{"id":"mutable","mutableMessages":true}]}"#;
    World::with(Limits::default(), spec)
}

fn attach(world: &mut World, client: &Client, flags: u64) {
    let frame = json!({"action": 10, "channel": "mutable:a", "flags": flags});
    let frames = world.ask(client, frame);
    assert_eq!(frames[0]["action"], 11, "{frames:?}");
}

/// Publishes a message and returns its serial.
fn message(world: &mut World) -> String {
    world.request("POST", "/channels/mutable:a/messages", json!({"data": "x"}));
    text(&world.get("/channels/mutable:a/messages")[0]["serial"])
}

fn path(serial: &str) -> String {
    format!("/channels/mutable:a/messages/{serial}/annotations")
}

fn annotate(world: &mut World, serial: &str, annotation: Json) {
    let response = world.request("POST", &path(serial), json!([annotation]));
    assert_eq!(response.status, 201, "{response:?}");
}

fn summary(world: &mut World) -> Json {
    world.get("/channels/mutable:a/messages")[0]["summary"].clone()
}

#[test]
fn rtan1_annotations_reach_those_who_asked_and_summaries_everybody() {
    let mut world = world();
    let alice = world.connect(&[("clientId", "alice")]);
    let bob = world.connect(&[("clientId", "bob")]);
    attach(&mut world, &alice, ALL_MODES);
    attach(&mut world, &bob, 0);
    let serial = message(&mut world);
    world.take(&alice);
    world.take(&bob);
    world.send(&bob, json!({"action": 21, "channel": "mutable:a", "msgSerial": 0, "annotations": [
        {"action": 0, "type": "reaction:distinct.v1", "name": "like", "messageSerial": serial, "data": "hi"}]}));
    let frames = world.take(&alice);
    let annotation = &frames[0]["annotations"][0];
    assert_eq!(
        (&frames[0]["action"], &frames[0]["id"]),
        (&json!(21), &json!(format!("{}:0", bob.id)))
    );
    assert_eq!(frames[0]["connectionId"], bob.id);
    assert_eq!(
        (
            &annotation["clientId"],
            &annotation["name"],
            &annotation["data"],
            &annotation["messageSerial"]
        ),
        (&json!("bob"), &json!("like"), &json!("hi"), &json!(serial))
    );
    assert!(text(&annotation["serial"]) > serial);
    let expected = json!({"reaction:distinct.v1": {"like": {"total": 1, "clientIds": ["bob"]}}});
    let told = &frames[1]["messages"][0];
    assert_eq!(
        (&frames[1]["action"], &told["action"]),
        (&json!(15), &json!(4))
    );
    assert_eq!(
        (&told["serial"], &told["summary"]),
        (&json!(serial), &expected)
    );
    assert!(told.get("data").is_none());
    let frames = world.take(&bob);
    let actions: Vec<_> = frames.iter().map(|frame| frame["action"].clone()).collect();
    assert_eq!(actions, [15, 1]);
    assert_eq!(frames[0]["messages"][0]["summary"], expected);
    assert_eq!(summary(&mut world), expected);
}

#[test]
fn every_aggregation_counts_its_own_way() {
    let mut world = world();
    let serial = message(&mut world);
    let steps = [
        ("t:total.v1", json!({}), json!({"total": 1})),
        ("t:total.v1", json!({}), json!({"total": 2})),
        ("t:total.v1", json!({"action": 1}), json!({"total": 1})),
        (
            "f:flag.v1",
            json!({"clientId": "b"}),
            json!({"total": 1, "clientIds": ["b"]}),
        ),
        (
            "f:flag.v1",
            json!({"clientId": "a"}),
            json!({"total": 2, "clientIds": ["a", "b"]}),
        ),
        (
            "f:flag.v1",
            json!({"clientId": "a"}),
            json!({"total": 2, "clientIds": ["a", "b"]}),
        ),
        (
            "f:flag.v1",
            json!({"clientId": "b", "action": 1}),
            json!({"total": 1, "clientIds": ["a"]}),
        ),
        (
            "d:distinct.v1",
            json!({"clientId": "a", "name": "x"}),
            json!({"x": {"total": 1, "clientIds": ["a"]}}),
        ),
        (
            "d:distinct.v1",
            json!({"clientId": "a", "name": "y"}),
            json!({"x": {"total": 1, "clientIds": ["a"]}, "y": {"total": 1, "clientIds": ["a"]}}),
        ),
        (
            "d:distinct.v1",
            json!({"clientId": "a", "name": "x", "action": 1}),
            json!({"y": {"total": 1, "clientIds": ["a"]}}),
        ),
        (
            "u:unique.v1",
            json!({"clientId": "a", "name": "x"}),
            json!({"x": {"total": 1, "clientIds": ["a"]}}),
        ),
        (
            "u:unique.v1",
            json!({"clientId": "a", "name": "y"}),
            json!({"y": {"total": 1, "clientIds": ["a"]}}),
        ),
        (
            "u:unique.v1",
            json!({"clientId": "a", "action": 1}),
            json!({}),
        ),
        (
            "m:multiple.v1",
            json!({"clientId": "a", "name": "x", "count": 3}),
            json!({"x": {"total": 3, "clientIds": {"a": 3}, "totalUnidentified": 0, "totalClientIds": 1}}),
        ),
        (
            "m:multiple.v1",
            json!({"clientId": "a", "name": "x"}),
            json!({"x": {"total": 4, "clientIds": {"a": 4}, "totalUnidentified": 0, "totalClientIds": 1}}),
        ),
        (
            "m:multiple.v1",
            json!({"name": "x", "count": 2}),
            json!({"x": {"total": 6, "clientIds": {"a": 4}, "totalUnidentified": 2, "totalClientIds": 1}}),
        ),
        (
            "m:multiple.v1",
            json!({"clientId": "a", "name": "x", "action": 1}),
            json!({"x": {"total": 2, "clientIds": {}, "totalUnidentified": 2, "totalClientIds": 0}}),
        ),
    ];
    for (kind, mut annotation, expected) in steps {
        annotation["type"] = json!(kind);
        annotate(&mut world, &serial, annotation.clone());
        assert_eq!(summary(&mut world)[kind], expected, "{annotation}");
    }
}

#[test]
fn rsan3_annotations_are_listed_in_order_and_in_pages() {
    let mut world = world();
    let serial = message(&mut world);
    for n in 0..3 {
        annotate(
            &mut world,
            &serial,
            json!({"type": "t:total.v1", "data": n.to_string()}),
        );
        world.advance(n);
    }
    let first = world.request("GET", &format!("{}?limit=2", path(&serial)), Json::Null);
    let data = |page: &Json| -> Vec<Json> {
        let items = page.as_array().expect("items").iter();
        items.map(|item| item["data"].clone()).collect()
    };
    assert_eq!(data(&body(&first)), ["0", "1"]);
    let link = header(&first, "link").expect("links");
    let next = link
        .split(", ")
        .find(|link| link.contains("rel=\"next\""))
        .expect("a next page");
    assert!(next.starts_with("<./annotations?"), "{next}");
    let query = next
        .split(['?', '>'])
        .nth(1)
        .expect("a query")
        .replace("%40", "@");
    assert_eq!(
        data(&world.get(&format!("{}?{query}", path(&serial)))),
        ["2"]
    );
    assert_eq!(
        world
            .get("/channels/mutable:a/messages")
            .as_array()
            .map(Vec::len),
        Some(1)
    );
}

#[test]
fn annotations_that_may_not_be_are_refused() {
    let mut world = world();
    let serial = message(&mut world);
    let other = "/channels/b/messages/x/annotations";
    for (path, annotation, status, code) in [
        (other, json!({"type": "t:total.v1"}), 400, 93002),
        (
            &path("00000000000000-000000@abcdefgh:000"),
            json!({"type": "t:total.v1"}),
            404,
            40400,
        ),
        (
            &path(&serial),
            json!({"type": "t:total.v1", "messageSerial": "y"}),
            400,
            40003,
        ),
        (&path(&serial), json!({}), 400, 40003),
        (&path(&serial), json!({"type": 5}), 400, 40000),
        (&path(&serial), json!({"type": ":total.v1"}), 400, 40003),
        (&path(&serial), json!({"type": "t:total.v2"}), 400, 40003),
        (
            &path(&serial),
            json!({"type": "t:total.v1", "action": 2}),
            400,
            40003,
        ),
        (
            &path(&serial),
            json!({"type": "t:total.v1", "count": 2}),
            400,
            40003,
        ),
        (
            &path(&serial),
            json!({"type": "t:multiple.v1", "name": "x", "count": 0}),
            400,
            40003,
        ),
        (&path(&serial), json!({"type": "t:multiple.v1"}), 400, 40003),
        (&path(&serial), json!({"type": "t:flag.v1"}), 401, 40161),
        (
            &path(&serial),
            json!({"type": "t:distinct.v1", "clientId": "a"}),
            400,
            40003,
        ),
        (&path(&serial), json!("x"), 400, 40001),
    ] {
        let response = world.request("POST", path, annotation.clone());
        let found = (response.status, body(&response)["error"]["code"].clone());
        assert_eq!(found, (status, json!(code)), "{annotation}");
    }
    let unknown = world.request("GET", &path("x"), Json::Null);
    assert_eq!(unknown.status, 404);
    let client = world.connect(&[]);
    attach(&mut world, &client, 262_144);
    let frame = json!({"action": 21, "channel": "mutable:a", "msgSerial": 0,
        "annotations": [{"type": "t:total.v1", "messageSerial": serial}]});
    assert_eq!(world.ask(&client, frame)[0]["error"]["code"], 40165);
}

#[test]
fn capability_is_asked_for() {
    let spec = r#"{"keys":[{"capability":{"*":["publish","history"]}}],"namespaces":[{"id":"mutable","mutableMessages":true}]}"#;
    let mut world = World::with(Limits::default(), spec);
    let serial = message(&mut world);
    let key = vec![Credential::Key(world.key.clone())];
    let response = world.request_as(key, "POST", &path(&serial), json!([{"type": "t:total.v1"}]));
    assert_eq!(body(&response)["error"]["code"], 40160);
    assert_eq!(world.get(&path(&serial)), json!([]));
}

#[test]
fn annotations_missed_are_sent_on_resume_and_never_rewound() {
    let mut world = world();
    let client = world.connect(&[]);
    attach(&mut world, &client, ALL_MODES);
    let serial = message(&mut world);
    let seen = text(&world.take(&client)[0]["channelSerial"]);
    world.lose(&client);
    for _ in 0..3 {
        annotate(&mut world, &serial, json!({"type": "t:total.v1"}));
    }
    let again = world.connect(&[("resume", &client.key)]);
    let frame = json!({"action": 10, "channel": "mutable:a", "flags": ALL_MODES | 32, "channelSerial": seen});
    let frames = world.ask(&again, frame);
    let actions: Vec<_> = frames.iter().map(|frame| frame["action"].clone()).collect();
    // Every annotation, and the last summary.
    assert_eq!(actions, [11, 21, 21, 21, 15]);
    assert_eq!(frames[4]["messages"][0]["action"], 4);
    let fresh = world.connect(&[]);
    let frames = world.ask(
        &fresh,
        json!({"action": 10, "channel": "[?rewind=10]mutable:a"}),
    );
    assert_eq!(data_of(&frames), ["x"]);
    assert_eq!(
        frames[1]["messages"][0]["summary"],
        json!({"t:total.v1": {"total": 3}})
    );
}

#[test]
fn annotations_are_bounded_and_go_with_their_message() {
    let limits = Limits {
        max_annotations: 2,
        ..Limits::default()
    };
    let spec = r#"{"keys":[{}],"namespaces":[{"id":"mutable","mutableMessages":true}]}"#;
    let mut world = World::with(limits, spec);
    let serial = message(&mut world);
    for _ in 0..2 {
        annotate(&mut world, &serial, json!({"type": "t:total.v1"}));
    }
    let one_more = world.request("POST", &path(&serial), json!([{"type": "t:total.v1"}]));
    assert_eq!(one_more.status, 429);
    world.advance(120_001);
    world.get("/channels/mutable:a/messages");
    assert_eq!(world.request("GET", &path(&serial), Json::Null).status, 404);
}
