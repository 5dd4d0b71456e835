//! `rest/unit/auth/auth_scheme.md`

use super::common::*;

/// The requests that a `GET /channels/test` makes.
fn requests(http: &MockHttp, options: ClientOptions) -> Vec<SentRequest> {
    let (rt, client) = rest(http, options);
    get(&rt, &client).unwrap();
    http.requests()
}

// UTS: rest/unit/RSA4/basic-auth-key-only-0
#[test]
fn rsa4_a_key_alone_is_sent() {
    let sent = requests(&serving(), ClientOptions::with_key(KEY));
    assert_eq!(authorization(&sent[0]), basic("appId.keyId:keySecret"));
}

// UTS: rest/unit/RSA3/token-auth-explicit-token-0
#[test]
fn rsa3_a_token_is_sent() {
    let options = ClientOptions::with_token("explicit-token-string");
    let sent = requests(&serving(), options);
    assert_eq!(authorization(&sent[0]), bearer("explicit-token-string"));
}

// UTS: rest/unit/RSA3/token-auth-token-details-1
#[test]
fn rsa3_the_token_of_details_is_sent() {
    let options = ClientOptions::new().token_details(hour("token-from-details"));
    let sent = requests(&serving(), options);
    assert_eq!(authorization(&sent[0]), bearer("token-from-details"));
}

// UTS: rest/unit/RSA4/use-token-auth-forced-1
#[test]
fn rsa4_use_token_auth_with_a_key() {
    let http = exchanging(hour_json("obtained-token"));
    let options = ClientOptions::with_key(KEY).use_token_auth(true);
    let sent = requests(&http, options);
    assert!(is_token_request(&sent[0]));
    assert_eq!(authorization(&sent[1]), bearer("obtained-token"));
}

// UTS: rest/unit/RSA4/auth-callback-triggers-token-2
#[test]
fn rsa4_a_callback_means_tokens() {
    let (options, _) = with_callback(|_| Ok(hour("callback-token").into()));
    let sent = requests(&serving(), options);
    assert_eq!(authorization(&sent[0]), bearer("callback-token"));
}

// UTS: rest/unit/RSA4/authurl-triggers-token-3
#[test]
fn rsa4_a_url_means_tokens() {
    let http = with_auth_url(ok(hour_json("authurl-token")));
    let options = ClientOptions::new().auth_url("https://auth.example.com/token");
    let sent = requests(&http, options);
    assert_eq!(authorization(&sent[1]), bearer("authurl-token"));
}

// UTS: rest/unit/RSC1b/no-auth-method-error-0
#[test]
fn rsc1b_no_method_is_refused() {
    let (rt, http) = (VirtualRuntime::new(), serving());
    // When the client is made, not with its first request.
    let error = try_rest(&rt, &http, ClientOptions::new()).unwrap_err();
    assert_eq!(error.code(), 40106);
    assert_eq!(http.requests().len(), 0);
}

// UTS: rest/unit/RSA4a2/expired-token-no-renewal-0
//
// DEVIATION: as in ably-js and RSA4b1 our own clock is not trusted: the token is sent unless the
// server has told its time.
#[test]
fn rsa4a2_an_expired_token_that_cannot_be_renewed() {
    let expired = || {
        let mut details = TokenDetails::new("expired-token");
        details.expires = Some(NOW - 1000);
        ClientOptions::new().token_details(details)
    };
    let http = serving();
    let (rt, client) = rest(&http, expired());
    get(&rt, &client).unwrap();
    assert_eq!(authorization(&http.last()), bearer("expired-token"));

    let http = serving();
    let (rt, client) = rest(&http, expired());
    client.core().learn_server_time(NOW);
    let error = get(&rt, &client).unwrap_err();
    assert_eq!(error.code(), 40171);
    assert_eq!(http.requests().len(), 0);
}

// UTS: rest/unit/RSA1/token-auth-takes-precedence-0
#[test]
fn rsa1_tokens_come_before_the_key() {
    let (options, _) = with_callback(|_| Ok(hour("callback-token").into()));
    let sent = requests(&serving(), options.key(KEY));
    assert_eq!(authorization(&sent[0]), bearer("callback-token"));
}

// UTS: rest/unit/RSA2/basic-auth-header-format-0
#[test]
fn rsa2_rsa11_the_header_of_a_key() {
    let options = ClientOptions::with_key("app123.key456:secretXYZ");
    let sent = requests(&serving(), options);
    assert_eq!(
        authorization(&sent[0]),
        "Basic YXBwMTIzLmtleTQ1NjpzZWNyZXRYWVo="
    );
}

// UTS: rest/unit/RSC18/token-auth-over-non-tls-0
#[test]
fn rsc18_a_token_goes_without_tls() {
    let http = serving();
    let options = ClientOptions::with_token("explicit-token").tls(false);
    let (rt, client) = rest(&http, options);
    status(&rt, &client).unwrap();
    assert_eq!(authorization(&http.requests()[0]), bearer("explicit-token"));
    assert_eq!(http.requests()[0].scheme, "http");
}
