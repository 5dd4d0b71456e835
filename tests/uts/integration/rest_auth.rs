//! `rest/integration/auth.md`

use crate::live::*;

/// The status of a channel, as the document asks for it.
async fn status(client: &Rest, name: &str) -> (u16, Option<ErrorCode>) {
    let path = format!("/channels/{}", unique(name));
    let answer = client.request("GET", &path, 3).await.expect("an answer");
    (answer.status_code(), answer.error_code())
}

#[track_caller]
fn assert_success((status, error): (u16, Option<ErrorCode>)) {
    assert!((200..300).contains(&status), "{status} {error:?}");
}

// UTS: rest/integration/RSA4/basic-auth-key-0
#[test]
fn rsa4_a_key_authenticates() {
    run(async {
        let app = TestApp::start().await;
        let client = rest(app.with_key());
        assert_success(status(&client, "test-RSA4").await);
    });
}

// UTS: rest/integration/RSA8/token-auth-jwt-0
#[test]
fn rsa8_a_jwt_authenticates() {
    run(async {
        let app = TestApp::start().await;
        let client = rest(app.direct().token(generate_jwt(app.key(), json!({}))));
        assert_success(status(&client, "test-RSA8-jwt").await);
    });
}

// UTS: rest/integration/RSA8/token-auth-native-1
#[test]
fn rsa8_a_native_token_authenticates() {
    run(async {
        let app = TestApp::start().await;
        let key_client = rest(app.with_key());
        let details = key_client.auth().request_token(None, None).await;
        let details = details.expect("a token");
        let token = details.token.expose().clone();
        let client = rest(app.direct().token(token.clone()));
        let answer = status(&client, "test-RSA8-native").await;
        assert!(!token.is_empty());
        assert!(details.expires.expect("an end") > unix_ms());
        assert_success(answer);
    });
}

// UTS: rest/integration/RSA8/auth-callback-token-request-2
#[test]
fn rsa8_a_callback_may_give_a_token_request() {
    run(async {
        let app = TestApp::start().await;
        let creator = rest(app.with_key());
        let options = app.direct().auth_callback(move |params: TokenParams| {
            let creator = creator.clone();
            async move {
                let auth = creator.auth();
                let request = auth.create_token_request(Some(params), None).await?;
                Ok(Credential::Request(request))
            }
        });
        assert_success(status(&rest(options), "test-RSA8-callback").await);
    });
}

// UTS: rest/integration/RSA8/auth-callback-jwt-3
#[test]
fn rsa8_a_callback_may_give_a_jwt() {
    run(async {
        let app = TestApp::start().await;
        let key = app.key().to_owned();
        let options = app.direct().auth_callback(move |params: TokenParams| {
            let ttl = params.ttl.unwrap_or(3_600_000);
            let mut claims = json!({"exp": (unix_ms() + ttl) / 1000});
            if let Some(id) = &params.client_id {
                claims["x-ably-clientId"] = json!(&**id);
            }
            let jwt = generate_jwt(&key, claims);
            std::future::ready(Ok(Credential::Token(TokenDetails::new(jwt))))
        });
        assert_success(status(&rest(options), "test-RSA8-jwt-callback").await);
    });
}

// UTS: rest/integration/RSA4/invalid-credentials-rejected-1
#[test]
fn rsa4_an_unknown_key_is_refused() {
    run(async {
        let app = TestApp::start().await;
        let key = format!("{}.invalidKey:invalidSecret", app.app_id);
        let client = rest(app.direct().key(key));
        let answer = status(&client, "test-RSA4-invalid").await;
        assert_eq!(answer, (401, Some(ErrorCode(40400))));
    });
}

// UTS: rest/integration/RSC10/token-renewal-expired-jwt-0
#[test]
fn rsc10_an_expired_jwt_is_renewed() {
    run(async {
        let app = TestApp::start().await;
        let calls = Arc::new(AtomicUsize::new(0));
        let (counter, key) = (calls.clone(), app.key().to_owned());
        let options = app.direct().auth_callback(move |_: TokenParams| {
            let now = unix_ms() / 1000;
            let claims = match counter.fetch_add(1, Ordering::SeqCst) {
                0 => json!({"iat": now - 60, "exp": now - 5}),
                _ => json!({}),
            };
            let jwt = generate_jwt(&key, claims);
            std::future::ready(Ok(Credential::Token(TokenDetails::new(jwt))))
        });
        assert_success(status(&rest(options), "test-RSC10-renewal").await);
        assert_eq!(calls.load(Ordering::SeqCst), 2);
    });
}

// UTS: rest/integration/RSA8/capability-restriction-4
#[test]
fn rsa8_a_token_allows_what_it_is_for() {
    run(async {
        let app = TestApp::start().await;
        let allowed = unique("test-RSA8-cap-allowed");
        let denied = unique("test-RSA8-cap-denied");
        let mut capability = json!({});
        capability[&allowed] = json!(["publish", "subscribe"]);
        let claims = json!({"x-ably-capability": capability.to_string()});
        let client = rest(app.direct().token(generate_jwt(app.key(), claims)));
        let published = client
            .channels()
            .get(&allowed)
            .publish("test", "hello")
            .await;
        published.expect("published");
        let refused = client
            .channels()
            .get(&denied)
            .publish("test", "hello")
            .await;
        let error = refused.expect_err("refused");
        assert_eq!((error.code().0, error.status_code()), (40160, 401));
    });
}
