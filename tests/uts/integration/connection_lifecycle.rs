//! `realtime/integration/connection_lifecycle_test.md`

use crate::live::*;
use ConnectionState as S;

fn is_made_of(text: &str, more: &str) -> bool {
    !text.is_empty()
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || more.contains(c))
}

// UTS: realtime/integration/RTN4b/successful-connection-0
#[test]
fn rtn4b_a_client_connects() {
    run(async {
        let app = TestApp::start().await;
        let client = realtime(app.with_key());
        assert_eq!(client.connection().state(), S::Initialized);
        let connecting = await_state(&client, S::Connecting, s(10));
        client.connect();
        connecting.await;
        await_state(&client, S::Connected, s(10)).await;
        assert_eq!(client.connection().state(), S::Connected);
        let id = client.connection().id().expect("an id");
        assert!(is_made_of(&id, "_-"), "{id}");
        let key = client.connection().key().expect("a key");
        assert!(is_made_of(&key, "_!-"), "{key}");
        assert_eq!(client.connection().error_reason(), None);
        close(&client).await;
    });
}

// UTS: realtime/integration/RTN4c/graceful-close-0
#[test]
fn rtn4c_a_connection_is_closed() {
    run(async {
        let app = TestApp::start().await;
        let client = realtime(app.with_key());
        connect(&client).await;
        let closing = await_state(&client, S::Closing, s(1));
        client.connection().close();
        closing.await;
        await_state(&client, S::Closed, s(5)).await;
        assert_eq!(client.connection().state(), S::Closed);
        // DEVIATION: RTN12a — the document wants no reason; ably-js gives 80017, as we do.
        assert_eq!(reason(&client).code(), ErrorCode::CONNECTION_CLOSED);
        assert_eq!(client.connection().id(), None);
        assert_eq!(client.connection().key(), None);
    });
}

// UTS: realtime/integration/RTN11/connect-reconnect-cycle-0
#[test]
fn rtn11_a_closed_connection_is_opened_again() {
    run(async {
        let app = TestApp::start().await;
        let client = realtime(app.with_key());
        assert_eq!(client.connection().state(), S::Initialized);
        connect(&client).await;
        let first = client.connection().id();
        client.connection().close();
        await_state(&client, S::Closed, s(5)).await;
        connect(&client).await;
        let second = client.connection().id();
        assert!(!second.as_deref().expect("an id").is_empty());
        assert_ne!(first, second);
        assert_eq!(client.connection().error_reason(), None);
        close(&client).await;
    });
}
