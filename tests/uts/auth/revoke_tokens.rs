//! `rest/unit/auth/revoke_tokens.md`

use super::common::*;
use ably_rest::{BatchResult, TokenRevocationResult};

type Revoked = Result<BatchResult<TokenRevocationResult>, ErrorInfo>;

fn server(body: Value) -> MockHttp {
    MockHttp::replying([ok(body)])
}

fn alice() -> Vec<TokenRevocationTargetSpecifier> {
    targets(&[("clientId", "alice")])
}

fn targets(all: &[(&str, &str)]) -> Vec<TokenRevocationTargetSpecifier> {
    let specifier =
        |(kind, value): &(&str, &str)| TokenRevocationTargetSpecifier::new(*kind, *value);
    all.iter().map(specifier).collect()
}

fn success(target: &str, applies_at: i64) -> Value {
    json!({"target": target, "issuedBefore": 1_700_000_000_000_i64, "appliesAt": applies_at})
}

fn alice_revoked() -> MockHttp {
    server(json!([success("clientId:alice", 1_700_000_001_000)]))
}

fn failure(target: &str) -> Value {
    json!({"target": target, "error": error(40000, 400, "Invalid target type")})
}

fn client(http: &MockHttp) -> (VirtualRuntime, BaseRest) {
    rest(http, ClientOptions::with_key("appId.keyName:keySecret"))
}

fn revoke(
    http: &MockHttp,
    targets: Vec<TokenRevocationTargetSpecifier>,
    options: TokenRevocationOptions,
) -> Revoked {
    let (rt, client) = client(http);
    rt.wait(client.auth().revoke_tokens(targets, options))
}

/// The body that is sent with these options.
fn body(options: TokenRevocationOptions) -> Value {
    let http = alice_revoked();
    revoke(&http, alice(), options).unwrap();
    http.requests()[0].json()
}

// UTS: rest/unit/RSA17g/sends-post-correct-path-0
#[test]
fn rsa17g_the_request() {
    let http = alice_revoked();
    let (rt, client) = client(&http);
    rt.wait(client.auth().revoke_tokens(alice(), ())).unwrap();
    assert_eq!(http.requests().len(), 1);
    assert_eq!(http.last().method, "POST");
    assert_eq!(http.last().path, "/keys/appId.keyName/revokeTokens");
}

// UTS: rest/unit/RSA17b/single-specifier-targets-0
#[test]
fn rsa17b_one_target() {
    let body = body(TokenRevocationOptions::new());
    assert_eq!(body["targets"], json!(["clientId:alice"]));
}

// UTS: rest/unit/RSA17b/multiple-specifier-types-1
#[test]
fn rsa17b_several_targets() {
    let all = ["clientId:alice", "revocationKey:group-1", "channel:secret"];
    let http = server(json!(all.map(|t| success(t, 1_700_000_001_000))));
    let given = vec![
        TokenRevocationTargetSpecifier::client_id("alice"),
        TokenRevocationTargetSpecifier::revocation_key("group-1"),
        TokenRevocationTargetSpecifier::channel("secret"),
    ];
    revoke(&http, given, TokenRevocationOptions::new()).unwrap();
    assert_eq!(http.requests()[0].json()["targets"], json!(all));
}

// UTS: rest/unit/RSA17c/all-success-result-0
#[test]
fn rsa17c_all_succeed() {
    let http = server(json!([
        success("clientId:alice", 1_700_000_001_000),
        success("clientId:bob", 1_700_000_002_000),
    ]));
    let given = targets(&[("clientId", "alice"), ("clientId", "bob")]);
    let result = revoke(&http, given, TokenRevocationOptions::new()).unwrap();
    assert_eq!((result.success_count, result.failure_count), (2, 0));
    assert_eq!(result.results.len(), 2);
}

// UTS: rest/unit/RSA17c/mixed-success-failure-1
#[test]
fn rsa17c_some_succeed() {
    let http = server(json!({
        "successCount": 1, "failureCount": 1,
        "results": [success("clientId:alice", 1_700_000_001_000), failure("invalidType:abc")],
    }));
    let given = targets(&[("clientId", "alice"), ("invalidType", "abc")]);
    let result = revoke(&http, given, TokenRevocationOptions::new()).unwrap();
    assert_eq!((result.success_count, result.failure_count), (1, 1));
    assert_eq!(result.results.len(), 2);
    assert!(result.results[0].is_ok());
    assert!(result.results[1].is_err());
}

// UTS: rest/unit/RSA17c/all-failure-result-2
#[test]
fn rsa17c_none_succeeds() {
    let http = server(json!({
        "successCount": 0, "failureCount": 2,
        "results": [failure("invalidType:foo"), failure("invalidType:bar")],
    }));
    let given = targets(&[("invalidType", "foo"), ("invalidType", "bar")]);
    let result = revoke(&http, given, TokenRevocationOptions::new()).unwrap();
    assert_eq!((result.success_count, result.failure_count), (0, 2));
    assert_eq!(result.results.len(), 2);
}

// UTS: rest/unit/TRS2/success-result-attributes-0
#[test]
fn trs2_a_success() {
    let result = revoke(&alice_revoked(), alice(), TokenRevocationOptions::new()).unwrap();
    let success = result.results[0].as_ref().expect("a success");
    assert_eq!(success.target, "clientId:alice");
    assert_eq!(success.issued_before, 1_700_000_000_000);
    assert_eq!(success.applies_at, 1_700_000_001_000);
}

// UTS: rest/unit/TRF2/failure-result-attributes-0
#[test]
fn trf2_a_failure() {
    let http = server(json!({
        "successCount": 0, "failureCount": 1, "results": [failure("invalidType:abc")],
    }));
    let given = targets(&[("invalidType", "abc")]);
    let result = revoke(&http, given, TokenRevocationOptions::new()).unwrap();
    let failure = result.results[0].as_ref().expect_err("a failure");
    assert_eq!(failure.target, "invalidType:abc");
    assert_eq!(failure.error.code(), 40000);
    assert_eq!(failure.error.status_code(), 400);
    assert!(failure.error.message().contains("Invalid target type"));
}

fn refused_without_request(options: ClientOptions) {
    let http = server(json!([]));
    let (rt, client) = rest(&http, options);
    let revoked = rt.wait(client.auth().revoke_tokens(alice(), ()));
    let error = revoked.unwrap_err();
    assert_eq!(error.code(), 40162);
    assert_eq!(error.status_code(), 401);
    assert_eq!(http.requests().len(), 0);
}

// UTS: rest/unit/RSA17d/token-auth-revoke-rejected-0
#[test]
fn rsa17d_not_with_a_token() {
    refused_without_request(ClientOptions::with_token("a.token.string"));
}

// UTS: rest/unit/RSA17d/use-token-auth-revoke-rejected-1
#[test]
fn rsa17d_not_with_tokens_of_a_key() {
    refused_without_request(
        ClientOptions::with_key("appId.keyName:keySecret").use_token_auth(true),
    );
}

// UTS: rest/unit/RSA17e/issued-before-included-0
#[test]
fn rsa17e_issued_before() {
    let body = body(TokenRevocationOptions::new().issued_before(1_699_999_000_000));
    assert_eq!(body["issuedBefore"], 1_699_999_000_000_i64);
}

#[test]
fn rsa17e_issued_before_as_a_time_of_rust() {
    let time = std::time::UNIX_EPOCH + std::time::Duration::from_micros(1_699_999_000_000_999);
    let body = body(TokenRevocationOptions::new().issued_before(time));
    assert_eq!(body["issuedBefore"], 1_699_999_000_000_i64);
}

// UTS: rest/unit/RSA17e/issued-before-omitted-1
#[test]
fn rsa17e_issued_before_is_left_out() {
    let body = body(TokenRevocationOptions::new());
    assert_eq!(body.get("issuedBefore"), None);
}

// UTS: rest/unit/RSA17f/reauth-margin-included-0
#[test]
fn rsa17f_reauth_margin() {
    let body = body(TokenRevocationOptions::new().allow_reauth_margin(true));
    assert_eq!(body["allowReauthMargin"], true);
}

// UTS: rest/unit/RSA17f/reauth-margin-omitted-1
#[test]
fn rsa17f_reauth_margin_is_left_out() {
    let body = body(TokenRevocationOptions::new());
    assert_eq!(body.get("allowReauthMargin"), None);
}

// UTS: rest/unit/RSA17f/both-options-together-2
#[test]
fn rsa17f_both_options() {
    let body = body(
        TokenRevocationOptions::new()
            .issued_before(1_699_999_000_000)
            .allow_reauth_margin(true),
    );
    assert_eq!(
        body,
        json!({
            "targets": ["clientId:alice"], "issuedBefore": 1_699_999_000_000_i64,
            "allowReauthMargin": true,
        })
    );
}

// UTS: rest/unit/RSA17/server-error-propagated-0
#[test]
fn rsa17_an_error_of_the_server() {
    let http = MockHttp::replying([HttpMockReply::json(
        500,
        json!({ "error": error(50000, 500, "Internal error") }),
    )]);
    let error = revoke(&http, alice(), TokenRevocationOptions::new()).unwrap_err();
    assert_eq!(error.code(), 50000);
    assert_eq!(error.status_code(), 500);
}

// UTS: rest/unit/RSA17/request-uses-basic-auth-0
#[test]
fn rsa17_the_key_is_sent() {
    let http = alice_revoked();
    revoke(&http, alice(), TokenRevocationOptions::new()).unwrap();
    assert_eq!(
        authorization(&http.requests()[0]),
        basic("appId.keyName:keySecret")
    );
}
