//! `realtime/integration/proxy/connection_resume.md`

use crate::live::*;
use ChannelState as C;
use ConnectionState as S;

const ACK: u64 = 1;
const MESSAGE: u64 = 15;

/// Does this once to the connection, a second after it was opened.
fn after_a_second(action: Value, comment: &str) -> Value {
    json!({
        "match": {"type": "delay_after_ws_connect", "delayMs": 1000},
        "action": action,
        "times": 1,
        "comment": comment,
    })
}

/// A CONNECTED as the specs replace it.
fn connected_as(id: &str, key: &str, ttl: u64) -> Value {
    json!({
        "action": 4,
        "connectionId": id,
        "connectionKey": key,
        "connectionDetails": {
            "connectionKey": key,
            "clientId": null,
            "maxMessageSize": 65536,
            "maxInboundRate": 250,
            "maxOutboundRate": 100,
            "maxFrameSize": 524_288,
            "serverId": "test-server",
            "connectionStateTtl": ttl,
            "maxIdleInterval": 15000,
        },
    })
}

/// The same with the error of a resume that failed.
fn not_resumed(id: &str, key: &str) -> Value {
    let mut message = connected_as(id, key, 120_000);
    message["error"] = error(80008, 400, "Unable to recover connection");
    message
}

/// The whole of both cases of RTN15a.
async fn resumes_after(action: Value, comment: &str) {
    let app = TestApp::start().await;
    let session = app.proxy(json!([after_a_second(action, comment)])).await;
    let client = realtime(app.through_with_jwt(&session));
    let changes = record_connection(&client);
    let mut told = client.connection().state_changes();
    client.connect();
    let twice = async {
        let mut connected = 0;
        while connected < 2 {
            let change = told.next().await.expect("a change");
            connected += usize::from(change.current == S::Connected);
        }
    };
    within(s(30), twice).await;

    let states = connection_states(&changes);
    let lost = states.iter().position(|state| *state == S::Disconnected);
    let lost = lost.expect("it was lost");
    assert!(states[lost..].contains(&S::Connecting));
    assert_in_order(&states, &[S::Disconnected, S::Connecting, S::Connected]);
    let log = session.log();
    let attempts = log.ws_connects();
    assert!(attempts.len() >= 2);
    assert!(!attempts[1]["resume"].is_empty());
    close(&client).await;
}

// UTS: realtime/proxy/RTN15a/disconnect-triggers-resume-0
#[test]
fn rtn15a_a_closed_websocket_is_resumed() {
    let comment = "RTN15a: Close WebSocket after 1s to trigger unexpected disconnect";
    run(resumes_after(json!({"type": "close"}), comment));
}

// UTS: realtime/proxy/RTN15a/tcp-close-triggers-resume-1
#[test]
fn rtn15a_a_lost_socket_is_resumed() {
    let comment = "RTN15a: Close TCP (no close frame) after 1s to trigger unexpected disconnect";
    run(resumes_after(json!({"type": "disconnect"}), comment));
}

// UTS: realtime/proxy/RTN15b/resume-preserves-connid-0
#[test]
fn rtn15b_a_resume_keeps_the_connection() {
    run(async {
        let app = TestApp::start().await;
        let comment = "RTN15b/c6: Close WebSocket after 1s to trigger resume";
        let rule = after_a_second(json!({"type": "close"}), comment);
        let session = app.proxy(json!([rule])).await;
        let client = realtime(app.through_with_jwt(&session));
        connect(&client).await;
        let id = client.connection().id().expect("an id");
        let key = client.connection().key().expect("a key");
        await_state(&client, S::Disconnected, s(10)).await;
        await_state(&client, S::Connected, s(15)).await;

        assert_eq!(client.connection().id(), Some(id));
        let log = session.log();
        let attempts = log.ws_connects();
        assert!(attempts.len() >= 2);
        assert_eq!(attempts[1]["resume"], *key);
        assert_eq!(client.connection().error_reason(), None);
        close(&client).await;
    });
}

// UTS: realtime/proxy/RTN15c7/failed-resume-new-connid-0
#[test]
fn rtn15c7_a_failed_resume_is_a_new_connection() {
    run(async {
        let app = TestApp::start().await;
        let session = app
            .proxy(json!([
                after_a_second(
                    json!({"type": "close"}),
                    "RTN15c7: Close WebSocket after 1s to trigger resume attempt",
                ),
                {
                    "match": {"type": "ws_frame_to_client", "action": "CONNECTED", "count": 2},
                    "action": {
                        "type": "replace",
                        "message": not_resumed("proxy-injected-new-id", "proxy-injected-new-key"),
                    },
                    "times": 1,
                    "comment": "RTN15c7: Replace 2nd CONNECTED with failed resume \
                        (different connectionId + error 80008)",
                },
            ]))
            .await;
        let client = realtime(app.through_with_jwt(&session));
        connect(&client).await;
        let id = client.connection().id().expect("an id");
        assert_ne!(&*id, "proxy-injected-new-id");
        await_state(&client, S::Disconnected, s(10)).await;
        await_state(&client, S::Connected, s(15)).await;

        let connection = client.connection();
        assert_eq!(connection.id().as_deref(), Some("proxy-injected-new-id"));
        assert_ne!(connection.id(), Some(id));
        assert_eq!(connection.key().as_deref(), Some("proxy-injected-new-key"));
        assert_eq!(reason(&client).code().0, 80008);
        assert_eq!(connection.state(), S::Connected);
        let log = session.log();
        let attempts = log.ws_connects();
        assert!(attempts.len() >= 2);
        assert!(!attempts[1]["resume"].is_empty());
        close(&client).await;
    });
}

// UTS: realtime/proxy/RTN15h1/token-error-nonrenewable-failed-0
#[test]
fn rtn15h1_a_token_error_without_a_way_to_renew_fails() {
    run(async {
        let app = TestApp::start().await;
        let message = json!({"action": 6, "error": error(40142, 401, "Token expired")});
        let rule = after_a_second(
            json!({"type": "inject_to_client_and_close", "message": message}),
            "RTN15h1: Inject DISCONNECTED with token error (40142) after 1s",
        );
        let session = app.proxy(json!([rule])).await;
        let issuer = rest(app.with_key());
        let details = issuer.auth().request_token(None, None).await;
        let token = details.expect("a token").token.expose().clone();
        let client = realtime(app.through(&session).token(token));
        connect(&client).await;
        let changes = record_connection(&client);
        await_state(&client, S::Failed, s(15)).await;

        assert_eq!(client.connection().state(), S::Failed);
        // DEVIATION: RTN15h1 — 403 as in ably-js, not this document's 401.
        let reason = reason(&client);
        assert_eq!((reason.code().0, reason.status_code()), (40171, 403));
        assert!(connection_states(&changes).contains(&S::Failed));
    });
}

// UTS: realtime/proxy/RTN15h3/non-token-error-reconnects-0
#[test]
fn rtn15h3_a_disconnected_with_another_error_is_resumed() {
    run(async {
        let app = TestApp::start().await;
        let gone = error(80003, 500, "Service temporarily unavailable");
        let message = json!({"action": 6, "error": gone});
        let rule = after_a_second(
            json!({"type": "inject_to_client_and_close", "message": message}),
            "RTN15h3: Inject DISCONNECTED with non-token error (80003) after 1s, once only",
        );
        let session = app.proxy(json!([rule])).await;
        let client = realtime(app.through_with_jwt(&session));
        connect(&client).await;
        let changes = record_connection(&client);
        await_state(&client, S::Disconnected, s(10)).await;
        await_state(&client, S::Connected, s(15)).await;

        assert_eq!(client.connection().state(), S::Connected);
        assert_in_order(
            &connection_states(&changes),
            &[S::Disconnected, S::Connecting, S::Connected],
        );
        let log = session.log();
        let attempts = log.ws_connects();
        assert!(attempts.len() >= 2);
        assert!(!attempts[1]["resume"].is_empty());
        assert_eq!(client.connection().error_reason(), None);
        close(&client).await;
    });
}

// UTS: realtime/proxy/RTN15j/fatal-error-established-conn-0
#[test]
fn rtn15j_an_error_of_the_connection_fails_it_and_its_channels() {
    run(async {
        let app = TestApp::start().await;
        let session = app.proxy(json!([])).await;
        let client = realtime(app.through_with_jwt(&session));
        connect(&client).await;
        let a = channel(&client, &unique("fatal-error-a"));
        let b = channel(&client, &unique("fatal-error-b"));
        let both = async { tokio::try_join!(a.attach(), b.attach()) };
        within(s(15), both).await.expect("attached");
        let changes = record_connection(&client);
        let (changes_a, changes_b) = (record_channel(&a), record_channel(&b));
        let fatal = error(50000, 500, "Internal server error");
        let message = json!({"action": 9, "error": fatal});
        let inject = json!({"type": "inject_to_client", "message": message});
        session.trigger_action(inject).await.unwrap();
        await_state(&client, S::Failed, s(15)).await;

        assert_eq!(client.connection().state(), S::Failed);
        let reason = reason(&client);
        assert_eq!((reason.code().0, reason.status_code()), (50000, 500));
        for (channel, changes) in [(&a, &changes_a), (&b, &changes_b)] {
            // Its listeners are called after the connection's.
            await_channel(channel, C::Failed, s(15)).await;
            assert_eq!(channel.state(), C::Failed);
            assert_eq!(channel.error_reason().expect("a reason").code().0, 50000);
            let told = poll_until(s(15), async || {
                let states = channel_states(changes);
                (!states.is_empty()).then_some(states)
            });
            assert!(told.await.contains(&C::Failed));
        }
        assert!(connection_states(&changes).contains(&S::Failed));
        assert_eq!(session.log().ws_connects().len(), 1);
    });
}

// UTS: realtime/proxy/RTN15g/ttl-expiry-clears-resume-0
#[test]
fn rtn15g_after_the_ttl_there_is_nothing_to_resume() {
    run(async {
        let app = TestApp::start().await;
        let session = app
            .proxy(json!([
                {
                    "match": {"type": "ws_frame_to_client", "action": "CONNECTED", "count": 1},
                    "action": {
                        "type": "replace",
                        "message": connected_as("proxy-ttl-test-id", "__PASSTHROUGH__", 2000),
                    },
                    "times": 1,
                    "comment": "RTN15g: Replace 1st CONNECTED to set short connectionStateTtl (2s) \
                        and known connectionId",
                },
                after_a_second(
                    json!({"type": "close"}),
                    "RTN15g: Close connection after 1s — client enters DISCONNECTED with 2s TTL",
                ),
                {
                    "match": {"type": "ws_connect", "count": 2},
                    "action": {"type": "refuse_connection"},
                    "times": 1,
                    "comment": "RTN15g: Refuse 2nd ws_connect — keeps client disconnected until \
                        TTL expires and SUSPENDED fires",
                },
            ]))
            .await;
        let options = app.through_with_jwt(&session);
        let client = realtime(options.suspended_retry_timeout(s(1)));
        connect(&client).await;
        let id = client.connection().id();
        assert_eq!(id.as_deref(), Some("proxy-ttl-test-id"));
        await_state(&client, S::Suspended, s(15)).await;
        await_state(&client, S::Connected, s(15)).await;

        assert_ne!(client.connection().id().expect("an id"), id.unwrap());
        let log = session.log();
        let attempts = log.ws_connects();
        assert!(attempts.len() >= 3);
        assert_eq!(attempts[0].get("resume"), None);
        assert_eq!(attempts[attempts.len() - 1].get("resume"), None);
        close(&client).await;
    });
}

// UTS: realtime/proxy/RTN19a/unacked-resent-on-resume-0
#[test]
fn rtn19a_what_is_not_acknowledged_is_sent_again() {
    run(async {
        let app = TestApp::start().await;
        let comment = "RTN19a: Suppress the first ACK so the SDK has a pending unacked message";
        let session = app
            .proxy(json!([{
                "match": {"type": "ws_frame_to_client", "action": "ACK"},
                "action": {"type": "suppress"},
                "times": 1,
                "comment": comment,
            }]))
            .await;
        let client = realtime(app.through_with_jwt(&session));
        connect(&client).await;
        let channel = channel(&client, "test-resend-unacked");
        let attach = channel.attach();
        await_channel(&channel, C::Attached, s(15)).await;
        attach.await.expect("attached");
        let publish = channel.publish("event", "test-data").into_future();
        let publish = tokio::spawn(publish);
        let unacked = |log: &Log| {
            let acks = log.frames(To::ServerToClient, ACK);
            let suppressed = acks
                .iter()
                .any(|f| f.rule_matched.as_deref() == Some(comment));
            suppressed && !log.frames(To::ClientToServer, MESSAGE).is_empty()
        };
        within(s(10), session.wait_for(unacked)).await;
        let lost = await_state(&client, S::Disconnected, s(15));
        session
            .trigger_action(json!({"type": "close"}))
            .await
            .unwrap();
        lost.await;
        await_state(&client, S::Connected, s(15)).await;
        let published = within(s(15), publish).await.expect("no panic");
        published.expect("published");

        let log = session.log();
        let attempts = log.ws_connects();
        assert!(attempts.len() >= 2);
        assert!(!attempts[1]["resume"].is_empty());
        let messages = log.frames(To::ClientToServer, MESSAGE);
        assert!(messages.len() >= 2);
        let serial = |frame: &Event| frame.message()["msgSerial"].as_u64().expect("a serial");
        assert_eq!(serial(messages[0]), serial(messages[1]));
        close(&client).await;
    });
}

// UTS: realtime/proxy/RTN16d/recovery-preserves-connid-0
#[test]
fn rtn16d_a_recovered_connection_has_its_id_and_a_new_key() {
    run(async {
        let app = TestApp::start().await;
        let session_1 = app.proxy(json!([])).await;
        let session_2 = app.proxy(json!([])).await;
        let client_1 = realtime(app.through_with_jwt(&session_1));
        connect(&client_1).await;
        let id = client_1.connection().id().expect("an id");
        let key = client_1.connection().key().expect("a key");
        let channel_1 = channel(&client_1, &unique("recovery-test"));
        attach(&channel_1).await;
        let recovery_key = client_1.connection().create_recovery_key();
        let recovery_key = recovery_key.expect("a recovery key");
        let lost = await_state(&client_1, S::Disconnected, s(10));
        // Nobody is let in again, so that it is still lost when it is closed.
        let rules = json!([{
            "match": {"type": "ws_connect"}, "action": {"type": "refuse_connection"},
        }]);
        session_1.add_rules(rules, Position::Prepend).unwrap();
        session_1
            .trigger_action(json!({"type": "close"}))
            .await
            .unwrap();
        lost.await;
        client_1.connection().close();
        await_state(&client_1, S::Closed, s(10)).await;
        session_1.close().await;

        let options = app.through_with_jwt(&session_2);
        let client_2 = realtime(options.recover(recovery_key));
        connect(&client_2).await;

        assert_eq!(client_2.connection().id(), Some(id));
        assert_ne!(client_2.connection().key().expect("a key"), key);
        let log = session_2.log();
        let attempts = log.ws_connects();
        assert!(!attempts.is_empty());
        assert_eq!(attempts[0]["recover"], *key);
        assert_eq!(attempts[0].get("resume"), None);
        assert_eq!(client_2.connection().error_reason(), None);
        close(&client_2).await;
    });
}

// UTS: realtime/proxy/RTN16l/recovery-failure-fresh-conn-0
#[test]
fn rtn16l_a_failed_recovery_is_a_new_connection() {
    run(async {
        let app = TestApp::start().await;
        let session = app
            .proxy(json!([{
                "match": {"type": "ws_frame_to_client", "action": "CONNECTED", "count": 1},
                "action": {
                    "type": "replace",
                    "message": not_resumed("recovery-failed-new-id", "recovery-failed-new-key"),
                },
                "times": 1,
                "comment": "RTN16l: Replace CONNECTED with recovery failure (new connectionId + \
                    error 80008)",
            }]))
            .await;
        let recovery_key = json!({
            "connectionKey": "stale-old-key",
            "msgSerial": 99,
            "channelSerials": {"old-channel": "old-serial"},
        });
        let options = app.through_with_jwt(&session);
        let client = realtime(options.recover(recovery_key.to_string()));
        connect(&client).await;

        let connection = client.connection();
        assert_eq!(connection.id().as_deref(), Some("recovery-failed-new-id"));
        assert_eq!(connection.key().as_deref(), Some("recovery-failed-new-key"));
        assert_eq!(reason(&client).code().0, 80008);
        assert_eq!(connection.state(), S::Connected);
        let log = session.log();
        let attempts = log.ws_connects();
        assert!(!attempts.is_empty());
        assert_eq!(attempts[0]["recover"], "stale-old-key");
        close(&client).await;
    });
}
