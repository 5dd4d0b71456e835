//! `realtime/unit/client/realtime_stats.md`

use super::{common::*, rest_stats::CASES};

// UTS: realtime/unit/RTC5/stats-proxies-rest-0
#[test]
fn rtc5_a_realtime_client_passes_the_cases_of_rest() {
    for case in CASES {
        case(realtime);
    }
}
