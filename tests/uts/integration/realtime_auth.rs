//! `realtime/integration/auth.md`

use crate::live::*;
use ConnectionState as S;

fn with_jwt(app: &TestApp, claims: Value) -> ClientOptions {
    app.with_jwt(app.direct().auto_connect(false), claims)
}

// UTS: realtime/integration/RTC8a/in-band-reauth-connected-0
#[test]
fn rtc8a_authorize_does_not_disturb_the_connection() {
    run(async {
        let app = TestApp::start().await;
        let client = realtime(with_jwt(&app, json!({})));
        connect(&client).await;
        let id = client.connection().id();
        let changes = record_connection(&client);
        let token = within(s(15), client.auth().authorize(None, None)).await;
        assert!(!token.expect("a token").token.expose().is_empty());
        assert!(!id.as_deref().expect("an id").is_empty());
        assert_eq!(client.connection().id(), id);
        let transitions = changes.all();
        let transitions: Vec<_> = transitions
            .iter()
            .filter(|c| c.current != c.previous)
            .collect();
        assert!(transitions.is_empty(), "{transitions:?}");
        close(&client).await;
    });
}

// UTS: realtime/integration/RTC8c/authorize-initiates-connection-0
#[test]
fn rtc8c_authorize_connects() {
    run(async {
        let app = TestApp::start().await;
        let client = realtime(with_jwt(&app, json!({})));
        assert_eq!(client.connection().state(), S::Initialized);
        let token = within(s(15), client.auth().authorize(None, None)).await;
        await_state(&client, S::Connected, s(15)).await;
        assert!(!token.expect("a token").token.expose().is_empty());
        assert_eq!(client.connection().state(), S::Connected);
        assert!(!client.connection().id().expect("an id").is_empty());
        close(&client).await;
    });
}

// UTS: realtime/integration/RSA8/token-auth-connect-0
#[test]
fn rsa8_a_jwt_connects() {
    run(async {
        let app = TestApp::start().await;
        let client = realtime(with_jwt(&app, json!({})));
        connect(&client).await;
        assert_eq!(client.connection().state(), S::Connected);
        assert!(!client.connection().id().expect("an id").is_empty());
        assert_eq!(client.connection().error_reason(), None);
        close(&client).await;
    });
}

// UTS: realtime/integration/RSA7/matching-clientid-succeeds-0
#[test]
fn rsa7_a_token_of_the_client_id_connects() {
    run(async {
        let app = TestApp::start().await;
        let id = unique("test-client");
        let options = with_jwt(&app, json!({"x-ably-clientId": id}));
        let client = realtime(options.client_id(&*id));
        connect(&client).await;
        assert_eq!(client.connection().state(), S::Connected);
        assert_eq!(client.auth().client_id().as_deref(), Some(&*id));
        close(&client).await;
    });
}

// UTS: realtime/integration/RSA7/mismatched-clientid-fails-1
#[test]
fn rsa7_a_token_of_another_client_id_fails() {
    run(async {
        let app = TestApp::start().await;
        let options = with_jwt(&app, json!({"x-ably-clientId": "token-client-id"}));
        // It is known when the token is there, not when the client is made.
        let client = realtime(options.client_id("wrong-client-id"));
        client.connect();
        await_state(&client, S::Failed, s(15)).await;
        assert_eq!(client.connection().state(), S::Failed);
        assert_eq!(reason(&client).code().0, 40102);
    });
}
