//! `rest/unit/auth/authorize.md`

use std::time::Duration;

use super::common::*;

// UTS: rest/unit/RSA10a/authorize-default-params-0
#[test]
fn rsa10a_authorize_gets_a_token_and_uses_it() {
    let http = exchanging(json!({
        "token": "obtained-token", "expires": LATER, "keyName": "appId.keyId",
    }));
    let (rt, client) = with_key(&http);
    let details = authorize(&rt, &client, None, None).unwrap();
    assert_eq!(token_of(&details), "obtained-token");
    status(&rt, &client).unwrap();
    assert_eq!(authorization(&http.last()), bearer("obtained-token"));
}

// UTS: rest/unit/RSA10b/authorize-explicit-params-0
#[test]
fn rsa10b_params_override_defaults() {
    let (options, calls) = with_callback(|_| Ok(hour("callback-token").into()));
    let (rt, client) = rest(&serving(), options.client_id("default-client"));
    let params = TokenParams::new()
        .client_id("override-client")
        .ttl(Duration::from_secs(7_200));
    authorize(&rt, &client, params, None).unwrap();
    let params = &calls.all()[0];
    assert_eq!(params.client_id.as_deref(), Some("override-client"));
    assert_eq!(params.ttl, Some(7_200_000));
}

// UTS: rest/unit/RSA10e/authorize-saves-params-0
#[test]
fn rsa10e_params_are_kept() {
    let (options, calls) = with_callback(|n| Ok(hour(&format!("token-{n}")).into()));
    let (rt, client) = rest(&serving(), options);
    let params = TokenParams::new()
        .client_id("saved-client")
        .ttl(Duration::from_secs(3_600));
    authorize(&rt, &client, params, None).unwrap();
    authorize(&rt, &client, None, None).unwrap();
    let calls = calls.all();
    assert_eq!(calls.len(), 2);
    assert_eq!(calls[1].client_id.as_deref(), Some("saved-client"));
    assert_eq!(calls[1].ttl, Some(3_600_000));
}

// UTS: rest/unit/RSA10g/authorize-updates-token-details-0
#[test]
fn rsa10g_the_token_is_in_token_details() {
    let http = MockHttp::replying([ok(json!({
        "token": "new-token", "expires": LATER, "keyName": "appId.keyId",
        "clientId": "token-client",
    }))]);
    let (rt, client) = with_key(&http);
    assert_eq!(client.auth().token_details(), None);
    let result = authorize(&rt, &client, None, None).unwrap();
    let details = current(&client);
    assert_eq!(token_of(&details), "new-token");
    assert_eq!(details.client_id.as_deref(), Some("token-client"));
    assert_eq!(details, result);
}

// UTS: rest/unit/RSA10h/authorize-replaces-auth-options-0
#[test]
fn rsa10h_options_replace_those_of_the_client() {
    let (options, original) = with_callback(|_| Ok(hour("original").into()));
    let (source, new) = callback(|_| Ok(hour("new").into()));
    let (rt, client) = rest(&serving(), options);
    authorize(&rt, &client, None, AuthOptions::new().auth_callback(source)).unwrap();
    assert_eq!(original.all().len(), 0);
    assert_eq!(new.all().len(), 1);
}

// UTS: rest/unit/RSA10i/authorize-preserves-key-0
#[test]
fn rsa10i_the_key_is_kept() {
    let http = MockHttp::answering(|request| {
        Some(match request.host.as_str() {
            "new-auth.example.com" => ok(hour_json("token-of-url")),
            _ if is_token_request(request) => ok(json!({
                "token": "token-via-key", "expires": LATER, "keyName": "appId.keyId",
            })),
            _ => ok(json!({"channelId": "test"})),
        })
    });
    let (rt, client) = with_key(&http);
    let options = AuthOptions::new().auth_url("https://new-auth.example.com/token");
    let details = authorize(&rt, &client, None, options).unwrap();
    assert_eq!(token_of(&details), "token-of-url");
    // What needs the key works still.
    let request = rt.wait(client.auth().create_token_request(None, None));
    assert_eq!(request.unwrap().key_name, "appId.keyId");
    let query = AuthOptions::new().key(KEY);
    let details = authorize(&rt, &client, None, query).unwrap();
    assert_eq!(token_of(&details), "token-via-key");
}

// UTS: rest/unit/RSA10j/authorize-replaces-existing-token-0
#[test]
fn rsa10j_authorize_gets_another_token() {
    let (options, _) = with_callback(|n| Ok(hour(&format!("token-{n}")).into()));
    let (rt, client) = rest(&serving(), options);
    let first = authorize(&rt, &client, None, None).unwrap();
    let second = authorize(&rt, &client, None, None).unwrap();
    assert_eq!(token_of(&first), "token-1");
    assert_eq!(token_of(&second), "token-2");
    assert_eq!(token_of(&current(&client)), "token-2");
}

// UTS: rest/unit/RSA10k/authorize-query-time-0
#[test]
fn rsa10k_the_server_is_asked_for_its_time_once() {
    let server = 1_234_567_890_000_i64;
    let http = MockHttp::answering(move |request| {
        Some(if request.path == "/time" {
            // The document's `{"time": …}` is not what the server sends (RSC16).
            ok(json!([server]))
        } else {
            ok(json!({"token": "time-synced-token", "expires": server + 3_600_000}))
        })
    });
    let (rt, client) = with_key(&http);
    let query = || AuthOptions::new().query_time(true);
    authorize(&rt, &client, None, query()).unwrap();
    let paths: Vec<_> = http.requests().iter().map(|r| r.path.clone()).collect();
    assert_eq!(paths, ["/time", "/keys/appId.keyId/requestToken"]);
    assert_eq!(http.last().json()["timestamp"], server);
    // Its clock is known from then on, and goes on.
    rt.advance(s(5));
    authorize(&rt, &client, None, query()).unwrap();
    assert_eq!(http.requests().len(), 3);
    assert_eq!(http.last().json()["timestamp"], server + 5000);
}

// UTS: rest/unit/RSA10l/authorize-error-propagated-0
#[test]
fn rsa10l_an_error_is_told() {
    let http = MockHttp::replying([refused(40100, "Unauthorized")]);
    let (rt, client) = rest(&http, ClientOptions::with_key("invalid.key:secret"));
    let error = authorize(&rt, &client, None, None).unwrap_err();
    assert_eq!(error.code(), 40100);
    assert_eq!(error.status_code(), 401);
}
