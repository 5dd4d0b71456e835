//! Statistics.

use ably_base::BaseRealtime;
use ably_msgpack::MsgPack;
use ably_rest::Direction;
use ably_stats::{StatsApi, StatsIntervalGranularity, StatsQuery};
use ably_testkit::MockWebSocket;

use crate::{sandbox::with_both_formats, support::*};

#[test]
fn statistics_are_json_in_a_binary_client_too_on_every_page() {
    let link = r#"<./stats?limit=1&start=5>; rel="next""#;
    let http = MockHttp::replying([
        Reply::json(200, json!([{"intervalId": "2026-02"}])).header("Link", link),
        Reply::json(200, json!([])),
    ]);
    let rt = VirtualRuntime::new();
    let rest = BaseRest::new(options(&rt, &http).plugin(MsgPack)).unwrap();
    let page = rt.wait(rest.stats(())).unwrap();
    assert_eq!(page.items()[0].interval_time(), Some(1_769_904_000_000));
    rt.wait(page.next()).unwrap().unwrap();
    let accepted: Vec<_> = http
        .requests()
        .iter()
        .map(|r| r.header("accept").map(String::from))
        .collect();
    assert_eq!(accepted, vec![Some(String::from("application/json")); 2]);
    let next = http.last();
    assert_eq!(next.path, "/stats");
    assert_eq!(
        (next.query("start"), next.query("limit")),
        (Some("5"), Some("1"))
    );
}

#[test]
fn a_record_is_read_as_it_comes() {
    let http = always(Reply::json(
        200,
        json!([
            {
                "intervalId": "2026-02-03:15", "unit": "hour", "inProgress": "2026-02-03:15:04",
                "schema": "https://schemas.example/app-stats.json", "appId": "a", "new": [1],
                "entries": {
                    "messages.all.all.count": 7, "channels.mean": 1.5,
                    "messages.all.all.data": 9_007_199_254_740_993_u64, "odd": "x", "nothing": null,
                },
            },
            {"intervalId": 5, "unit": "fortnight", "entries": []},
        ]),
    ));
    let (rt, rest) = client(&http);
    let page = rt.wait(rest.stats(())).unwrap();
    let [whole, odd] = page.items() else {
        panic!("two records")
    };
    assert_eq!(whole.interval_id, "2026-02-03:15");
    assert_eq!(whole.interval_time(), Some(1_770_130_800_000));
    assert_eq!(whole.unit, Some(StatsIntervalGranularity::Hour));
    assert_eq!(whole.in_progress.as_deref(), Some("2026-02-03:15:04"));
    assert_eq!(whole.app_id.as_deref(), Some("a"));
    let schema = Some("https://schemas.example/app-stats.json");
    assert_eq!(whole.schema.as_deref(), schema);
    assert_eq!(whole.entries.len(), 3);
    assert!((whole.count("messages.all.all.count") - 7.0).abs() < f64::EPSILON);
    assert!((whole.count("channels.mean") - 1.5).abs() < f64::EPSILON);
    assert!(whole.count("messages.inbound.all.all.count").abs() < f64::EPSILON);
    assert_eq!((&*odd.interval_id, odd.interval_time()), ("", None));
    let unit = odd.unit.as_ref().map(StatsIntervalGranularity::as_str);
    assert_eq!((unit, odd.entries.len()), (Some("fortnight"), 0));
}

#[test]
fn times_are_ms_or_intervals_and_nothing_breaks_out_of_the_query() {
    let http = always(Reply::json(200, json!([])));
    let (rt, rest) = client(&http);
    let hostile = "2026-02&unit=day#\r\nX: y";
    let query = StatsQuery::new()
        .start(hostile)
        .end(-1)
        .unit(StatsIntervalGranularity::Unknown("a=b&c".into()))
        .param("x y", "/../");
    rt.wait(rest.stats(query)).unwrap();
    let sent = http.last();
    assert_eq!(sent.path, "/stats");
    assert_eq!(sent.query("start"), Some(hostile));
    assert_eq!(sent.query("end"), Some("-1"));
    assert_eq!(sent.query("unit"), Some("a=b&c"));
    assert_eq!(sent.query("x y"), Some("/../"));
    assert_eq!(sent.query.len(), 4);
    let twice = StatsQuery::new().limit(1).limit(2);
    rt.wait(rest.stats(twice)).unwrap();
    assert_eq!(http.last().query("limit"), Some("2"));
}

#[test]
fn what_is_no_list_of_records_is_an_error() {
    for body in [json!({}), json!([1]), json!("x"), json!(null)] {
        let (rt, rest) = client(&always(Reply::json(200, body)));
        let error = rt.wait(rest.stats(())).unwrap_err();
        assert_eq!(error.code(), ErrorCode::INVALID_DATA);
    }
}

#[test]
fn a_realtime_client_without_http_says_what_is_missing() {
    let rt = VirtualRuntime::new();
    let options = ClientOptions::with_key(KEY)
        .auto_connect(false)
        .plugin(rt.clone())
        .plugin(MockWebSocket::new());
    let realtime = BaseRealtime::new(options).unwrap();
    let error = rt.wait(realtime.stats(())).unwrap_err();
    assert_eq!(error.code(), ErrorCode::MISSING_PLUGIN);
    assert!(error.message().contains("`http`"), "{error}");
}

#[tokio::test]
async fn the_sandbox_tells_what_was_put_there() {
    with_both_formats(async |_, options| {
        let rest = BaseRest::new(options).unwrap();
        let core = rest.rest_core().unwrap();
        let record = |id: &str, count: i64| {
            let messages = json!({"messages": {"count": count, "data": count * 10}});
            json!({"intervalId": id, "inbound": {"realtime": messages}})
        };
        let fixtures = json!([
            record("2024-02-03:15:03", 50),
            record("2024-02-03:15:04", 60),
            record("2024-02-03:16:05", 70),
        ]);
        put(&core, &fixtures).await;
        let all = StatsQuery::new()
            .start("2024-02-03:15:03")
            .end("2024-02-03:16:05");
        let counts = |page: &ably_rest::PaginatedResult<ably_stats::Stats>| {
            let counts = page.items().iter();
            let counts = counts.map(|s| s.count("messages.inbound.all.messages.count"));
            counts.collect::<Vec<_>>()
        };
        let forwards = all.clone().direction(Direction::Forwards);
        let minutes = rest.stats(forwards.limit(2)).await.unwrap();
        assert_eq!(counts(&minutes), [50.0, 60.0]);
        assert_eq!(minutes.items()[0].interval_id, "2024-02-03:15:03");
        let rest_of_them = minutes.next().await.unwrap().unwrap();
        assert_eq!(
            (counts(&rest_of_them), rest_of_them.is_last()),
            (vec![70.0], true)
        );
        let hours = rest
            .stats(all.unit(StatsIntervalGranularity::Hour))
            .await
            .unwrap();
        assert_eq!(counts(&hours), [70.0, 110.0]);
        let newest = &hours.items()[0];
        assert_eq!(newest.interval_id, "2024-02-03:16");
        assert_eq!(newest.unit, Some(StatsIntervalGranularity::Hour));
        assert_eq!(newest.interval_time(), Some(1_706_976_000_000));
        let error = rest.stats(StatsQuery::new().limit(1001)).await.unwrap_err();
        assert_eq!(error.status_code(), 400);
    })
    .await;
}

/// Puts statistics into the application, as only tests can.
async fn put(core: &ably_base::RestCore, records: &Value) {
    let body = ably_base::protocol::Value::from_json(&records.to_string()).unwrap();
    let mut bytes = bytes::BytesMut::new();
    let codec = core.codec(core.format()).unwrap();
    codec.encode_value(&body, &mut bytes).unwrap();
    let path = ably_base::rest::RestPath::of(["stats"]).unwrap();
    let request = ably_base::rest::RestRequest::post(path, bytes.freeze());
    core.request(request).await.unwrap();
}

#[test]
fn times_are_milliseconds_times_of_rust_and_ids() {
    let http = always(Reply::json(200, json!([])));
    let (rt, rest) = client(&http);
    let second = std::time::UNIX_EPOCH + seconds(1);
    let ask = |query: StatsQuery| {
        rt.wait(rest.stats(query)).unwrap();
        let sent = http.last();
        [sent.query("start"), sent.query("end")].map(|time| time.map(String::from))
    };
    let sent = |start: &str, end: &str| [Some(start.to_owned()), Some(end.to_owned())];
    let query = || StatsQuery::new();
    assert_eq!(ask(query().start(second).end(2_000)), sent("1000", "2000"));
    assert_eq!(
        ask(query().start("2026-02").end(second)),
        sent("2026-02", "1000")
    );
}
