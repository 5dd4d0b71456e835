//! `rest/integration/time_stats.md`; its statistics are in `stats`.

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
