//! `realtime/unit/connection/connection_ping_test.md`

use super::common::*;
use crate::support::*;
use ConnectionState as S;

/// Answers a HEARTBEAT with one of the same id.
fn echo(m: &Value, conn: &MockConnection) {
    if m["action"] == action::HEARTBEAT {
        conn.send_to_client(json!({"action": action::HEARTBEAT, "id": m["id"]}));
    }
}

/// A connected client.
fn connect(ws: &MockWebSocket) -> (VirtualRuntime, BaseRealtime) {
    let rt = VirtualRuntime::new();
    let client = client(options(&rt, ws));
    client.connect();
    rt.await_state(&client, S::Connected);
    (rt, client)
}

// UTS: realtime/unit/RTN13a/ping-heartbeat-roundtrip-0
#[test]
fn a_ping_measures_the_round_trip() {
    let ws = MockWebSocket::accepting();
    let (rt, client) = connect(&ws);
    let mut ping = client.connection().ping();
    assert!(rt.poll_now(&mut ping).is_none());
    rt.advance(ms(30));
    let sent = ws.client_messages_of(action::HEARTBEAT);
    assert_eq!(sent.len(), 1);
    echo(&sent[0], &ws.active());
    assert_eq!(rt.wait(ping).unwrap(), ms(30));
    assert_eq!(ws.client_messages_of(action::HEARTBEAT).len(), 1);
}

// UTS: realtime/unit/RTN13e/heartbeat-random-id-0
#[test]
fn only_the_same_id_answers() {
    let ws = MockWebSocket::accepting();
    let (rt, client) = connect(&ws);
    let mut ping = client.connection().ping();
    rt.run_until_idle();
    ws.send_to_client(json!({"action": action::HEARTBEAT, "id": "wrong-id"}));
    assert!(rt.poll_now(&mut ping).is_none());
    rt.advance(ms(5));
    let sent = ws.client_messages_of(action::HEARTBEAT);
    let id = sent[0]["id"].as_str().expect("the id is a text");
    assert!(!id.is_empty());
    echo(&sent[0], &ws.active());
    assert_eq!(rt.wait(ping).unwrap(), ms(5));
}

// UTS: realtime/unit/RTN13e/no-id-heartbeat-ignored-1
#[test]
fn a_heartbeat_without_an_id_does_not_answer() {
    let ws = MockWebSocket::accepting();
    let (rt, client) = connect(&ws);
    let mut ping = client.connection().ping();
    rt.run_until_idle();
    ws.send_to_client(json!({"action": action::HEARTBEAT}));
    assert!(rt.poll_now(&mut ping).is_none());
    rt.advance(ms(5));
    echo(&ws.client_messages_of(action::HEARTBEAT)[0], &ws.active());
    assert_eq!(rt.wait(ping).unwrap(), ms(5));
}

// UTS: realtime/unit/RTN13e/concurrent-pings-unique-ids-2
#[test]
fn pings_at_the_same_time_have_ids_of_their_own() {
    let ws = MockWebSocket::accepting();
    let (rt, client) = connect(&ws);
    let first = client.connection().ping();
    let mut second = client.connection().ping();
    rt.run_until_idle();
    let sent = ws.client_messages_of(action::HEARTBEAT);
    assert_eq!(sent.len(), 2);
    assert_ne!(sent[0]["id"], sent[1]["id"]);
    rt.advance(ms(10));
    echo(&sent[0], &ws.active());
    assert_eq!(rt.wait(first).unwrap(), ms(10));
    assert!(rt.poll_now(&mut second).is_none());
    rt.advance(ms(10));
    echo(&sent[1], &ws.active());
    assert_eq!(rt.wait(second).unwrap(), ms(20));
}

#[track_caller]
fn assert_timeout(error: &ErrorInfo) {
    assert_eq!(error.code(), 50003);
    assert_eq!(error.status_code(), 504);
    assert!(error.message().to_lowercase().contains("timeout"));
}

// UTS: realtime/unit/RTN13c/ping-timeout-0
#[test]
fn an_unanswered_ping_times_out() {
    let rt = VirtualRuntime::new();
    let ws = MockWebSocket::accepting();
    let client = client(options(&rt, &ws).realtime_request_timeout(s(2)));
    client.connect();
    rt.await_state(&client, S::Connected);
    let mut ping = client.connection().ping();
    rt.advance(ms(1900));
    assert!(rt.poll_now(&mut ping).is_none());
    rt.advance(ms(200));
    let error = rt
        .poll_now(&mut ping)
        .expect("it has timed out")
        .unwrap_err();
    assert_timeout(&error);
}

/// Pings, and asserts that it is refused at once.
#[track_caller]
fn assert_refused(rt: &VirtualRuntime, client: &BaseRealtime) {
    let error = rt
        .poll_now(&mut client.connection().ping())
        .expect("it is refused at once")
        .unwrap_err();
    assert_refusal(&error);
}

#[track_caller]
fn assert_refusal(error: &ErrorInfo) {
    assert_eq!(error.code(), 40000);
    assert_eq!(error.status_code(), 400);
}

// UTS: realtime/unit/RTN13b/ping-error-initialized-0
#[test]
fn no_ping_when_initialized() {
    let rt = VirtualRuntime::new();
    let client = client(options(&rt, &MockWebSocket::new()));
    assert_eq!(client.connection().state(), S::Initialized);
    assert_refused(&rt, &client);
}

fn refusing() -> (VirtualRuntime, BaseRealtime) {
    let rt = VirtualRuntime::new();
    let ws = scripted(|_, a| a.respond_with_refused());
    let options = without_fallbacks(options(&rt, &ws))
        .disconnected_retry_timeout(s(1))
        .suspended_retry_timeout(ms(100));
    let client = client(options);
    client.connect();
    rt.await_state(&client, S::Disconnected);
    (rt, client)
}

// UTS: realtime/unit/RTN13b/ping-error-suspended-1
#[test]
fn no_ping_when_suspended() {
    let (rt, client) = refusing();
    rt.advance(s(121));
    rt.await_state(&client, S::Suspended);
    assert_refused(&rt, &client);
}

// UTS: realtime/unit/RTN13b/ping-error-closed-2
#[test]
fn no_ping_when_closed() {
    let (rt, client) = connect(&MockWebSocket::accepting());
    client.close();
    rt.await_state(&client, S::Closed);
    assert_refused(&rt, &client);
}

// UTS: realtime/unit/RTN13b/ping-error-failed-3
#[test]
fn no_ping_when_failed() {
    let rt = VirtualRuntime::new();
    let ws = scripted(|_, a| {
        a.respond_with_error(with_error(action::ERROR, 80000, 400, "Fatal error"));
    });
    let client = client(options(&rt, &ws));
    client.connect();
    rt.await_state(&client, S::Failed);
    assert_refused(&rt, &client);
}

// UTS: realtime/unit/RTN13d/ping-deferred-connecting-0
#[test]
fn a_ping_waits_while_connecting() {
    let rt = VirtualRuntime::new();
    let ws = MockWebSocket::new().on_message(echo);
    let client = client(options(&rt, &ws));
    client.connect();
    assert_eq!(client.connection().state(), S::Connecting);
    let mut ping = client.connection().ping();
    rt.advance(ms(100));
    assert!(rt.poll_now(&mut ping).is_none());
    ws.await_attempt(&rt)
        .respond_with_connected(connected("conn-id-1", "conn-key-1"));
    rt.advance(ms(100));
    assert_eq!(client.connection().state(), S::Connected);
    let took = rt.poll_now(&mut ping).expect("it is answered").unwrap();
    // Measured from the sending, not from the call.
    assert_eq!(took, Duration::ZERO);
    assert_eq!(ws.client_messages_of(action::HEARTBEAT).len(), 1);
}

// UTS: realtime/unit/RTN13d/ping-deferred-disconnected-1
//
// A second failure keeps the client DISCONNECTED: the first reconnect is immediate (RTN15a).
#[test]
fn a_ping_waits_while_disconnected() {
    let rt = VirtualRuntime::new();
    let ws = scripted(|n, a| match n {
        1 => drop(a.respond_with_connected(connected("conn-id-1", "conn-key-1"))),
        2 => a.respond_with_refused(),
        _ => drop(a.respond_with_connected(connected("conn-id-2", "conn-key-2"))),
    })
    .on_message(echo);
    let options = without_fallbacks(options(&rt, &ws)).disconnected_retry_timeout(ms(500));
    let client = client(options);
    client.connect();
    rt.await_state(&client, S::Connected);
    ws.active().simulate_disconnect();
    rt.await_state(&client, S::Disconnected);
    let mut ping = client.connection().ping();
    assert!(rt.poll_now(&mut ping).is_none());
    // The second delay in a row: at most 500 ms * 4/3.
    rt.advance(ms(700));
    assert_eq!(client.connection().state(), S::Connected);
    let took = rt.poll_now(&mut ping).expect("it is answered").unwrap();
    assert_eq!(took, Duration::ZERO);
    assert_eq!(ws.client_messages_of(action::HEARTBEAT).len(), 1);
}

// UTS: realtime/unit/RTN13b/deferred-ping-error-failed-4
//
// DEVIATION: ably-js 2.12.0 refuses a ping while connecting at once (ably-js#2203).
#[test]
fn a_ping_that_waits_fails_with_the_connection() {
    let rt = VirtualRuntime::new();
    let ws = MockWebSocket::new();
    let client = client(options(&rt, &ws));
    client.connect();
    assert_eq!(client.connection().state(), S::Connecting);
    let mut ping = client.connection().ping();
    rt.advance(ms(100));
    assert!(rt.poll_now(&mut ping).is_none());
    ws.await_attempt(&rt)
        .respond_with_error(with_error(action::ERROR, 80000, 400, "Fatal error"));
    rt.advance(ms(100));
    assert_eq!(client.connection().state(), S::Failed);
    let error = rt.poll_now(&mut ping).expect("it has failed").unwrap_err();
    assert_refusal(&error);
}

// UTS: realtime/unit/RTN13b/deferred-ping-error-suspended-5
//
// DEVIATION: ably-js 2.12.0 refuses a ping while disconnected at once (ably-js#2203).
#[test]
fn a_ping_that_waits_fails_when_suspended() {
    let (rt, client) = refusing();
    let mut ping = client.connection().ping();
    rt.advance(s(60));
    assert!(rt.poll_now(&mut ping).is_none());
    rt.advance(s(61));
    rt.await_state(&client, S::Suspended);
    let error = rt.poll_now(&mut ping).expect("it has failed").unwrap_err();
    assert_refusal(&error);
}

// UTS: realtime/unit/RTN13c/deferred-ping-timeout-1
#[test]
fn a_ping_that_waited_times_out_from_connected_on() {
    let rt = VirtualRuntime::new();
    let ws = MockWebSocket::new();
    let client = client(options(&rt, &ws).realtime_request_timeout(s(2)));
    client.connect();
    assert_eq!(client.connection().state(), S::Connecting);
    let mut ping = client.connection().ping();
    rt.advance(s(1));
    ws.await_attempt(&rt)
        .respond_with_connected(connected("conn-id-1", "conn-key-1"));
    rt.advance(ms(100));
    assert_eq!(client.connection().state(), S::Connected);
    rt.advance(ms(1800));
    assert!(rt.poll_now(&mut ping).is_none());
    rt.advance(ms(200));
    let error = rt
        .poll_now(&mut ping)
        .expect("it has timed out")
        .unwrap_err();
    assert_timeout(&error);
}
