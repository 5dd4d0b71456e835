//! `realtime/unit/connection/auto_connect_test.md`

use crate::support::*;

// UTS: realtime/unit/RTN3/auto-connect-true-0
#[test]
fn auto_connect_by_default() {
    let rt = VirtualRuntime::new();
    let ws = MockWebSocket::accepting();
    let options = ClientOptions::with_key(KEY)
        .plugin(rt.clone())
        .plugin(ws.clone());
    let client = client(options);
    rt.await_state_for(s(5), &client, ConnectionState::Connected);
    assert_eq!(client.connection().id().as_deref(), Some("connection-id"));
}

// UTS: realtime/unit/RTN3/auto-connect-false-1
#[test]
fn no_connection_without_auto_connect() {
    let rt = VirtualRuntime::new();
    let ws = MockWebSocket::accepting();
    let client = client(options(&rt, &ws));
    rt.advance(ms(500));
    assert!(ws.attempts().is_empty());
    assert_eq!(client.connection().state(), ConnectionState::Initialized);
}

// UTS: realtime/unit/RTN3/explicit-connect-after-false-2
#[test]
fn explicit_connect() {
    let rt = VirtualRuntime::new();
    let ws = MockWebSocket::accepting();
    let client = client(options(&rt, &ws));
    assert_eq!(client.connection().state(), ConnectionState::Initialized);
    client.connect();
    rt.await_state_for(s(5), &client, ConnectionState::Connected);
    assert_eq!(ws.attempts().len(), 1);
    assert_eq!(client.connection().id().as_deref(), Some("connection-id"));
}
