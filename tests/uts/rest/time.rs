//! `rest/unit/time.md`

use ably_token::Token;

use super::common::*;

// UTS: rest/unit/RSC16/returns-server-time-0
#[test]
fn rsc16_returns_server_time() {
    let http = MockHttp::replying([ok(json!([1_704_067_200_000_i64]))]);
    let (rt, client) = rest(&http);
    assert_eq!(rt.wait(client.time()), Ok(1_704_067_200_000));
    let [request] = &http.requests()[..] else {
        panic!("one request")
    };
    assert_eq!((&*request.method, &*request.path), ("GET", "/time"));
}

// UTS: rest/unit/RSC16/request-format-get-time-1
#[test]
fn rsc16_request_format() {
    let http = MockHttp::replying([time()]);
    let (rt, client) = rest(&http);
    rt.wait(client.time()).unwrap();
    let [request] = &http.requests()[..] else {
        panic!("one request")
    };
    assert_eq!((&*request.method, &*request.path), ("GET", "/time"));
    assert_eq!(request.header("x-ably-version"), Some("3"));
    let agent = request.header("ably-agent").expect("an agent");
    assert!(agent.starts_with("ably-rust/"), "{agent}");
}

// UTS: rest/unit/RSC16/no-auth-required-2
#[test]
fn rsc16_no_auth() {
    let http = MockHttp::replying([time()]);
    let (rt, client) = rest(&http);
    rt.wait(client.time()).unwrap();
    assert_eq!(http.requests().len(), 1);
    assert_eq!(http.last().header("authorization"), None);
}

// UTS: rest/unit/RSC16/works-without-tls-3
#[test]
fn rsc16_without_tls() {
    let http = MockHttp::replying([time()]);
    let (rt, client) = rest_with(&http, |o| o.plugin(Token).tls(false).use_token_auth(true));
    assert_eq!(rt.wait(client.time()), Ok(1_234_567_890_000));
    let request = only(&http);
    assert_eq!(request.path, "/time");
    assert_eq!(request.scheme, "http");
    assert_eq!(request.header("authorization"), None);
}

// UTS: rest/unit/RSC16/error-propagated-4
#[test]
fn rsc16_error_propagated() {
    let http = MockHttp::replying([HttpMockReply::json(
        500,
        json!({"error": error(50000, 500, "Internal server error")}),
    )]);
    let (rt, client) = rest(&http);
    let error = rt.wait(client.time()).unwrap_err();
    assert_eq!((error.status_code(), error.code().0), (500, 50000));
}
