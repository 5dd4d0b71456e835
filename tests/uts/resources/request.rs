//! `rest/unit/request.md`. Every case is a function of the kind of client, for RTC9.

use ably_base::JsonText;
use ably_msgpack::MsgPack;

use super::common::*;

/// Sends a request of the spec's usual version and waits for the answer.
#[track_caller]
fn answer(rt: &VirtualRuntime, request: Request) -> HttpPaginatedResponse {
    rt.wait(request.into_future()).expect("an answer")
}

fn body(value: &Value) -> JsonText {
    JsonText::from_value(value).expect("JSON")
}

/// The headers of an Ably error, besides its body.
fn refused(status: u16, code: u32, message: &str) -> HttpMockReply {
    let body = json!({"error": {"code": code, "message": message}});
    HttpMockReply::json(status, body).header("X-Ably-Errorcode", &code.to_string())
}

/// An empty list, or an error of this status.
fn of_status(status: u16) -> HttpMockReply {
    if status < 400 {
        return HttpMockReply::json(status, json!([]));
    }
    let code = u32::from(status) * 100;
    HttpMockReply::json(status, json!({"error": {"code": code, "message": "Error"}}))
}

// UTS: rest/unit/RSC19f/supports-http-methods-0
#[test]
fn rsc19f_supports_http_methods() {
    supports_http_methods(Kind::Rest);
}

pub(super) fn supports_http_methods(kind: Kind) {
    for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
        let http = always(200, json!([]));
        let (rt, client) = kind.client(&http);
        assert!(answer(&rt, client.request(method, "/test", 3)).success());
        let request = only(&http);
        assert_eq!((&*request.method, &*request.path), (method, "/test"));
    }
}

// UTS: rest/unit/RSC19f/query-params-passed-1
#[test]
fn rsc19f_query_params_passed() {
    query_params_passed(Kind::Rest);
}

pub(super) fn query_params_passed(kind: Kind) {
    let http = always(200, json!([]));
    let (rt, client) = kind.client(&http);
    let params = [("limit", "10"), ("direction", "backwards")];
    let request = client.request("GET", "/channels/test/messages", 3);
    answer(&rt, request.params(params));
    let request = only(&http);
    assert_eq!(request.query("limit"), Some("10"));
    assert_eq!(request.query("direction"), Some("backwards"));
}

// UTS: rest/unit/RSC19f/custom-headers-passed-2
#[test]
fn rsc19f_custom_headers_passed() {
    custom_headers_passed(Kind::Rest);
}

pub(super) fn custom_headers_passed(kind: Kind) {
    let http = always(200, json!([]));
    let (rt, client) = kind.client(&http);
    let request = client
        .request("GET", "/test", 3)
        .header("X-Custom-Header", "custom-value")
        .header("X-Another", "another-value");
    answer(&rt, request);
    let request = only(&http);
    assert_eq!(request.header("x-custom-header"), Some("custom-value"));
    assert_eq!(request.header("x-another"), Some("another-value"));
}

// UTS: rest/unit/RSC19f/request-body-sent-3
#[test]
fn rsc19f_request_body_sent() {
    request_body_sent(Kind::Rest);
}

pub(super) fn request_body_sent(kind: Kind) {
    let http = always(201, json!({"id": "123"}));
    let (rt, client) = kind.client_with(&http, |o| {
        o.key(KEY).plugin(MsgPack).use_binary_protocol(false)
    });
    let request = client.request("POST", "/channels/test/messages", 3);
    let sent = json!({"name": "event", "data": "payload"});
    answer(&rt, request.body(body(&sent)));
    let request = only(&http).json();
    assert_eq!(request["name"], "event");
    assert_eq!(request["data"], "payload");
}

// UTS: rest/unit/RSC19f1/version-param-sets-header-0
#[test]
fn rsc19f1_version_param_sets_header() {
    version_param_sets_header(Kind::Rest);
}

pub(super) fn version_param_sets_header(kind: Kind) {
    for (version, header) in [(2, "2"), (3, "3")] {
        let http = always(200, json!([]));
        let (rt, client) = kind.client(&http);
        answer(&rt, client.request("GET", "/test", version));
        assert_eq!(only(&http).header("x-ably-version"), Some(header));
    }
}

// UTS: rest/unit/RSC19b/uses-configured-auth-0
#[test]
fn rsc19b_uses_configured_auth() {
    uses_configured_auth(Kind::Rest);
}

pub(super) fn uses_configured_auth(kind: Kind) {
    let http = always(200, json!([]));
    let (rt, client) = kind.client(&http);
    answer(&rt, client.request("GET", "/test", 3));
    // "appId.keyId:keySecret" in base64.
    let basic = "Basic YXBwSWQua2V5SWQ6a2V5U2VjcmV0";
    assert_eq!(only(&http).header("authorization"), Some(basic));

    let http = always(200, json!([]));
    let (rt, client) = kind.client_with(&http, |o| o.token("my-token-string"));
    answer(&rt, client.request("GET", "/test", 3));
    let request = only(&http);
    let authorization = request.header("authorization").unwrap();
    assert!(authorization.starts_with("Bearer "), "{authorization}");
}

// UTS: rest/unit/RSC19c/protocol-headers-json-0
#[test]
fn rsc19c_protocol_headers_json() {
    protocol_headers_json(Kind::Rest);
}

pub(super) fn protocol_headers_json(kind: Kind) {
    let http = always(200, json!([]));
    let (rt, client) = kind.client_with(&http, |o| {
        o.key(KEY).plugin(MsgPack).use_binary_protocol(false)
    });
    let request = client.request("POST", "/test", 3);
    answer(&rt, request.body(body(&json!({"data": "test"}))));
    let request = only(&http);
    assert_eq!(request.header("accept"), Some("application/json"));
    assert_eq!(request.header("content-type"), Some("application/json"));
}

/// A binary client and its server, which answers with an empty list.
fn binary(kind: Kind) -> (MockHttp, VirtualRuntime, Either) {
    let empty = msgpack(&rmpv::Value::Array(Vec::new()));
    let reply = HttpMockReply::bytes(200, "application/x-msgpack", empty);
    let http = MockHttp::replying([reply]);
    let (rt, client) = kind.client_with(&http, |o| {
        o.key(KEY).plugin(MsgPack).use_binary_protocol(true)
    });
    (http, rt, client)
}

// UTS: rest/unit/RSC19c/protocol-headers-msgpack-1
#[test]
fn rsc19c_protocol_headers_msgpack() {
    protocol_headers_msgpack(Kind::Rest);
}

pub(super) fn protocol_headers_msgpack(kind: Kind) {
    let (http, rt, client) = binary(kind);
    let request = client.request("POST", "/test", 3);
    answer(&rt, request.body(body(&json!({"data": "test"}))));
    let request = only(&http);
    let msgpack = Some("application/x-msgpack");
    assert_eq!(request.header("accept"), msgpack);
    assert_eq!(request.header("content-type"), msgpack);
}

// UTS: rest/unit/RSC19c/body-encoded-per-protocol-2
#[test]
fn rsc19c_body_encoded_per_protocol() {
    body_encoded_per_protocol(Kind::Rest);
}

pub(super) fn body_encoded_per_protocol(kind: Kind) {
    let http = always(200, json!([]));
    let (rt, client) = kind.client_with(&http, |o| {
        o.key(KEY).plugin(MsgPack).use_binary_protocol(false)
    });
    let request = client.request("POST", "/test", 3);
    let sent = json!({"name": "event", "data": {"nested": "value"}});
    answer(&rt, request.body(body(&sent)));
    let request = only(&http).json();
    assert_eq!(request["name"], "event");
    assert_eq!(request["data"]["nested"], "value");

    let (http, rt, client) = binary(kind);
    let request = client.request("POST", "/test", 3);
    let sent = json!({"name": "event", "data": "value"});
    answer(&rt, request.body(body(&sent)));
    let request = rmpv::decode::read_value(&mut &only(&http).body[..]).unwrap();
    assert_eq!(request["name"].as_str(), Some("event"));
    assert_eq!(request["data"].as_str(), Some("value"));
}

// UTS: rest/unit/RSC19c/response-decoded-by-content-type-3
#[test]
fn rsc19c_response_decoded_by_content_type() {
    response_decoded_by_content_type(Kind::Rest);
}

pub(super) fn response_decoded_by_content_type(kind: Kind) {
    let items = json!([{"id": "1", "name": "item1"}, {"id": "2", "name": "item2"}]);
    let http = always(200, items);
    let (rt, client) = kind.client_with(&http, |o| o.key(KEY).plugin(MsgPack));
    let response = answer(&rt, client.request("GET", "/test", 3));
    assert_eq!(response.items().len(), 2);
    assert_eq!(json_of(&response.items()[0])["id"], "1");
    assert_eq!(json_of(&response.items()[1])["name"], "item2");

    let item = rmpv::Value::Map(vec![("id".into(), "1".into())]);
    let body = msgpack(&rmpv::Value::Array(vec![item]));
    let reply = HttpMockReply::bytes(200, "application/x-msgpack", body);
    let (rt, client) =
        kind.client_with(&MockHttp::replying([reply]), |o| o.key(KEY).plugin(MsgPack));
    let response = answer(&rt, client.request("GET", "/test", 3));
    assert_eq!(response.items().len(), 1);
    assert_eq!(json_of(&response.items()[0])["id"], "1");
}

// UTS: rest/unit/RSC19d/response-status-code-0
#[test]
fn rsc19d_response_status_code() {
    response_status_code(Kind::Rest);
}

pub(super) fn response_status_code(kind: Kind) {
    for status in [200, 201, 400, 404, 500] {
        let http = MockHttp::replying([of_status(status)]);
        let (rt, client) = kind.client(&http);
        let response = answer(&rt, client.request("GET", "/test", 3));
        assert_eq!(response.status_code(), status);
    }
}

// UTS: rest/unit/RSC19d/response-success-indicator-1
#[test]
fn rsc19d_response_success_indicator() {
    response_success_indicator(Kind::Rest);
}

pub(super) fn response_success_indicator(kind: Kind) {
    for (status, success) in [
        (200, true),
        (201, true),
        (204, true),
        (299, true),
        (300, false),
        (400, false),
        (500, false),
    ] {
        let http = MockHttp::replying([of_status(status)]);
        let (rt, client) = kind.client(&http);
        let response = answer(&rt, client.request("GET", "/test", 3));
        assert_eq!(response.success(), success, "{status}");
    }
}

// UTS: rest/unit/RSC19d/response-error-code-header-2
#[test]
fn rsc19d_response_error_code_header() {
    response_error_code_header(Kind::Rest);
}

pub(super) fn response_error_code_header(kind: Kind) {
    let http = MockHttp::replying([refused(401, 40101, "Unauthorized")]);
    let (rt, client) = kind.client(&http);
    let response = answer(&rt, client.request("GET", "/test", 3));
    assert_eq!(response.error_code(), Some(ErrorCode(40101)));
}

// DEVIATION: HP7 - 2.12.0 takes the message from the body.
// UTS: rest/unit/RSC19d/response-error-message-header-3
#[test]
fn rsc19d_response_error_message_header() {
    response_error_message_header(Kind::Rest);
}

pub(super) fn response_error_message_header(kind: Kind) {
    let reply = refused(401, 40101, "Unauthorized");
    let http = MockHttp::replying([reply.header("X-Ably-Errormessage", "Token expired")]);
    let (rt, client) = kind.client(&http);
    let response = answer(&rt, client.request("GET", "/test", 3));
    assert_eq!(response.error_message(), Some("Token expired"));
}

// UTS: rest/unit/RSC19d/response-headers-accessible-4
#[test]
fn rsc19d_response_headers_accessible() {
    response_headers_accessible(Kind::Rest);
}

pub(super) fn response_headers_accessible(kind: Kind) {
    let reply = HttpMockReply::json(200, json!([]))
        .header("X-Request-Id", "req-123")
        .header("X-Custom-Header", "custom-value");
    let (rt, client) = kind.client(&MockHttp::replying([reply]));
    let response = answer(&rt, client.request("GET", "/test", 3));
    assert_eq!(response.header("Content-Type"), Some("application/json"));
    assert_eq!(response.header("X-Request-Id"), Some("req-123"));
    assert_eq!(response.header("X-Custom-Header"), Some("custom-value"));
}

// UTS: rest/unit/RSC19d/response-items-decoded-5
#[test]
fn rsc19d_response_items_decoded() {
    response_items_decoded(Kind::Rest);
}

pub(super) fn response_items_decoded(kind: Kind) {
    let http = always(
        200,
        json!([
            {"id": "msg1", "name": "event1", "data": "data1"},
            {"id": "msg2", "name": "event2", "data": "data2"},
        ]),
    );
    let (rt, client) = kind.client(&http);
    let response = answer(&rt, client.request("GET", "/channels/test/messages", 3));
    assert_eq!(response.items().len(), 2);
    assert_eq!(json_of(&response.items()[0])["id"], "msg1");
    assert_eq!(json_of(&response.items()[1])["id"], "msg2");
}

// UTS: rest/unit/RSC19d/pagination-with-link-headers-6
#[test]
fn rsc19d_pagination_with_link_headers() {
    pagination_with_link_headers(Kind::Rest);
}

pub(super) fn pagination_with_link_headers(kind: Kind) {
    let http = MockHttp::replying([
        HttpMockReply::json(200, json!([{"id": "1"}, {"id": "2"}]))
            .header("Link", r#"</channels/test/messages?page=2>; rel="next""#),
        HttpMockReply::json(200, json!([{"id": "3"}])),
    ]);
    let (rt, client) = kind.client(&http);
    let response = answer(&rt, client.request("GET", "/channels/test/messages", 3));
    assert_eq!(response.items().len(), 2);
    assert!(response.has_next());
    let response = rt.wait(Box::pin(response.next())).unwrap().unwrap();
    assert_eq!(response.items().len(), 1);
    assert_eq!(json_of(&response.items()[0])["id"], "3");
    assert!(!response.has_next());
    assert_eq!(http.last().query("page"), Some("2"));
}

// UTS: rest/unit/RSC19d/non-array-response-handling-7
#[test]
fn rsc19d_non_array_response_handling() {
    non_array_response_handling(Kind::Rest);
}

pub(super) fn non_array_response_handling(kind: Kind) {
    let http = always(200, json!({"time": 1_234_567_890_000_i64}));
    let (rt, client) = kind.client(&http);
    let response = answer(&rt, client.request("GET", "/time", 3));
    // The case leaves it open; ably-js makes it the one item.
    let [item] = response.items() else {
        panic!("one item")
    };
    assert_eq!(json_of(item), json!({"time": 1_234_567_890_000_i64}));
}

// UTS: rest/unit/RSC19e/network-error-propagated-0
#[test]
fn rsc19e_network_error_propagated() {
    network_error_propagated(Kind::Rest);
}

pub(super) fn network_error_propagated(kind: Kind) {
    let http = MockHttp::replying([HttpMockReply::failure(FailureKind::Refused)]);
    let none: [&str; 0] = [];
    let (rt, client) = kind.client_with(&http, |o| o.key(KEY).fallback_hosts(none));
    let request = client.request("GET", "/test", 3);
    let error = rt.wait(request.into_future()).unwrap_err();
    assert!(error.message().contains("connection"), "{error}");
}

// UTS: rest/unit/RSC19e/timeout-error-handling-1
#[test]
fn rsc19e_timeout_error_handling() {
    timeout_error_handling(Kind::Rest);
}

pub(super) fn timeout_error_handling(kind: Kind) {
    let http = MockHttp::new();
    let none: [&str; 0] = [];
    let (rt, client) = kind.client_with(&http, |o| {
        o.key(KEY).http_request_timeout(s(1)).fallback_hosts(none)
    });
    let mut asked = client.request("GET", "/test", 3).into_future();
    assert!(rt.poll_now(&mut asked).is_none());
    let pending = http.take_request().unwrap();
    rt.advance(ms(999));
    assert!(rt.poll_now(&mut asked).is_none());
    rt.advance(ms(1));
    let error = rt.poll_now(&mut asked).unwrap().unwrap_err();
    assert_eq!(error.code().0, 50003);
    // The answer, after 5 s.
    rt.advance(s(4));
    pending.respond(HttpMockReply::json(200, json!([])));
    assert!(pending.is_abandoned());
    assert_eq!(http.requests().len(), 1);
}

// UTS: rest/unit/RSC19e/http-error-no-fallback-2
#[test]
fn rsc19e_http_error_no_fallback() {
    http_error_no_fallback(Kind::Rest);
}

pub(super) fn http_error_no_fallback(kind: Kind) {
    let http = MockHttp::replying([refused(400, 40000, "Bad request")]);
    let (rt, client) = kind.client_with(&http, |o| {
        o.key(KEY)
            .fallback_hosts(["a.ably-realtime.com", "b.ably-realtime.com"])
    });
    let response = answer(&rt, client.request("GET", "/test", 3));
    assert_eq!(response.status_code(), 400);
    assert!(!response.success());
    assert_eq!(response.error_code(), Some(ErrorCode(40000)));
    assert_eq!(http.requests().len(), 1);
}

// UTS: rest/unit/RSC19e/fallback-on-server-error-3
#[test]
fn rsc19e_fallback_on_server_error() {
    fallback_on_server_error(Kind::Rest);
}

pub(super) fn fallback_on_server_error(kind: Kind) {
    let http = MockHttp::replying([
        HttpMockReply::bytes(500, "text/plain", "Internal Server Error"),
        HttpMockReply::json(200, json!([{"id": "1"}])),
    ]);
    let (rt, client) = kind.client_with(&http, |o| {
        o.key(KEY).fallback_hosts(["fallback.ably-realtime.com"])
    });
    let response = answer(&rt, client.request("GET", "/test", 3));
    assert_eq!(response.status_code(), 200);
    assert!(response.success());
    assert_eq!(http.requests().len(), 2);
    assert_eq!(http.requests()[1].host, "fallback.ably-realtime.com");
}

// UTS: rest/unit/RSC19b/cannot-override-auth-1
#[test]
fn rsc19b_cannot_override_auth() {
    cannot_override_auth(Kind::Rest);
}

pub(super) fn cannot_override_auth(kind: Kind) {
    let http = always(200, json!([]));
    let (rt, client) = kind.client(&http);
    let request = client.request("GET", "/test", 3);
    answer(
        &rt,
        request.header("Authorization", "Bearer malicious-token"),
    );
    let request = only(&http);
    let authorization = request.header("authorization").unwrap();
    assert!(authorization.starts_with("Basic "), "{authorization}");
    assert_ne!(authorization, "Bearer malicious-token");
}

// DEVIATION: RSC19f - 2.12.0 puts a path without its first slash right behind the host.
// UTS: rest/unit/RSC19f/path-leading-slash-handling-4
#[test]
fn rsc19f_path_leading_slash_handling() {
    path_leading_slash_handling(Kind::Rest);
}

pub(super) fn path_leading_slash_handling(kind: Kind) {
    for path in ["/channels/test", "channels/test"] {
        let http = always(200, json!([]));
        let (rt, client) = kind.client(&http);
        answer(&rt, client.request("GET", path, 3));
        let request = only(&http);
        assert_eq!(request.path, "/channels/test");
        assert_eq!(request.host, "main.realtime.ably.net");
    }
}

// UTS: rest/unit/RSC19d/empty-response-handling-8
#[test]
fn rsc19d_empty_response_handling() {
    empty_response_handling(Kind::Rest);
}

pub(super) fn empty_response_handling(kind: Kind) {
    let http = MockHttp::replying([HttpMockReply::empty(204)]);
    let (rt, client) = kind.client(&http);
    let request = client.request("DELETE", "/channels/test/messages/123", 3);
    let response = answer(&rt, request);
    assert_eq!(response.status_code(), 204);
    assert!(response.success());
    assert_eq!(response.items().len(), 0);
}
