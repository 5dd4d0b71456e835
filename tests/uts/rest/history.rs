//! `rest/unit/channel/history.md`

use super::common::*;

// UTS: rest/unit/RSL2a/returns-paginated-result-0
#[test]
fn rsl2a_returns_paginated_result() {
    let http = MockHttp::replying([ok(json!([
        {"id": "msg1", "name": "event1", "data": "data1", "timestamp": 1000},
        {"id": "msg2", "name": "event2", "data": "data2", "timestamp": 2000},
    ]))]);
    let (rt, client) = rest(&http);
    let channel = client.channels().get("test-RSL2a");
    let result = rt.wait(channel.history(())).unwrap();
    assert_eq!(result.items().len(), 2);
    let first = &result.items()[0];
    assert_eq!(first.id.as_deref(), Some("msg1"));
    assert_eq!(first.name.as_deref(), Some("event1"));
    assert_eq!(first.data, "data1");
}

// UTS: rest/unit/RSL2b/query-parameters-0
#[test]
fn rsl2b_query_parameters() {
    let query = HistoryQuery::new;
    for (query, name, value) in [
        (query().start(1_234_567_890_000), "start", "1234567890000"),
        (query().end(1_234_567_899_999), "end", "1234567899999"),
        (
            query().direction(Direction::Backwards),
            "direction",
            "backwards",
        ),
        (
            query().direction(Direction::Forwards),
            "direction",
            "forwards",
        ),
        (query().limit(50), "limit", "50"),
    ] {
        let http = MockHttp::replying([ok(json!([]))]);
        let (rt, client) = rest(&http);
        let channel = client.channels().get("test-RSL2b");
        rt.wait(channel.history(query)).unwrap();
        assert_eq!(http.requests()[0].query(name), Some(value));
    }
}

/// The first request of a history without parameters.
fn plain() -> SentRequest {
    let http = MockHttp::replying([ok(json!([]))]);
    let (rt, client) = rest(&http);
    rt.wait(client.channels().get("test-plain").history(()))
        .unwrap();
    http.last()
}

// UTS: rest/unit/RSL2b1/default-direction-backwards-0
#[test]
fn rsl2b1_default_direction() {
    // Absent, which the server takes for backwards.
    assert_eq!(plain().query("direction"), None);
}

// UTS: rest/unit/RSL2b3/default-limit-hundred-0
#[test]
fn rsl2b3_default_limit() {
    // Absent, which the server takes for 100.
    assert_eq!(plain().query("limit"), None);
}

// UTS: rest/unit/RSL2b2/limit-parameter-0
#[test]
fn rsl2b2_limit() {
    let http = MockHttp::replying([ok(json!([
        {"id": "msg1", "name": "e", "data": "d", "timestamp": 1000},
        {"id": "msg2", "name": "e", "data": "d", "timestamp": 2000},
        {"id": "msg3", "name": "e", "data": "d", "timestamp": 3000},
    ]))]);
    let (rt, client) = rest(&http);
    let channel = client.channels().get("test-RSL2b2");
    rt.wait(channel.history(HistoryQuery::new().limit(10)))
        .unwrap();
    assert_eq!(http.requests()[0].query("limit"), Some("10"));
}

// UTS: rest/unit/RSL2/request-url-format-0
#[test]
fn rsl2_request_url_format() {
    for (name, path) in [
        (
            "test-RSL2-simple-1",
            "/channels/test-RSL2-simple-1/messages",
        ),
        (
            "test-RSL2-with:colon-1",
            "/channels/test-RSL2-with%3Acolon-1/messages",
        ),
        (
            "test-RSL2-with/slash-1",
            "/channels/test-RSL2-with%2Fslash-1/messages",
        ),
        (
            "test-RSL2-with space-1",
            "/channels/test-RSL2-with%20space-1/messages",
        ),
    ] {
        let http = MockHttp::replying([ok(json!([]))]);
        let (rt, client) = rest(&http);
        rt.wait(client.channels().get(name).history(())).unwrap();
        let [request] = &http.requests()[..] else {
            panic!("one request")
        };
        assert_eq!((&*request.method, &*request.path), ("GET", path));
    }
}

// UTS: rest/unit/RSL2/history-time-range-1
#[test]
fn rsl2_time_range() {
    let http = MockHttp::replying([ok(json!([
        {"id": "msg1", "name": "e", "data": "d", "timestamp": 1500},
    ]))]);
    let (rt, client) = rest(&http);
    let channel = client.channels().get("test-RSL2-timerange");
    rt.wait(channel.history(HistoryQuery::new().start(1000).end(2000)))
        .unwrap();
    let request = &http.requests()[0];
    assert_eq!(request.query("start"), Some("1000"));
    assert_eq!(request.query("end"), Some("2000"));
}
