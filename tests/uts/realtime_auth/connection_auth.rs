//! `realtime/unit/auth/connection_auth_test.md`

use super::common::*;

// UTS: realtime/unit/RTN2e/token-before-websocket-0
#[test]
fn rtn2e_rtn27b_the_token_comes_first() {
    let rt = VirtualRuntime::new();
    let order = Recorder::new();
    let sink = order.clone();
    let ws = scripted(move |_, a| {
        sink.push("attempt");
        a.respond_with_connected(connected("connection-id", "connection-key"));
    });
    let sink = order.clone();
    let (client, _) = with_callback(&rt, &ws, move |_| {
        sink.push("callback");
        token("callback-provided-token")
    });
    client.connect();
    assert_eq!(client.connection().state(), S::Connecting);
    rt.await_state_for(s(5), &client, S::Connected);
    assert_eq!(order.all(), ["callback", "attempt"]);
    assert_eq!(
        token_of_attempt(&ws, 0).as_deref(),
        Some("callback-provided-token")
    );
    assert_eq!(ws.attempts()[0].query("key"), None);
    assert_eq!(client.connection().state(), S::Connected);
}

// UTS: realtime/unit/RTN2e/callback-error-prevents-connect-1
#[test]
fn rtn2e_rtn27b_no_attempt_without_a_token() {
    let (rt, ws) = (VirtualRuntime::new(), MockWebSocket::accepting());
    let (client, _) = with_callback(&rt, &ws, |_| failed(0, 0, "Auth callback failed"));
    client.connect();
    rt.await_state_for(s(5), &client, S::Disconnected);
    assert_eq!(ws.attempts().len(), 0);
    assert_eq!(reason(&client).status_code(), 401);
}

// UTS: realtime/unit/RTN2e/callback-params-include-clientid-2
#[test]
fn rtn2e_the_callback_is_told_the_client_id() {
    let (rt, ws) = (VirtualRuntime::new(), MockWebSocket::accepting());
    let received = Recorder::new();
    let sink = received.clone();
    let options = ClientOptions::new()
        .auth_callback(move |params: TokenParams| {
            sink.push(params);
            let mut details = TokenDetails::new("token-for-client");
            details.client_id = Some("my-client-id".into());
            std::future::ready(Ok(details.into()))
        })
        .client_id("my-client-id");
    let client = client(mocked(options, &rt, &ws));
    client.connect();
    rt.await_state_for(s(5), &client, S::Connected);
    let received = received.all();
    assert_eq!(received.len(), 1);
    assert_eq!(received[0].client_id.as_deref(), Some("my-client-id"));
}

// UTS: realtime/unit/RTN2e/reuse-valid-token-3
#[test]
fn rtn2e_a_token_is_used_again() {
    let (rt, ws) = (VirtualRuntime::new(), MockWebSocket::serving());
    let (client, calls) = connect(&rt, &ws, |_| token("reusable-token"));
    client.close();
    rt.await_state(&client, S::Closed);
    client.connect();
    rt.await_state(&client, S::Connected);
    assert_eq!(calls.all().len(), 1);
    assert_eq!(token_of_attempt(&ws, 1).as_deref(), Some("reusable-token"));
}

// UTS: realtime/unit/RSA4c2/callback-error-causes-disconnected-0
#[test]
fn rsa4c2_an_error_while_connecting() {
    let (rt, ws) = (VirtualRuntime::new(), MockWebSocket::accepting());
    let (client, _) = with_callback(&rt, &ws, |n| match n {
        1 => failed(50000, 500, "Auth server unavailable"),
        n => token(format!("valid-token-{n}")),
    });
    client.connect();
    rt.await_state_for(s(5), &client, S::Disconnected);
    let reason = reason(&client);
    assert_eq!(code(&reason), (80019, 401));
    let cause = reason.cause().expect("a cause");
    assert_eq!(cause.code(), 50000);
    // The next attempt asks again.
    rt.await_state_for(s(20), &client, S::Connected);
    assert_eq!(token_of_attempt(&ws, 0).as_deref(), Some("valid-token-2"));
}

// UTS: realtime/unit/RSA4c3/callback-error-stays-connected-0
//
// DEVIATION: no errorReason, as in ably-js and as the later document of the two on this case
// (RSA4c3/callback-error-connected-stays-0) wants; the connection is well.
#[test]
fn rsa4c3_an_error_while_connected() {
    let (rt, ws) = (VirtualRuntime::new(), MockWebSocket::accepting());
    let (client, calls) = connect(&rt, &ws, |n| match n {
        1 => token("initial-token"),
        _ => failed(50000, 500, "Auth server unavailable"),
    });
    let changes = record_connection(&client);
    ws.send_to_client(json!({"action": action::AUTH}));
    rt.wait_until(s(5), "the second call", || calls.all().len() >= 2);
    rt.run_until_idle();
    assert_eq!(client.connection().state(), S::Connected);
    assert_eq!(changes.all().len(), 0);
    assert_eq!(client.connection().error_reason(), None);
    assert_eq!(ws.client_messages_of(action::AUTH).len(), 0);
}

// UTS: realtime/unit/RSA4d/callback-403-causes-failed-0
#[test]
fn rsa4d_403_while_connecting() {
    let (rt, ws) = (VirtualRuntime::new(), MockWebSocket::accepting());
    let (client, _) = with_callback(&rt, &ws, |_| failed(40300, 403, "Account disabled"));
    client.connect();
    rt.await_state_for(s(5), &client, S::Failed);
    let reason = reason(&client);
    assert_eq!(code(&reason), (80019, 403));
    let cause = reason.cause().expect("a cause");
    assert_eq!(cause.code(), 40300);
}

// UTS: realtime/unit/RSA4d/callback-403-reauth-causes-failed-1
#[test]
fn rsa4d_403_while_connected() {
    let (rt, ws) = (VirtualRuntime::new(), MockWebSocket::accepting());
    let (client, _) = connect(&rt, &ws, |n| match n {
        1 => token("initial-token"),
        _ => failed(40300, 403, "Account suspended"),
    });
    ws.send_to_client(json!({"action": action::AUTH}));
    rt.await_state_for(s(5), &client, S::Failed);
    let reason = reason(&client);
    assert_eq!(code(&reason), (80019, 403));
    let cause = reason.cause().expect("a cause");
    assert_eq!(cause.code(), 40300);
}
