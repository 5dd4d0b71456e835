//! What goes over the wire, and what comes of it.

use ably_base::{
    BaseRealtime,
    rest::{RestPath, RestRequest},
};
use ably_testkit::MockWebSocket;

use crate::support::*;

/// An HTTP client without TLS, whatever features the build has.
struct Plain;

impl ably_base::HttpClient for Plain {
    fn has_tls(&self) -> bool {
        false
    }

    fn execute(
        &self,
        request: ably_base::engine::HttpRequest,
    ) -> ably_base::engine::BoxFuture<Result<ably_base::ext::HttpResponse, ably_base::TransportError>>
    {
        ably_base::ext::NoHttp.execute(request)
    }
}

#[test]
fn rsc16_time_is_asked_for_without_a_credential() {
    let http = always(Reply::json(200, json!([1_700_000_000_123_i64])));
    let (rt, rest) = client(&http);
    assert_eq!(rt.wait(rest.time()), Ok(1_700_000_000_123));
    let sent = http.last();
    assert_eq!(
        (&*sent.method, &*sent.scheme, &*sent.path),
        ("GET", "https", "/time")
    );
    assert_eq!((&*sent.host, sent.port), ("main.realtime.ably.net", None));
    assert_eq!(sent.header("authorization"), None);
    assert!(sent.query.is_empty() && sent.body.is_empty());
}

#[test]
fn a_time_that_is_none_is_an_error() {
    for body in [
        json!([]),
        json!([1, 2]),
        json!(["x"]),
        json!({"time": 1}),
        json!(1),
    ] {
        let (rt, rest) = client(&always(Reply::json(200, body)));
        let error = rt.wait(rest.time()).unwrap_err();
        assert_eq!(
            (error.code(), error.status_code()),
            (ErrorCode::INTERNAL, 500)
        );
    }
    let (rt, rest) = client(&always(Reply::bytes(200, "text/html", "<html>")));
    assert_eq!(
        rt.wait(rest.time()).unwrap_err().code(),
        ErrorCode::INVALID_DATA
    );
}

#[test]
fn headers_say_who_asks_and_in_which_format() {
    let rt = VirtualRuntime::new();
    let http = always(Reply::json(201, json!({})));
    let plain = options(&rt, &http).client_id("mé").agent("my-lib", "1.2");
    let msgpack = plain.clone().plugin(ably_msgpack::MsgPack);
    let json_by_choice = msgpack.clone().use_binary_protocol(false);
    for (options, format) in [
        (plain, "application/json"),
        (msgpack, "application/x-msgpack"),
        (json_by_choice, "application/json"),
    ] {
        let rest = BaseRest::new(options).unwrap();
        rt.wait(Box::pin(
            rest.channels().get("c").publish("n", "d").into_future(),
        ))
        .unwrap();
        let sent = http.last();
        assert_eq!(sent.header("x-ably-version"), Some("3"));
        assert_eq!(sent.header("accept"), Some(format));
        assert_eq!(sent.header("content-type"), Some(format));
        assert_eq!(
            sent.header("authorization"),
            Some("Basic YXBwSWQua2V5SWQ6a2V5U2VjcmV0")
        );
        assert_eq!(sent.header("x-ably-clientid"), Some("bcOp"));
        let agent = sent.header("ably-agent").unwrap();
        assert!(
            agent.starts_with("ably-rust/") && agent.ends_with(" my-lib/1.2"),
            "{agent}"
        );
    }
    let (rt, rest) = client(&http);
    let _ = rt.wait(rest.time());
    assert_eq!(http.last().header("x-ably-clientid"), None);
    assert_eq!(http.last().header("content-type"), None);
}

#[test]
fn hosts_and_ports_come_from_the_options() {
    let rt = VirtualRuntime::new();
    let http = always(Reply::json(200, json!([1])));
    let ask = |options: ClientOptions| {
        let _ = rt.wait(BaseRest::new(options).unwrap().time());
        let sent = http.last();
        (sent.scheme, sent.host, sent.port)
    };
    let own = |scheme: &str, host: &str, port| (scheme.to_owned(), host.to_owned(), port);
    let base = || options(&rt, &http);
    assert_eq!(
        ask(base().endpoint("test")),
        own("https", "test.realtime.ably.net", None)
    );
    assert_eq!(ask(base().endpoint("::1")), own("https", "[::1]", None));
    assert_eq!(
        ask(base().endpoint("localhost").tls(false).port(8080)),
        own("http", "localhost", Some(8080))
    );
    assert_eq!(
        ask(base()
            .rest_host("r.example")
            .realtime_host("x.example")
            .tls_port(99)),
        own("https", "r.example", Some(99))
    );
}

#[test]
fn a_client_names_what_it_lacks() {
    let rt = VirtualRuntime::new();
    let http = MockHttp::new();
    let refused = |options| BaseRest::new(options).unwrap_err();
    let key = || ClientOptions::with_key(KEY);
    for (options, plugin, feature) in [
        (key().plugin(rt.clone()), "FetchRequest", "`http`"),
        (key().plugin(http.clone()), "Runtime", "`tokio`"),
    ] {
        let error = refused(options);
        assert_eq!(error.code(), ErrorCode::MISSING_PLUGIN);
        let text = error.message();
        assert!(text.starts_with(plugin) && text.contains(feature), "{text}");
    }
    let mut plain = key().plugin(rt.clone());
    plain.plugins_mut().set_http(std::sync::Arc::new(Plain));
    let without_tls = refused(plain);
    assert_eq!(without_tls.code(), ErrorCode::MISSING_PLUGIN);
    assert!(without_tls.message().contains("`rustls` or `native-tls`"));
    let mocked = |options: ClientOptions| options.plugin(rt.clone()).plugin(http.clone());
    assert_eq!(refused(mocked(ClientOptions::new())).code(), 40106);
    assert_eq!(
        refused(mocked(ClientOptions::with_key("nonsense"))).code(),
        40400
    );
    assert_eq!(refused(mocked(key().client_id("*"))).code(), 40012);
    let mut token = ably_base::TokenDetails::new("t");
    token.client_id = Some("a".into());
    let options = ClientOptions::new().token_details(token).client_id("b");
    assert_eq!(refused(mocked(options)).code(), 40102);
}

#[test]
fn rsc15_a_request_moves_on_in_time_and_remembers_where_it_was_answered() {
    let http = MockHttp::new();
    let (rt, rest) = client(&http);
    let mut asked = rest.time();
    assert_eq!(rt.poll_now(&mut asked), None);
    let first = http.take_request().unwrap();
    assert_eq!(first.request().host, "main.realtime.ably.net");
    rt.advance(seconds(10));
    assert_eq!(rt.poll_now(&mut asked), None);
    assert!(first.is_abandoned());
    let second = http.take_request().unwrap();
    let fallback = second.request().host.clone();
    assert!(
        fallback.ends_with(".fallback.ably-realtime.com"),
        "{fallback}"
    );
    // An answer to the abandoned attempt changes nothing.
    first.respond(Reply::json(200, json!([1])));
    assert_eq!(rt.poll_now(&mut asked), None);
    second.respond(Reply::json(200, json!([2])));
    assert_eq!(rt.poll_now(&mut asked), Some(Ok(2)));
    let mut asked = rest.time();
    assert_eq!(rt.poll_now(&mut asked), None);
    assert_eq!(http.last().host, fallback);
}

#[test]
fn rsc15l_a_fallback_is_asked_after_a_refusal_and_the_last_failure_is_told() {
    let replies = [
        Reply::failure(FailureKind::Refused),
        Reply::failure(FailureKind::Dns),
        Reply::error(503, 50003),
        Reply::bytes(502, "text/html", "<html>"),
    ];
    let http = MockHttp::replying(replies);
    let (rt, rest) = client(&http);
    let error = rt.wait(rest.time()).unwrap_err();
    assert_eq!((error.code().0, error.status_code()), (50200, 502));
    let hosts = http.hosts();
    assert_eq!(hosts.len(), 4);
    let mut distinct = hosts.clone();
    distinct.sort();
    distinct.dedup();
    assert_eq!(distinct.len(), 4, "{hosts:?}");
}

#[test]
fn an_error_in_messagepack_is_read() {
    let error = rmpv::Value::Map(vec![
        ("code".into(), 40160.into()),
        ("statusCode".into(), 401.into()),
        ("message".into(), "no".into()),
    ]);
    let body = rmpv::Value::Map(vec![("error".into(), error)]);
    let mut bytes = Vec::new();
    rmpv::encode::write_value(&mut bytes, &body).unwrap();
    let http = always(Reply::bytes(401, "application/x-msgpack", bytes));
    let rt = VirtualRuntime::new();
    let with = BaseRest::new(options(&rt, &http).plugin(ably_msgpack::MsgPack)).unwrap();
    let error = rt.wait(with.time()).unwrap_err();
    assert_eq!(
        (error.code(), error.message()),
        (ErrorCode::CAPABILITY, "no")
    );
    // Without the plugin the status speaks.
    let without = BaseRest::new(options(&rt, &http)).unwrap();
    assert_eq!(rt.wait(without.time()).unwrap_err().code(), 40100);
}

#[test]
fn a_reply_in_messagepack_without_the_plugin_is_40019() {
    let http = always(Reply::bytes(200, "application/x-msgpack", vec![0x91, 1]));
    let (rt, rest) = client(&http);
    let error = rt.wait(rest.time()).unwrap_err();
    assert_eq!(error.code(), ErrorCode::MISSING_PLUGIN);
    let rest = BaseRest::new(options(&rt, &http).plugin(ably_msgpack::MsgPack)).unwrap();
    assert_eq!(rt.wait(rest.time()), Ok(1));
}

#[test]
fn a_plugin_may_send_what_it_likes_but_not_leave_its_path() {
    let http = always(Reply::empty(204));
    let (rt, rest) = client(&http);
    let path = RestPath::of(["push", "a/../b?c"]).unwrap();
    let request = RestRequest::new("PATCH", path)
        .query("k&", "v=#")
        .header("ACCEPT", "text/plain")
        .header("X-Own", "1")
        .body(b"{}".as_slice());
    let reply = rt.wait(rest.core().request(request)).unwrap();
    assert_eq!(reply.status, 204);
    let sent = http.last();
    assert_eq!(
        (&*sent.method, &*sent.path),
        ("PATCH", "/push/a%2F..%2Fb%3Fc")
    );
    assert_eq!(sent.query("k&"), Some("v=#"));
    assert_eq!(sent.header("accept"), Some("text/plain"));
    assert_eq!(sent.header("x-own"), Some("1"));
    assert_eq!(&sent.body[..], b"{}");
}

#[test]
fn a_realtime_client_has_a_core_of_its_own() {
    let rt = VirtualRuntime::new();
    let http = always(Reply::json(200, json!([7])));
    let ws = MockWebSocket::serving();
    let base = || {
        ClientOptions::with_key(KEY)
            .auto_connect(false)
            .plugin(rt.clone())
    };
    let realtime = BaseRealtime::new(base().plugin(ws.clone()).plugin(http.clone())).unwrap();
    assert_eq!(rt.wait(realtime.time()), Ok(7));
    assert!(http.last().header("authorization").is_none());
    let without = BaseRealtime::new(base().plugin(ws)).unwrap();
    let error = rt.wait(without.time()).unwrap_err();
    assert_eq!(error.code(), ErrorCode::MISSING_PLUGIN);
    assert!(error.message().contains("`http`"));
}

#[test]
fn rtn17e_a_realtime_client_asks_the_host_it_is_connected_to() {
    let rt = VirtualRuntime::new();
    let http = always(Reply::json(200, json!([7])));
    let ws = MockWebSocket::new();
    ws.set_on_attempt(|attempt| {
        if attempt.host() == "main.realtime.ably.net" {
            attempt.respond_with_refused();
        } else {
            attempt.respond_with_connected(ably_testkit::connected("id", "key"));
        }
    });
    let options = options(&rt, &http)
        .plugin(ws)
        .disable_connectivity_check(true);
    let realtime = BaseRealtime::new(options).unwrap();
    rt.await_state(&realtime, ably_base::ConnectionState::Connected);
    rt.wait(realtime.time()).unwrap();
    let host = realtime.connection().host().map(|h| h.to_string());
    assert_eq!(Some(http.last().host), host);
    assert_ne!(http.last().host, "main.realtime.ably.net");
    realtime.close();
    rt.run_until_idle();
    drop(rt.wait(realtime.time()));
    assert_eq!(http.last().host, "main.realtime.ably.net");
}

#[test]
fn nothing_of_the_key_is_printed() {
    let http = always(Reply::json(200, json!([7])));
    let (rt, rest) = client(&http);
    let _ = rt.wait(rest.time());
    let path = RestPath::of(["x"]).unwrap();
    let request = RestRequest::get(path)
        .header("Authorization", "keySecret")
        .query("key", KEY);
    let printed = format!(
        "{rest:?} {:?} {request:?} {:?}",
        rest.core(),
        rest.channels()
    );
    assert!(!printed.contains("keySecret"), "{printed}");
}

#[test]
fn a_reply_over_the_limit_is_refused_and_not_asked_for_elsewhere() {
    let http = always(Reply::bytes(
        200,
        "text/plain",
        vec![b' '; 64 * 1024 * 1024 + 1],
    ));
    let (rt, rest) = client(&http);
    let error = rt.wait(rest.time()).unwrap_err();
    assert_eq!((error.code().0, error.status_code()), (80013, 400));
    assert_eq!(http.requests().len(), 1);
}

#[test]
fn what_requests_need_of_a_realtime_client_outlives_it() {
    let rt = VirtualRuntime::new();
    let http = always(Reply::json(200, json!([7])));
    let options = options(&rt, &http).plugin(MockWebSocket::serving());
    let realtime = BaseRealtime::new(options).unwrap();
    rt.await_state(&realtime, ably_base::ConnectionState::Connected);
    let core = realtime.rest_core().unwrap();
    drop(realtime);
    rt.advance(seconds(30));
    assert_eq!(rt.tasks(), 0, "the core keeps no client open");
    let path = RestPath::of(["x"]).unwrap();
    let reply = rt.wait(core.request(RestRequest::get(path))).unwrap();
    assert_eq!(reply.status, 200);
    assert!(http.last().header("authorization").is_some());
}
