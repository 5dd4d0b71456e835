//! `rest/unit/logging.md`
//!
//! Levels are ably-js's: error, major, minor and micro stand for the document's error, warn, info
//! and what is below.

use ably_base::LogLevel;

use super::common::*;

/// The lines of a client made with these options that asks for the time, and for a message that it
/// cannot decode, which it complains about.
fn logged(set: impl FnOnce(ClientOptions) -> ClientOptions) -> LogCapture {
    let log = LogCapture::default();
    let http = MockHttp::answering(|request| {
        Some(match request.path.as_str() {
            "/time" => ok(json!([1_704_067_200_000_i64])),
            _ => ok(json!([{"data": "not base64!", "encoding": "base64"}])),
        })
    });
    let (rt, client) = rest_with(&http, |o| set(o.log_handler(log.clone())));
    rt.wait(client.time()).unwrap();
    rt.wait(client.channels().get("c").history(())).unwrap();
    log
}

fn levels(log: &LogCapture) -> Vec<LogLevel> {
    log.records().iter().map(|r| r.level).collect()
}

// UTS: rest/unit/RSC2/default-log-level-warn-0
//
// DEVIATION: as in ably-js 2.12.0, only errors are logged by default.
#[test]
fn rsc2_errors_by_default() {
    let log = logged(|o| o);
    assert_eq!(levels(&log), [LogLevel::Error]);
}

// UTS: rest/unit/TO3b/log-level-changeable-0
#[test]
fn to3b_everything() {
    let log = logged(|o| o.log_level(LogLevel::Micro));
    assert!(log.contains(LogLevel::Minor, "client started"));
    assert!(log.contains(LogLevel::Micro, "GET /time"));
    assert!(log.contains(LogLevel::Micro, "main.realtime.ably.net"));
    let minor = logged(|o| o.log_level(LogLevel::Minor));
    assert!(minor.contains(LogLevel::Minor, "client started"));
    assert!(levels(&minor).iter().all(|level| *level <= LogLevel::Minor));
}

// UTS: rest/unit/RSC2b/log-level-none-suppresses-all-0
#[test]
fn rsc2b_nothing() {
    let log = logged(|o| o.log_level(LogLevel::None));
    assert_eq!(levels(&log), []);
}
