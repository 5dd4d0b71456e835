//! `realtime/integration/connection/connection_failures_test.md`

use crate::live::*;
use ConnectionState as S;

/// A client of a key that does not exist, when it has failed.
async fn failed(app: &TestApp, key: &str) -> Realtime {
    let options = app.with_key().key(key).use_binary_protocol(false);
    let client = realtime(options);
    client.connect();
    await_state(&client, S::Failed, s(15)).await;
    assert_eq!(client.connection().state(), S::Failed);
    client
}

// UTS: realtime/integration/RTN14a/invalid-key-failed-0
#[test]
fn rtn14a_an_invalid_key_fails() {
    run(async {
        let app = TestApp::start().await;
        let client = failed(&app, "invalid.key:secret").await;
        let reason = reason(&client);
        assert!([40005, 40101].contains(&reason.code().0), "{reason:?}");
        assert!([401, 404].contains(&reason.status_code()), "{reason:?}");
    });
}

// UTS: realtime/integration/RTN14g/revoked-key-failed-0
#[test]
fn rtn14g_a_key_of_no_app_fails() {
    run(async {
        let app = TestApp::start().await;
        let client = failed(&app, "nonexistent.keyname:keysecret").await;
        let code = reason(&client).code().0;
        assert!(!(40140..40150).contains(&code), "{code}");
    });
}
