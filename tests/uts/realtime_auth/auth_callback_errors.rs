//! `realtime/unit/auth/auth_callback_errors_test.md`

use super::common::*;

// UTS: realtime/unit/RSA4c2/callback-error-connecting-disconnected-0
#[test]
fn rsa4c2_an_error_while_connecting() {
    let (rt, ws) = (VirtualRuntime::new(), MockWebSocket::accepting());
    let (client, _) = with_callback(&rt, &ws, |n| match n {
        1 => failed(50000, 500, "Auth server unavailable"),
        n => token(format!("valid-token-{n}")),
    });
    let changes = record_connection(&client);
    client.connect();
    rt.await_state_for(s(5), &client, S::Disconnected);
    assert_eq!(client.connection().state(), S::Disconnected);
    let reason = reason(&client);
    assert_eq!(code(&reason), (80019, 401));
    let cause = reason.cause().expect("a cause");
    assert_eq!(cause.code(), 50000);
    let disconnected = changes_to(&changes, S::Disconnected);
    assert_eq!(disconnected.len(), 1);
    let reason = disconnected[0].reason.as_ref().expect("a reason");
    assert_eq!(reason.code(), 80019);
}

// UTS: realtime/unit/RSA4c2/callback-timeout-connecting-disconnected-1
#[test]
fn rsa4c2_a_time_out_while_connecting() {
    let (rt, ws) = (VirtualRuntime::new(), MockWebSocket::accepting());
    let options = ClientOptions::new()
        .auth_callback(|_| std::future::pending())
        .realtime_request_timeout(ms(10_000));
    let client = client(mocked(options, &rt, &ws));
    let changes = record_connection(&client);
    client.connect();
    rt.advance(ms(11_000));
    rt.await_state_for(s(5), &client, S::Disconnected);
    assert_eq!(client.connection().state(), S::Disconnected);
    let reason = reason(&client);
    assert_eq!(code(&reason), (80019, 401));
    assert_eq!(reason.cause().map(code), Some((40170, 401)));
    let disconnected = changes_to(&changes, S::Disconnected);
    assert_eq!(disconnected[0].reason.as_ref(), Some(&reason));
    assert_eq!(ws.attempts().len(), 0);
}

// UTS: realtime/unit/RSA4c3/callback-error-connected-stays-0
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
}

// UTS: realtime/unit/RSA4d/callback-403-connecting-failed-0
#[test]
fn rsa4d_403_while_connecting() {
    let (rt, ws) = (VirtualRuntime::new(), MockWebSocket::accepting());
    let (client, _) = with_callback(&rt, &ws, |_| failed(40300, 403, "Account disabled"));
    let changes = record_connection(&client);
    client.connect();
    rt.await_state_for(s(5), &client, S::Failed);
    assert_eq!(client.connection().state(), S::Failed);
    assert_eq!(ws.attempts().len(), 0);
    let reason = reason(&client);
    assert_eq!(code(&reason), (80019, 403));
    assert_eq!(reason.cause().map(code), Some((40300, 403)));
    let failed = changes_to(&changes, S::Failed);
    assert_eq!(failed.len(), 1);
    let told = failed[0].reason.as_ref().expect("a reason");
    assert_eq!(code(told), (80019, 403));
    assert_eq!(changes_to(&changes, S::Disconnected).len(), 0);
}

// UTS: realtime/unit/RSA4d/callback-403-reauth-failed-1
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

// UTS: realtime/unit/RSA4f/callback-invalid-type-format-0
//
// A callback of another type does not compile; the document's number can come as JSON only.
#[test]
fn rsa4f_what_is_no_token() {
    let (rt, ws) = (VirtualRuntime::new(), MockWebSocket::accepting());
    let (client, _) = with_callback(&rt, &ws, |_| Credential::from_json("12345"));
    client.connect();
    rt.await_state_for(s(5), &client, S::Disconnected);
    assert_eq!(client.connection().state(), S::Disconnected);
    let reason = reason(&client);
    assert_eq!(code(&reason), (80019, 401));
    assert_eq!(reason.cause().map(code), Some((40170, 401)));
}

// UTS: realtime/unit/RSA4f/callback-oversized-token-format-1
#[test]
fn rsa4f_a_token_that_is_too_large() {
    let (rt, ws) = (VirtualRuntime::new(), MockWebSocket::accepting());
    let (client, _) = with_callback(&rt, &ws, |_| Ok("x".repeat(131_073).into()));
    client.connect();
    rt.await_state_for(s(5), &client, S::Disconnected);
    assert_eq!(client.connection().state(), S::Disconnected);
    let reason = reason(&client);
    assert_eq!(code(&reason), (80019, 401));
    assert_eq!(reason.cause().map(code), Some((40170, 401)));
}

// UTS: realtime/unit/RSA4e/rest-callback-error-40170-0
#[test]
fn rsa4e_an_error_in_a_request() {
    use ably_base::BaseRest;
    use ably_rest::StatusApi;
    use ably_testkit::http::{HttpMockReply, MockHttp};

    let rt = VirtualRuntime::new();
    let http = MockHttp::replying([HttpMockReply::json(200, json!([]))]);
    let text = "Network failure connecting to auth server";
    let options = ClientOptions::new()
        .auth_callback(move |_| std::future::ready(failed(0, 0, text)))
        .use_binary_protocol(false)
        .plugin(rt.clone())
        .plugin(http.clone());
    let rest = BaseRest::new(options).expect("the options are fine");
    let error = rt.wait(rest.channels().get("test-channel").status());
    let error = error.unwrap_err();
    assert_eq!(code(&error), (40170, 401));
    assert!(error.message().contains(text), "{error}");
    assert_eq!(http.requests().len(), 0);
}
