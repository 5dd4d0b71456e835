//! `realtime/unit/client/realtime_time.md`

use super::common::*;

// UTS: realtime/unit/RTC6/time-proxies-rest-0
//
// What `time.rs` holds of REST clients.
#[test]
fn rtc6_as_rest() {
    let rt = VirtualRuntime::new();
    let http = MockHttp::replying([time()]);
    // It needs no connection.
    let client = client(options(&rt, &MockWebSocket::new()).plugin(http.clone()));
    assert_eq!(rt.wait(client.time()), Ok(1_234_567_890_000));
    assert_eq!(client.connection().state(), ConnectionState::Initialized);
    let request = only(&http);
    assert_eq!((&*request.method, &*request.path), ("GET", "/time"));
    assert_eq!(request.scheme, "https");
    assert_eq!(request.header("x-ably-version"), Some("3"));
    assert!(request.header("ably-agent").unwrap().starts_with("ably-"));
    assert_eq!(request.header("authorization"), None);
}

// As `rsc16_error_propagated` in `time.rs`.
#[test]
fn rtc6_error() {
    let rt = VirtualRuntime::new();
    let body = json!({"error": error(50000, 500, "Internal server error")});
    let http = MockHttp::replying([HttpMockReply::json(500, body)]);
    let client = client(options(&rt, &MockWebSocket::new()).plugin(http.clone()));
    let error = rt.wait(client.time()).unwrap_err();
    assert_eq!(code(&error), (50000, 500));
}
