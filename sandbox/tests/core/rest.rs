//! REST beyond history: apps, publishing, status, errors.

use ably_sandbox::core::auth::Credential;
use serde_json::{Value as Json, json};

use crate::world::{World, body, data_of, header, text};

#[test]
fn time_needs_no_credentials() {
    let mut world = World::new();
    let response = world.request_as(Vec::new(), "GET", "/time", Json::Null);
    assert_eq!(
        (response.status, body(&response)),
        (200, json!([world.now]))
    );
}

fn test_app() -> Json {
    json!({
        "limits": {"presence": {"maxMembers": 250}},
        "keys": [{}, {"capability": "{\"in:*\":[\"subscribe\"]}"}, {"revocableTokens": true},
            {"capability": {"[*]*": ["*"]}}],
        "namespaces": [{"id": "persisted", "persisted": true}, {"id": "mutable", "mutableMessages": true}],
        "channels": [{"name": "persisted:presence_fixtures", "presence": [
            {"clientId": "client_bool", "data": "true"},
            {"clientId": "client_decoded", "data": "{\"example\":1}", "encoding": "json"},
            {"clientId": "client_encoded", "data": "HO4cYSP8LybPYBPZPHQOtg==",
                "encoding": "json/utf-8/cipher+aes-128-cbc/base64"}]}]
    })
}

#[test]
fn an_app_comes_with_what_was_asked_for_and_can_be_deleted() {
    let mut world = World::new();
    let response = world.request_as(Vec::new(), "POST", "/apps", test_app());
    assert_eq!(response.status, 201);
    let app = body(&response);
    let keys = app["keys"].as_array().expect("keys");
    assert_eq!(
        (keys.len(), app["namespaces"].as_array().map(Vec::len)),
        (4, Some(2))
    );
    assert_eq!(keys[0]["capability"], "{\"*\":[\"*\"]}");
    assert_eq!(keys[1]["capability"], "{\"in:*\":[\"subscribe\"]}");
    let whole = text(&keys[0]["keyStr"]);
    assert_eq!(
        whole,
        format!(
            "{}:{}",
            text(&keys[0]["keyName"]),
            text(&keys[0]["keySecret"])
        )
    );
    assert!(whole.starts_with(&format!("{}.", text(&app["appId"]))));

    let first = vec![Credential::Key(whole.clone())];
    let path = "/channels/persisted:presence_fixtures/presence";
    let members = body(&world.request_as(first.clone(), "GET", path, Json::Null));
    let encoded = members.as_array().expect("members").iter();
    let encoded = encoded.filter(|member| member["clientId"] == "client_encoded");
    let encoded: Vec<_> = encoded.collect();
    assert_eq!(encoded[0]["data"], "HO4cYSP8LybPYBPZPHQOtg==");
    assert_eq!(
        encoded[0]["encoding"],
        "json/utf-8/cipher+aes-128-cbc/base64"
    );
    assert_eq!(encoded[0]["action"], 1);
    let history =
        body(&world.request_as(first.clone(), "GET", &format!("{path}/history"), Json::Null));
    assert_eq!(
        (history.as_array().map(Vec::len), &history[0]["action"]),
        (Some(3), &json!(2))
    );

    let app_path = format!("/apps/{}", text(&app["appId"]));
    let other = world.request("DELETE", &app_path, Json::Null);
    assert_eq!(body(&other)["error"]["code"], 40102);
    let client = world.connect(&[("key", &whole)]);
    assert_eq!(
        world
            .request_as(first.clone(), "DELETE", &app_path, Json::Null)
            .status,
        204
    );
    assert_eq!(world.take(&client)[0]["error"]["code"], 40400);
    let gone = world.request_as(first, "GET", path, Json::Null);
    assert_eq!(
        (gone.status, &body(&gone)["error"]["code"]),
        (401, &json!(40101))
    );
}

#[test]
fn bad_app_bodies_are_refused() {
    let mut world = World::new();
    for wrong in [
        json!([]),
        json!(null),
        json!({"keys": {}}),
        json!({"keys": [{"capability": "{"}]}),
        json!({"keys": [{"capability": {"*": ["fly"]}}]}),
        json!({"keys": [{"capability": {"*": []}}]}),
        json!({"keys": [{"capability": {"*": ["*", "publish"]}}]}),
        json!({"channels": [{}]}),
    ] {
        let response = world.request_as(Vec::new(), "POST", "/apps", wrong.clone());
        assert_eq!(response.status, 400, "{wrong}");
        assert_eq!(body(&response)["error"]["code"], 40000, "{wrong}");
    }
}

#[test]
fn publishing_reaches_subscribers_and_names_the_message() {
    let mut world = World::new();
    let listener = world.connect(&[]);
    world.attach(&listener, "a");
    let response = world.request(
        "POST",
        "/channels/a/messages",
        json!([{"data": "1"}, {"data": "2"}]),
    );
    assert_eq!(response.status, 201);
    let answer = body(&response);
    assert_eq!(answer["channel"], "a");
    let frames = world.take(&listener);
    assert_eq!(data_of(&frames), ["1", "2"]);
    assert_eq!(frames[0]["id"], answer["messageId"]);
    assert!(frames[0].get("connectionId").is_none());
}

#[test]
fn publishing_on_behalf_takes_the_connections_identity() {
    let mut world = World::new();
    let alice = world.connect(&[("clientId", "alice")]);
    let message = json!({"data": "x", "connectionKey": alice.key});
    assert_eq!(
        world
            .request("POST", "/channels/a/messages", message)
            .status,
        201
    );
    let item = &world.get("/channels/a/messages")[0];
    assert_eq!(
        (&item["connectionId"], &item["clientId"]),
        (&json!(alice.id), &json!("alice"))
    );
    let wrong = json!({"data": "x", "connectionKey": "nonsense"});
    let response = world.request("POST", "/channels/a/messages", wrong);
    assert_eq!(body(&response)["error"]["code"], 40006);
}

#[test]
fn capability_is_asked_for_everything() {
    let spec = r#"{"keys":[{"capability":{"in:*":["subscribe"]}}]}"#;
    let mut world = World::with(Default::default(), spec);
    for (method, path) in [
        ("POST", "/channels/in:a/messages"),
        ("GET", "/channels/in:a/messages"),
        ("GET", "/channels/in:a/presence/history"),
        ("GET", "/channels/in:a"),
        ("GET", "/channels/out/presence"),
    ] {
        let response = world.request(method, path, json!({"data": "x"}));
        assert_eq!(
            (response.status, &body(&response)["error"]["code"]),
            (401, &json!(40160)),
            "{path}"
        );
    }
    assert_eq!(world.get("/channels/in:a/presence"), json!([]));
}

#[test]
fn status_counts_who_is_there() {
    let mut world = World::new();
    let idle = world.get("/channels/a");
    assert_eq!(idle["status"]["isActive"], false);
    let alice = world.connect(&[("clientId", "alice")]);
    let bob = world.connect(&[]);
    world.attach(&alice, "a");
    world.ask(
        &bob,
        json!({"action": 10, "channel": "a", "flags": 262_144}),
    );
    world.enter(&alice, 0, "a", "x");
    let metrics = json!({"connections": 2, "presenceConnections": 1, "presenceMembers": 1,
        "presenceSubscribers": 1, "publishers": 1, "subscribers": 2});
    let status = json!({"isActive": true, "occupancy": {"metrics": metrics}});
    assert_eq!(
        world.get("/channels/a"),
        json!({"channelId": "a", "name": "a", "status": status})
    );
}

#[test]
fn errors_have_a_body_and_headers() {
    let mut world = World::new();
    for (method, path, status, code) in [
        ("GET", "/nowhere", 404, 40400),
        ("DELETE", "/time", 405, 40500),
        ("POST", "/channels/a/messages", 400, 40001),
        ("GET", "/keys/no.key/requestToken", 404, 40400),
        ("GET", "/channels/:a/messages", 400, 40010),
    ] {
        let response = world.request(method, path, Json::Null);
        assert_eq!(response.status, status, "{path}");
        let error = &body(&response)["error"];
        assert_eq!(error["code"], code, "{path}");
        assert_eq!(error["statusCode"], status, "{path}");
        assert!(error["message"].is_string() && error["href"].is_string());
        assert_eq!(
            header(&response, "x-ably-errorcode"),
            Some(code.to_string())
        );
    }
    let forced = world.request(
        "POST",
        "/channels/a/messages?_forceNack=true",
        json!({"data": "x"}),
    );
    assert_eq!(body(&forced)["error"]["code"], 40099);
}

#[test]
fn envelopes_hold_status_headers_and_body() {
    let mut world = World::new();
    world.request(
        "POST",
        "/channels/a/messages",
        json!([{"data": "1"}, {"data": "2"}]),
    );
    let page = world.get("/channels/a/messages?envelope=json&limit=1");
    assert_eq!(page["statusCode"], 200);
    assert_eq!(page["response"][0]["data"], "2");
    let links = text(&page["headers"]["Link"]);
    assert!(
        links.contains("rel=\"next\"") && !links.contains("envelope"),
        "{links}"
    );
    let error = world.get("/nowhere?envelope=json");
    assert_eq!(error["statusCode"], 404);
    assert_eq!(error["response"]["error"]["code"], 40400);
    assert_eq!(error["headers"]["x-ably-errorcode"], "40400");
}
