//! `realtime/integration/auth/token_request_test.md`

use crate::live::*;
use ConnectionState as S;

/// Adds an authCallback that gives token requests which another client of the key makes.
fn with_requests(
    app: &TestApp,
    options: ClientOptions,
    params: Option<TokenParams>,
) -> ClientOptions {
    let creator = rest(app.with_key());
    options.auth_callback(move |_: TokenParams| {
        let (creator, params) = (creator.clone(), params.clone());
        async move {
            let request = creator.auth().create_token_request(params, None).await?;
            Ok(Credential::Request(request))
        }
    })
}

fn options(app: &TestApp) -> ClientOptions {
    app.direct().auto_connect(false).use_binary_protocol(false)
}

// UTS: realtime/integration/RSA9a/token-request-server-accepted-0
#[test]
fn rsa9a_the_server_takes_a_token_request() {
    run(async {
        let app = TestApp::start().await;
        let client = realtime(with_requests(&app, options(&app), None));
        connect(&client).await;
        assert_eq!(client.connection().state(), S::Connected);
        assert!(!client.connection().id().expect("an id").is_empty());
        assert_eq!(client.connection().error_reason(), None);
        close(&client).await;
    });
}

// UTS: realtime/integration/RSA9/token-request-with-clientid-0
#[test]
fn rsa9_a_token_request_carries_the_client_id() {
    run(async {
        let app = TestApp::start().await;
        let id = unique("token-request-client");
        let params = TokenParams::new().client_id(&*id);
        let options = with_requests(&app, options(&app), Some(params));
        let client = realtime(options.client_id(&*id));
        connect(&client).await;
        assert_eq!(client.connection().state(), S::Connected);
        assert_eq!(client.auth().client_id().as_deref(), Some(&*id));
        close(&client).await;
    });
}
