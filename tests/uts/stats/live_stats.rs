//! `rest/integration/time_stats.md`: statistics.

use super::common::{
    Direction, PaginatedResult, Stats, StatsApi, StatsIntervalGranularity, StatsQuery,
};
use crate::live::{TestApp, rest, run};

// UTS: rest/integration/RSC6/stats-returns-result-0
#[test]
fn rsc6_stats() {
    run(async {
        let app = TestApp::start().await;
        let client = rest(app.with_key());
        let result: PaginatedResult<Stats> = client.stats(()).await.unwrap();
        for stats in result.items() {
            assert!(!stats.interval_id.is_empty());
            let unit = stats.unit.as_ref().map(StatsIntervalGranularity::as_str);
            assert!(
                unit.is_some_and(|unit| ["minute", "hour", "day", "month"].contains(&unit)),
                "{unit:?}"
            );
        }
    });
}

// UTS: rest/integration/RSC6/stats-with-parameters-1
#[test]
fn rsc6_stats_with_parameters() {
    run(async {
        let app = TestApp::start().await;
        let client = rest(app.with_key());
        let query = StatsQuery::new()
            .limit(5)
            .direction(Direction::Forwards)
            .unit(StatsIntervalGranularity::Hour);
        let result: PaginatedResult<Stats> = client.stats(query).await.unwrap();
        assert!(result.items().len() <= 5);
    });
}
