//! `rest/unit/stats.md`
//!
//! The cases are functions of the kind of client: `realtime_stats` runs them too.

use super::common::*;

/// 2024-01-01T00:00:00Z
const START: i64 = 1_704_067_200_000;
/// 2024-01-31T23:59:59Z
const END: i64 = 1_706_745_599_000;

pub(super) const CASES: [fn(Make); 16] = [
    returns_paginated_stats,
    authenticated_with_headers,
    start_param,
    end_param,
    start_and_end_params,
    direction_param,
    direction_default,
    limit_param,
    limit_default,
    unit_param,
    unit_default,
    all_params,
    no_params,
    pagination,
    empty_results,
    error_propagated,
];

// UTS: rest/unit/RSC6a/returns-paginated-stats-0
#[test]
fn rsc6a_returns_paginated_stats() {
    returns_paginated_stats(rest);
}

fn returns_paginated_stats(make: Make) {
    let http = MockHttp::replying([ok(json!([
        {
            "intervalId": "2024-01-01:00:00",
            "unit": "hour",
            "all": {
                "messages": {"count": 100, "data": 5000},
                "all": {"count": 100, "data": 5000},
            },
        },
        {
            "intervalId": "2024-01-01:01:00",
            "unit": "hour",
            "all": {
                "messages": {"count": 150, "data": 7500},
                "all": {"count": 150, "data": 7500},
            },
        },
    ]))]);
    let (rt, client) = make(&http);
    let result: PaginatedResult<Stats> = rt.wait(client.stats(())).unwrap();
    let [first, second] = result.items() else {
        panic!("two items")
    };
    assert_eq!(first.interval_id, "2024-01-01:00:00");
    assert_eq!(first.unit, Some(StatsIntervalGranularity::Hour));
    assert_eq!(second.interval_id, "2024-01-01:01:00");
    let requests = http.requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(
        (&*requests[0].method, &*requests[0].path),
        ("GET", "/stats")
    );
}

// UTS: rest/unit/RSC6a/authenticated-with-headers-1
#[test]
fn rsc6a_authenticated_with_headers() {
    authenticated_with_headers(rest);
}

fn authenticated_with_headers(make: Make) {
    let request = sent(make, ());
    // "app.key:secret"
    let basic = Some("Basic YXBwLmtleTpzZWNyZXQ=");
    assert_eq!(request.header("authorization"), basic);
    assert_eq!(request.header("x-ably-version"), Some("3"));
    let agent = request.header("ably-agent").unwrap_or_default();
    assert!(agent.starts_with("ably-rust/"), "{agent}");
}

// UTS: rest/unit/RSC6b1/start-param-millis-0
#[test]
fn rsc6b1_start() {
    start_param(rest);
}

fn start_param(make: Make) {
    let request = sent(make, StatsQuery::new().start(START));
    assert_eq!(request.query("start"), Some("1704067200000"));
}

// UTS: rest/unit/RSC6b1/end-param-millis-1
#[test]
fn rsc6b1_end() {
    end_param(rest);
}

fn end_param(make: Make) {
    let request = sent(make, StatsQuery::new().end(END));
    assert_eq!(request.query("end"), Some("1706745599000"));
}

// UTS: rest/unit/RSC6b1/start-and-end-params-2
#[test]
fn rsc6b1_start_and_end() {
    start_and_end_params(rest);
}

fn start_and_end_params(make: Make) {
    let request = sent(make, StatsQuery::new().start(START).end(END));
    assert_eq!(request.query("start"), Some("1704067200000"));
    assert_eq!(request.query("end"), Some("1706745599000"));
}

// UTS: rest/unit/RSC6b2/direction-param-forwards-0
#[test]
fn rsc6b2_direction() {
    direction_param(rest);
}

fn direction_param(make: Make) {
    let request = sent(make, StatsQuery::new().direction(Direction::Forwards));
    assert_eq!(request.query("direction"), Some("forwards"));
}

// The specs allow a parameter that is left out to be sent as its default, too: it is left out.

// UTS: rest/unit/RSC6b2/direction-defaults-backwards-1
#[test]
fn rsc6b2_direction_default() {
    direction_default(rest);
}

fn direction_default(make: Make) {
    assert_eq!(sent(make, ()).query("direction"), None);
}

// UTS: rest/unit/RSC6b3/limit-param-value-0
#[test]
fn rsc6b3_limit() {
    limit_param(rest);
}

fn limit_param(make: Make) {
    let request = sent(make, StatsQuery::new().limit(10));
    assert_eq!(request.query("limit"), Some("10"));
}

// UTS: rest/unit/RSC6b3/limit-defaults-to-100-1
#[test]
fn rsc6b3_limit_default() {
    limit_default(rest);
}

fn limit_default(make: Make) {
    assert_eq!(sent(make, ()).query("limit"), None);
}

// UTS: rest/unit/RSC6b4/unit-param-values-0
#[test]
fn rsc6b4_unit() {
    unit_param(rest);
}

fn unit_param(make: Make) {
    for (unit, name) in [
        (StatsIntervalGranularity::Minute, "minute"),
        (StatsIntervalGranularity::Hour, "hour"),
        (StatsIntervalGranularity::Day, "day"),
        (StatsIntervalGranularity::Month, "month"),
    ] {
        let request = sent(make, StatsQuery::new().unit(unit));
        assert_eq!(request.query("unit"), Some(name));
    }
}

// UTS: rest/unit/RSC6b4/unit-defaults-to-minute-1
#[test]
fn rsc6b4_unit_default() {
    unit_default(rest);
}

fn unit_default(make: Make) {
    assert_eq!(sent(make, ()).query("unit"), None);
}

// UTS: rest/unit/RSC6b/all-params-combined-0
#[test]
fn rsc6b_all_params() {
    all_params(rest);
}

fn all_params(make: Make) {
    let query = StatsQuery::new()
        .start(START)
        .end(END)
        .direction(Direction::Forwards)
        .limit(50)
        .unit(StatsIntervalGranularity::Hour);
    let request = sent(make, query);
    assert_eq!(request.query("start"), Some("1704067200000"));
    assert_eq!(request.query("end"), Some("1706745599000"));
    assert_eq!(request.query("direction"), Some("forwards"));
    assert_eq!(request.query("limit"), Some("50"));
    assert_eq!(request.query("unit"), Some("hour"));
}

// UTS: rest/unit/RSC6a/no-params-clean-request-2
#[test]
fn rsc6a_no_params() {
    no_params(rest);
}

fn no_params(make: Make) {
    let request = sent(make, ());
    assert_eq!((&*request.method, &*request.path), ("GET", "/stats"));
    assert!(request.query.is_empty(), "{:?}", request.query);
}

// UTS: rest/unit/RSC6a/pagination-link-headers-3
#[test]
fn rsc6a_pagination() {
    pagination(rest);
}

fn pagination(make: Make) {
    let one = |id: &str| ok(json!([{"intervalId": id, "unit": "hour"}]));
    let http = MockHttp::replying([
        one("2024-01-01:01:00").header(
            "Link",
            r#"</stats?start=1704070800000&limit=1>; rel="next""#,
        ),
        one("2024-01-01:00:00"),
    ]);
    let (rt, client) = make(&http);
    let page1 = rt.wait(client.stats(StatsQuery::new().limit(1))).unwrap();
    let page2 = rt.wait(page1.next()).unwrap().expect("a second page");
    assert_eq!(page1.items().len(), 1);
    assert_eq!(page1.items()[0].interval_id, "2024-01-01:01:00");
    assert!(page1.has_next());
    assert!(!page1.is_last());
    assert_eq!(page2.items().len(), 1);
    assert_eq!(page2.items()[0].interval_id, "2024-01-01:00:00");
    assert!(!page2.has_next());
    assert!(page2.is_last());
    assert_eq!(http.last().query("start"), Some("1704070800000"));
}

// UTS: rest/unit/RSC6a/empty-results-handled-4
#[test]
fn rsc6a_empty_results() {
    empty_results(rest);
}

fn empty_results(make: Make) {
    let (rt, client) = make(&MockHttp::replying([ok(json!([]))]));
    let result: PaginatedResult<Stats> = rt.wait(client.stats(())).unwrap();
    assert_eq!(result.items().len(), 0);
    assert!(!result.has_next());
    assert!(result.is_last());
}

// UTS: rest/unit/RSC6a/error-propagated-5
#[test]
fn rsc6a_error_propagated() {
    error_propagated(rest);
}

fn error_propagated(make: Make) {
    let refusal = json!({"error": error(40100, 401, "Unauthorized")});
    let (rt, client) = make(&MockHttp::replying([HttpMockReply::json(401, refusal)]));
    let error = rt.wait(client.stats(())).unwrap_err();
    assert_eq!((error.status_code(), error.code().0), (401, 40100));
}
