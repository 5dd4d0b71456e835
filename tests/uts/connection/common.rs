//! What the documents of this folder share.

use ably_base::{Credential, TokenDetails, TokenParams};

use crate::support::*;

/// A transport that calls `f` with the number of each attempt, from 1 on.
pub(super) fn scripted(f: impl Fn(usize, Attempt) + Send + Sync + 'static) -> MockWebSocket {
    let count = AtomicUsize::new(0);
    MockWebSocket::new().on_attempt(move |a| f(count.fetch_add(1, Ordering::Relaxed) + 1, a))
}

/// A transport that accepts every attempt with `connection-id-N` and `connection-key-N`.
pub(super) fn numbered(max_idle: u64) -> MockWebSocket {
    scripted(move |n, a| accept_numbered(n, &a, max_idle))
}

/// Accepts the `n`th attempt with `connection-id-N` and `connection-key-N`.
pub(super) fn accept_numbered(n: usize, a: &Attempt, max_idle: u64) {
    a.respond_with_connected(connected_with(
        &format!("connection-id-{n}"),
        &format!("connection-key-{n}"),
        max_idle,
        120_000,
    ));
}

/// A CONNECTED with these intervals.
pub(super) fn connected_with(id: &str, key: &str, max_idle: u64, ttl: u64) -> Value {
    let mut message = connected(id, key);
    message["connectionDetails"]["maxIdleInterval"] = json!(max_idle);
    message["connectionDetails"]["connectionStateTtl"] = json!(ttl);
    message
}

/// A message of the connection with an error.
pub(super) fn with_error(action: u8, code: u32, status: u16, message: &str) -> Value {
    json!({"action": action, "error": error(code, status, message)})
}

/// No fallback hosts. Where a document counts attempts or awaits DISCONNECTED after one refusal,
/// the fallback hosts of RTN17 would answer for the primary one.
pub(super) fn without_fallbacks(options: ClientOptions) -> ClientOptions {
    options.fallback_hosts(Vec::<String>::new())
}

/// Options with an authCallback in place of the key; `f` gets the number of the call, from 1 on.
pub(super) fn with_callback(
    rt: &VirtualRuntime,
    ws: &MockWebSocket,
    f: impl Fn(usize) -> Result<Credential, ErrorInfo> + Send + Sync + 'static,
) -> (ClientOptions, Arc<AtomicUsize>) {
    let calls = Arc::new(AtomicUsize::new(0));
    let count = calls.clone();
    let options = ClientOptions::new()
        .auth_callback(move |_: TokenParams| {
            std::future::ready(f(count.fetch_add(1, Ordering::Relaxed) + 1))
        })
        .auto_connect(false)
        .plugin(rt.clone())
        .plugin(ws.clone());
    (options, calls)
}

/// A token of an hour.
pub(super) fn token(text: &str) -> Result<Credential, ErrorInfo> {
    let mut details = TokenDetails::new(text);
    details.expires = Some(1_700_000_000_000 + 3_600_000);
    Ok(Credential::Token(details))
}

/// The states of recorded changes; updates left out.
pub(super) fn states(changes: &Recorder<ConnectionStateChange>) -> Vec<ConnectionState> {
    changes
        .all()
        .iter()
        .filter(|c| c.event != ConnectionEvent::Update)
        .map(|c| c.current)
        .collect()
}

/// UTS: `CONTAINS_IN_ORDER`.
#[track_caller]
pub(super) fn assert_in_order(states: &[ConnectionState], wanted: &[ConnectionState]) {
    let mut rest = states.iter();
    let found = wanted.iter().all(|w| rest.any(|s| s == w));
    assert!(found, "{states:?} does not contain {wanted:?} in order");
}

/// Why the connection is in its state.
#[track_caller]
pub(super) fn reason(client: &BaseRealtime) -> ErrorInfo {
    client
        .connection()
        .error_reason()
        .expect("there is an error reason")
}

/// Code, status and message of the reason that the connection is in its state.
#[track_caller]
pub(super) fn assert_reason(client: &BaseRealtime, code: u32, status: u16, message: &str) {
    let reason = reason(client);
    assert_eq!(reason.code(), code);
    assert_eq!(reason.status_code(), status);
    assert_eq!(reason.message(), message);
}
