//! `realtime/unit/connection/connection_failures_test.md`

use super::common::*;
use crate::support::*;
use ConnectionState as S;

// UTS: realtime/unit/RTN15h1/token-error-no-renew-0
// DEVIATION: the document has the server's 40142 as the reason. ably-js is disconnected for that,
// and then fails for 40171, as the proxy case of the same point says.
#[test]
fn a_token_error_without_renewal_fails() {
    let rt = VirtualRuntime::new();
    let ws = MockWebSocket::accepting();
    let client = client(
        ClientOptions::with_token("some_token_string")
            .auto_connect(false)
            .plugin(rt.clone())
            .plugin(ws.clone()),
    );
    let changes = record_connection(&client);
    client.connect();
    rt.await_state(&client, S::Connected);
    ws.active().send_to_client_and_close(with_error(
        action::DISCONNECTED,
        40142,
        401,
        "Token expired",
    ));
    rt.await_state_for(s(2), &client, S::Failed);
    assert_eq!(client.connection().state(), S::Failed);
    let code = |e: &ErrorInfo| (e.code().0, e.status_code());
    assert_eq!(code(&reason(&client)), (40171, 403));
    assert_eq!(reason(&client).cause().map(code), Some((40142, 401)));
    assert_eq!(
        states(&changes)[2..],
        [S::Disconnected, S::Connecting, S::Failed]
    );
    let lost = changes.all().remove(2);
    assert_eq!(lost.reason.as_ref().map(code), Some((40142, 401)));
    assert_eq!(ws.attempts().len(), 1);
}

// UTS: realtime/unit/RTN15h2/token-error-renew-success-0
#[test]
fn a_token_error_renews_and_resumes() {
    let rt = VirtualRuntime::new();
    let ws = scripted(|n, a| {
        let key = if n == 1 { "key-1" } else { "key-1-renewed" };
        a.respond_with_connected(connected("connection-1", key));
    });
    let (options, calls) = with_callback(&rt, &ws, |n| token(&format!("renewed_token_{n}")));
    let client = client(options);
    let changes = record_connection(&client);
    client.connect();
    rt.await_state(&client, S::Connected);
    let first_id = client.connection().id();
    let first_key = client.connection().key();
    ws.active().send_to_client_and_close(with_error(
        action::DISCONNECTED,
        40142,
        401,
        "Token expired",
    ));
    rt.await_state_for(s(5), &client, S::Connected);
    assert_eq!(client.connection().state(), S::Connected);
    assert_eq!(
        states(&changes),
        [
            S::Connecting,
            S::Connected,
            S::Disconnected,
            S::Connecting,
            S::Connected
        ]
    );
    assert_eq!(calls.load(Ordering::Relaxed), 2);
    assert_eq!(client.connection().id(), first_id);
    assert_ne!(client.connection().key(), first_key);
    assert_eq!(client.connection().key().as_deref(), Some("key-1-renewed"));
    let attempts = ws.attempts();
    assert_eq!(
        attempts[1].query("access_token").as_deref(),
        Some("renewed_token_2")
    );
}

// UTS: realtime/unit/RTN15h2/token-error-renew-fails-1
#[test]
fn a_token_error_whose_renewal_fails_disconnects() {
    let rt = VirtualRuntime::new();
    let ws = scripted(|_, a| {
        a.respond_with_connected(connected("connection-1", "key-1"));
    });
    let (options, calls) = with_callback(&rt, &ws, |n| match n {
        1 => token("valid-token-1"),
        2 => Err(ErrorInfo::new(
            ErrorCode::NO_RENEWAL,
            401,
            "Token renewal failed",
        )),
        _ => token("valid-token-3"),
    });
    let client = client(options);
    let changes = record_connection(&client);
    client.connect();
    rt.await_state(&client, S::Connected);
    ws.active().send_to_client_and_close(with_error(
        action::DISCONNECTED,
        40142,
        401,
        "Token expired",
    ));
    rt.run_until_idle();
    assert_eq!(
        states(&changes),
        [
            S::Connecting,
            S::Connected,
            S::Disconnected,
            S::Connecting,
            S::Disconnected
        ]
    );
    assert_eq!(client.connection().state(), S::Disconnected);
    assert_eq!(calls.load(Ordering::Relaxed), 2);
    let reason = reason(&client);
    assert_eq!(reason.code(), 80019);
    assert_eq!(reason.status_code(), 401);
    let cause = reason.cause().expect("the callback's error");
    assert_eq!(cause.code(), 40171);
    assert_eq!(cause.message(), "Token renewal failed");

    // The refused token is not tried again.
    // The second delay in a row: at most 15 s * 4/3.
    rt.await_state_for(s(20), &client, S::Connected);
    assert_eq!(calls.load(Ordering::Relaxed), 3);
    let attempts = ws.attempts();
    assert_eq!(attempts.len(), 2);
    assert_eq!(
        attempts[1].query("access_token").as_deref(),
        Some("valid-token-3")
    );
}

// UTS: realtime/unit/RTN15h3/non-token-error-resume-0
#[test]
fn another_error_resumes_at_once() {
    let rt = VirtualRuntime::new();
    let ws = scripted(|_, a| {
        a.respond_with_connected(connected("connection-1", "key-1"));
    });
    let client = client(options(&rt, &ws));
    let changes = record_connection(&client);
    client.connect();
    rt.await_state(&client, S::Connected);
    let original_id = client.connection().id();
    ws.active().send_to_client_and_close(with_error(
        action::DISCONNECTED,
        80003,
        503,
        "Service unavailable",
    ));
    let before = rt.elapsed();
    rt.await_state_for(s(5), &client, S::Connected);
    assert_eq!(rt.elapsed(), before);
    assert_eq!(client.connection().state(), S::Connected);
    assert_eq!(
        states(&changes),
        [
            S::Connecting,
            S::Connected,
            S::Disconnected,
            S::Connecting,
            S::Connected
        ]
    );
    assert_eq!(client.connection().id(), original_id);
    let attempts = ws.attempts();
    assert_eq!(attempts.len(), 2);
    assert_eq!(attempts[1].query("resume").as_deref(), Some("key-1"));
}

// UTS: realtime/unit/RTN15j/error-empty-channel-failed-0
#[test]
fn an_error_without_a_channel_fails() {
    let rt = VirtualRuntime::new();
    let ws = MockWebSocket::accepting();
    let client = client(options(&rt, &ws));
    client.connect();
    rt.await_state(&client, S::Connected);
    let mut message = with_error(action::ERROR, 50000, 500, "Internal error");
    message["channel"] = Value::Null;
    ws.active().send_to_client_and_close(message);
    rt.await_state_for(s(2), &client, S::Failed);
    assert_eq!(client.connection().state(), S::Failed);
    assert_reason(&client, 50000, 500, "Internal error");
}

// UTS: realtime/unit/RTN15a/unexpected-transport-disconnect-0
#[test]
fn a_lost_transport_resumes() {
    let rt = VirtualRuntime::new();
    let ws = scripted(|_, a| {
        a.respond_with_connected(connected("connection-1", "key-1"));
    });
    let client = client(options(&rt, &ws));
    let changes = record_connection(&client);
    client.connect();
    rt.await_state(&client, S::Connected);
    let original_id = client.connection().id();
    ws.active().simulate_disconnect();
    rt.await_state_for(s(5), &client, S::Connected);
    assert_eq!(
        states(&changes),
        [
            S::Connecting,
            S::Connected,
            S::Disconnected,
            S::Connecting,
            S::Connected
        ]
    );
    assert_eq!(client.connection().state(), S::Connected);
    assert_eq!(client.connection().id(), original_id);
    assert_eq!(ws.attempts().len(), 2);
}

/// Connects with `key-1`, loses the transport, and resumes with `key-1-updated`.
fn resumed() -> (VirtualRuntime, MockWebSocket, BaseRealtime) {
    let rt = VirtualRuntime::new();
    let ws = scripted(|n, a| {
        let key = if n == 1 { "key-1" } else { "key-1-updated" };
        a.respond_with_connected(connected("connection-1", key));
    });
    let client = client(options(&rt, &ws));
    client.connect();
    rt.await_state(&client, S::Connected);
    assert_eq!(client.connection().id().as_deref(), Some("connection-1"));
    ws.active().simulate_disconnect();
    rt.await_state_for(s(5), &client, S::Connected);
    (rt, ws, client)
}

// UTS: realtime/unit/RTN15b/successful-resume-0
#[test]
fn a_resume_succeeds() {
    let (_rt, ws, client) = resumed();
    assert_eq!(client.connection().id().as_deref(), Some("connection-1"));
    assert_eq!(client.connection().key().as_deref(), Some("key-1-updated"));
    let attempts = ws.attempts();
    assert_eq!(attempts[1].query("resume").as_deref(), Some("key-1"));
    assert_eq!(attempts.len(), 2);
}

// UTS: realtime/unit/RTN15e/connection-key-updated-0
#[test]
fn a_resume_brings_another_key() {
    let (_rt, _ws, client) = resumed();
    assert_eq!(client.connection().key().as_deref(), Some("key-1-updated"));
}

// UTS: realtime/unit/RTN15c7/failed-resume-new-id-0
#[test]
fn a_failed_resume_is_a_new_connection() {
    let rt = VirtualRuntime::new();
    let ws = scripted(|n, a| {
        if n == 1 {
            a.respond_with_connected(connected("connection-1", "key-1"));
        } else {
            let mut message = connected("connection-2", "key-2");
            message["error"] = error(80008, 400, "Unable to recover connection");
            a.respond_with_connected(message);
        }
    });
    ws.set_on_message(|m, conn| conn.answer(m));
    let client = client(options(&rt, &ws));
    let channel = client.channels().get("serials");
    client.connect();
    rt.await_state(&client, S::Connected);
    rt.wait(channel.publish("before", "1")).unwrap();
    let original_id = client.connection().id();
    ws.active().simulate_disconnect();
    rt.await_state_for(s(5), &client, S::Connected);
    assert_eq!(client.connection().id().as_deref(), Some("connection-2"));
    assert_ne!(client.connection().id(), original_id);
    assert_eq!(client.connection().key().as_deref(), Some("key-2"));
    assert_reason(&client, 80008, 400, "Unable to recover connection");
    assert_eq!(client.connection().state(), S::Connected);

    // The requirement: msgSerial begins at 0 again.
    rt.wait(channel.publish("after", "2")).unwrap();
    let serials: Vec<Value> = ws
        .client_messages_of(action::MESSAGE)
        .iter()
        .map(|m| m["msgSerial"].clone())
        .collect();
    assert_eq!(serials, [0, 0]);
}

// UTS: realtime/unit/RTN15g/state-cleared-after-ttl-0
#[test]
fn a_connection_that_expired_is_not_resumed() {
    let rt = VirtualRuntime::new();
    let ws = scripted(|n, a| match n {
        1 => drop(a.respond_with_connected(connected_with("connection-1", "key-1", 15_000, 5000))),
        2..6 => a.respond_with_refused(),
        _ => drop(a.respond_with_connected(connected("connection-2", "key-2"))),
    });
    let options = without_fallbacks(options(&rt, &ws))
        .disconnected_retry_timeout(s(1))
        .suspended_retry_timeout(s(2));
    let client = client(options);
    let changes = record_connection(&client);
    client.connect();
    rt.await_state(&client, S::Connected);
    let original_id = client.connection().id();
    let original_key = client.connection().key();
    ws.active().simulate_disconnect();
    rt.run_until_idle();
    for _ in 0..15 {
        rt.advance(ms(2500));
        if client.connection().state() == S::Connected {
            break;
        }
    }
    rt.await_state_for(s(5), &client, S::Connected);
    assert_in_order(
        &states(&changes),
        &[
            S::Connecting,
            S::Connected,
            S::Disconnected,
            S::Suspended,
            S::Connecting,
            S::Connected,
        ],
    );
    assert_eq!(client.connection().id().as_deref(), Some("connection-2"));
    assert_ne!(client.connection().id(), original_id);
    assert_eq!(client.connection().key().as_deref(), Some("key-2"));
    assert_ne!(client.connection().key(), original_key);
    let attempts = ws.attempts();
    assert_eq!(attempts[1].query("resume").as_deref(), Some("key-1"));
    assert_eq!(attempts.last().unwrap().query("resume"), None);
}

// UTS: realtime/unit/RTN15c5/token-error-during-resume-0
#[test]
fn a_token_error_during_resume_renews() {
    let rt = VirtualRuntime::new();
    let ws = scripted(|n, a| match n {
        1 => drop(a.respond_with_connected(connected("connection-1", "key-1"))),
        2 => drop(a.respond_with_connected(with_error(action::ERROR, 40142, 401, "Token expired"))),
        _ => drop(a.respond_with_connected(connected("connection-2", "key-2"))),
    });
    let (options, calls) = with_callback(&rt, &ws, |n| token(&format!("token-{n}")));
    let client = client(options);
    client.connect();
    rt.await_state(&client, S::Connected);
    ws.active().simulate_disconnect();
    rt.run_until_idle();
    rt.await_state_for(s(10), &client, S::Connected);
    assert_eq!(client.connection().state(), S::Connected);
    assert_eq!(calls.load(Ordering::Relaxed), 2);
    let attempts = ws.attempts();
    assert_eq!(attempts.len(), 3);
    let tokens: Vec<_> = attempts.iter().map(|a| a.query("access_token")).collect();
    assert_eq!(
        tokens,
        ["token-1", "token-1", "token-2"].map(|t| Some(t.to_owned()))
    );
}

// UTS: realtime/unit/RTN15c4/fatal-error-during-resume-0
#[test]
fn a_fatal_error_during_resume_fails() {
    let rt = VirtualRuntime::new();
    let ws = scripted(|n, a| {
        if n == 1 {
            a.respond_with_connected(connected("connection-1", "key-1"));
        } else {
            a.respond_with_connected(with_error(
                action::ERROR,
                50000,
                500,
                "Internal server error",
            ));
        }
    });
    let client = client(options(&rt, &ws));
    client.connect();
    rt.await_state(&client, S::Connected);
    ws.active().simulate_disconnect();
    rt.await_state_for(s(5), &client, S::Failed);
    assert_eq!(client.connection().state(), S::Failed);
    assert_reason(&client, 50000, 500, "Internal server error");
    rt.advance(s(300));
    assert_eq!(ws.attempts().len(), 2);
}
