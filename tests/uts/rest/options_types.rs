//! `rest/unit/types/options_types.md`
//!
//! Options are written, not read: a case sees what each does.
//!
//! DEVIATION: `addRequestIds` does not exist, as in ably-js 2.12.0.

use std::time::Duration;

use ably_base::{AuthMethod, AuthOptions, Credential, TokenDetails, TokenParams};
use ably_token::Token;

use super::common::*;

/// A server that takes publishes and gives tokens and the time.
fn server() -> MockHttp {
    MockHttp::answering(|request| {
        Some(match &*request.path {
            "/token" => ok(json!({"token": "url-token"})),
            "/time" => time(),
            _ => created(),
        })
    })
}

/// The requests of a publish with these options.
fn publishing(set: impl FnOnce(ClientOptions) -> ClientOptions) -> Vec<SentRequest> {
    let http = server();
    let rt = VirtualRuntime::new();
    let options = ClientOptions::new()
        .plugin(rt.clone())
        .plugin(http.clone())
        .plugin(MsgPack)
        .plugin(Token);
    let client = BaseRest::new(set(options)).unwrap();
    let channel = client.channels().get("test-TO3");
    publish(&rt, channel.publish("event", "data")).unwrap();
    http.requests()
}

/// When a request that nobody answers is given up.
fn given_up(set: impl FnOnce(ClientOptions) -> ClientOptions) -> Duration {
    let (rt, client) = rest_with(&MockHttp::new(), |o| {
        set(o.fallback_hosts(Vec::<String>::new()))
    });
    let error = rt.wait_for(s(60), client.time()).unwrap_err();
    assert_eq!(code(&error), (50003, 500));
    rt.elapsed()
}

// UTS: rest/unit/TO3/client-options-attributes-0
#[test]
fn to3_defaults_and_values() {
    // Defaults: TLS, MessagePack, ids of messages, no ids of requests, no asking for the time.
    let [request] = &publishing(|o| o.key(KEY))[..] else {
        panic!("one request")
    };
    assert_eq!(request.scheme, "https");
    assert_eq!(request.host, "main.realtime.ably.net");
    assert_eq!(
        request.header("content-type"),
        Some("application/x-msgpack")
    );
    let id = &unpack(request)[0]["id"];
    assert!(id.as_str().is_some_and(|id| id.ends_with(":0")), "{id}");
    assert_eq!(request.query("request_id"), None);
    // authMethod: GET.
    let requests = publishing(|o| o.auth_url("https://auth.example.com/token"));
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0].method, "GET");
    assert_eq!(requests[0].host, "auth.example.com");
    // httpRequestTimeout, httpMaxRetryCount.
    assert_eq!(given_up(|o| o), s(10));
    let http = MockHttp::replying([status(500)]);
    let (rt, client) = rest(&http);
    assert_eq!(code(&rt.wait(client.time()).unwrap_err()), (50000, 500));
    assert_eq!(http.requests().len(), 1 + 3);
    // maxMessageSize.
    for (size, fits) in [(65_536, true), (65_537, false)] {
        let (rt, client) = rest(&server());
        let message = Message::unnamed("x".repeat(size));
        let sending = client.channels().get("c").publish_message(message);
        let outcome = publish(&rt, sending).map_err(|e| code(&e));
        assert_eq!(outcome, if fits { Ok(()) } else { Err((40009, 400)) });
    }

    // Values.
    let [request] = &publishing(|o| {
        o.key(KEY)
            .client_id("my-client")
            .endpoint("test")
            .tls(false)
            .allow_basic_auth_without_tls(true)
            .use_binary_protocol(false)
            .idempotent_rest_publishing(false)
    })[..] else {
        panic!("one request")
    };
    assert_eq!(
        request.header("authorization"),
        Some("Basic YXBwSWQua2V5SWQ6a2V5U2VjcmV0")
    );
    assert_eq!(request.header("x-ably-clientid"), Some("bXktY2xpZW50"));
    assert_eq!(request.host, "test.realtime.ably.net");
    assert_eq!(request.scheme, "http");
    assert_eq!(request.header("content-type"), Some("application/json"));
    assert_eq!(request.json()[0].get("id"), None);
    assert_eq!(given_up(|o| o.http_request_timeout(s(30))), s(30));
}

// UTS: rest/unit/TO3/client-options-custom-hosts-1
#[test]
fn to3_hosts() {
    let http = MockHttp::replying([status(500)]);
    let (rt, client) = rest_with(&http, |o| {
        o.rest_host("custom.ably.example.com")
            .fallback_hosts(["fallback1.example.com", "fallback2.example.com"])
    });
    rt.wait(client.time()).unwrap_err();
    let mut hosts = http.hosts();
    assert_eq!(hosts[0], "custom.ably.example.com");
    hosts[1..].sort();
    assert_eq!(
        hosts[1..],
        ["fallback1.example.com", "fallback2.example.com"]
    );
}

// UTS: rest/unit/TO3/client-options-auth-url-2
#[test]
fn to3_auth_url() {
    let requests = publishing(|o| {
        o.auth_url("https://auth.example.com/token")
            .auth_method(AuthMethod::Post)
            .auth_headers([("X-API-Key", "secret")])
            .auth_params([("scope", "full")])
    });
    assert_eq!(requests.len(), 2);
    let asked = &requests[0];
    assert_eq!(asked.method, "POST");
    assert_eq!(
        (&*asked.scheme, &*asked.host, &*asked.path),
        ("https", "auth.example.com", "/token")
    );
    assert_eq!(asked.header("x-api-key"), Some("secret"));
    assert_eq!(asked.body, "scope=full");
    // url-token
    let bearer = Some("Bearer dXJsLXRva2Vu");
    assert_eq!(requests[1].header("authorization"), bearer);
}

// UTS: rest/unit/TO3/client-options-default-token-params-3
#[test]
fn to3_default_token_params() {
    let subscribe = r#"{"*":["subscribe"]}"#;
    let params = TokenParams::new()
        .ttl(Duration::from_secs(7_200))
        .client_id("default-client")
        .capability(subscribe);
    let (rt, client) = rest_with(&server(), |o| o.plugin(Token).default_token_params(params));
    let request = rt.wait(client.auth().create_token_request(None, None));
    let request = request.unwrap();
    assert_eq!(request.ttl, Some(7_200_000));
    assert_eq!(request.client_id.as_deref(), Some("default-client"));
    assert_eq!(request.capability.as_deref(), Some(subscribe));
}

// UTS: rest/unit/AO2/auth-options-attributes-0
#[test]
fn ao2_attributes() {
    let http = server();
    let (rt, client) = rest_with(&http, |o| o.plugin(Token));
    let options = AuthOptions::new()
        .auth_url("https://auth.example.com/token")
        .auth_method(AuthMethod::Post)
        .auth_header("Authorization", "Bearer api-key")
        .auth_param("user", "test");
    let details = rt.wait(client.auth().request_token(None, Some(options)));
    assert_eq!(details.unwrap().token.expose(), "url-token");
    let asked = only(&http);
    assert_eq!(asked.method, "POST");
    assert_eq!((&*asked.host, &*asked.path), ("auth.example.com", "/token"));
    assert_eq!(asked.header("authorization"), Some("Bearer api-key"));
    assert_eq!(asked.body, "user=test");

    // queryTime matters where a request is signed.
    let http = server();
    let (rt, client) = rest_with(&http, |o| o.plugin(Token));
    let options = AuthOptions::new().key(KEY).query_time(true);
    let request = rt.wait(client.auth().create_token_request(None, Some(options)));
    assert_eq!(request.unwrap().timestamp, 1_234_567_890_000);
    assert_eq!(only(&http).path, "/time");
}

// UTS: rest/unit/AO/auth-options-with-callback-0
#[test]
fn ao_callback() {
    let (rt, client) = rest_with(&MockHttp::new(), |o| o.plugin(Token));
    let called = Recorder::new();
    let sink = called.clone();
    let callback = move |params: TokenParams| {
        sink.push(params);
        let mut details = TokenDetails::new("callback-token");
        details.expires = Some(1_700_003_600_000);
        async move { Ok(Credential::from(details)) }
    };
    let options = AuthOptions::new().auth_callback(callback);
    let details = rt.wait(client.auth().request_token(None, Some(options)));
    assert_eq!(called.all().len(), 1);
    let details = details.unwrap();
    assert_eq!(details.token.expose(), "callback-token");
    assert_eq!(details.expires, Some(1_700_003_600_000));
}

// UTS: rest/unit/TO/endpoint-affects-host-0
//
// DEVIATION: the document's hosts are those of another age; these are REC1's.
#[test]
fn to_endpoint() {
    for (endpoint, host) in [
        (None, "main.realtime.ably.net"),
        (Some("test"), "test.realtime.ably.net"),
        (Some("custom-env"), "custom-env.realtime.ably.net"),
    ] {
        let requests = publishing(|o| match endpoint {
            Some(endpoint) => o.key(KEY).endpoint(endpoint),
            None => o.key(KEY),
        });
        assert_eq!(requests[0].host, host);
    }
}

// UTS: rest/unit/TO/conflicting-options-validation-1
//
// DEVIATION: no credential is 40160 in ably-js 2.12.0.
#[test]
fn to_conflicts() {
    let callback = |_: TokenParams| async { Ok(Credential::from("callback-token")) };
    let requests = publishing(|o| o.key(KEY).auth_callback(callback));
    // callback-token
    let bearer = Some("Bearer Y2FsbGJhY2stdG9rZW4=");
    assert_eq!(requests[0].header("authorization"), bearer);

    let (rt, http) = (VirtualRuntime::new(), MockHttp::new());
    let both = rest_options(&rt, &http)
        .rest_host("custom.host.com")
        .endpoint("test");
    let error = BaseRest::new(both).unwrap_err();
    assert_eq!(code(&error), (40106, 400));
    assert!(error.message().contains("endpoint"), "{error}");

    let none = ClientOptions::new().plugin(rt).plugin(http.clone());
    let error = BaseRest::new(none).unwrap_err();
    assert_eq!(code(&error), (40106, 401));
    assert!(error.message().contains("key"), "{error}");
    assert_eq!(http.requests().len(), 0);
}
