//! `rest/unit/auth/token_request_params.md`

use std::time::Duration;

use super::common::*;

/// `client.auth.createTokenRequest(tokenParams: …)` with these defaultTokenParams.
fn made(default: Option<TokenParams>, params: Option<TokenParams>) -> TokenRequest {
    let mut options = ClientOptions::with_key(KEY);
    if let Some(default) = default {
        options = options.default_token_params(default);
    }
    let http = serving();
    let (rt, client) = rest(&http, options);
    let request = rt.wait(client.auth().create_token_request(params, None));
    assert_eq!(http.requests().len(), 0);
    let request = request.unwrap();
    assert_eq!(request.key_name, "appId.keyId");
    assert_eq!(request.timestamp, NOW);
    assert!(request.nonce.len() >= 16);
    request
}

fn ttl(ms: u64) -> Option<TokenParams> {
    Some(TokenParams::new().ttl(Duration::from_millis(ms)))
}

fn capability(json: &str) -> Option<TokenParams> {
    Some(TokenParams::new().capability(json))
}

// UTS: rest/unit/RSA5/ttl-null-when-unspecified-0
#[test]
fn rsa5_no_ttl() {
    let request = made(None, None);
    assert_eq!(request.ttl, None);
    assert!(!request.to_json().contains("ttl"));
}

// UTS: rest/unit/RSA5b/explicit-ttl-preserved-0
#[test]
fn rsa5b_a_ttl() {
    assert_eq!(made(None, ttl(7_200_000)).ttl, Some(7_200_000));
}

// UTS: rest/unit/RSA5c/ttl-from-default-params-0
#[test]
fn rsa5c_the_default_ttl() {
    assert_eq!(made(ttl(1_800_000), None).ttl, Some(1_800_000));
}

// UTS: rest/unit/RSA5d/explicit-ttl-overrides-default-0
#[test]
fn rsa5d_a_ttl_over_the_default() {
    assert_eq!(made(ttl(1_800_000), ttl(600_000)).ttl, Some(600_000));
}

// UTS: rest/unit/RSA6/capability-null-when-unspecified-0
#[test]
fn rsa6_no_capability() {
    let request = made(None, None);
    assert_eq!(request.capability, None);
    assert!(!request.to_json().contains("capability"));
}

// UTS: rest/unit/RSA6b/explicit-capability-preserved-0
#[test]
fn rsa6b_a_capability() {
    let text = r#"{"channel-a":["publish","subscribe"]}"#;
    let request = made(None, capability(text));
    assert_eq!(request.capability.as_deref(), Some(text));
}

// UTS: rest/unit/RSA6c/capability-from-default-params-0
#[test]
fn rsa6c_the_default_capability() {
    let text = r#"{"*":["subscribe"]}"#;
    let request = made(capability(text), None);
    assert_eq!(request.capability.as_deref(), Some(text));
}

// UTS: rest/unit/RSA6d/explicit-capability-overrides-default-0
#[test]
fn rsa6d_a_capability_over_the_default() {
    let text = r#"{"channel-x":["publish"]}"#;
    let request = made(capability(r#"{"*":["subscribe"]}"#), capability(text));
    assert_eq!(request.capability.as_deref(), Some(text));
}
