//! `rest/unit/auth/token_details.md`

use super::common::*;

/// Tokens `token-v1`, `token-v2` of clients `client-v1`, `client-v2`.
fn versions(n: usize) -> TokenDetails {
    hour_for(&format!("token-v{n}"), &format!("client-v{n}"))
}

// UTS: rest/unit/RSA16a/token-from-callback-0
#[test]
fn rsa16a_from_a_callback() {
    let (options, _) = with_callback(|_| {
        let mut details = hour_for("callback-token-abc", "my-client");
        details.issued = Some(NOW);
        Ok(details.into())
    });
    let (rt, client) = rest(&serving(), options);
    status(&rt, &client).unwrap();
    let details = current(&client);
    assert_eq!(token_of(&details), "callback-token-abc");
    assert_eq!(details.client_id.as_deref(), Some("my-client"));
    assert_eq!(details.expires, Some(LATER));
    assert_eq!(details.issued, Some(NOW));
}

// UTS: rest/unit/RSA16a/token-from-request-token-1
#[test]
fn rsa16a_from_the_server() {
    let http = exchanging(json!({
        "token": "requested-token-xyz", "expires": LATER, "issued": NOW,
        "keyName": "appId.keyId", "clientId": "token-client",
    }));
    let (rt, client) = with_key(&http);
    authorize(&rt, &client, None, None).unwrap();
    let details = current(&client);
    assert_eq!(token_of(&details), "requested-token-xyz");
    assert_eq!(details.client_id.as_deref(), Some("token-client"));
    assert_eq!((details.issued, details.expires), (Some(NOW), Some(LATER)));
}

// UTS: rest/unit/RSA16b/token-string-in-options-0
#[test]
fn rsa16b_from_a_string_in_the_options() {
    let options = ClientOptions::with_token("standalone-token-string");
    let (_rt, client) = rest(&serving(), options);
    let details = current(&client);
    assert_eq!(token_of(&details), "standalone-token-string");
    assert_eq!(details.expires, None);
    assert_eq!(details.issued, None);
    assert_eq!(details.client_id, None);
    assert_eq!(details.capability, None);
}

// UTS: rest/unit/RSA16b/token-string-from-callback-1
#[test]
fn rsa16b_from_a_string_of_the_callback() {
    let (options, _) = with_callback(|_| Ok("just-a-token-string".into()));
    let (rt, client) = rest(&serving(), options);
    status(&rt, &client).unwrap();
    let details = current(&client);
    assert_eq!(token_of(&details), "just-a-token-string");
    assert_eq!(details.expires, None);
    assert_eq!(details.issued, None);
}

// UTS: rest/unit/RSA16c/set-on-instantiation-0
#[test]
fn rsa16c_from_the_beginning() {
    let mut initial = hour_for("initial-token", "initial-client");
    initial.issued = Some(NOW);
    let options = ClientOptions::new().token_details(initial);
    let (_rt, client) = rest(&serving(), options);
    let details = current(&client);
    assert_eq!(token_of(&details), "initial-token");
    assert_eq!(details.client_id.as_deref(), Some("initial-client"));
}

// UTS: rest/unit/RSA16c/updated-after-authorize-1
#[test]
fn rsa16c_after_authorize() {
    let (options, _) = with_callback(|n| Ok(versions(n).into()));
    let (rt, client) = rest(&serving(), options);
    authorize(&rt, &client, None, None).unwrap();
    let first = current(&client);
    authorize(&rt, &client, None, None).unwrap();
    let second = current(&client);
    assert_eq!(token_of(&first), "token-v1");
    assert_eq!(first.client_id.as_deref(), Some("client-v1"));
    assert_eq!(token_of(&second), "token-v2");
    assert_eq!(second.client_id.as_deref(), Some("client-v2"));
    assert_ne!(token_of(&first), token_of(&second));
}

// UTS: rest/unit/RSA16c/updated-after-expiry-renewal-2
//
// DEVIATION: as in ably-js and RSA4b1 our own clock is not trusted: the token is renewed before
// the server refuses it only when the server has told its time.
#[test]
fn rsa16c_after_expiry() {
    for knows_time in [false, true] {
        let (options, _) = with_callback(|n| {
            let mut details = versions(n);
            details.expires = Some(NOW + 1000);
            Ok(details.into())
        });
        let (rt, client) = rest(&serving(), options);
        if knows_time {
            client.core().learn_server_time(NOW);
        }
        status(&rt, &client).unwrap();
        let first = current(&client);
        rt.advance(ms(2000));
        status(&rt, &client).unwrap();
        let second = current(&client);
        assert_eq!(token_of(&first), "token-v1");
        let expected = if knows_time { "token-v2" } else { "token-v1" };
        assert_eq!(token_of(&second), expected);
    }
}

// UTS: rest/unit/RSA16c/updated-after-40142-renewal-3
#[test]
fn rsa16c_after_a_refusal() {
    let http = MockHttp::replying([refused(40142, "Token expired"), channel_status()]);
    let (options, _) = with_callback(|n| Ok(versions(n).into()));
    let (rt, client) = rest(&http, options);
    authorize(&rt, &client, None, None).unwrap();
    let first = current(&client);
    status(&rt, &client).unwrap();
    let second = current(&client);
    assert_eq!(token_of(&first), "token-v1");
    assert_eq!(token_of(&second), "token-v2");
}

// UTS: rest/unit/RSA16d/null-with-basic-auth-0
#[test]
fn rsa16d_none_with_a_key() {
    let (rt, client) = with_key(&serving());
    status(&rt, &client).unwrap();
    assert_eq!(client.auth().token_details(), None);
}

// UTS: rest/unit/RSA16d/null-before-token-obtained-1
#[test]
fn rsa16d_none_before_the_first() {
    let (options, _) = with_callback(|_| Ok(hour("my-token").into()));
    let (_rt, client) = rest(&serving(), options);
    assert_eq!(client.auth().token_details(), None);
}

// UTS: rest/unit/RSA16d/null-after-invalidation-2
#[test]
fn rsa16d_none_after_a_refusal_without_renewal() {
    let http = MockHttp::replying([refused(40142, "Token expired")]);
    let (options, calls) = with_callback(|n| match n {
        1 => Ok(hour("first-token").into()),
        _ => Err(ErrorInfo::new(
            ErrorCode::NONE,
            0,
            "Cannot obtain new token",
        )),
    });
    let (rt, client) = rest(&http, options);
    authorize(&rt, &client, None, None).unwrap();
    assert_eq!(token_of(&current(&client)), "first-token");
    status(&rt, &client).unwrap_err();
    assert_eq!(calls.all().len(), 2);
    assert_eq!(client.auth().token_details(), None);
}

// UTS: rest/unit/RSA16d/null-after-switch-to-basic-3
//
// DEVIATION: `authorize` means tokens (RSA10a), and a key other than the client's is refused, as in
// ably-js; there is no way back to a key.
#[test]
fn rsa16d_no_switch_to_a_key() {
    let (options, _) = with_callback(|_| Ok(hour("my-token").into()));
    let (rt, client) = rest(&serving(), options);
    authorize(&rt, &client, None, None).unwrap();
    assert_eq!(token_of(&current(&client)), "my-token");
    let key = AuthOptions::new().key("appId.keyId:keySecret");
    let error = authorize(&rt, &client, None, key).unwrap_err();
    assert_eq!(error.code(), 40102);
    assert_eq!(token_of(&current(&client)), "my-token");
}

// UTS: rest/unit/RSA16a/preserved-across-requests-0
#[test]
fn rsa16a_the_same_for_all_requests() {
    let (options, calls) = with_callback(|_| Ok(hour_for("stable-token", "stable-client").into()));
    let (rt, client) = rest(&serving(), options);
    for _ in 0..3 {
        status(&rt, &client).unwrap();
        assert_eq!(token_of(&current(&client)), "stable-token");
    }
    assert_eq!(calls.all().len(), 1);
}

// UTS: rest/unit/RSA16a/reflects-capability-1
#[test]
fn rsa16a_with_its_capability() {
    const CAPABILITY: &str = r#"{"channel1":["publish","subscribe"],"channel2":["subscribe"]}"#;
    let (options, _) = with_callback(|_| {
        let mut details = hour("capable-token");
        details.capability = Some(CAPABILITY.into());
        Ok(details.into())
    });
    let (rt, client) = rest(&serving(), options);
    status(&rt, &client).unwrap();
    assert_eq!(current(&client).capability.as_deref(), Some(CAPABILITY));
}
