//! `rest/integration/revoke_tokens.md`

use ably::plugins::rest::{
    RevokeTokens, TokenRevocationOptions, TokenRevocationSuccessResult,
    TokenRevocationTargetSpecifier as Target,
};

use crate::live::*;
use ConnectionState as S;

/// A client of the key whose tokens can be revoked, and one that is connected with a token of it.
async fn connected(app: &TestApp, id: &str) -> (Rest, Realtime) {
    let key_client = rest(app.direct().key(&app.keys[4]));
    let params = TokenParams::new().client_id(id);
    let details = key_client.auth().request_token(Some(params), None).await;
    let options = app.direct().token_details(details.expect("a token"));
    let client = realtime(options);
    await_state(&client, S::Connected, s(15)).await;
    (key_client, client)
}

/// Waits, from the call on, for the connection to be lost.
fn lost(client: &Realtime) -> impl Future<Output = ConnectionStateChange> + use<> {
    let (tell, told) = tokio::sync::oneshot::channel();
    let mut tell = Some(tell);
    client.connection().once(S::Disconnected, move |change| {
        let tell = tell.take().expect("it is called once");
        let _ = tell.send(change.clone());
    });
    let told = within(s(15), told);
    async move { told.await.expect("a change") }
}

/// A time that the server may well have set.
#[track_caller]
fn assert_revoked(result: &TokenRevocationSuccessResult, id: &str) {
    assert_eq!(&*result.target, format!("clientId:{id}"));
    for time in [result.issued_before, result.applies_at] {
        assert!((time - unix_ms()).abs() < 3_600_000, "{time}");
    }
}

// UTS: rest/integration/RSA17g/revoke-token-prevents-use-0
#[test]
fn rsa17g_a_revoked_token_is_of_no_use() {
    run(async {
        let app = TestApp::start().await;
        let id = unique("revoke-client");
        let (key_client, client) = connected(&app, &id).await;
        let lost = lost(&client);
        let auth = key_client.auth();
        let result = auth.revoke_tokens([Target::client_id(&*id)], ()).await;
        let result = result.expect("a result");
        assert_eq!((result.success_count, result.failure_count), (1, 0));
        assert_eq!(result.results.len(), 1);
        assert_revoked(result.results[0].as_ref().expect("a success"), &id);
        let change = lost.await;
        assert_eq!(change.reason.expect("a reason").code().0, 40141);
    });
}

// UTS: rest/integration/RSA17d/token-auth-revoke-rejected-0
#[test]
fn rsa17d_a_client_of_a_token_may_not_revoke() {
    run(async {
        let app = TestApp::start().await;
        let jwt = generate_jwt(&app.keys[4], json!({}));
        let client = rest(app.direct().token(jwt).use_binary_protocol(false));
        let auth = client.auth();
        let result = auth.revoke_tokens([Target::client_id("anyone")], ()).await;
        let error = result.expect_err("refused");
        assert_eq!((error.code().0, error.status_code()), (40162, 401));
    });
}

// UTS: rest/integration/RSA17e/issued-before-reauth-margin-0
#[test]
fn rsa17e_tokens_of_before_and_time_to_renew() {
    run(async {
        let app = TestApp::start().await;
        let id = unique("revoke-margin-client");
        let client = rest(app.direct().key(&app.keys[4]));
        let time = client.time().await.expect("a time");
        // Where no network takes its time, both requests may come in the same millisecond.
        poll_until(s(5), async || {
            let now = client.time().await.expect("a time");
            (now > time).then_some(())
        })
        .await;
        let before = time - 20 * 60 * 1000;
        let options = TokenRevocationOptions::new()
            .issued_before(before)
            .allow_reauth_margin(true);
        let auth = client.auth();
        let result = auth.revoke_tokens([Target::client_id(&*id)], options).await;
        let result = result.expect("a result");
        assert_eq!(result.success_count, 1);
        assert_eq!(result.results.len(), 1);
        let success = result.results[0].as_ref().expect("a success");
        assert_eq!(success.issued_before, before);
        assert!(success.applies_at > time + 30_000, "{success:?}");
    });
}

// UTS: rest/integration/RSA17c/mixed-success-failure-0
#[test]
fn rsa17c_one_target_fails_alone() {
    run(async {
        let app = TestApp::start().await;
        let id = unique("revoke-mixed-client");
        let (key_client, client) = connected(&app, &id).await;
        let lost = lost(&client);
        let auth = key_client.auth();
        let targets = [Target::client_id(&*id), Target::new("invalidType", "abc")];
        let result = auth.revoke_tokens(targets, ()).await.expect("a result");
        assert_eq!((result.success_count, result.failure_count), (1, 1));
        assert_eq!(result.results.len(), 2);
        assert_revoked(result.results[0].as_ref().expect("a success"), &id);
        let failure = result.results[1].as_ref().expect_err("a failure");
        assert_eq!(&*failure.target, "invalidType:abc");
        assert_eq!(failure.error.status_code(), 400);
        let change = lost.await;
        assert_eq!(change.reason.expect("a reason").code().0, 40141);
    });
}
