//! What survives a restart, and that nobody is told of anything else.

use ably_sandbox::core::auth::Credential;
use ably_sandbox::core::{Core, Limits};
use ably_sandbox::wire::{Format, Value};
use serde_json::{Value as Json, json};

use crate::world::{START, World, body, data_of, text, value};

/// A server that has been told everything there is to keep, and the records of that.
fn lived() -> (World, Vec<Vec<u8>>) {
    let spec = r#"{"keys":[{"revocableTokens":true}],
        "namespaces":[{"id":"persisted","persisted":true},{"id":"mutable","mutableMessages":true},
            {"id":"pushenabled","pushEnabled":true}],
        "channels":[{"name":"persisted:fixtures","presence":[{"clientId":"fix","data":"1"}]}]}"#;
    let mut core = Core::new(Limits::default(), [7; 32], START);
    core.keep_journal();
    let (_, key) = core.create_app(&value(spec), START).expect("the app");
    let mut world = World::new();
    (world.core, world.key) = (core, key.expect("a key"));
    let key = world.key.clone();
    world.core.set_main_key(&key);
    let ok = |world: &mut World, method: &str, path: &str, request: Json| -> Json {
        let response = world.request(method, path, request);
        assert!(response.status < 300, "{path}: {response:?}");
        body(&response)
    };
    let channel = "/channels/persisted:a/messages";
    ok(
        &mut world,
        "POST",
        channel,
        json!([{"data": "1", "extras": {"headers": {"a": [1, null]}}}, {"data": {"x": 1}}]),
    );
    ok(
        &mut world,
        "POST",
        channel,
        json!({"data": "AP8=", "encoding": "cipher+aes-128-cbc/base64", "name": "n"}),
    );
    ok(
        &mut world,
        "POST",
        channel,
        json!({"data": "gone", "extras": {"ephemeral": true}}),
    );
    ok(
        &mut world,
        "POST",
        channel,
        json!({"id": "once", "data": "o"}),
    );
    ok(
        &mut world,
        "POST",
        "/channels/mutable:a/messages",
        json!({"data": "m"}),
    );
    let serial = text(&world.get("/channels/mutable:a/messages")[0]["serial"]);
    let path = format!("/channels/mutable:a/messages/{serial}/annotations");
    ok(
        &mut world,
        "POST",
        &path,
        json!([{"type": "t:distinct.v1", "name": "x", "clientId": "c", "data": "d"}]),
    );
    let name = world.key.split(':').next().expect("a name").to_owned();
    ok(
        &mut world,
        "POST",
        &format!("/keys/{name}/requestToken"),
        json!({"clientId": "revoked"}),
    );
    world.advance(1);
    ok(
        &mut world,
        "POST",
        &format!("/keys/{name}/revokeTokens"),
        json!({"targets": ["clientId:revoked"]}),
    );
    let recipient = json!({"transportType": "ablyChannel", "channel": "to", "ablyKey": world.key});
    for id in ["d1", "d2"] {
        ok(
            &mut world,
            "POST",
            "/push/deviceRegistrations",
            json!({"id": id, "platform": "ios", "push": {"recipient": recipient}, "metadata": {"a": 1}}),
        );
        ok(
            &mut world,
            "POST",
            "/push/channelSubscriptions",
            json!({"channel": "pushenabled:a", "deviceId": id}),
        );
    }
    ok(
        &mut world,
        "POST",
        "/push/channelSubscriptions",
        json!({"channel": "pushenabled:a", "clientId": "c"}),
    );
    ok(
        &mut world,
        "DELETE",
        "/push/channelSubscriptions?clientId=c",
        Json::Null,
    );
    ok(
        &mut world,
        "DELETE",
        "/push/deviceRegistrations/d2",
        Json::Null,
    );
    ok(
        &mut world,
        "POST",
        "/stats",
        json!([{"intervalId": "2020-01-02:03:04", "inbound": {"rest": {"messages": {"count": 5}}}}]),
    );
    world.core.durable(u64::MAX);
    let alice = world.connect(&[("clientId", "alice")]);
    let frame = json!({"action": 10, "channel": "persisted:p"});
    world.ask(&alice, frame);
    let frame = json!({"action": 14, "channel": "persisted:p", "msgSerial": 0, "presence": [{"action": 2, "data": "here"}]});
    world.ask(&alice, frame);
    world.advance(1_000);
    let records = world.core.take_journal().expect("records").1;
    (world, records)
}

fn reborn(old: &World, records: &[Vec<u8>]) -> World {
    let now = old.now + 5_000;
    let mut core = Core::new(Limits::default(), [8; 32], now);
    for record in records {
        core.replay(record, now).expect("a record");
    }
    core.replayed(now);
    let mut world = World::new();
    (world.core, world.now, world.key) = (core, now, old.key.clone());
    world
}

const SAME: [&str; 9] = [
    "/channels/persisted:a/messages?direction=forwards",
    "/channels/mutable:a/messages",
    "/channels/persisted:p/presence/history",
    "/channels/persisted:fixtures/presence",
    "/channels/persisted:fixtures/presence/history",
    "/push/deviceRegistrations",
    "/push/channelSubscriptions",
    "/push/channels",
    "/stats?end=2020-12&unit=month",
];

#[test]
fn everything_that_is_to_survive_does_by_records_and_by_snapshot() {
    let (mut old, records) = lived();
    let snapshot = old.core.snapshot();
    let again = reborn(&old, &records).core.snapshot();
    for records in [records, snapshot, again] {
        let mut new = reborn(&old, &records);
        assert_eq!(new.core.main_key(), Some(old.key.as_str()));
        for path in SAME {
            let expected = old.get(path);
            assert_ne!(expected, json!([]), "{path}");
            assert_eq!(new.get(path), expected, "{path}");
        }
        let serial = text(&old.get(SAME[1])[0]["serial"]);
        let path = format!("/channels/mutable:a/messages/{serial}/annotations");
        assert_eq!(new.get(&path), old.get(&path));
        assert_eq!(new.get("/channels/persisted:p/presence"), json!([]));
        // The same message id again is still the same message, and new ones go on behind it.
        let channel = "/channels/persisted:a/messages";
        assert_eq!(
            new.request("POST", channel, json!({"id": "once", "data": "o"}))
                .status,
            201
        );
        assert_eq!(new.get(SAME[0]), old.get(SAME[0]));
        assert_eq!(
            new.request("POST", channel, json!({"data": "new"})).status,
            201
        );
        let history = new.get(channel);
        assert_eq!(history[0]["data"], "new");
        assert!(text(&history[0]["serial"]) > text(&history[1]["serial"]));
    }
}

#[test]
fn tokens_and_their_revocation_survive() {
    let mut world = World::with(Limits::default(), r#"{"keys":[{"revocableTokens":true}]}"#);
    let name = world.key.split(':').next().expect("a name").to_owned();
    let tokens = ["good", "bad"].map(|client| {
        let response = world.request(
            "POST",
            &format!("/keys/{name}/requestToken"),
            json!({"clientId": client}),
        );
        text(&body(&response)["token"])
    });
    world.advance(1);
    world.request(
        "POST",
        &format!("/keys/{name}/revokeTokens"),
        json!({"targets": ["clientId:bad"]}),
    );
    let mut new = reborn(&world, &world.core.snapshot());
    let status = tokens.map(|token| {
        let token = vec![Credential::Token(token)];
        new.request_as(token, "GET", "/channels/a/messages", Json::Null)
            .status
    });
    assert_eq!(status, [200, 401]);
}

#[test]
fn a_client_resumes_its_channel_across_a_restart() {
    let mut world = World::new();
    let client = world.connect(&[]);
    world.attach(&client, "a");
    world.publish(&client, 0, "a", "seen");
    let seen = text(
        &world
            .request("GET", "/channels/a/messages", Json::Null)
            .body
            .and_then(|body| {
                let serial = body.as_list()?[0].text("serial").ok()?;
                Some(json!(serial?.split(':').next()))
            })
            .expect("a serial"),
    );
    world.request("POST", "/channels/a/messages", json!({"data": "missed"}));
    let mut new = reborn(&world, &world.core.snapshot());
    let (again, error) = new.connect_with_error(&[("resume", &client.key)]);
    assert_eq!(error["code"], 80018);
    let frames = new.ask(
        &again,
        json!({"action": 10, "channel": "a", "flags": 32, "channelSerial": seen}),
    );
    assert_eq!(frames[0]["flags"].as_u64().expect("flags") & 4, 4);
    assert_eq!(data_of(&frames), ["missed"]);
}

#[test]
fn nothing_is_told_before_it_is_durable() {
    let mut world = World::new();
    let (publisher, listener) = (world.connect(&[]), world.connect(&[]));
    world.attach(&publisher, "a");
    world.attach(&listener, "a");
    world.core.keep_journal();
    let publish = |serial: u64| json!({"action": 15, "channel": "a", "msgSerial": serial, "messages": [{"data": serial.to_string()}]});
    for serial in 0..2 {
        assert_eq!(world.ask(&publisher, publish(serial)), [] as [Json; 0]);
        assert_eq!(world.take(&listener), [] as [Json; 0]);
        let (number, records) = world.core.take_journal().expect("a record");
        assert_eq!((number, records.len()), (serial + 1, 1));
    }
    world.core.take_wakeups();
    world.core.durable(1);
    let woken = world.core.take_wakeups();
    assert!(woken.contains(&publisher.transport) && woken.contains(&listener.transport));
    assert_eq!(data_of(&world.take(&listener)), ["0"]);
    assert_eq!(world.take(&publisher).len(), 2);
    // Who comes later is not told of what may yet be lost either.
    let late = world.open(&[]);
    assert_eq!(world.frames(late), [] as [Json; 0]);
    world.core.durable(2);
    assert_eq!(data_of(&world.take(&listener)), ["1"]);
    assert_eq!(world.frames(late)[0]["action"], 4);
    assert_eq!(world.core.take_journal(), None);
}

#[test]
fn records_that_are_none_are_refused_without_harm() {
    let (old, records) = lived();
    let mut core = Core::new(Limits::default(), [7; 32], old.now);
    for record in [
        &b""[..],
        b"\xc1",
        b"x",
        &Format::Msgpack.encode(&Value::Map(vec![])),
    ] {
        assert!(core.replay(record, old.now).is_err());
    }
    for record in &records {
        let Value::Map(fields) = Format::Msgpack.decode(record).expect("a record") else {
            panic!("no map");
        };
        for index in 0..fields.len() {
            let mut damaged = fields.clone();
            damaged[index].1 = Value::Float(0.5);
            let _ = core.replay(&Format::Msgpack.encode(&Value::Map(damaged)), old.now);
        }
        core.replay(record, old.now).expect("a record");
    }
    let later = value(r#"{"t":"hologram","app":"x"}"#);
    assert_eq!(
        core.replay(&Format::Msgpack.encode(&later), old.now),
        Ok(())
    );
}
