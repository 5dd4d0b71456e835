//! `realtime/integration/proxy/heartbeat.md`

use crate::live::*;
use ConnectionState as S;

// UTS: realtime/proxy/RTN23a/heartbeat-starvation-reconnect-0
#[test]
fn rtn23a_a_closed_transport_is_replaced() {
    run(async {
        let app = TestApp::start().await;
        let session = app
            .proxy(json!([{
                "match": {"type": "delay_after_ws_connect", "delayMs": 2000},
                "action": {"type": "close"},
                "times": 1,
                "comment": "RTN23a: Close WebSocket after 2s to simulate transport failure",
            }]))
            .await;
        let client = realtime(app.through_with_jwt(&session));
        let changes = record_connection(&client);
        connect(&client).await;
        assert!(!client.connection().id().expect("an id").is_empty());
        await_state(&client, S::Disconnected, s(15)).await;
        await_state(&client, S::Connected, s(30)).await;

        assert_eq!(client.connection().state(), S::Connected);
        assert!(!client.connection().id().expect("an id").is_empty());
        assert!(!client.connection().key().expect("a key").is_empty());
        assert_in_order(
            &connection_states(&changes),
            &[
                S::Connecting,
                S::Connected,
                S::Disconnected,
                S::Connecting,
                S::Connected,
            ],
        );
        let log = session.log();
        let attempts = log.ws_connects();
        assert!(attempts.len() >= 2);
        assert!(!attempts[1]["resume"].is_empty());
        close(&client).await;
    });
}
