//! Listing channels.

use ably_sandbox::core::Limits;
use serde_json::{Value as Json, json};

use crate::world::{World, body, header};

#[test]
fn active_channels_are_listed_in_pages() {
    let mut world = World::new();
    let client = world.connect(&[("clientId", "alice")]);
    for channel in ["a:1", "a:2", "a:3", "b:1"] {
        world.attach(&client, channel);
    }
    world.request("POST", "/channels/quiet/messages", json!({"data": "x"}));
    assert_eq!(
        world.get("/channels?by=id"),
        json!(["a:1", "a:2", "a:3", "b:1"])
    );
    let path = "/channels?by=id&prefix=a:&limit=2";
    let page = world.request("GET", path, Json::Null);
    assert_eq!(body(&page), json!(["a:1", "a:2"]));
    let link = header(&page, "link").expect("links");
    let next = link
        .split(", ")
        .find(|link| link.contains("rel=\"next\""))
        .expect("a next page");
    let query = next.split(['?', '>']).nth(1).expect("a query");
    assert_eq!(world.get(&format!("/channels?{query}")), json!(["a:3"]));
    let whole = world.get("/channels?prefix=b");
    assert_eq!(whole[0]["channelId"], "b:1");
    assert_eq!(whole[0]["status"]["occupancy"]["metrics"]["connections"], 1);
    let wrong = world.request("GET", "/channels?by=name", Json::Null);
    assert_eq!(body(&wrong)["error"]["code"], 40003);
}

#[test]
fn only_channels_that_the_caller_may_know_of_are_listed() {
    let spec =
        r#"{"keys":[{"capability":{"*":["subscribe"],"in:*":["channel-metadata","subscribe"]}}]}"#;
    let mut world = World::with(Limits::default(), spec);
    let client = world.connect(&[]);
    world.attach(&client, "in:a");
    world.attach(&client, "out");
    assert_eq!(world.get("/channels?by=id"), json!(["in:a"]));
    let mut world = World::with(
        Limits::default(),
        r#"{"keys":[{"capability":{"*":["subscribe"]}}]}"#,
    );
    let response = world.request("GET", "/channels", Json::Null);
    assert_eq!(
        (response.status, &body(&response)["error"]["code"]),
        (401, &json!(40160))
    );
}
