//! `realtime/unit/client/realtime_client.md`

use ably_base::{Auth, Channels, Connection, Format};
use ably_push::{Push, PushAdmin, PushApi};

use crate::support::*;
use ConnectionState as S;

/// Options made from a string alone, with the mocks installed.
fn from_string(rt: &VirtualRuntime, ws: &MockWebSocket, text: &str) -> ClientOptions {
    ClientOptions::from(text)
        .auto_connect(false)
        .plugin(rt.clone())
        .plugin(ws.clone())
}

/// Options with the spec's key that connect by themselves.
fn connecting(rt: &VirtualRuntime, ws: &MockWebSocket) -> ClientOptions {
    options(rt, ws).auto_connect(true)
}

/// The first attempt of a client with these options.
fn first_attempt(set: impl FnOnce(ClientOptions) -> ClientOptions) -> Attempt {
    let rt = VirtualRuntime::new();
    let ws = MockWebSocket::new();
    let _client = client(set(connecting(&rt, &ws)));
    ws.await_attempt(&rt)
}

// UTS: realtime/unit/RTC12/constructor-string-detection-0
#[test]
fn a_string_is_a_key_or_a_token() {
    let rt = VirtualRuntime::new();
    let ws = MockWebSocket::new();
    let with_key = client(from_string(&rt, &ws, "appId.keyId:keySecret"));
    with_key.connect();
    let attempt = ws.await_attempt(&rt);
    assert_eq!(
        attempt.query("key").as_deref(),
        Some("appId.keyId:keySecret")
    );
    assert_eq!(attempt.query("access_token"), None);

    let with_token = client(from_string(&rt, &ws, "some_token_string"));
    with_token.connect();
    let attempt = ws.await_attempt(&rt);
    assert_eq!(
        attempt.query("access_token").as_deref(),
        Some("some_token_string")
    );
    assert_eq!(attempt.query("key"), None);

    let error = BaseRealtime::new(from_string(&rt, &ws, "")).unwrap_err();
    assert_eq!(error.code(), 40106);
    assert_eq!(error.status_code(), 401);
}

// UTS: realtime/unit/RTC12/invalid-arguments-error-1
//
// DEVIATION: ably-js 2.12.0 gives 40160.
#[test]
fn no_credential_is_an_error() {
    let rt = VirtualRuntime::new();
    let ws = MockWebSocket::new();
    let options = ClientOptions::new().plugin(rt.clone()).plugin(ws.clone());
    let error = BaseRealtime::new(options).unwrap_err();
    assert_eq!(error.code(), 40106);
    assert_eq!(error.status_code(), 401);
    rt.run_until_idle();
    assert_eq!(ws.attempts().len(), 0);
    assert_eq!(rt.tasks(), 0);
}

// UTS: realtime/unit/RTC2/connection-attribute-0
#[test]
fn connection() {
    let client = client(options(&VirtualRuntime::new(), &MockWebSocket::new()));
    let connection: Connection = client.connection();
    assert_eq!(connection.state(), S::Initialized);
}

// UTS: realtime/unit/RTC3/channels-attribute-0
#[test]
fn channels() {
    let client = client(options(&VirtualRuntime::new(), &MockWebSocket::new()));
    let channels: Channels = client.channels();
    let channel: Channel = channels.get("test-RTC3");
    assert_eq!(channel.name(), "test-RTC3");
}

// UTS: realtime/unit/RTC4/auth-attribute-0
#[test]
fn auth() {
    let client = client(options(&VirtualRuntime::new(), &MockWebSocket::new()));
    let auth: Auth = client.auth();
    assert_eq!(auth.client_id(), None);
}

// UTS: realtime/unit/RTC13/push-attribute-0
#[test]
fn push() {
    let client = client(options(&VirtualRuntime::new(), &MockWebSocket::new()));
    let push: Push = client.push();
    let _: PushAdmin = push.admin();
    client.close();
}

// UTS: realtime/unit/RTC17/client-id-attribute-0
//
// DEVIATION: `client.clientId` is undefined in ably-js 2.12.0.
#[test]
fn client_id() {
    let client = client(
        options(&VirtualRuntime::new(), &MockWebSocket::new()).client_id("explicit-client-id"),
    );
    assert_eq!(client.client_id().as_deref(), Some("explicit-client-id"));
    assert_eq!(client.client_id(), client.auth().client_id());
}

// UTS: realtime/unit/RTC1a/echo-messages-option-0
//
// DEVIATION: as ably-js 2.12.0, `echo` is left out when it is true.
#[test]
fn echo_messages() {
    assert_eq!(first_attempt(|o| o).query("echo"), None);
    assert_eq!(
        first_attempt(|o| o.echo_messages(false))
            .query("echo")
            .as_deref(),
        Some("false")
    );
}

// UTS: realtime/unit/RTC1b/auto-connect-option-0
#[test]
fn auto_connect() {
    let rt = VirtualRuntime::new();
    let ws = MockWebSocket::accepting();
    let by_default = client(
        ClientOptions::with_key(KEY)
            .plugin(rt.clone())
            .plugin(ws.clone()),
    );
    assert_eq!(by_default.connection().state(), S::Connecting);
    rt.wait(by_default.connection().when_state(S::Connected))
        .unwrap();
    assert_eq!(ws.attempts().len(), 1);

    let ws = MockWebSocket::new();
    let off = client(options(&rt, &ws));
    assert_eq!(off.connection().state(), S::Initialized);
    assert_eq!(ws.attempts().len(), 0);
    rt.run_until_idle();
    assert_eq!(off.connection().state(), S::Initialized);
    assert_eq!(ws.attempts().len(), 0);

    let ws = MockWebSocket::accepting();
    let explicit = client(options(&rt, &ws));
    assert_eq!(explicit.connection().state(), S::Initialized);
    explicit.connection().connect();
    assert_eq!(explicit.connection().state(), S::Connecting);
    rt.wait(explicit.connection().when_state(S::Connected))
        .unwrap();
    assert_eq!(ws.attempts().len(), 1);
    assert_eq!(explicit.connection().state(), S::Connected);
}

// UTS: realtime/unit/RTC1c/recover-option-0
#[test]
fn recover() {
    let key = |serials: Value| {
        json!({
            "connectionKey": "previous-connection-key",
            "msgSerial": 5,
            "channelSerials": serials,
        })
        .to_string()
    };
    let attempt = first_attempt(|o| o.recover(key(json!({"channel1": "serial1"}))));
    assert_eq!(
        attempt.query("recover").as_deref(),
        Some("previous-connection-key")
    );

    let rt = VirtualRuntime::new();
    let ws = MockWebSocket::accepting();
    let recovered = client(connecting(&rt, &ws).recover(key(json!({}))));
    rt.await_state(&recovered, S::Connected);
    let lost = recovered.connection().when_state(S::Disconnected);
    ws.active().simulate_disconnect();
    rt.wait(lost).unwrap();
    rt.await_state(&recovered, S::Connected);
    let attempts = ws.attempts();
    assert_eq!(attempts.len(), 2);
    assert_eq!(
        attempts[0].query("recover").as_deref(),
        Some("previous-connection-key")
    );
    assert_eq!(attempts[1].query("recover"), None);

    let attempt = first_attempt(|o| {
        o.recover("invalid-not-a-valid-recovery-key")
            .log_handler(LogCapture::default())
    });
    assert_eq!(attempt.query("recover"), None);
}

// UTS: realtime/unit/RTC1f/transport-params-option-0
#[test]
fn transport_params() {
    let attempt = first_attempt(|o| {
        o.transport_param("customParam", "customValue")
            .transport_param("anotherParam", "123")
    });
    assert_eq!(attempt.query("customParam").as_deref(), Some("customValue"));
    assert_eq!(attempt.query("anotherParam").as_deref(), Some("123"));

    let attempt = first_attempt(|o| {
        o.transport_param("stringParam", "hello")
            .transport_param("numberParam", 42)
            .transport_param("boolTrueParam", true)
            .transport_param("boolFalseParam", false)
    });
    assert_eq!(attempt.query("stringParam").as_deref(), Some("hello"));
    assert_eq!(attempt.query("numberParam").as_deref(), Some("42"));
    assert_eq!(attempt.query("boolTrueParam").as_deref(), Some("true"));
    assert_eq!(attempt.query("boolFalseParam").as_deref(), Some("false"));

    // The document's values are the defaults of 2.12; another version and the other value show
    // that they override.
    for (v, heartbeats) in [("3", "false"), ("99", "true")] {
        let attempt = first_attempt(|o| {
            o.transport_param("v", v)
                .transport_param("heartbeats", heartbeats)
        });
        assert_eq!(attempt.query("v").as_deref(), Some(v));
        assert_eq!(attempt.query("heartbeats").as_deref(), Some(heartbeats));
        let path = &attempt.target().path_and_query;
        for name in ["v=", "heartbeats="] {
            let times = path.split(['?', '&']).filter(|p| p.starts_with(name));
            assert_eq!(times.count(), 1, "{name} in {path}");
        }
    }
}

// UTS: realtime/unit/RTC15/connect-method-0
#[test]
fn connect() {
    let rt = VirtualRuntime::new();
    let ws = MockWebSocket::accepting();
    let client = client(options(&rt, &ws));
    assert_eq!(client.connection().state(), S::Initialized);
    client.connect();
    assert_eq!(client.connection().state(), S::Connecting);
    rt.wait(client.connection().when_state(S::Connected))
        .unwrap();
    assert_eq!(client.connection().state(), S::Connected);
}

// UTS: realtime/unit/RTC16/close-method-0
#[test]
fn close() {
    let rt = VirtualRuntime::new();
    let ws = MockWebSocket::accepting();
    let client = client(connecting(&rt, &ws));
    rt.wait(client.connection().when_state(S::Connected))
        .unwrap();
    assert_eq!(client.connection().state(), S::Connected);
    ws.set_on_message(|m, conn| conn.answer(m));
    let closed = client.connection().when_state(S::Closed);
    client.close();
    assert_eq!(client.connection().state(), S::Closing);
    let change = rt.wait(closed).unwrap().expect("there is a change");
    assert_eq!(change.previous, S::Closing);
    assert_eq!(client.connection().state(), S::Closed);
    assert_eq!(ws.client_messages_of(action::CLOSE).len(), 1);
    // Not by the time-out.
    assert_eq!(rt.elapsed(), Duration::ZERO);
}

/// "TLS Setting (RSC18) in Realtime"; the document gives it no id.
#[test]
fn tls() {
    let rt = VirtualRuntime::new();
    let ws = MockWebSocket::accepting();
    for (tls, port) in [(true, 443), (false, 80)] {
        let options = if tls {
            ClientOptions::with_key(KEY)
        } else {
            ClientOptions::with_token("test-token")
        };
        let client = client(options.tls(tls).plugin(rt.clone()).plugin(ws.clone()));
        rt.await_state(&client, S::Connected);
        let attempts = ws.attempts();
        let target = attempts.last().unwrap().target();
        assert_eq!(target.tls, tls);
        assert_eq!(target.port, port);
        client.close();
    }
}

/// "useBinaryProtocol in Realtime"; the document gives it no id. Without the msgpack plugin there
/// is no binary protocol, as in ably-js's modular bundle.
#[test]
fn use_binary_protocol() {
    for binary in [true, false] {
        let attempt = first_attempt(|o| o.use_binary_protocol(binary));
        assert_eq!(attempt.query("format").as_deref(), Some("json"));
        assert_eq!(attempt.target().format, Format::Json);
    }
}

/// "Standard Query Parameters"; the document gives it no id. As in ably-js, `echo` is only sent
/// when it is false.
#[test]
fn standard_parameters() {
    let attempt = first_attempt(|o| o.client_id("me"));
    let params = attempt.params();
    let agent = params["agent"].clone();
    assert_eq!(
        params,
        [
            ("agent", agent.as_str()),
            ("clientId", "me"),
            ("format", "json"),
            ("heartbeats", "false"),
            ("key", KEY),
            ("v", "3"),
        ]
        .map(|(k, v)| (k.to_owned(), v.to_owned()))
        .into()
    );
    assert!(agent.starts_with("ably-rust/"), "{agent}");
}
