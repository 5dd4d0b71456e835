//! `rest/unit/auth/client_id.md`

use super::common::*;

fn identity(client: &BaseRest) -> Option<String> {
    let id = client.auth().client_id().map(String::from);
    assert_eq!(client.client_id().map(String::from), id);
    id
}

fn with_details(details: TokenDetails) -> ClientOptions {
    ClientOptions::new().token_details(details)
}

// UTS: rest/unit/RSA7a/clientid-from-options-0
#[test]
fn rsa7a_from_the_options() {
    let options = ClientOptions::with_key(KEY).client_id("my-client-id");
    let (_rt, client) = rest(&serving(), options);
    assert_eq!(identity(&client).as_deref(), Some("my-client-id"));
}

// UTS: rest/unit/RSA7b/clientid-from-token-details-0
#[test]
fn rsa7b_from_a_token() {
    let options = with_details(hour_for("token-with-clientId", "token-client-id"));
    let (_rt, client) = rest(&serving(), options);
    assert_eq!(identity(&client).as_deref(), Some("token-client-id"));
}

// UTS: rest/unit/RSA7b/clientid-from-callback-token-1
#[test]
fn rsa7b_from_a_token_of_the_callback() {
    let (options, _) =
        with_callback(|_| Ok(hour_for("callback-token", "callback-client-id").into()));
    let (rt, client) = rest(&serving(), options);
    status(&rt, &client).unwrap();
    assert_eq!(identity(&client).as_deref(), Some("callback-client-id"));
}

// UTS: rest/unit/RSA7c/clientid-null-unidentified-0
#[test]
fn rsa7c_none_with_a_key() {
    let (_rt, client) = with_key(&serving());
    assert_eq!(identity(&client), None);
}

// UTS: rest/unit/RSA7c/clientid-null-unidentified-token-1
#[test]
fn rsa7c_none_with_a_token_without() {
    let (_rt, client) = rest(&serving(), with_details(hour("token-without-clientId")));
    assert_eq!(identity(&client), None);
}

// UTS: rest/unit/RSA12a/clientid-passed-to-callback-0
#[test]
fn rsa12a_the_callback_is_told() {
    let (options, calls) = with_callback(|_| Ok(hour("tok").into()));
    let (rt, client) = rest(&serving(), options.client_id("library-client-id"));
    status(&rt, &client).unwrap();
    let calls = calls.all();
    assert_eq!(calls.len(), 1);
    assert_eq!(calls[0].client_id.as_deref(), Some("library-client-id"));
}

// UTS: rest/unit/RSA12b/clientid-sent-to-authurl-0
#[test]
fn rsa12b_the_url_is_told() {
    for method in [AuthMethod::Get, AuthMethod::Post] {
        let http = with_auth_url(ok(hour_json("url-token")));
        let options = ClientOptions::new()
            .auth_url("https://auth.example.com/token")
            .auth_method(method)
            .client_id("url-client-id");
        let (rt, client) = rest(&http, options);
        status(&rt, &client).unwrap();
        let asked = &http.requests()[0];
        assert_eq!(asked.host, "auth.example.com");
        match method {
            AuthMethod::Post => {
                assert_eq!(asked.method, "POST");
                assert_eq!(&asked.body[..], b"clientId=url-client-id");
            }
            _ => {
                assert_eq!(asked.method, "GET");
                assert_eq!(asked.query("clientId"), Some("url-client-id"));
            }
        }
    }
}

// UTS: rest/unit/RSA7/clientid-updated-after-authorize-0
#[test]
fn rsa7_another_token_is_another_identity() {
    let (options, _) =
        with_callback(|n| Ok(hour_for(&format!("token-{n}"), &format!("client-{n}")).into()));
    let (rt, client) = rest(&serving(), options);
    status(&rt, &client).unwrap();
    assert_eq!(identity(&client).as_deref(), Some("client-1"));
    authorize(&rt, &client, None, None).unwrap();
    assert_eq!(identity(&client).as_deref(), Some("client-2"));
}

// UTS: rest/unit/RSA12/wildcard-clientid-0
#[test]
fn rsa12_any() {
    let (_rt, client) = rest(&serving(), with_details(hour_for("wildcard-token", "*")));
    assert_eq!(identity(&client).as_deref(), Some("*"));
}

// UTS: rest/unit/RSA7/clientid-mismatch-error-1
#[test]
fn rsa7_options_and_token_agree() {
    for (own, told, expected) in [
        (Some("client-a"), Some("client-a"), Some("client-a")),
        (Some("client-a"), Some("client-b"), None),
        (Some("client-a"), None, Some("client-a")),
        (Some("client-a"), Some("*"), Some("client-a")),
        (None, Some("client-b"), Some("client-b")),
    ] {
        let mut details = hour("a-token");
        details.client_id = told.map(Into::into);
        let mut options = with_details(details);
        if let Some(own) = own {
            options = options.client_id(own);
        }
        let (rt, http) = (VirtualRuntime::new(), serving());
        match (try_rest(&rt, &http, options), expected) {
            (Ok(client), Some(expected)) => {
                status(&rt, &client).unwrap();
                assert_eq!(identity(&client).as_deref(), Some(expected));
            }
            (Err(error), None) => {
                assert!(error.message().contains("clientId"), "{error}");
                assert_eq!(http.requests().len(), 0);
            }
            (other, _) => panic!("{own:?} {told:?}: {other:?}"),
        }
    }
}

// UTS: rest/unit/RSA15a/token-clientid-must-match-0
#[test]
fn rsa15a_another_identity_is_refused() {
    let (rt, http) = (VirtualRuntime::new(), serving());
    let options = with_details(hour_for("matching-token", "my-client")).client_id("my-client");
    let client = try_rest(&rt, &http, options).unwrap();
    assert_eq!(identity(&client).as_deref(), Some("my-client"));
    let options = with_details(hour_for("mismatched-token", "other-client")).client_id("my-client");
    let error = try_rest(&rt, &http, options).unwrap_err();
    assert_eq!(error.code(), 40102);
}

// UTS: rest/unit/RSA15b/wildcard-token-permits-any-0
#[test]
fn rsa15b_a_token_for_any_permits_all() {
    let options = with_details(hour_for("wildcard-token", "*")).client_id("any-client");
    let (_rt, client) = rest(&serving(), options);
    assert_eq!(identity(&client).as_deref(), Some("any-client"));
}

// UTS: rest/unit/RSA15c/incompatible-clientid-error-0
#[test]
fn rsa15c_a_token_of_another_fails_the_request_or_the_connection() {
    let http = serving();
    let (options, _) = with_callback(|_| Ok(hour_for("mismatched-token", "other-client").into()));
    let (rt, client) = rest(&http, options.clone().client_id("my-client"));
    let error = status(&rt, &client).unwrap_err();
    assert_eq!(error.code(), 40102);
    assert_eq!(http.requests().len(), 0);

    let (rt, ws) = (VirtualRuntime::new(), MockWebSocket::accepting());
    let options = options
        .client_id("my-client")
        .plugin(rt.clone())
        .plugin(ws.clone());
    let client = crate::support::client(options);
    rt.await_state(&client, ConnectionState::Failed);
    let reason = client.connection().error_reason().expect("a reason");
    assert_eq!(reason.code(), 40102);
    assert_eq!(ws.attempts().len(), 0);
}
