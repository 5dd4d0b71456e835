//! Input that no honest client sends.

use ably_sandbox::core::Limits;
use ably_sandbox::wire::{ErrorInfo, Format, Value};
use serde_json::json;

use crate::world::{Sent, World};

#[test]
fn frames_that_are_none_end_the_connection_with_a_reason() {
    let mut world = World::new();
    for (frame, code) in [
        (json!(null), 80013),
        (json!([]), 80013),
        (json!("x"), 80013),
        (json!({}), 80013),
        (json!({"action": "15"}), 40000),
        (json!({"action": -1}), 40000),
        (json!({"action": 1.5}), 40000),
        (json!({"action": 15, "channel": 5}), 40000),
        (json!({"action": 15, "channel": "a", "messages": {}}), 40000),
        (json!({"action": 15, "channel": "a", "messages": []}), 80013),
        (
            json!({"action": 15, "channel": "a", "msgSerial": "x"}),
            40000,
        ),
        (json!({"action": 10}), 80013),
        (json!({"action": 10, "channel": "a", "params": []}), 80013),
        (
            json!({"action": 10, "channel": "a", "params": {"x": []}}),
            80013,
        ),
        (json!({"action": 10, "channel": "a", "flags": "x"}), 40000),
        (json!({"action": 17}), 80013),
    ] {
        let client = world.connect(&[]);
        world.send(&client, frame.clone());
        let sent = world.sent(client.transport);
        let [Sent::Frame(error), Sent::Close] = sent.as_slice() else {
            panic!("{frame}: {sent:?}");
        };
        assert_eq!(
            (&error["action"], &error["error"]["code"]),
            (&json!(9), &json!(code)),
            "{frame}"
        );
        assert!(error.get("channel").is_none());
        // What comes after the end is not looked at.
        world.send(&client, json!({"action": 0}));
        assert_eq!(world.sent(client.transport), []);
    }
}

#[test]
fn unknown_actions_and_fields_are_ignored() {
    let mut world = World::new();
    let client = world.connect(&[]);
    for action in [1, 3, 4, 16, 18, 20, 22, 4_000_000_000_u64] {
        assert_eq!(
            world.ask(&client, json!({"action": action, "what": {"is": "this"}})),
            [] as [serde_json::Value; 0]
        );
    }
    assert_eq!(
        world
            .ask(&client, json!({"action": 0, "id": "1", "x": [1]}))
            .len(),
        1
    );
}

#[test]
fn deep_nesting_is_refused_in_both_formats() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(Format::Json.decode(nested(60).as_bytes()).is_ok());
    for depth in [65, 200, 100_000] {
        let error = Format::Json
            .decode(nested(depth).as_bytes())
            .expect_err("too deep");
        assert!(error.starts_with("bad JSON"), "{error}");
    }
    for depth in [100, 100_000] {
        let mut bytes = vec![0x91; depth];
        bytes.push(0xc0);
        let error = Format::Msgpack.decode(&bytes).expect_err("too deep");
        assert!(error.starts_with("bad msgpack"), "{error}");
    }
}

#[test]
fn msgpack_that_promises_more_than_it_holds_is_refused() {
    for bytes in [
        &[0xdd, 0xff, 0xff, 0xff, 0xff][..],
        &[0xdf, 0xff, 0xff, 0xff, 0xff],
        &[0xc6, 0xff, 0xff, 0xff, 0xff],
        &[0xdb, 0xff, 0xff, 0xff, 0xff, 0x61],
        &[0x81, 0x01, 0x01],
        &[0xa1, 0xff],
        &[0xc0, 0xc0],
        &[],
    ] {
        let error = Format::Msgpack.decode(bytes).expect_err("not msgpack");
        assert!(error.starts_with("bad msgpack"), "{error}");
    }
}

#[test]
fn both_formats_give_back_what_they_were_given() {
    let value = Value::Map(vec![
        ("text".into(), Value::from("tëxt\u{0}")),
        (
            "numbers".into(),
            Value::List(vec![
                Value::Int(-1),
                Value::Int(0),
                Value::Int(i64::MIN),
                Value::Int(i64::MAX),
                Value::Uint(u64::MAX),
                Value::Float(1.5),
                Value::Int(1_700_000_000_000),
            ]),
        ),
        (
            "others".into(),
            Value::List(vec![Value::Null, Value::Bool(true), Value::Map(vec![])]),
        ),
    ]);
    for format in [Format::Json, Format::Msgpack] {
        let mut back = format
            .decode(&format.encode(&value))
            .expect("its own output");
        // JSON objects come back sorted.
        if let (Value::Map(back), Value::Map(value)) = (&mut back, &value) {
            back.sort_by_key(|(key, _)| value.iter().position(|(known, _)| known == key));
        }
        assert_eq!(back, value, "{format}");
    }
    let bytes = Value::Bytes(vec![0, 255, 128]);
    assert_eq!(
        Format::Msgpack.decode(&Format::Msgpack.encode(&bytes)),
        Ok(bytes.clone())
    );
    assert_eq!(Format::Json.encode(&bytes), b"\"AP+A\"");
}

/// A small generator: the same frames in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % sides
    }
}

#[test]
fn damaged_frames_never_panic_and_never_wedge_the_server() {
    let frames = [
        json!({"action": 15, "channel": "a", "msgSerial": 1, "messages": [{"name": "n", "data": "d",
            "id": "x:0", "extras": {"headers": {"a": [1, {"b": null}]}}, "encoding": "utf-8/base64"}]}),
        json!({"action": 14, "channel": "a", "msgSerial": 2, "presence": [{"action": 2,
            "clientId": "c", "data": {"x": 1}}]}),
        json!({"action": 10, "channel": "[?rewind=2]a", "flags": 983_072, "channelSerial":
            "01700000000000-000001@abcdefgh", "params": {"rewind": "5s", "modes": "subscribe"}}),
        json!({"action": 17, "auth": {"accessToken": "t"}}),
        json!({"action": 12, "channel": "a"}),
    ];
    let limits = Limits {
        max_connections: 200,
        ..Limits::default()
    };
    let mut world = World::with(limits, r#"{"keys":[{}]}"#);
    let mut dice = Dice(42);
    for round in 0..20_000 {
        let format = if round % 2 == 0 {
            Format::Json
        } else {
            Format::Msgpack
        };
        let frame = crate::world::value(&frames[dice.roll(frames.len())].to_string());
        let mut bytes = format.encode(&frame);
        for _ in 0..=dice.roll(3) {
            let place = dice.roll(bytes.len());
            match dice.roll(3) {
                0 => bytes[place] = u8::try_from(dice.roll(256)).expect("a byte"),
                1 => bytes.truncate(place.max(1)),
                _ => bytes.insert(place, u8::try_from(dice.roll(256)).expect("a byte")),
            }
        }
        let client = world.connect(&[("format", if round % 2 == 0 { "json" } else { "msgpack" })]);
        let frame = format
            .decode(&bytes)
            .map_err(|why| ErrorInfo::bad(80013, why));
        world.core.receive(client.transport, frame, world.now);
        world.take(&client);
        world.lose(&client);
    }
    let client = world.connect(&[]);
    assert_eq!(world.publish(&client, 0, "b", "x")["action"], 1);
}

#[test]
fn requests_of_any_shape_are_answered_without_a_panic() {
    let paths = [
        "/apps",
        "/messages",
        "/presence?channels=a,,b",
        "/channels?limit=5&cursor=x",
        "/channels/a",
        "/channels/mutable:a/messages?direction=forwards",
        "/channels/a/presence",
        "/channels/mutable:a/messages/SERIAL/annotations?cursor=%3A",
        "/stats?unit=month&start=2020-01",
        "/keys/KEY/requestToken",
        "/keys/KEY/revokeTokens",
        "/push/publish",
        "/push/batch/publish",
        "/push/deviceRegistrations",
        "/push/deviceRegistrations/d",
        "/push/deviceRegistrations/d/resetUpdateToken",
        "/push/channelSubscriptions?clientId=c",
        "/push/channels",
        "/time",
        "//",
        "/push",
    ];
    let bodies = [
        json!({"id": "d", "platform": "ios", "metadata": {}, "push": {"recipient": {"transportType": "apns", "deviceToken": "t"}}}),
        json!({"channel": "pushenabled:a", "clientId": "c", "deviceId": null}),
        json!([{"channels": ["a", "b"], "messages": [{"data": "x", "extras": {"push": {"data": {"x": 1}}}}]}]),
        json!({"recipient": {"clientId": "c"}, "payload": {"data": {}}}),
        json!([{"type": "t:multiple.v1", "name": "n", "count": 2, "clientId": "c", "data": [1]}]),
        json!({"targets": ["clientId:c"], "issuedBefore": 5, "allowReauthMargin": true, "ttl": 5, "capability": "{}"}),
        json!([{"intervalId": "2020-01-01:00:00", "inbound": {"all": {"messages": {"count": 1.5, "data": -1}}}}]),
    ];
    let spec = r#"{"keys":[{"revocableTokens":true}],"namespaces":[{"id":"mutable","mutableMessages":true},
        {"id":"pushenabled","pushEnabled":true}]}"#;
    let mut world = World::with(Limits::default(), spec);
    world.core.keep_journal();
    world.request("POST", "/channels/mutable:a/messages", json!({"data": "x"}));
    let serial = world.get("/channels/mutable:a/messages")[0]["serial"]
        .as_str()
        .expect("a serial")
        .to_owned();
    let name = world.key.split(':').next().expect("a name").to_owned();
    let mut dice = Dice(7);
    for round in 0..10_000 {
        let method = ["GET", "POST", "PUT", "PATCH", "DELETE"][dice.roll(5)];
        let path = paths[dice.roll(paths.len())]
            .replace("SERIAL", &serial)
            .replace("KEY", &name);
        if (method, path.as_str()) == ("POST", "/apps") && round > 500 {
            continue;
        }
        let mut bytes = bodies[dice.roll(bodies.len())].to_string().into_bytes();
        for _ in 0..dice.roll(3) {
            let place = dice.roll(bytes.len());
            bytes[place] = b"\"{}[]:,0n-e."[dice.roll(12)];
        }
        let body = serde_json::from_slice(&bytes).unwrap_or(serde_json::Value::Null);
        world.version = 2 + u8::try_from(dice.roll(2)).expect("a version");
        let response = world.request(method, &path, body);
        assert!(
            (200..500).contains(&response.status) || response.status == 503,
            "{path}: {response:?}"
        );
        if round % 100 == 0 {
            world.advance(1_000);
            world.core.take_journal();
        }
    }
    assert_eq!(world.request("GET", "/time", json!(null)).status, 200);
}
