//! `rest/unit/auth/auth_callback.md`

use std::time::Duration;

use super::common::*;

const JWT: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.test-jwt-payload";

// UTS: rest/unit/RSA8d/callback-invoked-for-auth-0
#[test]
fn rsa8d_a_callback_is_asked() {
    let http = serving();
    let (options, calls) = with_callback(|_| Ok(hour("callback-token").into()));
    let (rt, client) = rest(&http, options);
    get(&rt, &client).unwrap();
    assert_eq!(calls.all().len(), 1);
    assert_eq!(http.requests().len(), 1);
    assert_eq!(authorization(&http.last()), bearer("callback-token"));
}

// UTS: rest/unit/RSA8d/callback-returns-jwt-1
#[test]
fn rsa8d_a_callback_gives_a_jwt() {
    let http = serving();
    let (options, _) = with_callback(|_| Ok(JWT.into()));
    let (rt, client) = rest(&http, options);
    get(&rt, &client).unwrap();
    assert_eq!(authorization(&http.requests()[0]), bearer(JWT));
}

// UTS: rest/unit/RSA8d/callback-returns-token-request-2
#[test]
fn rsa8d_a_callback_gives_a_token_request() {
    let http = exchanging(hour_json("exchanged-token"));
    let (options, _) = with_callback(|_| {
        let request = json!({
            "keyName": "app.key", "ttl": 3_600_000, "timestamp": NOW, "nonce": "unique-nonce",
            "mac": "computed-mac",
        });
        Ok(TokenRequest::from_json(&request.to_string())?.into())
    });
    let (rt, client) = rest(&http, options);
    get(&rt, &client).unwrap();
    let requests = http.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0].method, "POST");
    assert_eq!(requests[0].path, "/keys/app.key/requestToken");
    // As it was given, and with no credential but itself.
    assert_eq!(
        requests[0].json(),
        json!({
            "keyName": "app.key", "ttl": 3_600_000, "timestamp": NOW, "nonce": "unique-nonce",
            "mac": "computed-mac",
        })
    );
    assert_eq!(requests[0].header("authorization"), None);
    assert_eq!(authorization(&requests[1]), bearer("exchanged-token"));
}

// UTS: rest/unit/RSA8d/callback-receives-token-params-3
#[test]
fn rsa8d_a_callback_is_told_what_is_wanted() {
    let http = serving();
    let (options, calls) = with_callback(|_| Ok(hour("test-token").into()));
    let (rt, client) = rest(&http, options);
    let params = TokenParams::new()
        .client_id("requested-client-id")
        .ttl(Duration::from_secs(7_200))
        .capability(r#"{"channel1":["publish"]}"#);
    authorize(&rt, &client, params, None).unwrap();
    let received = &calls.all()[0];
    assert_eq!(received.client_id.as_deref(), Some("requested-client-id"));
    assert_eq!(received.ttl, Some(7_200_000));
    assert_eq!(
        received.capability.as_deref(),
        Some(r#"{"channel1":["publish"]}"#)
    );
}

/// Makes a request with an authUrl that answers with this.
fn asking(
    options: impl FnOnce(ClientOptions) -> ClientOptions,
    reply: HttpMockReply,
) -> Vec<SentRequest> {
    let http = with_auth_url(reply);
    let url = "https://auth.example.com/token";
    let (rt, client) = rest(&http, options(ClientOptions::new().auth_url(url)));
    get(&rt, &client).unwrap();
    http.requests()
}

// UTS: rest/unit/RSA8c/authurl-invoked-for-auth-0
#[test]
fn rsa8c_a_url_is_asked() {
    let requests = asking(|o| o, ok(hour_json("authurl-token")));
    assert_eq!(requests[0].host, "auth.example.com");
    assert_eq!(requests[0].path, "/token");
    assert_eq!(requests[0].method, "GET");
    assert_eq!(authorization(&requests[1]), bearer("authurl-token"));
}

// UTS: rest/unit/RSA8c/authurl-post-method-1
#[test]
fn rsa8c_a_url_is_asked_with_post() {
    let requests = asking(
        |o| o.auth_method(AuthMethod::Post),
        ok(hour_json("authurl-token")),
    );
    assert_eq!(requests[0].host, "auth.example.com");
    assert_eq!(requests[0].method, "POST");
}

// UTS: rest/unit/RSA8c/authurl-custom-headers-2
#[test]
fn rsa8c_a_url_is_sent_headers() {
    let headers = [
        ("X-Custom-Header", "custom-value"),
        ("X-API-Key", "my-api-key"),
    ];
    let requests = asking(|o| o.auth_headers(headers), ok(hour_json("authurl-token")));
    assert_eq!(requests[0].header("x-custom-header"), Some("custom-value"));
    assert_eq!(requests[0].header("x-api-key"), Some("my-api-key"));
    // They are meant for nobody else.
    assert_eq!(requests[1].header("x-api-key"), None);
}

// UTS: rest/unit/RSA8c/authurl-query-params-3
#[test]
fn rsa8c_a_url_is_sent_params() {
    let params = [("client_id", "my-client"), ("scope", "publish:*")];
    let requests = asking(|o| o.auth_params(params), ok(hour_json("authurl-token")));
    assert_eq!(requests[0].query("client_id"), Some("my-client"));
    assert_eq!(requests[0].query("scope"), Some("publish:*"));
}

// UTS: rest/unit/RSA8c/authurl-returns-jwt-4
#[test]
fn rsa8c_a_url_gives_a_jwt() {
    let jwt = "eyJhbGciOiJIUzI1NiJ9.jwt-body.signature";
    let http = with_auth_url(HttpMockReply::bytes(200, "text/plain", jwt));
    let options = ClientOptions::new().auth_url("https://auth.example.com/jwt");
    let (rt, client) = rest(&http, options);
    get(&rt, &client).unwrap();
    assert_eq!(authorization(&http.requests()[1]), bearer(jwt));
}

// UTS: rest/unit/RSA8d/callback-error-propagated-4
#[test]
fn rsa8d_an_error_of_the_callback_is_told() {
    let http = serving();
    let (options, _) = with_callback(|_| {
        Err(ErrorInfo::new(
            ErrorCode::NONE,
            0,
            "Authentication server unavailable",
        ))
    });
    let (rt, client) = rest(&http, options);
    let error = get(&rt, &client).unwrap_err();
    let text = "Authentication server unavailable";
    assert!(error.message().contains(text), "{error}");
    assert_eq!(http.requests().len(), 0);
}

// UTS: rest/unit/RSA8c/authurl-error-propagated-5
#[test]
fn rsa8c_an_error_of_the_url_is_told() {
    let http = with_auth_url(HttpMockReply::json(
        500,
        json!({"error": "Internal server error"}),
    ));
    let options = ClientOptions::new().auth_url("https://auth.example.com/token");
    let (rt, client) = rest(&http, options);
    let error = get(&rt, &client).unwrap_err();
    assert!(error.message().contains("auth"), "{error}");
    assert_eq!(error.cause().map(ErrorInfo::status_code), Some(500));
    assert_eq!(http.requests().len(), 1);
    assert_eq!(http.requests()[0].host, "auth.example.com");
}
