//! `realtime/unit/connection/heartbeat_test.md`

use super::common::*;
use crate::support::*;
use ConnectionState as S;

/// A connected client whose changes are recorded.
struct World {
    rt: VirtualRuntime,
    ws: MockWebSocket,
    client: BaseRealtime,
    changes: Recorder<ConnectionStateChange>,
}

/// Connects with this maxIdleInterval and realtimeRequestTimeout.
fn connect(ws: MockWebSocket, max_idle: u64, request_timeout: u64) -> World {
    let rt = VirtualRuntime::new();
    let count = AtomicUsize::new(0);
    ws.set_on_attempt(move |a| {
        accept_numbered(count.fetch_add(1, Ordering::Relaxed) + 1, &a, max_idle);
    });
    let client = client(
        options(&rt, &ws)
            .realtime_request_timeout(ms(request_timeout))
            .disconnected_retry_timeout(ms(500)),
    );
    let changes = record_connection(&client);
    client.connect();
    rt.await_state(&client, S::Connected);
    assert_eq!(ws.attempts().len(), 1);
    World {
        rt,
        ws,
        client,
        changes,
    }
}

/// A transport that does not see ping frames.
fn blind() -> MockWebSocket {
    MockWebSocket::new().without_pings()
}

/// A transport that sees ping frames.
fn seeing() -> MockWebSocket {
    MockWebSocket::new()
}

impl World {
    /// Still connected by the first attempt.
    #[track_caller]
    fn assert_alive(&self) {
        assert_eq!(self.client.connection().state(), S::Connected);
        assert_eq!(self.ws.attempts().len(), 1);
        assert_eq!(states(&self.changes), [S::Connecting, S::Connected]);
    }

    /// Lost, and connected again by a second attempt.
    #[track_caller]
    fn assert_reconnected(&self) {
        self.rt.await_state(&self.client, S::Connected);
        assert_eq!(
            states(&self.changes),
            [
                S::Connecting,
                S::Connected,
                S::Disconnected,
                S::Connecting,
                S::Connected
            ]
        );
        assert_eq!(self.ws.attempts().len(), 2);
        assert_eq!(
            self.client.connection().id().as_deref(),
            Some("connection-id-2")
        );
        assert_eq!(self.ws.client_closes(), 1);
        let lost = self.changes.all()[2].reason.clone().expect("a reason");
        assert_eq!(lost.code(), 80003);
        assert_eq!(lost.status_code(), 408);
    }

    fn send_message(&self) {
        self.ws.send_to_client(json!({
            "action": action::MESSAGE,
            "channel": "test-RTN23",
            "messages": [{"name": "event", "data": "data"}],
        }));
    }
}

// UTS: realtime/unit/RTN23a/heartbeats-true-query-param-0
#[test]
fn blind_asks_for_heartbeats() {
    let w = connect(blind(), 15_000, 10_000);
    assert_eq!(
        w.ws.attempts()[0].query("heartbeats").as_deref(),
        Some("true")
    );
}

// UTS: realtime/unit/RTN23a/idle-timeout-reconnect-1
#[test]
fn blind_silence_reconnects() {
    let w = connect(blind(), 5000, 2000);
    w.rt.advance(ms(6900));
    w.assert_alive();
    w.rt.advance(ms(200));
    w.assert_reconnected();
}

// UTS: realtime/unit/RTN23a/heartbeat-resets-timer-2
#[test]
fn blind_heartbeats_keep_the_connection() {
    let w = connect(blind(), 3000, 1000);
    w.rt.advance(s(2));
    w.ws.send_to_client(json!({"action": action::HEARTBEAT}));
    w.rt.advance(s(2));
    w.assert_alive();
    w.rt.advance(ms(1900));
    w.assert_alive();
    w.rt.advance(ms(200));
    w.assert_reconnected();
}

// UTS: realtime/unit/RTN23a/any-message-resets-timer-3
#[test]
fn blind_any_message_keeps_the_connection() {
    let w = connect(blind(), 2000, 1000);
    w.rt.advance(ms(1500));
    w.ws.send_to_client(json!({"action": action::ACK, "msgSerial": 0}));
    w.rt.advance(ms(1500));
    w.assert_alive();
    w.send_message();
    w.rt.advance(ms(1500));
    w.assert_alive();
    w.rt.advance(ms(3100));
    w.assert_reconnected();
}

// UTS: realtime/unit/RTN23a/timeout-triggers-reconnect-4
#[test]
fn blind_reconnects_at_once() {
    let w = connect(blind(), 2000, 1000);
    w.rt.advance(s(3));
    w.assert_reconnected();
    assert_eq!(w.rt.elapsed(), s(3));
}

// UTS: realtime/unit/RTN23a/reconnect-uses-resume-5
#[test]
fn blind_reconnect_resumes() {
    let w = connect(blind(), 2000, 1000);
    w.rt.advance(ms(3100));
    w.assert_reconnected();
    let attempts = w.ws.attempts();
    assert_eq!(attempts[0].query("resume"), None);
    assert_eq!(
        attempts[1].query("resume").as_deref(),
        Some("connection-key-1")
    );
}

// UTS: realtime/unit/RTN23b/heartbeats-false-query-param-0
#[test]
fn seeing_does_not_ask_for_heartbeats() {
    let w = connect(seeing(), 15_000, 10_000);
    assert_eq!(
        w.ws.attempts()[0].query("heartbeats").as_deref(),
        Some("false")
    );
}

// UTS: realtime/unit/RTN23b/idle-timeout-reconnect-1
#[test]
fn seeing_silence_reconnects() {
    let w = connect(seeing(), 5000, 2000);
    w.rt.advance(ms(6900));
    w.assert_alive();
    w.rt.advance(ms(200));
    w.assert_reconnected();
}

// UTS: realtime/unit/RTN23b/ping-frame-resets-timer-2
#[test]
fn seeing_ping_frames_keep_the_connection() {
    let w = connect(seeing(), 3000, 1000);
    w.rt.advance(s(2));
    w.ws.active().send_ping_frame();
    w.rt.advance(s(2));
    w.assert_alive();
    w.rt.advance(ms(1900));
    w.assert_alive();
    w.rt.advance(ms(200));
    w.assert_reconnected();
}

// UTS: realtime/unit/RTN23b/any-message-resets-timer-3
#[test]
fn seeing_any_message_keeps_the_connection() {
    let w = connect(seeing(), 2000, 1000);
    w.rt.advance(ms(1500));
    w.ws.active().send_ping_frame();
    w.rt.advance(ms(1500));
    w.assert_alive();
    w.send_message();
    w.rt.advance(ms(1500));
    w.assert_alive();
    w.ws.active().send_ping_frame();
    w.rt.advance(ms(1500));
    w.assert_alive();
    w.rt.advance(ms(1600));
    w.assert_reconnected();
}

// UTS: realtime/unit/RTN23b/timeout-triggers-reconnect-4
#[test]
fn seeing_reconnects_at_once() {
    let w = connect(seeing(), 2000, 1000);
    w.rt.advance(s(3));
    w.assert_reconnected();
    assert_eq!(w.rt.elapsed(), s(3));
}

// UTS: realtime/unit/RTN23b/reconnect-uses-resume-5
#[test]
fn seeing_reconnect_resumes() {
    let w = connect(seeing(), 2000, 1000);
    w.rt.advance(ms(3100));
    w.assert_reconnected();
    let attempts = w.ws.attempts();
    assert_eq!(attempts[0].query("resume"), None);
    assert_eq!(
        attempts[1].query("resume").as_deref(),
        Some("connection-key-1")
    );
}

// UTS: realtime/unit/RTN23b/multiple-pings-keep-alive-6
#[test]
fn seeing_many_ping_frames_keep_the_connection() {
    let w = connect(seeing(), 2000, 1000);
    for _ in 1..=7 {
        w.rt.advance(ms(1500));
        w.ws.active().send_ping_frame();
        assert_eq!(w.client.connection().state(), S::Connected);
    }
    w.assert_alive();
}
