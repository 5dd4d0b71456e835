//! Statistics.

use ably_sandbox::core::Limits;
use ably_sandbox::core::auth::Credential;
use serde_json::{Value as Json, json};

use crate::world::{World, body, header};

fn with_fixtures() -> World {
    let mut world = World::new();
    let minute = |id: &str, count: u64| {
        json!({"intervalId": id, "inbound": {"realtime": {"messages": {"count": count, "data": 100 * count}}},
            "outbound": {"rest": {"presence": {"count": 1}}}, "persisted": {"messages": {"count": 2}},
            "connections": {"tls": {"peak": count, "opened": 10}}, "channels": {"peak": count, "mean": count},
            "apiRequests": {"succeeded": 50, "failed": 0}, "tokenRequests": {"succeeded": 60}})
    };
    let fixtures = json!([
        minute("2022-02-03:15:03", 50),
        minute("2022-02-03:15:04", 60),
        minute("2022-02-03:16:05", 70)
    ]);
    assert_eq!(world.request("POST", "/stats", fixtures).status, 201);
    world
}

fn ids(page: &Json) -> Vec<Json> {
    let items = page.as_array().expect("items").iter();
    items.map(|item| item["intervalId"].clone()).collect()
}

#[test]
fn fixtures_are_flattened_and_summed() {
    let mut world = with_fixtures();
    let page = world.get("/stats?start=2022-02-03:15:03&end=2022-02-03:15:03");
    assert_eq!(ids(&page), ["2022-02-03:15:03"]);
    let entries = &page[0]["entries"];
    for (path, amount) in [
        ("messages.inbound.realtime.messages.count", 50),
        ("messages.inbound.realtime.messages.data", 5_000),
        ("messages.inbound.realtime.all.count", 50),
        ("messages.inbound.all.messages.count", 50),
        ("messages.inbound.all.all.data", 5_000),
        ("messages.outbound.all.presence.count", 1),
        ("messages.all.all.count", 51),
        ("messages.all.messages.count", 50),
        ("messages.persisted.all.count", 2),
        ("connections.all.peak", 50),
        ("connections.tls.opened", 10),
        ("channels.peak", 50),
        ("apiRequests.tokenRequests.succeeded", 60),
    ] {
        assert_eq!(entries[path], amount, "{path}");
    }
    assert!(entries.get("apiRequests.all.failed").is_none());
    assert_eq!(
        (&page[0]["unit"], &page[0]["inProgress"]),
        (&json!("minute"), &Json::Null)
    );
    assert!(page[0]["schema"].is_string() && page[0]["appId"].is_string());
}

#[test]
fn longer_units_add_up_take_peaks_and_average_means() {
    let mut world = with_fixtures();
    let page =
        world.get("/stats?unit=hour&direction=forwards&start=2022-02-03:15:04&end=2022-02-03:16");
    assert_eq!(ids(&page), ["2022-02-03:15", "2022-02-03:16"]);
    let entries = &page[0]["entries"];
    assert_eq!(entries["messages.inbound.all.messages.count"], 110);
    assert_eq!(
        (&entries["channels.peak"], &entries["channels.mean"]),
        (&json!(60), &json!(55))
    );
    for (unit, id) in [("day", "2022-02-03"), ("month", "2022-02")] {
        let page = world.get(&format!("/stats?by={unit}&end=2022-12"));
        assert_eq!(ids(&page), [id]);
        assert_eq!(
            page[0]["entries"]["messages.inbound.all.messages.count"],
            180
        );
    }
}

#[test]
fn pages_go_in_both_directions() {
    let mut world = with_fixtures();
    for (direction, first, second) in [
        ("backwards", "2022-02-03:16:05", "2022-02-03:15:04"),
        ("forwards", "2022-02-03:15:03", "2022-02-03:15:04"),
    ] {
        let path = format!("/stats?end=1643904300000&limit=1&direction={direction}");
        let page = world.request("GET", &path, Json::Null);
        assert_eq!(ids(&body(&page)), [first]);
        let link = header(&page, "link").expect("links");
        let next = link
            .split(", ")
            .find(|link| link.contains("rel=\"next\""))
            .expect("a next page");
        assert!(next.starts_with("<./stats?"), "{next}");
        let query = next.split(['?', '>']).nth(1).expect("a query");
        assert_eq!(ids(&world.get(&format!("/stats?{query}"))), [second]);
    }
    let last = world.request("GET", "/stats?end=2022-12&unit=month&limit=1", Json::Null);
    assert!(!header(&last, "link").expect("links").contains("next"));
}

#[test]
fn what_happens_now_is_counted_and_in_progress() {
    let mut world = World::new();
    let alice = world.connect(&[("clientId", "alice")]);
    let bob = world.connect(&[]);
    world.attach(&alice, "a");
    world.attach(&bob, "a");
    world.publish(&alice, 0, "a", "1234");
    world.request("POST", "/channels/a/messages", json!({"data": "12"}));
    world.enter(&alice, 1, "a", "here");
    world.request("GET", "/nowhere", Json::Null);
    let page = world.get("/stats?unit=hour");
    assert_eq!(page[0]["inProgress"], "2023-11-14:22:13");
    let entries = &page[0]["entries"];
    for (path, amount) in [
        ("messages.inbound.realtime.messages.count", 1),
        ("messages.inbound.realtime.messages.data", 10),
        ("messages.inbound.rest.messages.count", 1),
        ("messages.inbound.all.messages.count", 2),
        ("messages.outbound.realtime.messages.count", 4),
        ("messages.inbound.realtime.presence.count", 1),
        ("messages.outbound.realtime.presence.count", 2),
        ("connections.all.opened", 2),
        ("connections.all.peak", 2),
        ("channels.opened", 1),
        ("apiRequests.other.succeeded", 1),
        ("apiRequests.all.failed", 1),
    ] {
        assert_eq!(entries[path], amount, "{path}");
    }
}

#[test]
fn connections_count_in_every_minute_that_they_last() {
    let mut world = World::new();
    let client = world.connect(&[]);
    world.advance_alive(180_000, &[&client]);
    let page = world.get("/stats?limit=2");
    for minute in page.as_array().expect("minutes") {
        assert_eq!(minute["entries"]["connections.all.peak"], 1);
    }
    world.send(&client, json!({"action": 7}));
    world.advance(120_000);
    world.get("/channels/a/messages");
    assert_eq!(
        world.get("/stats?limit=1")[0]["entries"].get("connections.all.peak"),
        None
    );
}

#[test]
fn requests_that_make_no_sense_are_refused() {
    let mut world = World::new();
    for query in [
        "unit=week",
        "start=yesterday",
        "direction=up",
        "limit=0",
        "start=2&end=1",
        "cursor=x",
    ] {
        let response = world.request("GET", &format!("/stats?{query}"), Json::Null);
        assert_eq!(
            (response.status, &body(&response)["error"]["code"]),
            (400, &json!(40003)),
            "{query}"
        );
    }
    for fixture in [json!([{}]), json!([{"intervalId": "2022"}])] {
        assert_eq!(world.request("POST", "/stats", fixture).status, 400);
    }
    let spec = r#"{"keys":[{"capability":{"*":["subscribe"]}}]}"#;
    let mut world = World::with(Limits::default(), spec);
    let key = vec![Credential::Key(world.key.clone())];
    let response = world.request_as(key, "GET", "/stats", Json::Null);
    assert_eq!(
        (response.status, &body(&response)["error"]["code"]),
        (401, &json!(40160))
    );
}
