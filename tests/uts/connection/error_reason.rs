//! `realtime/unit/connection/error_reason_test.md`

use super::common::*;
use crate::support::*;
use ConnectionState as S;

/// A transport that opens and answers with an ERROR.
fn failing(code: u32, status: u16, message: &'static str) -> MockWebSocket {
    scripted(move |_, a| a.respond_with_error(with_error(action::ERROR, code, status, message)))
}

// UTS: realtime/unit/RTN25/error-reason-on-failed-0
#[test]
fn a_fatal_error_is_the_reason() {
    let rt = VirtualRuntime::new();
    let ws = failing(40005, 400, "Invalid API key");
    let client = client(options(&rt, &ws).key("invalid.key:secret"));
    assert_eq!(client.connection().error_reason(), None);
    client.connect();
    rt.await_state_for(s(5), &client, S::Failed);
    assert_reason(&client, 40005, 400, "Invalid API key");
}

// UTS: realtime/unit/RTN25/error-reason-disconnected-1
#[test]
fn a_failed_attempt_is_the_reason() {
    let rt = VirtualRuntime::new();
    let ws = scripted(|_, a| a.respond_with_refused());
    let client = client(options(&rt, &ws));
    client.connect();
    rt.await_state_for(s(5), &client, S::Disconnected);
    let reason = reason(&client);
    assert_eq!(reason.code(), 80003);
    assert_eq!(reason.status_code(), 404);
    assert!(reason.message().contains("refused"), "{reason}");
}

// UTS: realtime/unit/RTN25/error-reason-suspended-2
#[test]
fn suspension_is_the_reason() {
    let rt = VirtualRuntime::new();
    let ws = scripted(|_, a| a.respond_with_refused());
    let client = client(
        options(&rt, &ws)
            .disconnected_retry_timeout(ms(500))
            .connection_state_ttl(s(5)),
    );
    client.connect();
    rt.await_state(&client, S::Disconnected);
    rt.advance(ms(5100));
    rt.await_state_for(s(1), &client, S::Suspended);
    let reason = reason(&client);
    assert_eq!(reason.code(), 80002);
    assert_eq!(reason.status_code(), 400);
    assert!(reason.message().contains("too long to resume"), "{reason}");
}

// UTS: realtime/unit/RTN25/error-reason-token-error-3
#[test]
fn a_token_that_cannot_be_renewed_is_the_reason() {
    let rt = VirtualRuntime::new();
    let ws = failing(40142, 401, "Token expired");
    let client = client(
        ClientOptions::with_token("expired_token")
            .auto_connect(false)
            .plugin(rt.clone())
            .plugin(ws.clone()),
    );
    client.connect();
    rt.await_state_for(s(5), &client, S::Failed);
    assert_eq!(reason(&client).code(), 40171);
}

// UTS: realtime/unit/RTN25/error-reason-cleared-on-connect-4
#[test]
fn connecting_clears_the_reason() {
    let rt = VirtualRuntime::new();
    let ws = scripted(|n, a| {
        if n == 1 {
            a.respond_with_refused();
        } else {
            a.respond_with_connected(connected("connection-id", "connection-key"));
        }
    });
    let options = without_fallbacks(options(&rt, &ws)).disconnected_retry_timeout(ms(100));
    let client = client(options);
    client.connect();
    rt.await_state_for(s(5), &client, S::Disconnected);
    assert_eq!(reason(&client).code(), 80003);
    rt.advance(ms(150));
    rt.await_state_for(s(5), &client, S::Connected);
    assert_eq!(client.connection().error_reason(), None);
}

// UTS: realtime/unit/RTN25/error-reason-protocol-error-5
#[test]
fn an_error_of_the_protocol_is_the_reason() {
    let rt = VirtualRuntime::new();
    let ws = scripted(|_, a| {
        let mut message = with_error(action::ERROR, 50000, 500, "Internal server error");
        message["channel"] = Value::Null;
        a.respond_with_error(message);
    });
    let client = client(options(&rt, &ws));
    client.connect();
    rt.await_state_for(s(5), &client, S::Failed);
    assert_reason(&client, 50000, 500, "Internal server error");
}

// UTS: realtime/unit/RTN25/error-reason-in-state-change-6
#[test]
fn the_event_carries_the_reason() {
    let rt = VirtualRuntime::new();
    let ws = failing(40003, 400, "Access token invalid");
    let client = client(options(&rt, &ws));
    let changes = Recorder::new();
    let sink = changes.clone();
    client
        .connection()
        .on(S::Failed, move |change| sink.push(change.clone()));
    client.connect();
    rt.await_state_for(s(5), &client, S::Failed);
    let changes = changes.all();
    assert_eq!(changes.len(), 1);
    let told = changes[0].reason.clone().expect("the change has a reason");
    assert_eq!(told.code(), 40003);
    assert_eq!(told.status_code(), 400);
    assert_eq!(told.message(), "Access token invalid");
    let kept = reason(&client);
    assert_eq!(kept.code(), told.code());
    assert_eq!(kept.message(), told.message());
}
