//! `realtime/unit/connection/connection_open_failures_test.md`

use super::common::*;
use crate::support::*;
use ConnectionState as S;

// UTS: realtime/unit/RTN14a/invalid-key-failed-0
#[test]
fn an_invalid_key_fails() {
    let rt = VirtualRuntime::new();
    let ws = scripted(|_, a| {
        a.respond_with_error(with_error(action::ERROR, 40005, 400, "Invalid key"));
    });
    let client = client(options(&rt, &ws).key("invalid.key:secret"));
    client.connect();
    assert_eq!(client.connection().state(), S::Connecting);
    rt.await_state_for(s(5), &client, S::Failed);
    assert_eq!(client.connection().state(), S::Failed);
    assert_reason(&client, 40005, 400, "Invalid key");
    assert_eq!(client.connection().id(), None);
    assert_eq!(client.connection().key(), None);
}

// UTS: realtime/unit/RTN14b/token-error-with-renewal-0
#[test]
fn a_token_error_is_answered_with_a_new_token() {
    let rt = VirtualRuntime::new();
    let ws = scripted(|n, a| {
        if n == 1 {
            a.respond_with_error(with_error(action::ERROR, 40142, 401, "Token expired"));
        } else {
            a.respond_with_connected(connected("connection-id", "connection-key"));
        }
    });
    let (options, calls) = with_callback(&rt, &ws, |n| token(&format!("renewed_token_{n}")));
    let client = client(options);
    client.connect();
    rt.await_state_for(s(10), &client, S::Connected);
    assert_eq!(client.connection().state(), S::Connected);
    assert_eq!(calls.load(Ordering::Relaxed), 2);
    let attempts = ws.attempts();
    assert_eq!(attempts.len(), 2);
    let tokens: Vec<_> = attempts.iter().map(|a| a.query("access_token")).collect();
    assert_eq!(
        tokens,
        ["renewed_token_1", "renewed_token_2"].map(|t| Some(t.to_owned()))
    );
}

// UTS: realtime/unit/RTN14b/token-renewal-fails-1
//
// DEVIATION: ably-js 2.12.0 fails the connection when the callback's own error has the code 40171.
#[test]
fn a_failed_renewal_disconnects() {
    let rt = VirtualRuntime::new();
    let ws = scripted(|_, a| {
        a.respond_with_connected(with_error(action::ERROR, 40142, 401, "Token expired"));
    });
    let (options, calls) = with_callback(&rt, &ws, |n| {
        if n == 1 {
            token("initial-token")
        } else {
            Err(ErrorInfo::new(
                ErrorCode::NO_RENEWAL,
                401,
                "Unable to renew token",
            ))
        }
    });
    let client = client(options);
    let changes = record_connection(&client);
    client.connect();
    rt.await_state(&client, S::Disconnected);
    assert_eq!(client.connection().state(), S::Disconnected);
    assert_eq!(
        states(&changes),
        [
            S::Connecting,
            S::Disconnected,
            S::Connecting,
            S::Disconnected
        ]
    );
    assert_eq!(calls.load(Ordering::Relaxed), 2);
    let reason = reason(&client);
    assert_eq!(reason.code(), 80019);
    assert_eq!(reason.status_code(), 401);
    let cause = reason.cause().expect("the callback's error");
    assert_eq!(cause.code(), 40171);
    assert_eq!(cause.message(), "Unable to renew token");
    // The refused token is not tried again.
    rt.advance(s(20));
    assert_eq!(calls.load(Ordering::Relaxed), 3);
    assert_eq!(ws.attempts().len(), 1);
}

// UTS: realtime/unit/RSA4a/token-error-no-renewal-0
#[test]
fn a_token_error_without_renewal_fails() {
    let rt = VirtualRuntime::new();
    let ws = scripted(|_, a| {
        a.respond_with_error(with_error(action::ERROR, 40142, 401, "Token expired"));
    });
    let client = client(
        ClientOptions::with_token("expired_token_string")
            .auto_connect(false)
            .plugin(rt.clone())
            .plugin(ws.clone()),
    );
    client.connect();
    rt.await_state_for(s(5), &client, S::Failed);
    assert_eq!(client.connection().state(), S::Failed);
    let reason = reason(&client);
    assert_eq!(reason.code(), 40171);
    assert_eq!(reason.status_code(), 403);
    assert_eq!(reason.cause().expect("the server's error").code(), 40142);
    rt.advance(s(300));
    assert_eq!(ws.attempts().len(), 1);
}

// UTS: realtime/unit/RTN14c/connection-timeout-0
#[test]
fn a_server_that_does_not_answer_times_out() {
    let rt = VirtualRuntime::new();
    let ws = scripted(|_, a| drop(a.respond_with_success()));
    let client = client(options(&rt, &ws).realtime_request_timeout(s(1)));
    client.connect();
    assert_eq!(client.connection().state(), S::Connecting);
    rt.advance(ms(999));
    assert_eq!(client.connection().state(), S::Connecting);
    rt.advance(ms(101));
    rt.await_state_for(s(1), &client, S::Disconnected);
    assert_eq!(rt.elapsed(), ms(1100));
    assert_eq!(client.connection().state(), S::Disconnected);
    let reason = reason(&client);
    assert_eq!(reason.code(), 80003);
    assert_eq!(reason.status_code(), 408);
    assert!(reason.message().contains("timeout"), "{reason}");
    // The next sequence begins with another host (RTN17f).
    rt.advance(s(16));
    let attempts = ws.attempts();
    assert_eq!(attempts[0].host(), "main.realtime.ably.net");
    assert!(attempts[1].host().contains("fallback"));
}

// UTS: realtime/unit/RTN14d/retry-recoverable-failure-0
#[test]
fn a_refusal_is_retried() {
    let rt = VirtualRuntime::new();
    let ws = scripted(|n, a| {
        if n == 1 {
            a.respond_with_refused();
        } else {
            a.respond_with_connected(connected("connection-id", "connection-key"));
        }
    });
    let options = without_fallbacks(options(&rt, &ws)).disconnected_retry_timeout(s(1));
    let client = client(options);
    client.connect();
    rt.await_state_for(s(2), &client, S::Disconnected);
    assert_eq!(ws.attempts().len(), 1);
    rt.advance(ms(1100));
    rt.await_state_for(s(5), &client, S::Connected);
    assert_eq!(client.connection().state(), S::Connected);
    assert_eq!(ws.attempts().len(), 2);
}

// UTS: realtime/unit/RTN14e/disconnected-to-suspended-0
#[test]
fn long_disconnected_becomes_suspended() {
    let rt = VirtualRuntime::new();
    let ws = scripted(|_, a| a.respond_with_refused());
    let client = client(
        options(&rt, &ws)
            .disconnected_retry_timeout(s(1))
            .connection_state_ttl(s(5)),
    );
    client.connect();
    rt.await_state(&client, S::Disconnected);
    rt.advance(ms(4900));
    assert_ne!(client.connection().state(), S::Suspended);
    rt.advance(ms(200));
    rt.await_state_for(s(1), &client, S::Suspended);
    assert_eq!(rt.elapsed(), ms(5100));
    assert_eq!(client.connection().state(), S::Suspended);
    let reason = reason(&client);
    assert_eq!(reason.code(), 80002);
    assert_eq!(reason.status_code(), 400);
}

// UTS: realtime/unit/RTN14f/suspended-retries-indefinitely-0
//
// The document leaves connectionStateTtl at 120 s, in which the third attempt would be made long
// before SUSPENDED; a short one makes its steps possible.
#[test]
fn suspended_goes_on_retrying() {
    let rt = VirtualRuntime::new();
    let ws = scripted(|n, a| {
        if n < 3 {
            a.respond_with_refused();
        } else {
            a.respond_with_connected(connected("connection-id", "connection-key"));
        }
    });
    let options = without_fallbacks(options(&rt, &ws))
        .disconnected_retry_timeout(ms(500))
        .suspended_retry_timeout(s(1))
        .connection_state_ttl(ms(300));
    let client = client(options);
    let changes = record_connection(&client);
    client.connect();
    rt.await_state(&client, S::Suspended);
    assert_eq!(ws.attempts().len(), 1);
    rt.advance(ms(1100));
    assert_eq!(ws.attempts().len(), 2);
    assert_eq!(client.connection().state(), S::Suspended);
    rt.advance(ms(1100));
    rt.await_state_for(s(5), &client, S::Connected);
    assert_eq!(client.connection().state(), S::Connected);
    assert_eq!(ws.attempts().len(), 3);
    assert_eq!(
        states(&changes),
        [
            S::Connecting,
            S::Disconnected,
            S::Suspended,
            S::Connecting,
            S::Suspended,
            S::Connecting,
            S::Connected
        ]
    );
}

// UTS: realtime/unit/RTN14g/error-empty-channel-failed-0
#[test]
fn an_error_without_a_channel_fails() {
    let rt = VirtualRuntime::new();
    let ws = scripted(|_, a| {
        let mut message = with_error(action::ERROR, 50000, 500, "Internal server error");
        message["channel"] = Value::Null;
        a.respond_with_error(message);
    });
    let client = client(options(&rt, &ws));
    client.connect();
    rt.await_state_for(s(5), &client, S::Failed);
    assert_eq!(client.connection().state(), S::Failed);
    assert_reason(&client, 50000, 500, "Internal server error");
}
