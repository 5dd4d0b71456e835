//! JSON Web Tokens.

use ably_sandbox::core::Limits;
use ably_sandbox::core::auth::Credential;
use ably_sandbox::wire::data::to_base64;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value as Json, json};
use sha2::Sha256;

use crate::world::{World, body, text};

fn part(bytes: &[u8]) -> String {
    let text = to_base64(bytes).replace('+', "-").replace('/', "_");
    text.trim_end_matches('=').to_owned()
}

fn encode(header: &Json, claims: &Json, secret: &str) -> String {
    let signed = format!(
        "{}.{}",
        part(header.to_string().as_bytes()),
        part(claims.to_string().as_bytes())
    );
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a key");
    mac.update(signed.as_bytes());
    format!("{signed}.{}", part(&mac.finalize().into_bytes()))
}

/// Signs claims with a key, and with times that are good for an hour unless others are given.
pub(crate) fn sign(world: &World, key: &str, mut claims: Json) -> String {
    let (name, secret) = key.split_once(':').expect("a key");
    let seconds = world.now / 1_000;
    for (claim, time) in [("iat", seconds), ("exp", seconds + 3_600)] {
        if claims.get(claim).is_none() {
            claims[claim] = json!(time);
        }
    }
    encode(
        &json!({"typ": "JWT", "alg": "HS256", "kid": name}),
        &claims,
        secret,
    )
}

fn status(world: &mut World, jwt: &str) -> (u16, Json) {
    let token = vec![Credential::Token(jwt.to_owned())];
    let response = world.request_as(token, "GET", "/channels/a/messages", Json::Null);
    let code = body(&response)["error"]["code"].clone();
    (response.status, code)
}

#[test]
fn a_jwt_connects_with_its_client_id_and_capability() {
    let mut world = World::new();
    let claims =
        json!({"x-ably-clientId": "alice", "x-ably-capability": "{\"a\":[\"subscribe\"]}"});
    let jwt = sign(&world, &world.key.clone(), claims);
    let transport = world.open(&[("access_token", &jwt)]);
    let connected = &world.frames(transport)[0];
    assert_eq!(connected["connectionDetails"]["clientId"], "alice");
    let client = world.connect(&[("access_token", &jwt)]);
    assert_eq!(world.attach(&client, "a")["flags"], 262_144 | 524_288);
    let frames = world.ask(&client, json!({"action": 10, "channel": "b"}));
    assert_eq!(frames[0]["error"]["code"], 40160);
    let other = world.open(&[("access_token", &jwt), ("clientId", "bob")]);
    assert_eq!(world.frames(other)[0]["error"]["code"], 40102);
}

#[test]
fn bad_jwts_are_refused_with_their_codes() {
    let mut world = World::with(
        Limits::default(),
        r#"{"keys":[{"capability":{"a":["history"]}}]}"#,
    );
    let key = world.key.clone();
    let (name, secret) = key.split_once(':').expect("a key");
    let seconds = world.now / 1_000;
    let good = sign(&world, &key, json!({}));
    assert_eq!(status(&mut world, &good), (200, Json::Null));
    let claims = json!({"iat": seconds, "exp": seconds + 60});
    let header = |alg: &str, kid: &str| json!({"alg": alg, "kid": kid});
    for (jwt, refused) in [
        (
            encode(&header("HS256", name), &claims, "wrong"),
            (401, 40144),
        ),
        (encode(&header("none", name), &claims, secret), (401, 40144)),
        (
            encode(&header("RS256", name), &claims, secret),
            (401, 40144),
        ),
        (
            encode(&header("HS256", "no.key"), &claims, secret),
            (404, 40400),
        ),
        (
            encode(&json!({"alg": "HS256"}), &claims, secret),
            (404, 40400),
        ),
        (
            encode(&header("HS256", name), &json!({"iat": seconds}), secret),
            (401, 40144),
        ),
        (
            encode(&header("HS256", name), &json!({"exp": "x"}), secret),
            (401, 40144),
        ),
        (
            sign(&world, &key, json!({"exp": seconds - 1})),
            (401, 40144),
        ),
        (
            sign(
                &world,
                &key,
                json!({"iat": seconds - 9, "exp": seconds - 1}),
            ),
            (401, 40142),
        ),
        (
            sign(&world, &key, json!({"x-ably-capability": "{"})),
            (401, 40144),
        ),
        (
            sign(
                &world,
                &key,
                json!({"x-ably-capability": "{\"b\":[\"*\"]}"}),
            ),
            (401, 40160),
        ),
        ("a.b.c".to_owned(), (401, 40144)),
        ("..".to_owned(), (401, 40144)),
        (good.replace('.', ".x"), (401, 40144)),
    ] {
        let (found, code) = status(&mut world, &jwt);
        assert_eq!((found, code), (refused.0, json!(refused.1)), "{jwt}");
    }
    world.advance(3_600_000);
    assert_eq!(status(&mut world, &good), (401, json!(40142)));
}

#[test]
fn a_token_of_ours_may_come_inside_a_jwt() {
    let mut world = World::new();
    let key = world.key.clone();
    let (name, _) = key.split_once(':').expect("a key");
    let request = json!({"keyName": name, "clientId": "alice"});
    let response = world.request("POST", &format!("/keys/{name}/requestToken"), request);
    let token = text(&body(&response)["token"]);
    let inside = sign(&world, &key, json!({"x-ably-token": token}));
    let transport = world.open(&[("access_token", &inside)]);
    assert_eq!(
        world.frames(transport)[0]["connectionDetails"]["clientId"],
        "alice"
    );
    let header = json!({"alg": "none", "x-ably-token": token});
    assert_eq!(
        status(&mut world, &encode(&header, &json!({}), "")),
        (200, Json::Null)
    );
    let (mut wrong, end) = (sign(&world, &key, json!({"x-ably-token": token})), "AAAA");
    wrong.replace_range(wrong.len() - 4.., end);
    assert_eq!(status(&mut world, &wrong), (401, json!(40144)));
    let unknown = sign(&world, &key, json!({"x-ably-token": "x.y"}));
    assert_eq!(status(&mut world, &unknown), (401, json!(40143)));
    let short = sign(
        &world,
        &key,
        json!({"x-ably-token": token, "exp": world.now / 1_000 + 5}),
    );
    world.advance(6_000);
    assert_eq!(status(&mut world, &short), (401, json!(40142)));
}

#[test]
fn what_a_jwt_says_about_a_client_is_put_on_its_messages() {
    let mut world = World::new();
    let claims = json!({"ably.channel.*": "guest", "ably.channel.a:*": "editor", "ably.channel.a:b": "owner"});
    let jwt = sign(&world, &world.key.clone(), claims);
    let client = world.connect(&[("access_token", &jwt)]);
    let plain = world.connect(&[]);
    for (channel, claim) in [("x", "guest"), ("a:c", "editor"), ("a:b", "owner")] {
        world.publish(&client, 0, channel, "1");
        let history = world.get(&format!("/channels/{channel}/messages"));
        assert_eq!(history[0]["extras"]["userClaim"], claim);
    }
    let forged = json!({"action": 15, "channel": "y", "msgSerial": 0,
        "messages": [{"data": "x", "extras": {"userClaim": "king", "headers": {"a": 1}}}]});
    world.ask(&plain, forged);
    assert_eq!(
        world.get("/channels/y/messages")[0]["extras"],
        json!({"headers": {"a": 1}})
    );
}
