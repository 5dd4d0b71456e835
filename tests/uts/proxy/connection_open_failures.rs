//! `realtime/integration/proxy/connection_open_failures.md`

use crate::live::*;
use ConnectionState as S;

/// Rules that replace the first CONNECTED by an ERROR of the connection.
fn instead_of_connected(error: &Value, comment: &str) -> Value {
    json!([{
        "match": {"type": "ws_frame_to_client", "action": "CONNECTED"},
        "action": {"type": "replace", "message": {"action": 9, "error": error}},
        "times": 1,
        "comment": comment,
    }])
}

// UTS: realtime/proxy/RTN14a/fatal-connect-error-0
#[test]
fn rtn14a_a_fatal_error_while_connecting_fails() {
    run(async {
        let app = TestApp::start().await;
        let fatal = error(40005, 400, "Invalid key");
        let rules = instead_of_connected(&fatal, "RTN14a: Replace CONNECTED with fatal ERROR");
        let session = app.proxy(rules).await;
        let client = realtime(app.through_with_key(&session));
        let changes = record_connection(&client);
        client.connect();
        await_state(&client, S::Failed, s(15)).await;

        assert_eq!(client.connection().state(), S::Failed);
        let reason = reason(&client);
        assert_eq!((reason.code().0, reason.status_code()), (40005, 400));
        assert_in_order(&connection_states(&changes), &[S::Connecting, S::Failed]);
        assert_eq!(client.connection().id(), None);
        assert_eq!(client.connection().key(), None);
    });
}

// UTS: realtime/proxy/RTN14b/token-error-renew-reconnect-0
#[test]
fn rtn14b_a_token_error_while_connecting_renews_the_token() {
    run(async {
        let app = TestApp::start().await;
        let expired = error(40142, 401, "Token expired");
        let session = app
            .proxy(instead_of_connected(
                &expired,
                "RTN14b: Token error on first connection",
            ))
            .await;
        let (options, calls) = app.with_tokens(app.through(&session));
        let client = realtime(options);
        let changes = record_connection(&client);
        client.connect();
        await_state(&client, S::Connected, s(30)).await;

        assert_eq!(client.connection().state(), S::Connected);
        assert!(!client.connection().id().expect("an id").is_empty());
        assert!(!client.connection().key().expect("a key").is_empty());
        assert!(calls.load(Ordering::SeqCst) >= 2);
        assert_in_order(&connection_states(&changes), &[S::Connecting, S::Connected]);
        assert!(session.log().ws_connects().len() >= 2);
        assert_eq!(client.connection().error_reason(), None);
        close(&client).await;
    });
}

// UTS: realtime/proxy/RTN14d/retry-after-refused-0
#[test]
fn rtn14d_a_refused_connection_is_tried_again() {
    run(async {
        let app = TestApp::start().await;
        let session = app
            .proxy(json!([{
                "match": {"type": "ws_connect", "count": 1},
                "action": {"type": "refuse_connection"},
                "times": 1,
                "comment": "RTN14d: Refuse first WebSocket connection",
            }]))
            .await;
        let options = app.through_with_key(&session);
        let client = realtime(options.disconnected_retry_timeout(s(2)));
        let changes = record_connection(&client);
        client.connect();
        await_state(&client, S::Connected, s(30)).await;

        assert_eq!(client.connection().state(), S::Connected);
        assert!(!client.connection().id().expect("an id").is_empty());
        assert!(!client.connection().key().expect("a key").is_empty());
        assert_in_order(
            &connection_states(&changes),
            &[S::Connecting, S::Disconnected, S::Connecting, S::Connected],
        );
        assert!(session.log().ws_connects().len() >= 2);
        close(&client).await;
    });
}

// UTS: realtime/proxy/RTN14g/server-error-causes-failed-0
#[test]
fn rtn14g_a_server_error_while_connecting_fails() {
    run(async {
        let app = TestApp::start().await;
        let internal = error(50000, 500, "Internal server error");
        let comment = "RTN14g: Connection-level ERROR (server error) during open";
        let session = app.proxy(instead_of_connected(&internal, comment)).await;
        let client = realtime(app.through_with_key(&session));
        let changes = record_connection(&client);
        client.connect();
        await_state(&client, S::Failed, s(15)).await;

        assert_eq!(client.connection().state(), S::Failed);
        let reason = reason(&client);
        assert_eq!((reason.code().0, reason.status_code()), (50000, 500));
        assert_eq!(reason.message(), "Internal server error");
        assert_in_order(&connection_states(&changes), &[S::Connecting, S::Failed]);
        assert_eq!(client.connection().id(), None);
        assert_eq!(client.connection().key(), None);
    });
}

// UTS: realtime/proxy/RTN14c/connection-timeout-0
#[test]
fn rtn14c_a_connection_without_connected_times_out() {
    run(async {
        let app = TestApp::start().await;
        let session = app
            .proxy(json!([{
                "match": {"type": "ws_frame_to_client", "action": "CONNECTED"},
                "action": {"type": "suppress"},
                "comment": "RTN14c: Suppress CONNECTED to force timeout",
            }]))
            .await;
        let options = app.through_with_key(&session);
        let client = realtime(options.realtime_request_timeout(s(3)));
        let changes = record_connection(&client);
        client.connect();
        await_state(&client, S::Disconnected, s(15)).await;

        assert_eq!(client.connection().state(), S::Disconnected);
        let reason = reason(&client);
        assert!(
            reason.message().contains("timeout") || [50003, 80003].contains(&reason.code().0),
            "{reason:?}"
        );
        assert_in_order(
            &connection_states(&changes),
            &[S::Connecting, S::Disconnected],
        );
        assert_eq!(client.connection().id(), None);
        assert_eq!(client.connection().key(), None);
        close(&client).await;
    });
}
