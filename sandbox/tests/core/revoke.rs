//! Revoking tokens.

use ably_sandbox::core::Limits;
use ably_sandbox::core::auth::Credential;
use serde_json::{Value as Json, json};

use crate::jwt::sign;
use crate::world::{Client, Sent, World, body, text};

fn world() -> World {
    World::with(Limits::default(), r#"{"keys":[{"revocableTokens":true}]}"#)
}

fn path(world: &World) -> String {
    let name = world.key.split(':').next().expect("a name");
    format!("/keys/{name}/revokeTokens")
}

fn revoke(world: &mut World, request: Json) -> Json {
    let response = world.request("POST", &path(world), request);
    assert_eq!(response.status, 200, "{response:?}");
    body(&response)
}

fn token(world: &mut World, request: Json) -> String {
    let name = world.key.split(':').next().expect("a name").to_owned();
    let response = world.request("POST", &format!("/keys/{name}/requestToken"), request);
    text(&body(&response)["token"])
}

fn with_token(world: &mut World, request: Json) -> (String, Client) {
    let token = token(world, request);
    let client = world.connect(&[("access_token", &token)]);
    (token, client)
}

fn assert_dropped(world: &mut World, client: &Client) {
    let mut sent = world.sent(client.transport);
    sent.retain(|sent| *sent != Sent::Ping);
    let [Sent::Frame(frame), Sent::Close] = sent.as_slice() else {
        panic!("{sent:?}");
    };
    assert_eq!(
        (
            &frame["action"],
            &frame["error"]["code"],
            &frame["error"]["statusCode"]
        ),
        (&json!(6), &json!(40141), &json!(401))
    );
}

#[test]
fn rsa17_clients_with_a_revoked_token_are_disconnected() {
    let mut world = world();
    let (alices, alice) = with_token(&mut world, json!({"clientId": "alice"}));
    let (_, bob) = with_token(&mut world, json!({"clientId": "bob"}));
    world.advance(1);
    let answer = revoke(
        &mut world,
        json!({"targets": ["clientId:alice", "fruit:apple", "clientId:"]}),
    );
    assert_eq!(
        (&answer["successCount"], &answer["failureCount"]),
        (&json!(1), &json!(2))
    );
    assert_eq!(
        answer["results"][0],
        json!({"target": "clientId:alice", "issuedBefore": world.now, "appliesAt": world.now})
    );
    assert_eq!(answer["results"][1]["error"]["statusCode"], 400);
    assert_dropped(&mut world, &alice);
    assert_eq!(world.sent(bob.transport), []);
    let again = world.open(&[("access_token", &alices)]);
    assert_eq!(world.frames(again)[0]["error"]["code"], 40141);
    let rest = world.request_as(
        vec![Credential::Token(alices)],
        "GET",
        "/channels/a/messages",
        Json::Null,
    );
    assert_eq!(
        (rest.status, &body(&rest)["error"]["code"]),
        (401, &json!(40141))
    );
    world.advance(1);
    with_token(&mut world, json!({"clientId": "alice"}));
}

#[test]
fn channels_and_revocation_keys_are_targets_too() {
    let mut world = world();
    let (_, by_channel) = with_token(&mut world, json!({"capability": "{\"a:b\":[\"*\"]}"}));
    let (_, wider) = with_token(&mut world, json!({"capability": "{\"a:*\":[\"*\"]}"}));
    let jwt = sign(
        &world,
        &world.key.clone(),
        json!({"x-ably-revocation-key": "team"}),
    );
    let by_key = world.connect(&[("access_token", &jwt)]);
    world.advance(1);
    revoke(
        &mut world,
        json!({"targets": ["channel:a:b", "revocationKey:team"]}),
    );
    assert_dropped(&mut world, &by_channel);
    assert_dropped(&mut world, &by_key);
    assert_eq!(world.sent(wider.transport), []);
}

#[test]
fn tokens_issued_after_issued_before_live_on() {
    let mut world = world();
    let (_, early) = with_token(&mut world, json!({"clientId": "alice"}));
    world.advance(1_000);
    let (_, late) = with_token(&mut world, json!({"clientId": "alice"}));
    let before = world.now - 500;
    let answer = revoke(
        &mut world,
        json!({"targets": ["clientId:alice"], "issuedBefore": before}),
    );
    assert_eq!(answer["results"][0]["issuedBefore"], before);
    assert_dropped(&mut world, &early);
    assert_eq!(world.sent(late.transport), []);
}

#[test]
fn with_a_margin_clients_are_asked_for_another_token_first() {
    let mut world = world();
    let (_, quick) = with_token(&mut world, json!({"clientId": "alice"}));
    let (_, slow) = with_token(&mut world, json!({"clientId": "alice"}));
    world.advance(1);
    let request = json!({"targets": ["clientId:alice"], "allowReauthMargin": true});
    let answer = revoke(&mut world, request);
    assert_eq!(answer["results"][0]["appliesAt"], world.now + 30_000);
    for client in [&quick, &slow] {
        assert_eq!(world.take(client), [json!({"action": 17})]);
    }
    world.advance(10);
    let new = token(&mut world, json!({"clientId": "alice"}));
    let frames = world.ask(&quick, json!({"action": 17, "auth": {"accessToken": new}}));
    assert_eq!(frames[0]["action"], 4);
    world.advance_alive(29_000, &[&quick, &slow]);
    world.take(&slow);
    world.take(&quick);
    world.advance_alive(2_000, &[&quick, &slow]);
    assert_dropped(&mut world, &slow);
    assert!(
        world
            .sent(quick.transport)
            .iter()
            .all(|sent| *sent == Sent::Ping)
    );
}

#[test]
fn revocations_that_may_not_be_are_refused() {
    let mut world = world();
    let good = json!({"targets": ["clientId:a"]});
    let revoke = path(&world);
    let token = token(&mut world, json!({}));
    let by_token = world.request_as(
        vec![Credential::Token(token)],
        "POST",
        &revoke,
        good.clone(),
    );
    assert_eq!(
        (by_token.status, &body(&by_token)["error"]["code"]),
        (401, &json!(40162))
    );
    let many = vec!["clientId:a"; 101];
    let future = json!({"targets": ["clientId:a"], "issuedBefore": world.now + 1});
    for (path, request, code) in [
        (revoke.as_str(), json!([]), 40001),
        (&revoke, json!({}), 40003),
        (&revoke, json!({"targets": many}), 40003),
        (&revoke, future, 40003),
        (&revoke, json!({"targets": "x"}), 40000),
        ("/keys/no.key/revokeTokens", good.clone(), 40400),
    ] {
        let response = world.request("POST", path, request.clone());
        assert_eq!(body(&response)["error"]["code"], code, "{request}");
    }
    let mut plain = World::new();
    let path = path(&plain);
    let response = plain.request("POST", &path, good);
    assert_eq!(
        (response.status, &body(&response)["error"]["code"]),
        (401, &json!(40163))
    );
}

#[test]
fn tokens_of_a_key_with_revocable_tokens_live_an_hour_at_most() {
    let mut world = world();
    let name = world.key.split(':').next().expect("a name").to_owned();
    let path = format!("/keys/{name}/requestToken");
    let response = world.request("POST", &path, json!({"ttl": 3_600_001}));
    assert_eq!(
        (response.status, &body(&response)["error"]["code"]),
        (400, &json!(40003))
    );
    assert_eq!(
        world
            .request("POST", &path, json!({"ttl": 3_600_000}))
            .status,
        201
    );
}
