//! `rest/integration/time_stats.md`

use ably_stats::{StatsApi, StatsIntervalGranularity, StatsQuery};

use crate::live::*;

// UTS: rest/integration/RSC16/time-returns-server-time-0
#[test]
fn rsc16_the_time_is_about_ours() {
    run(async {
        let app = TestApp::start().await;
        let client = rest(app.with_key());
        let before = unix_ms();
        let time = client.time().await.expect("a time");
        let after = unix_ms();
        assert!((before - 5000..=after + 5000).contains(&time), "{time}");
    });
}

// UTS: rest/integration/RSC6/stats-returns-result-0
#[test]
fn rsc6_statistics_are_there() {
    run(async {
        let app = TestApp::start().await;
        let client = rest(app.with_key());
        let page = client.stats(StatsQuery::new()).await.expect("a page");
        if let Some(stats) = page.items().first() {
            assert!(!stats.interval_id.is_empty());
            let unit = stats.unit.as_ref().map(StatsIntervalGranularity::as_str);
            let unit = unit.expect("a unit");
            assert!(["minute", "hour", "day", "month"].contains(&unit), "{unit}");
        }
    });
}

// UTS: rest/integration/RSC6/stats-with-parameters-1
#[test]
fn rsc6_statistics_take_parameters() {
    run(async {
        let app = TestApp::start().await;
        let client = rest(app.with_key());
        let query = StatsQuery::new()
            .limit(5)
            .direction(Direction::Forwards)
            .unit(StatsIntervalGranularity::Hour);
        let page = client.stats(query).await.expect("a page");
        assert!(page.items().len() <= 5);
    });
}
