//! The token that a connection and requests share, and what becomes of the connection with it.

use std::sync::{
    Mutex,
    atomic::{AtomicUsize, Ordering},
};

use ably_base::{
    AuthOptions, BaseRealtime, ConnectionState as S, Credential, TokenDetails, TokenParams,
};
use ably_testkit::{MockWebSocket, action, connected};

use crate::auth::*;
use crate::support::*;

/// A realtime client with a slow authCallback and a server for requests that answers with this.
fn realtime(
    rt: &VirtualRuntime,
    http: &MockHttp,
) -> (BaseRealtime, MockWebSocket, Arc<AtomicUsize>) {
    let ws = MockWebSocket::serving();
    let (source, calls) = slow(rt);
    let options = ClientOptions::new()
        .auth_callback(source)
        .auto_connect(false)
        .plugin(rt.clone())
        .plugin(ws.clone())
        .plugin(http.clone());
    (BaseRealtime::new(options).unwrap(), ws, calls)
}

#[test]
fn a_connection_and_a_request_fetch_once() {
    let rt = VirtualRuntime::new();
    let http = always(Reply::json(200, json!([])));
    let (client, ws, calls) = realtime(&rt, &http);
    client.connect();
    let channel = client.channels().get("c");
    let mut request = channel.history(());
    assert!(rt.poll_now(&mut request).is_none());
    rt.await_state(&client, S::Connected);
    rt.wait(request).unwrap();
    assert_eq!(calls.load(Ordering::SeqCst), 1);
    assert_eq!(rt.elapsed(), seconds(1));
    assert_eq!(ws.attempts().len(), 1);
}

#[test]
fn a_prompt_and_a_refused_request_renew_once() {
    let rt = VirtualRuntime::new();
    let refuses = Arc::new(Mutex::new(false));
    let refuse = refuses.clone();
    let http = MockHttp::answering(move |_| {
        Some(if std::mem::take(&mut *refuse.lock().unwrap()) {
            Reply::error(401, 40142)
        } else {
            Reply::json(200, json!([]))
        })
    });
    let (client, ws, calls) = realtime(&rt, &http);
    client.connect();
    rt.await_state(&client, S::Connected);
    let channel = client.channels().get("c");
    *refuses.lock().unwrap() = true;
    let mut request = channel.history(());
    assert!(rt.poll_now(&mut request).is_none());
    ws.send_to_client(json!({"action": action::AUTH}));
    rt.wait(request).unwrap();
    rt.run_until_idle();
    assert_eq!(calls.load(Ordering::SeqCst), 2);
    let sent = ws.client_messages_of(action::AUTH);
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0]["auth"]["accessToken"], "token-2");
}

#[test]
fn a_connection_uses_what_a_request_has_renewed() {
    let rt = VirtualRuntime::new();
    let http = MockHttp::replying([Reply::error(401, 40142), Reply::json(200, json!([]))]);
    let (client, ws, calls) = realtime(&rt, &http);
    client.connect();
    rt.await_state(&client, S::Connected);
    let channel = client.channels().get("c");
    rt.wait(channel.history(())).unwrap();
    assert_eq!(calls.load(Ordering::SeqCst), 2);
    ws.send_to_client(json!({
        "action": action::DISCONNECTED,
        "error": {"code": 40142, "statusCode": 401, "message": "expired"},
    }));
    rt.run_until_idle();
    rt.await_state(&client, S::Connected);
    let token = ws.attempts()[1].query("access_token");
    assert_eq!(token.as_deref(), Some("token-2"));
    assert_eq!(calls.load(Ordering::SeqCst), 2);
}

#[test]
fn nothing_is_sent_without_a_token_while_authorize_gets_one() {
    // The next host of a connection,
    let rt = VirtualRuntime::new();
    let http = MockHttp::new();
    let (source, _) = slow(&rt);
    let ws = MockWebSocket::new();
    let options = ClientOptions::new()
        .auth_callback(source)
        .token("token-0")
        .fallback_hosts(["fallback"])
        .plugin(rt.clone())
        .plugin(ws.clone());
    let client = BaseRealtime::new(options).unwrap();
    let first = ws.await_attempt(&rt);
    let auth = client.auth();
    let mut authorized = Box::pin(auth.authorize(None, None));
    assert!(rt.poll_now(&mut authorized).is_none());
    first.respond_with_refused();
    let second = ws.await_attempt(&rt);
    assert_eq!(second.query("access_token").as_deref(), Some("token-1"));
    assert_eq!(second.host(), "fallback");
    second.respond_with_connected(connected("id", "key"));
    rt.wait(authorized).unwrap();
    assert_eq!(ws.attempts().len(), 2);

    // and of a request.
    let (source, _) = slow(&rt);
    let options = ClientOptions::new().auth_callback(source).token("token-0");
    let rest = BaseRest::new(options.plugin(rt.clone()).plugin(http.clone())).unwrap();
    let mut request = rest.channels().get("c").history(());
    assert!(rt.poll_now(&mut request).is_none());
    let auth = rest.auth();
    let mut authorized = Box::pin(auth.authorize(None, None));
    assert!(rt.poll_now(&mut authorized).is_none());
    http.take_request()
        .unwrap()
        .respond(Reply::error(500, 50000));
    assert!(rt.poll_now(&mut request).is_none());
    assert_eq!(http.requests().len(), 1);
    rt.wait(authorized).unwrap();
    assert!(rt.poll_now(&mut request).is_none());
    http.take_request()
        .unwrap()
        .respond(Reply::json(200, json!([])));
    rt.wait(request).unwrap();
    assert_eq!(http.last().header("authorization"), Some(TOKEN_1));
}

#[test]
fn authorize_leaves_an_attempt_that_has_the_new_token() {
    let rt = VirtualRuntime::new();
    let (source, calls) = slow(&rt);
    let ws = MockWebSocket::new();
    let options = ClientOptions::new()
        .auth_callback(source)
        .plugin(rt.clone())
        .plugin(ws.clone());
    let client = BaseRealtime::new(options).unwrap();
    rt.run_until_idle();
    let auth = client.auth();
    let mut authorized = Box::pin(auth.authorize(None, None));
    assert!(rt.poll_now(&mut authorized).is_none());
    let attempt = ws.await_attempt(&rt);
    assert!(rt.poll_now(&mut authorized).is_none());
    attempt.respond_with_connected(connected("id", "key"));
    let details = rt.wait(authorized).unwrap();
    assert_eq!(details.token.expose(), "token-2");
    assert_eq!(calls.load(Ordering::SeqCst), 2);
    assert_eq!(ws.attempts().len(), 1);
    let sent = ws.attempts()[0].query("access_token");
    assert_eq!(sent.as_deref(), Some("token-2"));
    assert_eq!(ws.client_messages_of(action::AUTH).len(), 0);
}

#[test]
fn rtc8_a_given_token_is_what_the_connection_uses() {
    // While the connection waits for a token,
    let rt = VirtualRuntime::new();
    let (client, ws, _) = realtime(&rt, &MockHttp::new());
    client.connect();
    rt.run_until_idle();
    assert_eq!(ws.attempts().len(), 0);
    let auth = client.auth();
    // Also the way to get the next one: `authorize` replaces that.
    let (source, calls) = slow(&rt);
    let given = |token| {
        AuthOptions::new()
            .token(token)
            .auth_callback(source.clone())
    };
    let details = rt.wait(auth.authorize(None, Some(given("given")))).unwrap();
    assert_eq!(details.token.expose(), "given");
    assert_eq!(client.connection().state(), S::Connected);
    assert_eq!(rt.elapsed(), Duration::ZERO);
    rt.advance(seconds(2));
    assert_eq!(ws.attempts().len(), 1);
    let used = ws.attempts()[0].query("access_token");
    assert_eq!(used.as_deref(), Some("given"));
    assert_eq!(auth.token_details(), Some(TokenDetails::new("given")));

    // and while one is fetched that the server has asked for.
    ws.send_to_client(json!({"action": action::AUTH}));
    rt.run_until_idle();
    assert_eq!(calls.load(Ordering::SeqCst), 1);
    let mut authorized = Box::pin(auth.authorize(None, Some(given("other"))));
    assert!(rt.poll_now(&mut authorized).is_none());
    rt.run_until_idle();
    ws.send_to_client(connected("connection-id", "connection-key"));
    rt.wait(authorized).unwrap();
    rt.advance(seconds(2));
    let sent = ws.client_messages_of(action::AUTH);
    assert_eq!(sent.len(), 1, "{sent:?}");
    assert_eq!(sent[0]["auth"]["accessToken"], "other");
    assert_eq!(auth.token_details(), Some(TokenDetails::new("other")));
}

#[test]
fn rsa7d_the_client_id_of_the_options_is_asked_for() {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let sink = asked.clone();
    let options = ClientOptions::new()
        .auth_callback(move |params: TokenParams| {
            sink.lock().unwrap().push(params);
            std::future::ready(Ok("t".into()))
        })
        .client_id("me");
    let (rt, rest) = with_token(&tokens(), options);
    let auth = rest.auth();
    let params = TokenParams::new().ttl(Duration::from_millis(5));
    rt.wait(auth.authorize(Some(params.clone()), None)).unwrap();
    // A request for someone else is left as it is.
    rt.wait(auth.request_token(Some(params), None)).unwrap();
    let asked = asked.lock().unwrap();
    assert_eq!(
        asked[0],
        TokenParams::new()
            .ttl(Duration::from_millis(5))
            .client_id("me")
    );
    assert_eq!(asked[1], TokenParams::new().ttl(Duration::from_millis(5)));
}

#[test]
fn a_prompt_that_cannot_be_followed_leaves_the_connection() {
    let rt = VirtualRuntime::new();
    for options in [ClientOptions::with_token("t"), ClientOptions::with_key(KEY)] {
        let ws = MockWebSocket::serving();
        let options = options.plugin(rt.clone()).plugin(ws.clone());
        let client = BaseRealtime::new(options).unwrap();
        rt.await_state(&client, S::Connected);
        ws.send_to_client(json!({"action": action::AUTH}));
        rt.advance(seconds(5));
        assert_eq!(client.connection().state(), S::Connected);
        assert_eq!(ws.client_messages_of(action::AUTH).len(), 0);
    }
}

#[test]
fn rsa4d1_authorize_that_is_forbidden_fails_the_connection_and_another_error_does_not() {
    for (status, ends) in [(500, S::Connected), (403, S::Failed)] {
        let rt = VirtualRuntime::new();
        let ws = MockWebSocket::serving();
        let calls = AtomicUsize::new(0);
        let options = ClientOptions::new()
            .auth_callback(move |_| {
                let is_first = calls.fetch_add(1, Ordering::SeqCst) == 0;
                std::future::ready(match is_first {
                    true => Ok("t".into()),
                    false => Err(ErrorInfo::new(ErrorCode(40999), status, "no")),
                })
            })
            .plugin(rt.clone())
            .plugin(ws.clone());
        let client = BaseRealtime::new(options).unwrap();
        rt.await_state(&client, S::Connected);
        let error = rt.wait(client.auth().authorize(None, None)).unwrap_err();
        assert_eq!(error.code(), 40999);
        assert_eq!(client.connection().state(), ends);
        if ends == S::Failed {
            let reason = client.connection().error_reason().unwrap();
            assert_eq!((reason.code().0, reason.status_code()), (80019, 403));
            assert_eq!(reason.cause().unwrap().code(), 40999);
        }
    }
}

#[test]
fn rsa4c_a_connection_gives_the_callback_its_time_and_the_exchange_its_own() {
    // Seven seconds of ten for the callback, and seven for the exchange.
    let rt = VirtualRuntime::new();
    let (ws, http) = (MockWebSocket::serving(), MockHttp::new());
    let runtime = rt.clone();
    let callback = move |_: TokenParams| {
        use ably_base::Runtime;
        let until = runtime.now().mono.after(seconds(7));
        let mut timer = runtime.timer();
        async move {
            std::future::poll_fn(move |cx| timer.poll_until(cx, until)).await;
            Credential::from_json(r#"{"keyName":"a.b","timestamp":1,"nonce":"n","mac":"m"}"#)
        }
    };
    let options = ClientOptions::new()
        .auth_callback(callback)
        .plugin(rt.clone())
        .plugin(ws.clone())
        .plugin(http.clone())
        .plugin(ably_token::Token);
    let client = BaseRealtime::new(options.clone()).unwrap();
    rt.advance(seconds(14));
    assert_eq!(client.connection().state(), S::Connecting);
    http.take_request()
        .unwrap()
        .respond(Reply::json(201, json!({"token": "t", "issued": 1})));
    rt.run_until_idle();
    assert_eq!(client.connection().state(), S::Connected);
    client.close();
    rt.advance(seconds(1));

    // An exchange without end: the limit is that of connecting, and the token that comes at last
    // is used.
    let client = BaseRealtime::new(options.http_request_timeout(seconds(40))).unwrap();
    rt.advance(Duration::from_millis(19_999));
    assert_eq!(client.connection().state(), S::Connecting);
    rt.advance(Duration::from_millis(1));
    assert_eq!(client.connection().state(), S::Disconnected);
    http.take_request()
        .unwrap()
        .respond(Reply::json(201, json!({"token": "late", "issued": 1})));
    rt.await_state(&client, S::Connected);
    let used = ws.attempts()[1].query("access_token");
    assert_eq!(used.as_deref(), Some("late"));
    assert_eq!(http.requests().len(), 2);
}

pub(crate) fn ws_prompt(ws: &MockWebSocket, client: &BaseRealtime) {
    if client.connection().state() == S::Connected {
        ws.send_to_client(json!({"action": action::AUTH}));
        ws.send_to_client(connected("connection-id", "connection-key"));
    }
}

#[test]
fn rsa15_a_mismatch_is_403_of_a_token_and_401_of_the_connection() {
    let rt = VirtualRuntime::new();
    let ws = MockWebSocket::new();
    let options = ClientOptions::with_token("t").client_id("me");
    let client = BaseRealtime::new(options.plugin(rt.clone()).plugin(ws.clone())).unwrap();
    let mut connected = connected("id", "key");
    connected["connectionDetails"]["clientId"] = "you".into();
    ws.await_attempt(&rt).respond_with_connected(connected);
    rt.await_state(&client, S::Failed);
    let reason = client.connection().error_reason().unwrap();
    assert_eq!((reason.code().0, reason.status_code()), (40102, 401));

    let mut of_another = TokenDetails::new("t");
    of_another.client_id = Some("you".into());
    let options = ClientOptions::new().token_details(of_another.clone());
    let options = options.client_id("me").plugin(rt.clone());
    let ws = MockWebSocket::serving();
    let client = BaseRealtime::new(options.plugin(ws.clone())).unwrap();
    rt.await_state(&client, S::Failed);
    let reason = client.connection().error_reason().unwrap();
    assert_eq!((reason.code().0, reason.status_code()), (40102, 403));
    assert_eq!(ws.attempts().len(), 0);
}

#[test]
fn rsa15c_a_given_token_of_another_changes_nothing_but_ends_the_connection() {
    let rt = VirtualRuntime::new();
    let mut of_another = TokenDetails::new("t");
    of_another.client_id = Some("you".into());
    let ws = MockWebSocket::serving();
    let http = tokens();
    let options = ClientOptions::with_key(KEY).client_id("me");
    let options = options.plugin(rt.clone()).plugin(http.clone());
    let client = BaseRealtime::new(options.plugin(ws).plugin(ably_token::Token)).unwrap();
    rt.await_state(&client, S::Connected);
    let auth = client.auth();
    let given = AuthOptions::new()
        .token_details(of_another)
        .auth_url("https://elsewhere");
    let error = rt.wait(auth.authorize(None, Some(given))).unwrap_err();
    assert_eq!((error.code().0, error.status_code()), (40102, 403));
    assert_eq!(auth.basic_key().unwrap().name(), "appId.keyId");
    let details = rt.wait(auth.request_token(None, None)).unwrap();
    assert_eq!(details.token.expose(), "of-server");
    assert_eq!(http.last().path, "/keys/appId.keyId/requestToken");
    assert_eq!(client.connection().state(), S::Failed);
    let reason = client.connection().error_reason().unwrap();
    assert_eq!(reason.code(), 40102);
}
