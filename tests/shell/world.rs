//! What the tests share.

pub(crate) use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

pub(crate) use ably_base::{
    BaseRealtime, Channel, ChannelState, ClientOptions, ConnectionState as S, ErrorInfo, Message,
};
pub(crate) use ably_testkit::{LogCapture, MockWebSocket, VirtualRuntime, action, connected};
pub(crate) use serde_json::json;

/// Options with a key, and the mocks installed. Does not connect by itself.
pub(crate) fn options(rt: &VirtualRuntime, ws: &MockWebSocket) -> ClientOptions {
    ClientOptions::with_key("appId.keyId:keySecret")
        .auto_connect(false)
        .plugin(rt.clone())
        .plugin(ws.clone())
}

/// A client of these options that is connected.
#[track_caller]
pub(crate) fn connect(rt: &VirtualRuntime, options: ClientOptions) -> BaseRealtime {
    let client = BaseRealtime::new(options).unwrap();
    client.connect();
    rt.await_state(&client, S::Connected);
    client
}

/// A client that is connected to a server that answers.
#[track_caller]
pub(crate) fn serving() -> (VirtualRuntime, MockWebSocket, BaseRealtime) {
    let rt = VirtualRuntime::new();
    let ws = MockWebSocket::serving();
    let client = connect(&rt, options(&rt, &ws));
    (rt, ws, client)
}

/// A client that is connected to a server that then says nothing.
#[track_caller]
pub(crate) fn silent() -> (VirtualRuntime, MockWebSocket, BaseRealtime) {
    let rt = VirtualRuntime::new();
    let ws = MockWebSocket::accepting();
    let client = connect(&rt, options(&rt, &ws));
    (rt, ws, client)
}

/// Sends `count` messages on a channel, named `0`, `1` … after `from`.
pub(crate) fn send(ws: &MockWebSocket, channel: &str, from: usize, count: usize) {
    for n in from..from + count {
        ws.send_to_client(json!({
            "action": action::MESSAGE,
            "channel": channel,
            "messages": [{"name": n.to_string(), "data": "x", "serial": format!("s{n}")}],
        }));
    }
}

#[track_caller]
pub(crate) fn assert_ended(error: &ErrorInfo) {
    assert_eq!(error.code(), 80017);
    assert_eq!(error.status_code(), 400);
}
