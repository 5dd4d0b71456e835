//! What the documents of this folder share.

pub(super) use ably_base::{Credential, LogLevel, TokenDetails, TokenParams};
use std::future::Future;

pub(super) use crate::support::*;
pub(super) use ConnectionState as S;

/// The documents' `now() + 3600000`.
const LATER: i64 = 1_700_000_001_000 + 3_600_000;

/// A token of an hour.
pub(super) fn token(text: impl Into<String>) -> Result<Credential, ErrorInfo> {
    let mut details = TokenDetails::new(text.into());
    details.expires = Some(LATER);
    Ok(details.into())
}

/// `token-1`, `token-2` and so on.
pub(super) fn numbered(n: usize) -> Result<Credential, ErrorInfo> {
    token(format!("token-{n}"))
}

/// A client with an authCallback; `f` gets the number of the call, from 1 on. Records the params.
pub(super) fn with_callback(
    rt: &VirtualRuntime,
    ws: &MockWebSocket,
    f: impl Fn(usize) -> Result<Credential, ErrorInfo> + Send + Sync + 'static,
) -> (BaseRealtime, Recorder<TokenParams>) {
    let calls = Recorder::new();
    let sink = calls.clone();
    let options = ClientOptions::new().auth_callback(move |params: TokenParams| {
        sink.push(params);
        std::future::ready(f(sink.all().len()))
    });
    (client(mocked(options, rt, ws)), calls)
}

/// With the mocks, and without automatic connect.
pub(super) fn mocked(
    options: ClientOptions,
    rt: &VirtualRuntime,
    ws: &MockWebSocket,
) -> ClientOptions {
    options
        .auto_connect(false)
        .plugin(rt.clone())
        .plugin(ws.clone())
}

/// A client with an authCallback that is connected.
pub(super) fn connect(
    rt: &VirtualRuntime,
    ws: &MockWebSocket,
    f: impl Fn(usize) -> Result<Credential, ErrorInfo> + Send + Sync + 'static,
) -> (BaseRealtime, Recorder<TokenParams>) {
    let (client, calls) = with_callback(rt, ws, f);
    client.connect();
    rt.await_state(&client, S::Connected);
    (client, calls)
}

/// A transport that calls `f` with the number of each attempt, from 1 on.
pub(super) fn scripted(f: impl Fn(usize, Attempt) + Send + Sync + 'static) -> MockWebSocket {
    let count = AtomicUsize::new(0);
    MockWebSocket::new().on_attempt(move |a| f(count.fetch_add(1, Ordering::Relaxed) + 1, a))
}

/// Answers AUTH with this; records the AUTH messages.
pub(super) fn answer_auth(ws: &MockWebSocket, answer: Value) -> Recorder<Value> {
    let recorder = Recorder::new();
    let sink = recorder.clone();
    ws.set_on_message(move |message, connection| {
        if message["action"] == action::AUTH {
            sink.push(message.clone());
            connection.send_to_client(answer.clone());
        }
    });
    recorder
}

/// A CONNECTED that answers an AUTH: the same connection with another key.
pub(super) fn reconnected() -> Value {
    connected("connection-id", "connection-key-2")
}

/// A message of the connection with an error.
pub(super) fn with_error(action: u8, code: u32, status: u16, message: &str) -> Value {
    json!({"action": action, "error": error(code, status, message)})
}

/// A callback that fails.
pub(super) fn failed(code: u32, status: u16, message: &str) -> Result<Credential, ErrorInfo> {
    Err(ErrorInfo::new(ErrorCode(code), status, message.to_owned()))
}

/// Why the connection is in its state.
#[track_caller]
pub(super) fn reason(client: &BaseRealtime) -> ErrorInfo {
    let reason = client.connection().error_reason();
    reason.expect("there is an error reason")
}

/// Code and status.
pub(super) fn code(error: &ErrorInfo) -> (u32, u16) {
    (error.code().0, error.status_code())
}

/// The changes to this state.
pub(super) fn changes_to(
    changes: &Recorder<ConnectionStateChange>,
    state: ConnectionState,
) -> Vec<ConnectionStateChange> {
    let all = changes.all().into_iter();
    all.filter(|c| c.current == state && c.event != ConnectionEvent::Update)
        .collect()
}

/// The states, in order; updates left out.
pub(super) fn states(changes: &Recorder<ConnectionStateChange>) -> Vec<ConnectionState> {
    let all = changes.all().into_iter();
    all.filter(|c| c.event != ConnectionEvent::Update)
        .map(|c| c.current)
        .collect()
}

/// `client.auth.authorize()`
pub(super) fn authorize(
    client: &BaseRealtime,
) -> impl Future<Output = Result<TokenDetails, ErrorInfo>> + use<> {
    let auth = client.auth();
    async move { auth.authorize(None, None).await }
}

/// The token of the `n`th attempt, from 0 on. ably-js calls the documents' `accessToken` so.
pub(super) fn token_of_attempt(ws: &MockWebSocket, n: usize) -> Option<String> {
    ws.attempts()[n].query("access_token")
}
