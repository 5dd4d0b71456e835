//! Push notifications.

use ably_sandbox::core::Limits;
use ably_sandbox::core::auth::Credential;
use serde_json::{Value as Json, json};

use crate::world::{Client, World, body, header, text};

fn world() -> World {
    let spec = r#"{"keys":[{},{"capability":{"pushenabled:*":["push-subscribe","publish"]}}],"namespaces":[{"id":"pushenabled","pushEnabled":true}]}"#;
    World::with(Limits::default(), spec)
}

fn device(world: &World, id: &str, client: &str) -> Json {
    json!({"id": id, "clientId": client, "platform": "android", "formFactor": "phone",
        "metadata": {"a": 1}, "deviceSecret": "topsecret",
        "push": {"recipient": {"transportType": "ablyChannel", "channel": format!("to:{id}"), "ablyKey": world.key}}})
}

fn save(world: &mut World, id: &str, client: &str) {
    let device = device(world, id, client);
    let response = world.request("PUT", &format!("/push/deviceRegistrations/{id}"), device);
    assert_eq!(response.status, 200, "{response:?}");
}

fn subscribe(world: &mut World, subscription: Json) {
    let response = world.request("POST", "/push/channelSubscriptions", subscription.clone());
    assert_eq!((response.status, body(&response)), (201, subscription));
}

/// Returns the payloads that came, by channel.
fn pushed(world: &mut World, listener: &Client) -> Vec<(String, Json)> {
    let frames = world
        .take(listener)
        .into_iter()
        .filter(|frame| frame["action"] == 15);
    let notifications = frames.map(|frame| {
        let message = &frame["messages"][0];
        assert_eq!(message["name"], "__ably_push__");
        let payload = serde_json::from_str(message["data"].as_str().expect("text"));
        (text(&frame["channel"]), payload.expect("JSON"))
    });
    notifications.collect()
}

fn listener(world: &mut World, channels: &[&str]) -> Client {
    let listener = world.connect(&[]);
    for channel in channels {
        world.attach(&listener, channel);
    }
    listener
}

fn code(world: &mut World, method: &str, path: &str, request: Json) -> (u16, u64) {
    let response = world.request(method, path, request);
    let code = body(&response)["error"]["code"].as_u64();
    (response.status, code.unwrap_or(0))
}

#[test]
fn rsh1b_devices_are_registered_changed_listed_and_removed() {
    let mut world = world();
    for (id, client) in [("d1", "alice"), ("d2", "alice"), ("d3", "bob")] {
        save(&mut world, id, client);
    }
    let mut expected = device(&world, "d1", "alice");
    expected
        .as_object_mut()
        .expect("an object")
        .remove("deviceSecret");
    expected["push"]["state"] = json!("ACTIVE");
    assert_eq!(world.get("/push/deviceRegistrations/d1"), expected);
    let ids = |list: &Json| -> Vec<Json> {
        list.as_array()
            .expect("a list")
            .iter()
            .map(|item| item["id"].clone())
            .collect()
    };
    assert_eq!(
        ids(&world.get("/push/deviceRegistrations?clientId=alice")),
        ["d1", "d2"]
    );
    let page = world.request("GET", "/push/deviceRegistrations?limit=2", Json::Null);
    assert_eq!(ids(&body(&page)), ["d1", "d2"]);
    assert!(
        header(&page, "link")
            .expect("links")
            .contains("<./deviceRegistrations?")
    );
    let change = json!({"push": {"recipient": {"transportType": "fcm", "registrationToken": "t"}}, "metadata": {"b": 2}});
    let changed = body(&world.request("PATCH", "/push/deviceRegistrations/d1", change));
    assert_eq!(
        (&changed["metadata"], &changed["platform"]),
        (&json!({"b": 2}), &json!("android"))
    );
    assert_eq!(changed["push"]["recipient"]["registrationToken"], "t");
    subscribe(
        &mut world,
        json!({"channel": "pushenabled:a", "deviceId": "d1"}),
    );
    for _ in 0..2 {
        assert_eq!(
            code(
                &mut world,
                "DELETE",
                "/push/deviceRegistrations/d1",
                Json::Null
            ),
            (204, 0)
        );
    }
    assert_eq!(
        code(
            &mut world,
            "GET",
            "/push/deviceRegistrations/d1",
            Json::Null
        ),
        (404, 40400)
    );
    assert_eq!(world.get("/push/channelSubscriptions"), json!([]));
    assert_eq!(
        code(
            &mut world,
            "DELETE",
            "/push/deviceRegistrations?clientId=alice",
            Json::Null
        ),
        (204, 0)
    );
    assert_eq!(ids(&world.get("/push/deviceRegistrations")), ["d3"]);
    assert_eq!(
        code(
            &mut world,
            "DELETE",
            "/push/deviceRegistrations",
            Json::Null
        ),
        (400, 40000)
    );
}

#[test]
fn registrations_that_make_no_sense_are_refused() {
    let mut world = world();
    let good = device(&world, "d1", "alice");
    for (field, wrong) in [
        ("platform", json!("toaster")),
        ("platform", Json::Null),
        ("formFactor", json!("round")),
        ("id", json!("")),
        ("id", json!("other")),
        ("metadata", json!("x")),
        ("push", json!({"recipient": {"transportType": "pigeon"}})),
        ("push", json!({"recipient": {"transportType": "fcm"}})),
        ("push", json!({"recipient": {"transportType": 5}})),
    ] {
        let mut device = good.clone();
        device[field] = wrong;
        let found = code(
            &mut world,
            "PUT",
            "/push/deviceRegistrations/d1",
            device.clone(),
        );
        assert_eq!(found, (400, 40000), "{device}");
    }
}

#[test]
fn rsh1a_notifications_reach_devices_by_every_kind_of_recipient() {
    let mut world = world();
    save(&mut world, "d1", "alice");
    save(&mut world, "d2", "alice");
    let listener = listener(&mut world, &["to:d1", "to:d2", "direct"]);
    let payload = json!({"notification": {"title": "t", "body": "b"}, "data": {"foo": "bar"}});
    let direct = json!({"transportType": "ablyChannel", "channel": "direct", "ablyKey": world.key, "ablyUrl": "x"});
    for (recipient, channels) in [
        (json!({"deviceId": "d1"}), &["to:d1"][..]),
        (json!({"clientId": "alice"}), &["to:d1", "to:d2"]),
        (json!({"clientId": "nobody"}), &[]),
        (direct, &["direct"]),
    ] {
        let mut request = payload.clone();
        request["recipient"] = recipient;
        assert_eq!(code(&mut world, "POST", "/push/publish", request), (204, 0));
        let expected: Vec<_> = channels
            .iter()
            .map(|name| ((*name).to_owned(), payload.clone()))
            .collect();
        assert_eq!(pushed(&mut world, &listener), expected);
    }
    for (request, refused) in [
        (
            json!({"recipient": {"deviceId": "no"}, "data": {}}),
            (404, 40400),
        ),
        (json!({"recipient": {}, "data": {}}), (400, 40000)),
        (json!({"data": {}}), (400, 40000)),
        (
            json!({"recipient": {"transportType": "ablyChannel", "channel": "x", "ablyKey": "a.b:c"}}),
            (401, 40101),
        ),
    ] {
        assert_eq!(
            code(&mut world, "POST", "/push/publish", request.clone()),
            refused,
            "{request}"
        );
    }
    let batch = json!([{"recipient": {"deviceId": "d1"}, "payload": payload}, {"recipient": {"deviceId": "no"}}]);
    let answer = body(&world.request("POST", "/push/batch/publish", batch));
    assert_eq!(
        (&answer[0], &answer[1]["error"]["code"]),
        (&json!({}), &json!(40400))
    );
    assert_eq!(
        pushed(&mut world, &listener),
        [("to:d1".to_owned(), payload)]
    );
}

#[test]
fn messages_with_a_push_extra_reach_subscribers_once() {
    let mut world = world();
    for (id, client) in [("d1", "alice"), ("d2", "alice"), ("d3", "bob")] {
        save(&mut world, id, client);
    }
    subscribe(
        &mut world,
        json!({"channel": "pushenabled:a", "clientId": "alice"}),
    );
    subscribe(
        &mut world,
        json!({"channel": "pushenabled:a", "deviceId": "d1"}),
    );
    subscribe(&mut world, json!({"channel": "plain:a", "deviceId": "d3"}));
    let listener = listener(&mut world, &["to:d1", "to:d2", "to:d3"]);
    let message = json!({"data": "x", "extras": {"push": {"notification": {"title": "t"}}}});
    for channel in ["pushenabled:a", "plain:a", "pushenabled:b"] {
        let path = format!("/channels/{channel}/messages");
        assert_eq!(world.request("POST", &path, message.clone()).status, 201);
    }
    let payload = json!({"notification": {"title": "t"}});
    let expected = ["to:d1", "to:d2"].map(|name| (name.to_owned(), payload.clone()));
    assert_eq!(pushed(&mut world, &listener), expected);
}

#[test]
fn rsh1c_subscriptions_are_listed_and_removed_by_what_they_name() {
    let mut world = world();
    save(&mut world, "d1", "alice");
    for (channel, key, id) in [
        ("pushenabled:a", "deviceId", "d1"),
        ("pushenabled:a", "clientId", "alice"),
        ("pushenabled:b", "clientId", "alice"),
        ("pushenabled:b", "clientId", "bob"),
    ] {
        let subscription = json!({"channel": channel, key: id});
        subscribe(&mut world, subscription.clone());
        subscribe(&mut world, subscription);
    }
    let count = |world: &mut World, query: &str| {
        let list = world.get(&format!("/push/channelSubscriptions?{query}"));
        list.as_array().expect("a list").len()
    };
    for (query, expected) in [
        ("", 4),
        ("channel=pushenabled:a", 2),
        ("clientId=alice", 2),
        ("deviceId=d1", 1),
        ("deviceId=d1&clientId=alice", 0),
        ("deviceId=d1&clientId=alice&concatFilters=true", 3),
    ] {
        assert_eq!(count(&mut world, query), expected, "{query}");
    }
    assert_eq!(
        world.get("/push/channels"),
        json!(["pushenabled:a", "pushenabled:b"])
    );
    assert_eq!(
        world.get("/push/channels?limit=1"),
        json!(["pushenabled:a"])
    );
    for (wrong, refused) in [
        (json!({"channel": "pushenabled:a"}), (400, 40000)),
        (
            json!({"channel": "pushenabled:a", "clientId": "x", "deviceId": "d1"}),
            (400, 40000),
        ),
        (json!({"channel": ":", "clientId": "x"}), (400, 40010)),
        (
            json!({"channel": "pushenabled:a", "deviceId": "no"}),
            (404, 40400),
        ),
    ] {
        assert_eq!(
            code(
                &mut world,
                "POST",
                "/push/channelSubscriptions",
                wrong.clone()
            ),
            refused,
            "{wrong}"
        );
    }
    assert_eq!(
        code(
            &mut world,
            "DELETE",
            "/push/channelSubscriptions",
            Json::Null
        ),
        (400, 40000)
    );
    let path = "/push/channelSubscriptions?channel=pushenabled:b&clientId=alice";
    assert_eq!(code(&mut world, "DELETE", path, Json::Null), (204, 0));
    assert_eq!(count(&mut world, ""), 3);
    assert_eq!(
        code(
            &mut world,
            "DELETE",
            "/push/channelSubscriptions?clientId=bob",
            Json::Null
        ),
        (204, 0)
    );
    assert_eq!(world.get("/push/channels"), json!(["pushenabled:a"]));
}

fn restricted(world: &mut World) -> Vec<Credential> {
    let app = world.key.split('.').next().expect("an app").to_owned();
    let spec = json!({"keys": [{"capability": {"pushenabled:*": ["push-subscribe"]}}]});
    let value = crate::world::value(&spec.to_string());
    let (id, key) = world.core.create_app(&value, world.now).expect("an app");
    assert_ne!(id, app);
    vec![Credential::Key(key.expect("a key"))]
}

#[test]
fn rsh3b_a_device_registers_itself_and_speaks_for_itself_with_its_token() {
    let mut world = world();
    let key = restricted(&mut world);
    let mine = json!({"id": "d1", "platform": "ios", "deviceSecret": "s1",
        "push": {"recipient": {"transportType": "apns", "deviceToken": "t"}}});
    let response = world.request_as(
        key.clone(),
        "POST",
        "/push/deviceRegistrations",
        mine.clone(),
    );
    assert_eq!(response.status, 201, "{response:?}");
    let details = body(&response);
    assert!(details.get("deviceSecret").is_none());
    let token = text(&details["deviceIdentityToken"]["token"]);
    assert_eq!(details["deviceIdentityToken"]["deviceId"], "d1");

    let path = "/push/deviceRegistrations/d1";
    let status =
        |world: &mut World, credentials: &[Credential], method: &str, path: &str, request: Json| {
            world
                .request_as(credentials.to_vec(), method, path, request)
                .status
        };
    let own = [Credential::Token(token.clone())];
    assert_eq!(status(&mut world, &key, "GET", path, Json::Null), 401);
    assert_eq!(status(&mut world, &own, "GET", path, Json::Null), 200);
    world.device_token = Some(token.clone());
    assert_eq!(status(&mut world, &key, "GET", path, Json::Null), 200);
    assert_eq!(status(&mut world, &[], "GET", path, Json::Null), 200);
    world.device_token = None;
    world.device_secret = Some("wrong".to_owned());
    assert_eq!(status(&mut world, &key, "GET", path, Json::Null), 401);
    world.device_secret = Some("s1".to_owned());
    assert_eq!(status(&mut world, &key, "GET", path, Json::Null), 200);
    world.device_secret = None;

    // Others do not take it over.
    let mut stolen = mine.clone();
    stolen["deviceSecret"] = json!("s2");
    assert_eq!(
        status(
            &mut world,
            &key,
            "POST",
            "/push/deviceRegistrations",
            stolen
        ),
        401
    );
    // The collection's PATCH means the device that speaks.
    let change = json!({"push": {"recipient": {"transportType": "apns", "deviceToken": "t2"}}});
    assert_eq!(
        status(
            &mut world,
            &own,
            "PATCH",
            "/push/deviceRegistrations",
            change
        ),
        200
    );
    let subscription = json!({"channel": "pushenabled:a", "deviceId": "d1"});
    assert_eq!(
        status(
            &mut world,
            &key,
            "POST",
            "/push/channelSubscriptions",
            subscription.clone()
        ),
        401
    );
    world.device_token = Some(token.clone());
    assert_eq!(
        status(
            &mut world,
            &key,
            "POST",
            "/push/channelSubscriptions",
            subscription
        ),
        201
    );
    let seen = world.request_as(
        key.clone(),
        "GET",
        "/push/channelSubscriptions?concatFilters=true",
        Json::Null,
    );
    assert_eq!(body(&seen).as_array().map(Vec::len), Some(1));
    assert_eq!(
        status(&mut world, &key, "GET", "/push/channels", Json::Null),
        401
    );
    assert_eq!(
        status(
            &mut world,
            &key,
            "POST",
            "/push/publish",
            json!({"recipient": {"deviceId": "d1"}})
        ),
        401
    );
    world.device_token = None;

    let reset = world.request_as(
        own.to_vec(),
        "POST",
        &format!("{path}/resetUpdateToken"),
        Json::Null,
    );
    let new = text(&body(&reset)["deviceIdentityToken"]["token"]);
    assert_eq!(status(&mut world, &own, "GET", path, Json::Null), 401);
    let own = [Credential::Token(new)];
    assert_eq!(
        status(
            &mut world,
            &own,
            "DELETE",
            "/push/deviceRegistrations?deviceId=d1",
            Json::Null
        ),
        204
    );
    assert_eq!(status(&mut world, &own, "GET", path, Json::Null), 401);
}
