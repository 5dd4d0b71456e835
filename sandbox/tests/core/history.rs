//! History and its pages.

use ably_sandbox::core::Limits;
use serde_json::{Value as Json, json};

use crate::world::{World, body, header, text};

fn data(page: &Json) -> Vec<String> {
    let items = page.as_array().expect("a page").iter();
    items.map(|item| text(&item["data"])).collect()
}

/// Follows `next` as ably-js does: only the query of `./word?query` counts, on the same path.
fn pages(world: &mut World, path: &str, query: &str) -> Vec<Vec<String>> {
    let mut query = query.to_owned();
    let mut pages = Vec::new();
    loop {
        let response = world.request("GET", &format!("{path}?{query}"), Json::Null);
        assert_eq!(response.status, 200);
        pages.push(data(&body(&response)));
        let links = header(&response, "link").expect("links");
        let mut next = None;
        for link in links.split(',') {
            let link = link.trim().strip_prefix("<./").expect("a relative link");
            let (url, rel) = link.split_once(">; rel=\"").expect("a relation");
            let (word, parameters) = url.split_once('?').expect("a query");
            assert!(word.chars().all(|c| c.is_ascii_alphanumeric()), "{word}");
            if rel == "next\"" {
                next = Some(parameters.to_owned());
            }
        }
        match next {
            Some(next) => query = next,
            None => return pages,
        }
    }
}

fn world_with_ten() -> World {
    let mut world = World::new();
    for number in 0..10 {
        let message = json!({"name": "n", "data": number.to_string()});
        assert_eq!(
            world
                .request("POST", "/channels/a/messages", message)
                .status,
            201
        );
        world.advance(1_000);
    }
    world
}

#[test]
fn pages_cover_everything_once_in_both_directions() {
    let mut world = world_with_ten();
    let forwards = pages(
        &mut world,
        "/channels/a/messages",
        "direction=forwards&limit=4",
    );
    assert_eq!(
        forwards,
        [
            vec!["0", "1", "2", "3"],
            vec!["4", "5", "6", "7"],
            vec!["8", "9"]
        ]
    );
    let backwards = pages(&mut world, "/channels/a/history", "limit=5");
    assert_eq!(
        backwards,
        [vec!["9", "8", "7", "6", "5"], vec!["4", "3", "2", "1", "0"]]
    );
    assert_eq!(
        pages(&mut world, "/channels/none/messages", "limit=5"),
        [[] as [&str; 0]]
    );
}

#[test]
fn a_page_goes_on_where_it_stopped_whatever_was_published_since() {
    let mut world = world_with_ten();
    let response = world.request("GET", "/channels/a/messages?limit=3", Json::Null);
    assert_eq!(data(&body(&response)), ["9", "8", "7"]);
    let links = header(&response, "link").expect("links");
    let next = links
        .split("<./")
        .last()
        .and_then(|link| link.split('>').next())
        .expect("next");
    world.request("POST", "/channels/a/messages", json!({"data": "late"}));
    assert_eq!(
        data(&world.get(&format!("/channels/a/{next}"))),
        ["6", "5", "4"]
    );
}

#[test]
fn start_and_end_are_inclusive() {
    let mut world = world_with_ten();
    let start = crate::world::START + 2_000;
    let end = crate::world::START + 4_000;
    let query = format!("/channels/a/messages?start={start}&end={end}&direction=forwards");
    assert_eq!(data(&world.get(&query)), ["2", "3", "4"]);
}

#[test]
fn bad_parameters_are_40003() {
    let mut world = world_with_ten();
    for query in [
        "limit=0",
        "limit=1001",
        "limit=x",
        "start=2&end=1",
        "start=x",
        "direction=up",
        "from_serial=x",
        "cursor=x",
        "limit=-1",
    ] {
        let path = format!("/channels/a/messages?{query}");
        let response = world.request("GET", &path, Json::Null);
        assert_eq!(response.status, 400, "{query}");
        assert_eq!(body(&response)["error"]["code"], 40003, "{query}");
        assert_eq!(
            header(&response, "x-ably-errorcode").as_deref(),
            Some("40003")
        );
    }
}

#[test]
fn until_attach_stops_at_the_attach_serial() {
    let mut world = world_with_ten();
    let client = world.connect(&[]);
    let serial = text(&world.attach(&client, "a")["channelSerial"]);
    world.publish(&client, 0, "a", "after");
    for parameter in ["from_serial", "fromSerial"] {
        let page = world.get(&format!(
            "/channels/a/messages?limit=1&{parameter}={serial}"
        ));
        assert_eq!(data(&page), ["9"]);
    }
    assert_eq!(data(&world.get("/channels/a/messages?limit=1")), ["after"]);
}

#[test]
fn items_are_complete() {
    let mut world = World::new();
    let client = world.connect(&[("clientId", "alice")]);
    world.publish(&client, 5, "a", "x");
    let item = &world.get("/channels/a/messages")[0];
    assert_eq!(item["id"], format!("{}:5:0", client.id));
    assert_eq!(item["connectionId"], client.id);
    assert_eq!(item["clientId"], "alice");
    assert_eq!(item["timestamp"], world.now);
    assert_eq!(item["action"], 0);
    assert!(item["serial"].is_string());
}

#[test]
fn ordinary_channels_keep_two_minutes_and_persisted_ones_a_day() {
    let spec = r#"{"keys":[{}],"namespaces":[{"id":"persisted","persisted":true}]}"#;
    let mut world = World::with(Limits::default(), spec);
    for channel in ["a", "persisted:a", "persistedx"] {
        world.request(
            "POST",
            &format!("/channels/{channel}/messages"),
            json!({"data": "x"}),
        );
    }
    let mut kept = |channel: &str| data(&world.get(&format!("/channels/{channel}/messages"))).len();
    assert_eq!(
        (kept("a"), kept("persistedx"), kept("persisted:a")),
        (1, 1, 1)
    );
    world.advance(120_000);
    let mut kept = |channel: &str| data(&world.get(&format!("/channels/{channel}/messages"))).len();
    assert_eq!(kept("a"), 1);
    world.advance(1);
    let mut kept = |channel: &str| data(&world.get(&format!("/channels/{channel}/messages"))).len();
    assert_eq!(
        (kept("a"), kept("persistedx"), kept("persisted:a")),
        (0, 0, 1)
    );
}

#[test]
fn a_channel_is_bounded_in_entries_and_bytes() {
    let limits = Limits {
        max_entries: 50,
        max_channel_bytes: 100_000,
        ..Limits::default()
    };
    let mut world = World::with(limits, r#"{"keys":[{}]}"#);
    for number in 0..80 {
        world.request(
            "POST",
            "/channels/a/messages",
            json!({"data": number.to_string()}),
        );
    }
    let kept = data(&world.get("/channels/a/messages"));
    assert_eq!(
        (kept.len(), kept[0].as_str(), kept[49].as_str()),
        (50, "79", "30")
    );
    for _ in 0..80 {
        world.request(
            "POST",
            "/channels/b/messages",
            json!({"data": "x".repeat(10_000)}),
        );
    }
    assert_eq!(data(&world.get("/channels/b/messages")).len(), 9);
}

#[test]
fn all_channels_together_are_bounded() {
    let limits = Limits {
        max_kept_bytes: 200_000,
        ..Limits::default()
    };
    let mut world = World::with(limits, r#"{"keys":[{}]}"#);
    let publish = |world: &mut World, number: u64| {
        let message = json!({"data": "x".repeat(20_000)});
        world.request("POST", &format!("/channels/c{number}/messages"), message)
    };
    for number in 0..9 {
        assert_eq!(publish(&mut world, number).status, 201);
    }
    let full = publish(&mut world, 9);
    assert_eq!(
        (full.status, &body(&full)["error"]["code"]),
        (429, &json!(42910))
    );
    // What is kept is counted at most once a second.
    world.advance(121_001);
    assert_eq!(publish(&mut world, 9).status, 201);
}
