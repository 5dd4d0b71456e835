//! `realtime/unit/connection/network_change_test.md`
//!
//! The platform's listener calls `Connection::network_changed`; so do these cases.

use super::common::*;
use crate::support::*;
use ConnectionState as S;

// UTS: realtime/unit/RTN20a/network-loss-connected-disconnects-0
#[test]
fn a_lost_network_disconnects() {
    let rt = VirtualRuntime::new();
    let ws = numbered(15_000);
    let client = client(options(&rt, &ws).use_binary_protocol(false));
    let changes = record_connection(&client);
    client.connect();
    rt.await_state(&client, S::Connected);
    assert_eq!(ws.attempts().len(), 1);
    client.connection().network_changed(false);
    assert_eq!(client.connection().state(), S::Disconnected);
    rt.await_state_for(s(10), &client, S::Connected);
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
    let lost = changes.all()[2].clone();
    let reason = lost.reason.expect("there is a reason");
    assert_eq!(reason.code(), 80003);
    assert_eq!(reason.status_code(), 400);
    assert!(reason.message().contains("network"), "{reason}");
    assert_eq!(ws.attempts().len(), 2);
}

// UTS: realtime/unit/RTN20a/network-loss-connecting-disconnects-1
//
// DEVIATION: ably-js 2.12.0 does nothing when the network goes while it connects.
#[test]
fn a_lost_network_ends_the_attempt() {
    let rt = VirtualRuntime::new();
    let ws = scripted(|n, a| {
        if n > 1 {
            a.respond_with_connected(connected("connection-id", "connection-key"));
        }
    });
    let client = client(options(&rt, &ws).use_binary_protocol(false));
    let changes = record_connection(&client);
    client.connect();
    rt.run_until_idle();
    assert_eq!(client.connection().state(), S::Connecting);
    assert_eq!(ws.attempts().len(), 1);
    client.connection().network_changed(false);
    assert_eq!(client.connection().state(), S::Disconnected);
    rt.await_state_for(s(10), &client, S::Connected);
    assert_eq!(
        states(&changes),
        [S::Connecting, S::Disconnected, S::Connecting, S::Connected]
    );
    assert_eq!(ws.attempts().len(), 2);
}

// UTS: realtime/unit/RTN20b/network-available-disconnected-connects-0
#[test]
fn a_network_that_came_back_connects_at_once() {
    let rt = VirtualRuntime::new();
    let ws = scripted(|n, a| match n {
        1 => drop(a.respond_with_connected(connected("connection-id-1", "connection-key-1"))),
        2 => a.respond_with_refused(),
        _ => drop(a.respond_with_connected(connected("connection-id-2", "connection-key-2"))),
    });
    let options = without_fallbacks(options(&rt, &ws))
        .disconnected_retry_timeout(s(30))
        .use_binary_protocol(false);
    let client = client(options);
    let changes = record_connection(&client);
    client.connect();
    rt.await_state(&client, S::Connected);
    ws.active().simulate_disconnect();
    rt.await_state_for(s(5), &client, S::Disconnected);
    assert_eq!(ws.attempts().len(), 2);
    let before = rt.elapsed();
    client.connection().network_changed(true);
    rt.await_state_for(s(5), &client, S::Connected);
    assert_eq!(rt.elapsed(), before);
    assert_eq!(
        states(&changes),
        [
            S::Connecting,
            S::Connected,
            S::Disconnected,
            S::Connecting,
            S::Disconnected,
            S::Connecting,
            S::Connected
        ]
    );
    assert_eq!(ws.attempts().len(), 3);
    assert_eq!(client.connection().state(), S::Connected);
    // The retry that was due does not come on top.
    rt.advance(s(20));
    assert_eq!(ws.attempts().len(), 3);
}

// UTS: realtime/unit/RTN20c/network-available-connecting-restarts-0
#[test]
fn a_network_that_came_back_restarts_the_attempt() {
    let rt = VirtualRuntime::new();
    let ws = scripted(|n, a| {
        if n > 1 {
            a.respond_with_connected(connected("connection-id", "connection-key"));
        }
    });
    let client = client(options(&rt, &ws).use_binary_protocol(false));
    let changes = record_connection(&client);
    client.connect();
    rt.run_until_idle();
    assert_eq!(client.connection().state(), S::Connecting);
    assert_eq!(ws.attempts().len(), 1);
    client.connection().network_changed(true);
    rt.await_state_for(s(10), &client, S::Connected);
    assert_eq!(rt.elapsed(), Duration::ZERO);
    assert_eq!(ws.attempts().len(), 2);
    assert_eq!(client.connection().state(), S::Connected);
    assert_eq!(states(&changes), [S::Connecting, S::Connected]);
}
