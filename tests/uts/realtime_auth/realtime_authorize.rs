//! `realtime/unit/auth/realtime_authorize.md`

use super::common::*;
use std::pin::pin;

// UTS: realtime/unit/RTC8a/authorize-connected-sends-auth-0
#[test]
fn rtc8a_auth_is_sent() {
    let (rt, ws) = (VirtualRuntime::new(), MockWebSocket::accepting());
    let (client, calls) = connect(&rt, &ws, numbered);
    let changes = record_connection(&client);
    let sent = answer_auth(&ws, reconnected());
    let details = rt.wait(authorize(&client)).unwrap();
    assert_eq!(calls.all().len(), 2);
    let sent = sent.all();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0]["auth"]["accessToken"], "token-2");
    assert_eq!(details.token.expose(), "token-2");
    assert_eq!(states(&changes), []);
    assert!(changes.all().iter().all(|c| c.current == c.previous));
    assert_eq!(client.connection().state(), S::Connected);
}

// UTS: realtime/unit/RTC8a1/successful-reauth-update-event-0
#[test]
fn rtc8a1_an_update_is_told() {
    let rt = VirtualRuntime::new();
    let ws = scripted(|_, a| {
        a.respond_with_connected(connected("connection-id-1", "connection-key-1"));
    });
    let (client, _) = connect(&rt, &ws, numbered);
    let (updates, connects) = (Recorder::new(), Recorder::new());
    let sink = updates.clone();
    client
        .connection()
        .on(ConnectionEvent::Update, move |c| sink.push(c.clone()));
    let sink = connects.clone();
    client
        .connection()
        .on(S::Connected, move |c| sink.push(c.clone()));
    let changes = record_connection(&client);
    let mut answer = connected("connection-id-2", "connection-key-2");
    answer["connectionDetails"]["maxIdleInterval"] = json!(20_000);
    answer["connectionDetails"]["connectionStateTtl"] = json!(180_000);
    answer_auth(&ws, answer);
    rt.wait(authorize(&client)).unwrap();
    let updates: Vec<ConnectionStateChange> = updates.all();
    assert_eq!(updates.len(), 1);
    assert_eq!(updates[0].previous, S::Connected);
    assert_eq!(updates[0].current, S::Connected);
    assert_eq!(connects.all().len(), 0);
    assert!(changes.all().iter().all(|c| c.current == c.previous));
    let connection = client.connection();
    assert_eq!(connection.id().as_deref(), Some("connection-id-2"));
    assert_eq!(connection.key().as_deref(), Some("connection-key-2"));
    // RTN21: the new maxIdleInterval holds, 20 s and 10 s more.
    rt.advance(s(29));
    assert_eq!(connection.state(), S::Connected);
    rt.advance(s(2));
    assert_ne!(states(&changes), []);
}

// UTS: realtime/unit/RTC8a1/capability-downgrade-channel-failed-1
#[test]
fn rtc8a1_a_channel_that_is_not_allowed_any_more_fails() {
    let (rt, ws) = (VirtualRuntime::new(), MockWebSocket::accepting());
    let (client, _) = connect(&rt, &ws, numbered);
    let channel = client.channels().get("private-channel");
    ws.set_on_message(|message, connection| {
        if message["action"] == action::ATTACH {
            connection.send_to_client(json!({
                "action": action::ATTACHED, "channel": "private-channel", "flags": 0,
            }));
        } else if message["action"] == action::AUTH {
            connection.send_to_client(reconnected());
            connection.send_to_client(json!({
                "action": action::ERROR, "channel": "private-channel",
                "error": error(40160, 401, "Channel denied access based on given capability"),
            }));
        }
    });
    rt.wait(channel.attach()).unwrap();
    rt.await_channel_state(&channel, ChannelState::Attached);
    let changes = record_channel(&channel);
    rt.wait(authorize(&client)).unwrap();
    rt.await_channel_state(&channel, ChannelState::Failed);
    assert_eq!(channel.state(), ChannelState::Failed);
    let failed: Vec<_> = changes
        .all()
        .into_iter()
        .filter(|c| c.current == ChannelState::Failed)
        .collect();
    assert_eq!(failed.len(), 1);
    let reason = failed[0].reason.as_ref().expect("a reason");
    assert_eq!(code(reason), (40160, 401));
    assert_eq!(client.connection().state(), S::Connected);
}

// UTS: realtime/unit/RTC8a2/failed-reauth-connection-failed-0
#[test]
fn rtc8a2_a_token_that_is_refused_fails_the_connection() {
    let (rt, ws) = (VirtualRuntime::new(), MockWebSocket::accepting());
    let (client, _) = connect(&rt, &ws, numbered);
    let changes = record_connection(&client);
    ws.set_on_message(|message, connection| {
        if message["action"] == action::AUTH {
            let refusal = with_error(action::ERROR, 40012, 400, "Incompatible clientId");
            connection.send_to_client_and_close(refusal);
        }
    });
    let error = rt.wait(authorize(&client)).unwrap_err();
    assert_eq!(error.code(), 40012);
    assert_eq!(client.connection().state(), S::Failed);
    assert_eq!(reason(&client).code(), 40012);
    rt.run_until_idle();
    assert_eq!(states(&changes), [S::Failed]);
}

// UTS: realtime/unit/RTC8a3/authorize-completes-after-response-0
#[test]
fn rtc8a3_authorize_waits_for_the_answer() {
    let (rt, ws) = (VirtualRuntime::new(), MockWebSocket::accepting());
    let (client, _) = connect(&rt, &ws, numbered);
    let mut authorized = pin!(authorize(&client));
    assert!(rt.poll_now(&mut authorized).is_none());
    rt.run_until_idle();
    assert!(rt.poll_now(&mut authorized).is_none());
    let sent = ws.await_message(&rt);
    assert_eq!(sent["action"], action::AUTH);
    assert!(rt.poll_now(&mut authorized).is_none());
    ws.send_to_client(reconnected());
    rt.run_until_idle();
    let details = rt.poll_now(&mut authorized).expect("it is over").unwrap();
    assert_eq!(details.token.expose(), "token-2");
}

/// A transport whose first attempt is open without CONNECTED, and whose second does `f`.
fn silent_then(f: impl Fn(Attempt) + Send + Sync + 'static) -> MockWebSocket {
    scripted(move |n, a| {
        if n == 1 {
            a.respond_with_success();
        } else {
            f(a);
        }
    })
}

// UTS: realtime/unit/RTC8b/authorize-connecting-halts-attempt-0
#[test]
fn rtc8b_the_attempt_under_way_ends() {
    let rt = VirtualRuntime::new();
    let ws = silent_then(|a| {
        a.respond_with_connected(connected("connection-id", "connection-key"));
    });
    let (client, calls) = with_callback(&rt, &ws, numbered);
    client.connect();
    rt.await_state(&client, S::Connecting);
    rt.run_until_idle();
    assert_eq!(ws.attempts().len(), 1);
    let details = rt.wait(authorize(&client)).unwrap();
    assert_eq!(details.token.expose(), "token-2");
    assert_eq!(client.connection().state(), S::Connected);
    assert_eq!(calls.all().len(), 2);
    assert_eq!(ws.attempts().len(), 2);
    assert_eq!(token_of_attempt(&ws, 1).as_deref(), Some("token-2"));
    assert_eq!(ws.client_closes(), 1);
}

// UTS: realtime/unit/RTC8b1/authorize-connecting-fails-on-failed-0
#[test]
fn rtc8b1_authorize_fails_with_the_connection() {
    let rt = VirtualRuntime::new();
    let ws = silent_then(|a| {
        a.respond_with_success()
            .send_to_client_and_close(with_error(action::ERROR, 40101, 401, "Invalid credentials"));
    });
    let (client, _) = with_callback(&rt, &ws, numbered);
    client.connect();
    rt.await_state(&client, S::Connecting);
    rt.run_until_idle();
    let error = rt.wait(authorize(&client)).unwrap_err();
    assert_eq!(error.code(), 40101);
    assert_eq!(client.connection().state(), S::Failed);
}

// UTS: realtime/unit/RTC8c/authorize-disconnected-initiates-connection-0
#[test]
fn rtc8c_authorize_connects() {
    let (rt, ws) = (VirtualRuntime::new(), MockWebSocket::accepting());
    let (client, calls) = with_callback(&rt, &ws, numbered);
    assert_eq!(client.connection().state(), S::Initialized);
    let changes = record_connection(&client);
    let details = rt.wait(authorize(&client)).unwrap();
    assert_eq!(details.token.expose(), "token-1");
    assert_eq!(client.connection().state(), S::Connected);
    rt.run_until_idle();
    assert_eq!(states(&changes), [S::Connecting, S::Connected]);
    assert_eq!(token_of_attempt(&ws, 0).as_deref(), Some("token-1"));
    assert_eq!(calls.all().len(), 1);
}

// UTS: realtime/unit/RTC8c/authorize-failed-initiates-connection-1
#[test]
fn rtc8c_authorize_connects_after_a_failure() {
    let rt = VirtualRuntime::new();
    let ws = scripted(|n, a| {
        if n == 1 {
            let refusal = with_error(action::ERROR, 40101, 401, "Invalid credentials");
            a.respond_with_success().send_to_client_and_close(refusal);
        } else {
            a.respond_with_connected(connected("connection-id", "connection-key"));
        }
    });
    let (client, _) = with_callback(&rt, &ws, numbered);
    client.connect();
    rt.await_state(&client, S::Failed);
    let changes = record_connection(&client);
    let details = rt.wait(authorize(&client)).unwrap();
    assert_eq!(details.token.expose(), "token-2");
    assert_eq!(client.connection().state(), S::Connected);
    rt.run_until_idle();
    assert_eq!(states(&changes), [S::Connecting, S::Connected]);
    assert_eq!(token_of_attempt(&ws, 1).as_deref(), Some("token-2"));
}

// UTS: realtime/unit/RTC8c/authorize-closed-initiates-connection-2
#[test]
fn rtc8c_authorize_connects_after_a_close() {
    let rt = VirtualRuntime::new();
    let ws = scripted(|n, a| {
        a.respond_with_connected(connected(
            &format!("connection-id-{n}"),
            &format!("connection-key-{n}"),
        ));
    });
    ws.set_on_message(|message, connection| connection.answer(message));
    let (client, _) = connect(&rt, &ws, numbered);
    client.close();
    rt.await_state(&client, S::Closed);
    let details = rt.wait(authorize(&client)).unwrap();
    assert_eq!(details.token.expose(), "token-2");
    assert_eq!(client.connection().state(), S::Connected);
    assert_eq!(token_of_attempt(&ws, 1).as_deref(), Some("token-2"));
}
