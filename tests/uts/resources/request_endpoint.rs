//! `rest/unit/request_endpoint.md`

use super::common::*;

const DEFAULT_REST_HOST: &str = "main.realtime.ably.net";

/// The time; the specs' `{"time": …}` is not what the server sends.
fn time() -> HttpMockReply {
    HttpMockReply::json(200, json!([1_234_567_890_000_i64]))
}

// UTS: rest/unit/RSC25/default-primary-domain-0
#[test]
fn rsc25_default_primary_domain() {
    let http = MockHttp::replying([time()]);
    let (rt, client) = rest(&http);
    rt.wait(client.time()).unwrap();
    assert_eq!(only(&http).host, DEFAULT_REST_HOST);
}

// UTS: rest/unit/RSC25/custom-endpoint-domain-1
#[test]
fn rsc25_custom_endpoint_domain() {
    let http = MockHttp::replying([time()]);
    let (rt, client) = rest_with(&http, |o| o.key(KEY).endpoint("test"));
    rt.wait(client.time()).unwrap();
    assert_eq!(only(&http).host, "test.realtime.ably.net");
}

// UTS: rest/unit/RSC25/multiple-requests-primary-domain-2
#[test]
fn rsc25_multiple_requests_primary_domain() {
    let http = MockHttp::replying([time()]);
    let (rt, client) = rest(&http);
    for _ in 0..3 {
        rt.wait(client.time()).unwrap();
    }
    assert_eq!(http.hosts(), [DEFAULT_REST_HOST; 3]);
}

// UTS: rest/unit/RSC25/primary-tried-before-fallback-3
#[test]
fn rsc25_primary_tried_before_fallback() {
    let failed = HttpMockReply::json(500, json!({"error": {"code": 50000}}));
    let http = MockHttp::replying([failed, time()]);
    let (rt, client) = rest(&http);
    rt.wait(client.time()).unwrap();
    let hosts = http.hosts();
    assert_eq!(hosts.len(), 2);
    assert_eq!(hosts[0], DEFAULT_REST_HOST);
    assert_ne!(hosts[1], DEFAULT_REST_HOST);
}

// UTS: rest/unit/RSC25/request-path-preserved-4
#[test]
fn rsc25_request_path_preserved() {
    let http = always(200, json!([]));
    let (rt, client) = rest(&http);
    rt.wait(client.channels().get("test-channel").history(()))
        .unwrap();
    let request = only(&http);
    assert_eq!(request.host, DEFAULT_REST_HOST);
    assert_eq!(request.path, "/channels/test-channel/messages");
    assert_eq!(request.method, "GET");
}
