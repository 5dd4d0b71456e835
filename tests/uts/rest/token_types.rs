//! `rest/unit/types/token_types.md`

use std::time::Duration;

use ably_base::{Runtime, TokenDetails, TokenParams, TokenRequest};

use super::common::*;

const EXPIRES: i64 = 1_234_567_890_000;
const ISSUED: i64 = 1_234_567_800_000;

/// Token details as a server writes them.
fn details(fields: Value) -> TokenDetails {
    let mut json = json!({"token": "test-token", "expires": EXPIRES});
    for (name, value) in fields.as_object().expect("an object") {
        json[name] = value.clone();
    }
    TokenDetails::from_json(&json.to_string()).unwrap()
}

// UTS: rest/unit/TD1/token-details-attributes-0
#[test]
fn td1_attributes() {
    let plain = details(json!({}));
    assert_eq!(plain.token.expose(), "test-token");
    assert_eq!(plain.expires, Some(EXPIRES));
    assert_eq!(
        (plain.issued, plain.capability, plain.client_id),
        (None, None, None)
    );
    assert_eq!(details(json!({"issued": ISSUED})).issued, Some(ISSUED));
    let all = r#"{"*":["*"]}"#;
    let capability = details(json!({ "capability": all })).capability;
    assert_eq!(capability.as_deref(), Some(all));
    let client_id = details(json!({"clientId": "my-client"})).client_id;
    assert_eq!(client_id.as_deref(), Some("my-client"));
}

// UTS: rest/unit/TD/token-details-from-json-0
#[test]
fn td_from_json() {
    let details = details(json!({
        "token": "deserialized-token",
        "issued": ISSUED,
        "capability": r#"{"channel-1":["publish"]}"#,
        "clientId": "json-client",
        "keyName": "appId.keyId",
    }));
    assert_eq!(details.token.expose(), "deserialized-token");
    assert_eq!(details.expires, Some(EXPIRES));
    assert_eq!(details.issued, Some(ISSUED));
    assert_eq!(
        details.capability.as_deref(),
        Some(r#"{"channel-1":["publish"]}"#)
    );
    assert_eq!(details.client_id.as_deref(), Some("json-client"));
}

/// What a token request is made of these parameters.
fn request(params: TokenParams) -> TokenRequest {
    let mut entropy = VirtualRuntime::new().entropy();
    TokenRequest::unsigned("appId.keyId", params, 1, &mut *entropy).unwrap()
}

fn nonce(nonce: &str) -> TokenParams {
    let mut params = TokenParams::new();
    params.nonce = Some(nonce.into());
    params
}

// UTS: rest/unit/TK1/token-params-attributes-0
//
// Seen in what they are made into.
#[test]
fn tk1_attributes() {
    assert_eq!(
        request(TokenParams::new().ttl(Duration::from_secs(3_600))).ttl,
        Some(3_600_000)
    );
    assert_eq!(TokenParams::new().ttl, None);
    assert_eq!(request(TokenParams::new()).ttl, None);
    let subscribe = r#"{"*":["subscribe"]}"#;
    let capability = request(TokenParams::new().capability(subscribe)).capability;
    assert_eq!(capability.as_deref(), Some(subscribe));
    assert_eq!(TokenParams::new().capability, None);
    assert_eq!(request(TokenParams::new()).capability, None);
    let client_id = request(TokenParams::new().client_id("param-client")).client_id;
    assert_eq!(client_id.as_deref(), Some("param-client"));
    assert_eq!(
        request(TokenParams::new().timestamp(EXPIRES)).timestamp,
        EXPIRES
    );
    assert_eq!(
        request(nonce("unique-nonce-value")).nonce,
        "unique-nonce-value"
    );

    let all = request(
        nonce("full-nonce")
            .ttl(Duration::from_secs(7_200))
            .capability(r#"{"*":["*"]}"#)
            .client_id("full-client")
            .timestamp(EXPIRES),
    );
    assert_eq!(all.ttl, Some(7_200_000));
    assert_eq!(all.capability.as_deref(), Some(r#"{"*":["*"]}"#));
    assert_eq!(all.client_id.as_deref(), Some("full-client"));
    assert_eq!(all.timestamp, EXPIRES);
    assert_eq!(all.nonce, "full-nonce");
}

// UTS: rest/unit/TK/token-params-to-query-string-0
#[test]
fn tk_query() {
    let params = TokenParams::new()
        .ttl(Duration::from_secs(3_600))
        .client_id("query-client")
        .capability(r#"{"ch":["pub"]}"#);
    let mut pairs = params.pairs();
    pairs.sort_unstable();
    assert_eq!(
        pairs,
        [
            ("capability", String::from(r#"{"ch":["pub"]}"#)),
            ("clientId", String::from("query-client")),
            ("ttl", String::from("3600000")),
        ]
    );
}

// UTS: rest/unit/TE1/token-request-attributes-0
#[test]
fn te1_attributes() {
    let plain = request(nonce("nonce-1").timestamp(EXPIRES));
    assert_eq!(plain.key_name, "appId.keyId");
    assert_eq!(plain.ttl, None);
    assert_eq!(plain.capability, None);
    assert_eq!(plain.client_id, None);
    assert_eq!(plain.timestamp, EXPIRES);
    assert_eq!(plain.nonce, "nonce-1");
    assert_eq!(
        request(nonce("nonce-2").ttl(Duration::from_secs(3_600))).ttl,
        Some(3_600_000)
    );
    let all = r#"{"*":["*"]}"#;
    let capability = request(nonce("nonce-3").capability(all)).capability;
    assert_eq!(capability.as_deref(), Some(all));
    let client_id = request(nonce("nonce-4").client_id("request-client")).client_id;
    assert_eq!(client_id.as_deref(), Some("request-client"));
    assert_eq!(request(nonce("unique-nonce")).nonce, "unique-nonce");
}

/// A whole token request as JSON.
fn whole() -> Value {
    json!({
        "keyName": "appId.keyId",
        "ttl": 7_200_000,
        "capability": r#"{"ch":["sub"]}"#,
        "clientId": "from-json-client",
        "timestamp": 1_234_567_899_999_i64,
        "nonce": "from-json-nonce",
        "mac": "from-json-mac",
    })
}

// UTS: rest/unit/TE/token-request-mac-signature-0
#[test]
fn te_mac() {
    let mut signed = request(nonce("nonce-value").timestamp(EXPIRES));
    signed.mac = "signature-base64".into();
    let json: Value = serde_json::from_str(&signed.to_json()).unwrap();
    assert_eq!(json["mac"], "signature-base64");
    let printed = format!("{signed:?}");
    assert!(!printed.contains("signature-base64"), "{printed}");
}

// UTS: rest/unit/TE/token-request-to-json-1
#[test]
fn te_to_json() {
    let mut request = request(
        nonce("json-nonce")
            .ttl(Duration::from_secs(3_600))
            .capability(r#"{"*":["*"]}"#)
            .client_id("json-client")
            .timestamp(EXPIRES),
    );
    request.mac = "json-mac".into();
    let json: Value = serde_json::from_str(&request.to_json()).unwrap();
    assert_eq!(
        json,
        json!({
            "keyName": "appId.keyId",
            "ttl": 3_600_000,
            "capability": r#"{"*":["*"]}"#,
            "clientId": "json-client",
            "timestamp": EXPIRES,
            "nonce": "json-nonce",
            "mac": "json-mac",
        })
    );
}

// UTS: rest/unit/TE/token-request-from-json-2
#[test]
fn te_from_json() {
    let request = TokenRequest::from_json(&whole().to_string()).unwrap();
    assert_eq!(request.key_name, "appId.keyId");
    assert_eq!(request.ttl, Some(7_200_000));
    assert_eq!(request.capability.as_deref(), Some(r#"{"ch":["sub"]}"#));
    assert_eq!(request.client_id.as_deref(), Some("from-json-client"));
    assert_eq!(request.timestamp, 1_234_567_899_999);
    assert_eq!(request.nonce, "from-json-nonce");
    assert_eq!(request.mac, "from-json-mac");
}
