//! `rest/unit/rest_client.md`

use ably_base::Auth;
use ably_token::Token;

use super::common::*;

/// The request that `time()` makes with these options.
fn time_request(set: impl FnOnce(ClientOptions) -> ClientOptions) -> SentRequest {
    let http = MockHttp::replying([time()]);
    let (rt, client) = rest_with(&http, set);
    assert_eq!(rt.wait(client.time()), Ok(1_234_567_890_000));
    only(&http)
}

/// What `time()` comes to when the server answers with this.
fn time_of(
    reply: HttpMockReply,
    set: impl FnOnce(ClientOptions) -> ClientOptions,
) -> Result<i64, ErrorInfo> {
    let http = MockHttp::replying([reply]);
    let (rt, client) = rest_with(&http, set);
    rt.wait(client.time())
}

/// The request of a publish with these options.
fn publish_request(set: impl FnOnce(ClientOptions) -> ClientOptions) -> SentRequest {
    let http = MockHttp::replying([created()]);
    let (rt, client) = rest_with(&http, set);
    publish(&rt, client.channels().get("test").publish("e", "d")).unwrap();
    only(&http)
}

// UTS: rest/unit/RSC5/auth-attribute-accessible-0
#[test]
fn rsc5_auth() {
    let (_, client) = rest_with(&MockHttp::new(), |o| o.client_id("me"));
    let auth: Auth = client.auth();
    // Of the options given.
    assert_eq!(auth.client_id().as_deref(), Some("me"));
    let key = auth.basic_key().expect("a key");
    assert_eq!(key.whole().expose(), KEY);
}

// UTS: rest/unit/RSC7e/ably-version-header-0
#[test]
fn rsc7e_version() {
    let request = time_request(|o| o);
    assert_eq!(request.header("x-ably-version"), Some("3"));
}

// UTS: rest/unit/RSC7d/ably-agent-header-format-0
#[test]
fn rsc7d_agent() {
    let request = time_request(|o| o);
    let agent = request.header("ably-agent").expect("an agent");
    let first = agent.split(' ').next().unwrap();
    let (name, version) = first.split_once('/').expect("a version");
    let name = name.strip_prefix("ably-").expect("one of Ably's");
    assert!(!name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase()));
    let numbers: Vec<_> = version.split('.').map(str::parse::<u32>).collect();
    assert_eq!(numbers.len(), 3);
    assert!(numbers.iter().all(Result::is_ok), "{version}");
}

const FORMATS: [(bool, &str); 2] = [(true, "application/x-msgpack"), (false, "application/json")];

// UTS: rest/unit/RSC8a/protocol-selection-0
#[test]
fn rsc8a_protocol() {
    for (binary, content_type) in FORMATS {
        let request = publish_request(|o| o.plugin(MsgPack).use_binary_protocol(binary));
        assert_eq!(request.header("content-type"), Some(content_type));
        assert_eq!(request.header("accept"), Some(content_type));
    }
    let by_default = publish_request(|o| o.plugin(MsgPack));
    assert_eq!(
        by_default.header("content-type"),
        Some("application/x-msgpack")
    );
}

// UTS: rest/unit/RSC8c/accept-content-type-headers-0
#[test]
fn rsc8c_headers() {
    let request = publish_request(|o| o.use_binary_protocol(false));
    assert_eq!(request.header("accept"), Some("application/json"));
    assert_eq!(request.header("content-type"), Some("application/json"));
}

// UTS: rest/unit/RSC8d/mismatched-response-content-type-0
#[test]
fn rsc8d_other_format() {
    let body = rmpv::Value::Array(vec![1_234_567_890_000_i64.into()]);
    let result = time_of(ok_msgpack(&body), |o| {
        o.plugin(MsgPack).use_binary_protocol(false)
    });
    assert_eq!(result, Ok(1_234_567_890_000));
}

// UTS: rest/unit/RSC8e/unsupported-content-type-0
#[test]
fn rsc8e_unsupported_type() {
    let html = |status, body: &'static str| HttpMockReply::bytes(status, "text/html", body);
    let error = time_of(html(500, "<html>Server Error</html>"), |o| o).unwrap_err();
    assert_eq!(code(&error), (50000, 500));
    // Whatever is in it.
    for body in ["<html>OK</html>", "[1234567890000]"] {
        let error = time_of(html(200, body), |o| o).unwrap_err();
        assert_eq!(code(&error), (40013, 400), "{body}");
    }
}

// UTS: rest/unit/RSC8/error-decoded-from-msgpack-0
#[test]
fn rsc8_error_in_msgpack() {
    let field = |name: &str, value: rmpv::Value| (rmpv::Value::from(name), value);
    let body = rmpv::Value::Map(vec![field(
        "error",
        rmpv::Value::Map(vec![
            field("code", 40099.into()),
            field("statusCode", 400.into()),
            field("message", "Test error".into()),
        ]),
    )]);
    let reply = HttpMockReply::bytes(400, "application/x-msgpack", msgpack(&body));
    let error = time_of(reply, |o| o.plugin(MsgPack).use_binary_protocol(true)).unwrap_err();
    assert_eq!(code(&error), (40099, 400));
    assert_eq!(error.message(), "Test error");
}

// UTS: rest/unit/RSC13/request-timeout-enforced-0
#[test]
fn rsc13_timeout() {
    let http = MockHttp::new();
    let (rt, client) = rest_with(&http, |o| {
        // One host: the attempt is the request.
        o.http_request_timeout(s(1))
            .fallback_hosts(Vec::<String>::new())
    });
    let mut asking = client.time();
    assert_eq!(rt.poll_now(&mut asking), None);
    let request = http.take_request().expect("a request");
    rt.advance(ms(999));
    assert_eq!(rt.poll_now(&mut asking), None);
    let error = rt.wait(asking).unwrap_err();
    assert_eq!(rt.elapsed(), s(1));
    assert_eq!(code(&error), (50003, 500));
    // The answer comes too late.
    assert!(request.is_abandoned());
    rt.advance(s(4));
    request.respond(time());
    rt.run_until_idle();
    assert_eq!(http.requests().len(), 1);
}

// UTS: rest/unit/RSC17/client-id-from-options-0
// UTS: rest/unit/RSC17/client-id-matches-auth-1
//
// DEVIATION: `client.clientId` is undefined in ably-js 2.12.0.
#[test]
fn rsc17_client_id() {
    let (_, client) = rest_with(&MockHttp::new(), |o| o.client_id("explicit-client-id"));
    assert_eq!(client.client_id().as_deref(), Some("explicit-client-id"));
    assert_eq!(client.client_id(), client.auth().client_id());
}

// UTS: rest/unit/RSC18/tls-controls-protocol-scheme-0
//
// Without TLS a key is refused; with it, the document contradicts its next case.
#[test]
fn rsc18_scheme() {
    assert_eq!(time_request(|o| o).scheme, "https");
    assert_eq!(time_request(|o| o.tls(true)).scheme, "https");
    let by_token = |o: ClientOptions| o.plugin(Token).use_token_auth(true).tls(false);
    assert_eq!(time_request(by_token).scheme, "http");
}

// UTS: rest/unit/RSC18/basic-auth-over-http-rejected-1
//
// DEVIATION: ably-js 2.12.0 sends a key without TLS to anyone.
#[test]
fn rsc18_a_key_needs_tls() {
    let (rt, http) = (VirtualRuntime::new(), MockHttp::replying([time()]));
    let error = BaseRest::new(rest_options(&rt, &http).tls(false)).unwrap_err();
    assert_eq!(code(&error), (40103, 401));
    assert!(error.message().contains("TLS"), "{error}");

    let options = ClientOptions::with_token("some-token-string")
        .tls(false)
        .plugin(rt.clone())
        .plugin(http.clone());
    let client = BaseRest::new(options).unwrap();
    assert_eq!(rt.wait(client.time()), Ok(1_234_567_890_000));
    assert_eq!(only(&http).scheme, "http");
}
