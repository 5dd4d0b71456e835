//! What the errors of a connection say of why it is not there.

use ably_base::FailureKind;

use crate::world::*;

fn refused() -> (VirtualRuntime, BaseRealtime) {
    let rt = VirtualRuntime::new();
    let ws = MockWebSocket::new().on_attempt(|a| a.respond_with_refused());
    let options = options(&rt, &ws).endpoint("127.0.0.1").tls_port(8443);
    let client = BaseRealtime::new(options).unwrap();
    client.connect();
    (rt, client)
}

#[test]
fn an_attempt_that_failed_tells_where_and_why() {
    let (rt, client) = refused();
    rt.await_state(&client, S::Disconnected);
    let reason = client.connection().error_reason().unwrap();
    assert_eq!(reason.code(), 80003);
    let text = reason.message();
    assert!(text.contains("127.0.0.1:8443"), "{text}");
    assert!(text.contains("the connection was refused"), "{text}");
}

#[test]
fn a_handshake_that_failed_reminds_of_ports_without_tls() {
    let rt = VirtualRuntime::new();
    let ws = MockWebSocket::new().on_attempt(|a| a.respond_with_failure(FailureKind::Tls));
    let client = BaseRealtime::new(options(&rt, &ws).endpoint("127.0.0.1")).unwrap();
    client.connect();
    rt.await_state(&client, S::Disconnected);
    let reason = client.connection().error_reason().unwrap();
    let text = reason.message();
    assert!(text.ends_with("there is the option `tls`"), "{text}");
}

#[test]
fn a_suspended_connection_tells_what_failed_last() {
    let (rt, client) = refused();
    let channel = client.channels().get("c");
    let publish = channel.publish("n", "d");
    rt.await_state_for(Duration::from_secs(200), &client, S::Suspended);
    for error in [
        client.connection().error_reason().unwrap(),
        rt.wait(publish).unwrap_err(),
    ] {
        assert_eq!(error.code(), 80002);
        let text = error.message();
        assert!(text.contains("the connection was refused"), "{text}");
        assert_eq!(error.cause().unwrap().code(), 80003);
    }
}

#[test]
fn what_a_failed_channel_refuses_tells_why_it_failed() {
    let (rt, ws, client) = serving();
    let channel = client.channels().get("c");
    rt.wait(channel.attach()).unwrap();
    ws.send_to_client(json!({
        "action": action::ERROR, "channel": "c",
        "error": {"code": 40160, "statusCode": 401, "message": "not yours"},
    }));
    rt.await_channel_state(&channel, ChannelState::Failed);
    let error = rt.wait(channel.publish("n", "d")).unwrap_err();
    assert_eq!(error.code(), 90001);
    assert!(error.message().ends_with(": not yours"), "{error}");
    assert_eq!(error.cause().unwrap().code(), 40160);
}

#[test]
fn a_token_that_is_not_to_be_had_tells_why() {
    let (rt, ws) = (VirtualRuntime::new(), MockWebSocket::serving());
    let failing = |_| {
        let error = ErrorInfo::new(ably_base::ErrorCode(40400), 404, "the lift is broken");
        std::future::ready(Err::<ably_base::Credential, _>(error))
    };
    let options = ClientOptions::new()
        .auto_connect(false)
        .auth_callback(failing)
        .plugin(rt.clone())
        .plugin(ws.clone());
    let client = BaseRealtime::new(options).unwrap();
    client.connect();
    rt.await_state(&client, S::Disconnected);
    let reason = client.connection().error_reason().unwrap();
    assert_eq!(reason.code(), 80019);
    assert!(reason.message().contains("the lift is broken"), "{reason}");
}
