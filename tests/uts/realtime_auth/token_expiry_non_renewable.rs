//! `realtime/unit/auth/token_expiry_non_renewable_test.md`

use super::common::*;

// UTS: realtime/unit/RSA4a1/non-renewable-token-logs-warning-0
#[test]
fn rsa4a1_it_is_logged() {
    let (rt, ws) = (VirtualRuntime::new(), MockWebSocket::accepting());
    let log = LogCapture::default();
    let options = ClientOptions::with_token("non-renewable-token")
        .use_binary_protocol(false)
        .log_handler(log.clone())
        .log_level(LogLevel::Major);
    let _client = client(mocked(options, &rt, &ws));
    // ably-js's level `major` is what others call info.
    let info: Vec<_> = log
        .records()
        .into_iter()
        .filter(|r| r.level == LogLevel::Major)
        .collect();
    assert!(info.iter().any(|r| r.message.contains("40171")), "{info:?}");
    let url = "https://help.ably.io/error/40171";
    assert!(info.iter().any(|r| r.message.contains(url)), "{info:?}");
}

/// A client with a token, whose attempts the server refuses with this.
fn refused(
    text: &str,
    error_code: u32,
    message: &'static str,
) -> (BaseRealtime, MockWebSocket, Recorder<ConnectionStateChange>) {
    let rt = VirtualRuntime::new();
    let ws = MockWebSocket::new().on_attempt(move |a| {
        a.respond_with_success()
            .send_to_client_and_close(with_error(action::ERROR, error_code, 401, message));
    });
    let options = ClientOptions::with_token(text).use_binary_protocol(false);
    let client = client(mocked(options, &rt, &ws));
    let changes = record_connection(&client);
    client.connect();
    rt.await_state_for(s(5), &client, S::Failed);
    // Nothing follows.
    rt.advance(s(60));
    (client, ws, changes)
}

// UTS: realtime/unit/RSA4a2/token-error-non-renewable-failed-0
#[test]
fn rsa4a2_the_connection_fails() {
    let (client, _, changes) = refused("expired-token", 40142, "Token expired");
    assert_eq!(client.connection().state(), S::Failed);
    let reason = reason(&client);
    assert_eq!(reason.code(), 40171);
    assert_eq!(reason.cause().map(code), Some((40142, 401)));
    let failed = changes_to(&changes, S::Failed);
    assert_eq!(failed.len(), 1);
    let told = failed[0].reason.as_ref().expect("a reason");
    assert_eq!(told.code(), 40171);
}

// UTS: realtime/unit/RSA4a2/token-error-non-renewable-no-retry-1
#[test]
fn rsa4a2_no_further_attempt() {
    let (client, ws, _) = refused("non-renewable-token", 40140, "Token error");
    assert_eq!(ws.attempts().len(), 1);
    assert_eq!(client.connection().state(), S::Failed);
    assert_eq!(reason(&client).code(), 40171);
}
