//! Publishing over realtime: ids, clientIds, sizes and data.

use serde_json::{Value as Json, json};

use crate::world::{World, data_of, text};

fn nack(world: &mut World, params: &[(&str, &str)], messages: Json) -> u64 {
    let client = world.connect(params);
    let frame = json!({"action": 15, "channel": "a", "msgSerial": 4, "messages": messages});
    let frames = world.ask(&client, frame);
    assert_eq!(frames.len(), 1, "{frames:?}");
    assert_eq!(
        (&frames[0]["msgSerial"], &frames[0]["count"]),
        (&json!(4), &json!(1))
    );
    frames[0]["error"]["code"].as_u64().unwrap_or(0)
}

#[test]
fn one_publish_is_one_frame_with_everything_that_clients_derive_from() {
    let mut world = World::new();
    let listener = world.connect(&[]);
    world.attach(&listener, "a");
    let client = world.connect(&[("clientId", "alice")]);
    let publish = json!({"action": 15, "channel": "a", "msgSerial": 3, "messages": [
        {"name": "x", "data": "1", "action": 0, "size": 9, "connectionKey": "k"},
        {"name": "y", "extras": {"headers": {"b": 1, "a": true}}}]});
    let frames = world.ask(&client, publish);
    assert_eq!(frames, [json!({"action": 1, "msgSerial": 3, "count": 1})]);
    let frames = world.take(&listener);
    assert_eq!(frames.len(), 1);
    let frame = &frames[0];
    assert_eq!(frame["id"], format!("{}:3", client.id));
    assert_eq!(frame["connectionId"], client.id);
    assert_eq!(frame["timestamp"], world.now);
    let serial = text(&frame["channelSerial"]);
    assert_eq!(
        frame["messages"][0],
        json!({"name": "x", "data": "1", "clientId": "alice",
        "action": 0, "serial": format!("{serial}:000"), "version": format!("{serial}:000"),
        "createdAt": world.now})
    );
    assert_eq!(
        frame["messages"][1]["extras"],
        json!({"headers": {"b": 1, "a": true}})
    );
    assert!(frame["messages"][1].get("data").is_none());
}

#[test]
fn serials_grow_as_text() {
    let mut world = World::new();
    let client = world.connect(&[]);
    let mut serials = vec![text(&world.attach(&client, "a")["channelSerial"])];
    for number in 0..30 {
        let publish = json!({"action": 15, "channel": "a", "msgSerial": number,
            "messages": [{"data": "x"}]});
        let frames = world.ask(&client, publish);
        let delivered = frames
            .iter()
            .find(|frame| frame["action"] == 15)
            .expect("a message");
        serials.push(text(&delivered["channelSerial"]));
        world.advance_alive(number % 3, &[&client]);
    }
    let mut sorted = serials.clone();
    sorted.sort();
    sorted.dedup();
    assert_eq!(serials, sorted);
}

#[test]
fn a_thousand_messages_keep_their_order() {
    let mut world = World::new();
    let listener = world.connect(&[]);
    world.attach(&listener, "a");
    let client = world.connect(&[]);
    for number in 0..1_000 {
        world.send(
            &client,
            json!({"action": 15, "channel": "a", "msgSerial": number,
            "messages": [{"data": number.to_string()}]}),
        );
    }
    let acks = world.take(&client);
    let acks: Vec<_> = acks
        .iter()
        .map(|ack| ack["msgSerial"].as_u64().expect("a serial"))
        .collect();
    assert_eq!(acks, (0..1_000).collect::<Vec<_>>());
    let expected: Vec<_> = (0..1_000).map(|number: u64| number.to_string()).collect();
    assert_eq!(data_of(&world.take(&listener)), expected);
}

#[test]
fn client_chosen_ids_are_idempotent_within_the_retention_time() {
    let mut world = World::new();
    let listener = world.connect(&[]);
    world.attach(&listener, "a");
    let client = world.connect(&[]);
    let publish = |serial: u64, data: &str| {
        json!({"action": 15, "channel": "a", "msgSerial": serial,
            "messages": [{"id": "mine", "data": data}]})
    };
    for serial in 0..3 {
        assert_eq!(world.ask(&client, publish(serial, "x"))[0]["action"], 1);
    }
    let response = world.request(
        "POST",
        "/channels/a/messages",
        json!({"id": "mine", "data": "y"}),
    );
    assert_eq!(response.status, 201);
    assert_eq!(data_of(&world.take(&listener)), ["x"]);
    world.advance_alive(120_001, &[&listener, &client]);
    world.take(&listener);
    world.ask(&client, publish(3, "z"));
    assert_eq!(data_of(&world.take(&listener)), ["z"]);
}

#[test]
fn ids_of_a_batch_must_share_a_base() {
    let mut world = World::new();
    let ids = |ids: &[&str]| Json::from_iter(ids.iter().map(|id| json!({"id": id, "data": "x"})));
    assert_eq!(nack(&mut world, &[], ids(&["b:0", "b:1"])), 0);
    for wrong in [
        &["b:0", "c:1"][..],
        &["b:1", "b:0"],
        &["b:0", ""],
        &["b", "b"],
    ] {
        assert_eq!(nack(&mut world, &[], ids(wrong)), 40031, "{wrong:?}");
    }
}

#[test]
fn client_ids_follow_the_identity() {
    let mut world = World::new();
    let claim = |id: &str| json!([{"data": "x", "clientId": id}]);
    assert_eq!(nack(&mut world, &[], claim("any")), 0);
    assert_eq!(nack(&mut world, &[("clientId", "x")], claim("x")), 0);
    assert_eq!(nack(&mut world, &[("clientId", "x")], claim("y")), 40012);
    assert_eq!(nack(&mut world, &[], claim("*")), 40012);
    assert_eq!(nack(&mut world, &[("clientId", "null")], claim("any")), 0);
}

#[test]
fn size_is_counted_over_the_whole_publish() {
    let mut world = World::new();
    let of = |bytes: usize| json!([{"data": "x".repeat(bytes)}]);
    assert_eq!(nack(&mut world, &[], of(65_536)), 0);
    assert_eq!(nack(&mut world, &[], of(65_537)), 40009);
    let half = "x".repeat(32_768);
    assert_eq!(
        nack(&mut world, &[], json!([{"data": half}, {"data": half}])),
        0
    );
    assert_eq!(
        nack(
            &mut world,
            &[],
            json!([{"data": half}, {"data": half, "name": "n"}])
        ),
        40009
    );
}

#[test]
fn data_is_carried_or_refused() {
    let mut world = World::new();
    for wrong in [json!(1), json!(true), json!(1.5)] {
        assert_eq!(
            nack(&mut world, &[], json!([{"data": wrong}])),
            40013,
            "{wrong}"
        );
    }
    let bad = json!([{"data": "!", "encoding": "base64"}]);
    assert_eq!(nack(&mut world, &[], bad), 40013);
    assert_eq!(nack(&mut world, &[], json!([])), 40030);
    assert_eq!(nack(&mut world, &[], json!(["x"])), 40000);
    assert_eq!(nack(&mut world, &[], json!([{"name": 5}])), 40000);
    assert_eq!(nack(&mut world, &[], json!([{"extras": "x"}])), 40032);
    assert_eq!(nack(&mut world, &[], json!([{"action": 2}])), 40000);
    assert_eq!(
        nack(&mut world, &[], json!([{"data": null, "name": null}])),
        0
    );
}

#[test]
fn binary_is_base64_in_json_and_inner_encodings_stay() {
    let mut world = World::new();
    let client = world.connect(&[]);
    let messages = json!([
        {"data": "AP8D", "encoding": "base64"},
        {"data": "AP8D", "encoding": "utf-8/cipher+aes-128-cbc/base64"},
        {"data": "{\"a\":1}", "encoding": "json"},
        {"data": {"b": 2}}]);
    world.ask(
        &client,
        json!({"action": 15, "channel": "a", "msgSerial": 0, "messages": messages}),
    );
    let history = world.get("/channels/a/messages?direction=forwards");
    let found: Vec<_> = (0..4)
        .map(|index| {
            (
                history[index]["data"].clone(),
                history[index]["encoding"].clone(),
            )
        })
        .collect();
    let expected = [
        ("AP8D", "base64"),
        ("AP8D", "utf-8/cipher+aes-128-cbc/base64"),
        ("{\"a\":1}", "json"),
        ("{\"b\":2}", "json"),
    ];
    assert_eq!(
        found,
        expected.map(|(data, encoding)| (json!(data), json!(encoding)))
    );
}

#[test]
fn ephemeral_messages_are_delivered_and_not_kept() {
    let mut world = World::new();
    let listener = world.connect(&[]);
    world.attach(&listener, "a");
    let client = world.connect(&[]);
    world.ask(
        &client,
        json!({"action": 15, "channel": "a", "msgSerial": 0,
        "messages": [{"data": "x", "extras": {"ephemeral": true}}]}),
    );
    assert_eq!(data_of(&world.take(&listener)), ["x"]);
    assert_eq!(world.get("/channels/a/messages"), json!([]));
}

#[test]
fn objects_are_refused_by_nack() {
    let mut world = World::new();
    let client = world.connect(&[]);
    let frame = json!({"action": 19, "channel": "a", "msgSerial": 0});
    let frames = world.ask(&client, frame);
    assert_eq!(
        (&frames[0]["action"], &frames[0]["msgSerial"]),
        (&json!(2), &json!(0))
    );
    assert_eq!(frames[0]["error"]["code"], 40000);
}

#[test]
fn bundles_of_thousands_of_small_messages_are_one_publish() {
    let mut world = World::new();
    let client = world.connect(&[]);
    let bundle = |serial: u64, count: u64| {
        let messages: Vec<_> = (0..count).map(|n| json!({"data": n.to_string()})).collect();
        json!({"action": 15, "channel": "a", "msgSerial": serial, "messages": messages})
    };
    assert_eq!(world.ask(&client, bundle(0, 5_000))[0]["action"], 1);
    let mut serials = Vec::new();
    let mut path = "/channels/a/messages?direction=forwards&limit=1000".to_owned();
    loop {
        let page = world.request("GET", &path, serde_json::Value::Null);
        let items = crate::world::body(&page);
        let items = items.as_array().expect("messages").iter();
        serials.extend(items.map(|item| crate::world::text(&item["serial"])));
        let links = crate::world::header(&page, "link").expect("links");
        let next = links
            .split(", ")
            .find(|link| link.contains("rel=\"next\""))
            .map(str::to_owned);
        match next
            .as_deref()
            .and_then(|link| link.split(['?', '>']).nth(1))
        {
            Some(query) => path = format!("/channels/a/messages?{query}"),
            None => break,
        }
    }
    assert_eq!(serials.len(), 5_000);
    assert!(serials.is_sorted());
    assert_eq!(
        world.ask(&client, bundle(1, 10_001))[0]["error"]["code"],
        40030
    );
}
