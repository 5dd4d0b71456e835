//! `realtime/integration/auth/token_renewal_test.md`

use crate::live::*;
use ConnectionState as S;

// UTS: realtime/integration/RSA4b/token-renewal-on-expiry-0
#[test]
fn rsa4b_a_token_that_expires_is_renewed() {
    run(async {
        let app = TestApp::start().await;
        let calls = Heard::new();
        let (heard, key) = (calls.clone(), app.key().to_owned());
        let options = app.direct().auto_connect(false).use_binary_protocol(false);
        let options = options.auth_callback(move |_: TokenParams| {
            heard.listener()(&());
            let first = heard.all().len() == 1;
            // Five seconds at first.
            let exp = unix_ms() / 1000 + if first { 5 } else { 3600 };
            let jwt = generate_jwt(&key, json!({"exp": exp}));
            std::future::ready(Ok(Credential::Token(TokenDetails::new(jwt))))
        });
        let client = realtime(options);
        connect(&client).await;
        assert!(!client.connection().id().expect("an id").is_empty());
        assert_eq!(calls.all().len(), 1);
        let calls = calls.until(s(30), |all| all.len() >= 2).await;
        await_state(&client, S::Connected, s(15)).await;
        assert!(calls.len() >= 2);
        assert_eq!(client.connection().state(), S::Connected);
        close(&client).await;
    });
}
