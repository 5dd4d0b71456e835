//! Statistics read by both.

use ably::{
    Rest,
    plugins::stats::{Stats, StatsIntervalGranularity},
    prelude::*,
};
use ably_sandbox::Sandbox;
use serde_json::{Value, json};

use crate::{peer::Peer, support::*};

/// What a record says, as ably-js has it.
fn seen(stats: &Stats) -> Value {
    let entries = stats.entries.iter();
    let entries: Value = entries
        .map(|(path, n)| (path.to_string(), json!(n)))
        .collect();
    json!({
        "intervalId": stats.interval_id.as_str(),
        "unit": stats.unit.as_ref().map(StatsIntervalGranularity::as_str),
        "schema": stats.schema.as_deref(),
        "appId": stats.app_id.as_deref(),
        "entries": entries,
    })
}

/// The same of a record that the peer got, with all amounts as floats.
fn seen_by_peer(stats: &Value) -> Value {
    let entries = stats["entries"].as_object().expect("entries").iter();
    let entries: Value = entries
        .map(|(path, n)| (path.clone(), json!(n.as_f64())))
        .collect();
    json!({
        "intervalId": stats["intervalId"], "unit": stats["unit"], "schema": stats["schema"],
        "appId": stats["appId"], "entries": entries,
    })
}

#[test]
fn both_read_the_same_statistics() {
    run(async {
        for (ours, theirs) in FORMATS {
            let sandbox = Sandbox::start().await.expect("a sandbox");
            let peer = Peer::start(&sandbox).await;
            peer.connect("js", sandbox.key(), theirs).await;
            let rest = Rest::new(options(&sandbox, "rust", ours)).expect("the options are fine");
            let record = |id: &str, count: u32| {
                let messages = json!({"messages": {"count": count, "data": count * 10}});
                json!({
                    "intervalId": id, "inbound": {"realtime": messages},
                    "connections": {"all": {"peak": 2, "mean": 1.5}},
                })
            };
            let fixtures = json!([
                record("2024-02-29:23:59", 50),
                record("2024-03-01:00:00", 60),
                record("2024-03-01:00:01", 70),
            ]);
            let put = json!({"client": "js", "method": "post", "path": "/stats", "body": fixtures});
            let put = peer.ask("request", put).await;
            assert_eq!(put["statusCode"], 201);

            for (unit, records) in [("minute", 3), ("hour", 2), ("day", 2), ("month", 2)] {
                let params = json!({
                    "start": "2024-02-29:23:59", "end": "2024-03-01:00:01", "unit": unit,
                    "direction": "forwards",
                });
                let of_theirs = peer
                    .ask("stats", json!({"client": "js", "params": params}))
                    .await;
                let of_theirs: Vec<_> = of_theirs
                    .as_array()
                    .expect("a list")
                    .iter()
                    .map(seen_by_peer)
                    .collect();
                let query = StatsQuery::new()
                    .start("2024-02-29:23:59")
                    .end("2024-03-01:00:01")
                    .direction(Direction::Forwards)
                    .param("unit", unit);
                let page = rest.stats(query).await.expect("statistics");
                let of_ours: Vec<_> = page.items().iter().map(seen).collect();
                assert_eq!(of_ours, of_theirs);
                assert_eq!(of_ours.len(), records, "{unit}");
                let begin = page.items()[0].interval_time().expect("a time");
                let granularity = page.items()[0].unit.as_ref().expect("a unit");
                let id = granularity.interval_id(begin);
                assert_eq!(id.as_deref(), Some(&*page.items()[0].interval_id));
            }
        }
    });
}
