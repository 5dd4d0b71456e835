//! Tokens: issuing, using, ending, replacing.

use ably_sandbox::core::auth::Credential;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value as Json, json};
use sha2::Sha256;

use crate::world::{Client, World, body, text};

/// Signs a token request as a client does.
fn signed(world: &World, mut request: Json, nonce: &str) -> Json {
    let (name, secret) = world.key.split_once(':').expect("a key");
    request["keyName"] = json!(name);
    request["nonce"] = json!(nonce);
    if request.get("timestamp").is_none() {
        request["timestamp"] = json!(world.now);
    }
    let line = |key: &str| match &request[key] {
        Json::Null => String::new(),
        Json::String(text) => text.clone(),
        other => other.to_string(),
    };
    let lines = [
        "keyName",
        "ttl",
        "capability",
        "clientId",
        "timestamp",
        "nonce",
    ]
    .map(line);
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any length");
    mac.update((lines.join("\n") + "\n").as_bytes());
    let mac = ably_sandbox::wire::data::to_base64(&mac.finalize().into_bytes());
    request["mac"] = json!(mac);
    request
}

fn ask(world: &mut World, request: Json) -> (u16, Json) {
    let name = world.key.split(':').next().expect("a name").to_owned();
    let path = format!("/keys/{name}/requestToken");
    let response = world.request_as(Vec::new(), "POST", &path, request);
    (response.status, body(&response))
}

fn token(world: &mut World, request: Json, nonce: &str) -> String {
    let request = signed(world, request, nonce);
    let (status, details) = ask(world, request);
    assert_eq!(status, 201, "{details}");
    text(&details["token"])
}

#[test]
fn a_signed_request_gives_a_token_that_connects() {
    let mut world = World::new();
    let request = signed(&world, json!({"clientId": "alice"}), "0123456789abcdef");
    let (status, details) = ask(&mut world, request);
    assert_eq!(status, 201);
    assert_eq!(details["issued"], world.now);
    assert_eq!(details["expires"], world.now + 3_600_000);
    assert_eq!(details["capability"], "{\"*\":[\"*\"]}");
    assert_eq!(details["clientId"], "alice");
    let token = text(&details["token"]);
    let transport = world.open(&[("access_token", &token)]);
    let frames = world.frames(transport);
    assert_eq!(frames[0]["connectionDetails"]["clientId"], "alice");
}

#[test]
fn bad_requests_are_refused_with_their_codes() {
    let mut world = World::new();
    let refusal = |world: &mut World, request: Json| {
        let (status, answer) = ask(world, request);
        (status, answer["error"]["code"].as_u64().expect("a code"))
    };
    let mut forged = signed(&world, json!({}), "0123456789abcde0");
    forged["clientId"] = json!("mallory");
    assert_eq!(refusal(&mut world, forged), (401, 40101));
    assert_eq!(refusal(&mut world, json!({"ttl": 5})), (401, 40101));
    let once = signed(&world, json!({}), "0123456789abcde1");
    assert_eq!(ask(&mut world, once.clone()).0, 201);
    assert_eq!(refusal(&mut world, once), (401, 40105));
    let cases = [
        (json!({"timestamp": world.now - 1_800_000}), (401, 40104)),
        (
            json!({"timestamp": -i64::try_from(world.now).expect("a time")}),
            (401, 40104),
        ),
        (json!({"ttl": -1}), (400, 40003)),
        (json!({"ttl": 86_400_001}), (400, 40003)),
        (json!({"ttl": "NaN"}), (401, 40101)),
        (json!({"clientId": ""}), (400, 40012)),
        (json!({"capability": "{\"*\":[\"fly\"]}"}), (400, 40000)),
        (json!({"capability": "{\"*\":[]}"}), (400, 40000)),
        (json!({"capability": "[]"}), (400, 40000)),
    ];
    for (index, (request, expected)) in cases.into_iter().enumerate() {
        let request_signed = signed(
            &world,
            request.clone(),
            &format!("0123456789abcd{index:02}"),
        );
        let found = refusal(&mut world, request_signed);
        if request["ttl"] == "NaN" {
            // Not a number is refused before the mac is looked at.
            assert_eq!(found, (400, 40003));
        } else {
            assert_eq!(found, expected, "{request}");
        }
    }
}

#[test]
fn digits_as_text_and_null_fields_are_accepted() {
    let mut world = World::new();
    let timestamp = world.now.to_string();
    let request =
        json!({"ttl": "60000", "timestamp": timestamp, "clientId": null, "capability": ""});
    let request = signed(&world, request, "0123456789abcdef");
    let (status, details) = ask(&mut world, request);
    assert_eq!(
        (status, &details["expires"]),
        (201, &json!(world.now + 60_000))
    );
}

#[test]
fn capabilities_are_intersected_with_the_keys() {
    let spec =
        r#"{"keys":[{"capability":{"a:*":["publish","subscribe"],"b":["*"],"c":["history"]}}]}"#;
    let mut world = World::with(Default::default(), spec);
    let cases = [
        (
            r#"{"*":["*"]}"#,
            r#"{"a:*":["publish","subscribe"],"b":["*"],"c":["history"]}"#,
        ),
        (r#"{"a:x":["*"]}"#, r#"{"a:x":["publish","subscribe"]}"#),
        (
            r#"{"a:*":["subscribe","history"],"c":["publish"]}"#,
            r#"{"a:*":["subscribe"]}"#,
        ),
        (r#"{"b":["presence"]}"#, r#"{"b":["presence"]}"#),
        (
            r#"{"*":["history"]}"#,
            r#"{"b":["history"],"c":["history"]}"#,
        ),
    ];
    for (index, (wanted, granted)) in cases.into_iter().enumerate() {
        let nonce = format!("0123456789abcd{index:02}");
        let request = signed(&world, json!({"capability": wanted}), &nonce);
        let (status, details) = ask(&mut world, request);
        assert_eq!(
            (status, &details["capability"]),
            (201, &json!(granted)),
            "{wanted}"
        );
    }
    let request = signed(
        &world,
        json!({"capability": "{\"d\":[\"*\"]}"}),
        "0123456789abcdef",
    );
    let (status, answer) = ask(&mut world, request);
    assert_eq!((status, &answer["error"]["code"]), (401, &json!(40160)));
}

#[test]
fn token_client_ids_rule_the_connection() {
    let mut world = World::new();
    let anonymous = token(&mut world, json!({}), "0123456789abcde0");
    let alice = token(&mut world, json!({"clientId": "alice"}), "0123456789abcde1");
    let any = token(&mut world, json!({"clientId": "*"}), "0123456789abcde2");
    let mut first = |params: &[(&str, &str)]| {
        let transport = world.open(params);
        world.frames(transport)[0].clone()
    };
    let id = |frame: &Json| frame["connectionDetails"]["clientId"].clone();
    assert_eq!(id(&first(&[("access_token", &anonymous)])), Json::Null);
    assert_eq!(
        id(&first(&[("access_token", &alice), ("clientId", "alice")])),
        "alice"
    );
    assert_eq!(id(&first(&[("access_token", &any)])), "*");
    assert_eq!(
        id(&first(&[("access_token", &any), ("clientId", "bob")])),
        "bob"
    );
    for wrong in [&anonymous, &alice] {
        let frame = first(&[("access_token", wrong), ("clientId", "bob")]);
        assert_eq!(
            (&frame["action"], &frame["error"]["code"]),
            (&json!(9), &json!(40102))
        );
    }
    let client = world.connect(&[("access_token", &anonymous)]);
    let frames = world.ask(
        &client,
        json!({"action": 15, "channel": "a", "msgSerial": 0,
        "messages": [{"data": "x", "clientId": "me"}]}),
    );
    assert_eq!(frames[0]["error"]["code"], 40012);
}

fn connected(world: &mut World, ttl: u64) -> Client {
    let token = token(world, json!({"ttl": ttl}), "0123456789abcdef");
    world.connect(&[("access_token", &token)])
}

#[test]
fn a_token_is_asked_for_anew_before_it_ends_and_ends() {
    let mut world = World::new();
    let client = connected(&mut world, 60_000);
    world.advance_alive(29_999, &[&client]);
    assert_eq!(world.take(&client).len(), 0);
    world.advance_alive(1, &[&client]);
    assert_eq!(world.take(&client), [json!({"action": 17})]);
    world.advance_alive(30_000, &[&client]);
    let frames = world.take(&client);
    assert_eq!(
        (&frames[0]["action"], &frames[0]["error"]["code"]),
        (&json!(6), &json!(40142))
    );
    assert_eq!(frames[0]["error"]["statusCode"], 401);
}

#[test]
fn a_new_token_prolongs_the_same_connection_and_changes_what_it_may() {
    let mut world = World::new();
    let client = connected(&mut world, 60_000);
    world.attach(&client, "a");
    world.attach(&client, "b");
    world.advance_alive(30_000, &[&client]);
    world.take(&client);
    let wanted = json!({"capability": "{\"a\":[\"subscribe\"]}"});
    let narrower = token(&mut world, wanted, "0123456789abcde0");
    let auth = json!({"action": 17, "auth": {"accessToken": narrower}});
    let frames = world.ask(&client, auth);
    assert_eq!(
        (&frames[0]["action"], &frames[0]["connectionId"]),
        (&json!(4), &json!(client.id))
    );
    assert_eq!(frames[0]["connectionDetails"]["connectionKey"], client.key);
    assert_eq!(
        (&frames[1]["action"], &frames[1]["channel"]),
        (&json!(11), &json!("a"))
    );
    assert_eq!(frames[1]["flags"], 262_144 + 524_288 + 4);
    assert_eq!(
        (&frames[2]["action"], &frames[2]["channel"]),
        (&json!(9), &json!("b"))
    );
    assert_eq!(frames[2]["error"]["code"], 40160);
    world.advance_alive(60_000, &[&client]);
    assert_eq!(world.publish(&client, 0, "a", "x")["error"]["code"], 40160);
    let frames = world.ask(
        &client,
        json!({"action": 17, "auth": {"accessToken": "nonsense"}}),
    );
    assert_eq!(frames[0]["error"]["code"], 40143);
}

#[test]
fn expired_tokens_are_known_as_such() {
    let mut world = World::new();
    let token = token(&mut world, json!({"ttl": 1_000}), "0123456789abcdef");
    let bearer = vec![Credential::Token(token.clone())];
    assert_eq!(
        world
            .request_as(bearer.clone(), "GET", "/channels/a/messages", Json::Null)
            .status,
        200
    );
    world.advance(1_000);
    let response = world.request_as(bearer, "GET", "/channels/a/messages", Json::Null);
    assert_eq!(
        (response.status, &body(&response)["error"]["code"]),
        (401, &json!(40142))
    );
    let transport = world.open(&[("access_token", &token)]);
    let frames = world.frames(transport);
    assert_eq!(
        (&frames[0]["action"], &frames[0]["error"]["code"]),
        (&json!(6), &json!(40142))
    );
}

#[test]
fn the_key_itself_vouches_for_an_unsigned_request() {
    let mut world = World::new();
    let name = world.key.split(':').next().expect("a name").to_owned();
    let path = format!("/keys/{name}/requestToken");
    let response = world.request("POST", &path, json!({"keyName": name, "ttl": 1_000}));
    assert_eq!(response.status, 201);
    assert_eq!(body(&response)["expires"], world.now + 1_000);
}

#[test]
fn a_short_token_ends_without_being_asked_for() {
    let mut world = World::new();
    let client = connected(&mut world, 20_000);
    world.advance_alive(19_999, &[&client]);
    assert_eq!(world.take(&client).len(), 0);
    world.advance_alive(1, &[&client]);
    let frames = world.take(&client);
    assert_eq!(
        (
            frames.len(),
            &frames[0]["action"],
            &frames[0]["error"]["code"]
        ),
        (1, &json!(6), &json!(40142))
    );
    // The connection is there for whoever comes back with another.
    let again = token(&mut world, json!({}), "0123456789abcde1");
    let params = [
        ("access_token", again.as_str()),
        ("resume", client.key.as_str()),
    ];
    assert_eq!(world.connect(&params).id, client.id);
}

#[test]
fn a_token_of_another_client_ends_the_connection() {
    let mut world = World::new();
    let alice = token(&mut world, json!({"clientId": "alice"}), "0123456789abcde0");
    let bob = token(&mut world, json!({"clientId": "bob"}), "0123456789abcde1");
    let client = world.connect(&[("access_token", &alice)]);
    let frames = world.ask(&client, json!({"action": 17, "auth": {"accessToken": bob}}));
    assert_eq!(
        (&frames[0]["action"], &frames[0]["error"]["code"]),
        (&json!(9), &json!(40102))
    );
    assert!(world.core.connections().is_empty());
}
