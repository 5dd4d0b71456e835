//! `realtime/unit/presence/realtime_presence_history.md`

use ably_rest::{Direction, HistoryQuery, PaginatedResult, PresenceHistory};
use ably_testkit::http::{HttpMockReply, MockHttp};

use super::common::*;

/// An attached channel of a client with HTTP that answers with this body.
fn attached_with(name: &str, body: Value) -> (Fixture, MockHttp) {
    let http = MockHttp::replying([HttpMockReply::json(200, body)]);
    let f = Fixture::new(serving(name, 0, vec![]), name, |o| o.plugin(http.clone()));
    f.connect_and_attach();
    (f, http)
}

// UTS: realtime/unit/RTP12a/history-supports-rest-params-0
#[test]
fn rtp12a_history_is_asked_for_as_that_of_rest() {
    let (f, http) = attached_with("test-RTP12a", json!([]));
    let query = HistoryQuery::new()
        .start(1000)
        .end(2000)
        .direction(Direction::Backwards)
        .limit(50);
    f.rt.wait(f.channel.presence().history(query)).unwrap();
    let requests = http.requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].path, "/channels/test-RTP12a/presence/history");
    assert_eq!(requests[0].query("start"), Some("1000"));
    assert_eq!(requests[0].query("end"), Some("2000"));
    assert_eq!(requests[0].query("direction"), Some("backwards"));
    assert_eq!(requests[0].query("limit"), Some("50"));
    f.close();
}

// UTS: realtime/unit/RTP12c/history-returns-paginated-result-0
#[test]
fn rtp12c_history_comes_in_pages() {
    let events = json!([
        {"action": ENTER.0, "clientId": "alice", "timestamp": 1000},
        {"action": UPDATE.0, "clientId": "alice", "timestamp": 2000},
        {"action": LEAVE.0, "clientId": "alice", "timestamp": 3000},
    ]);
    let (f, _) = attached_with("test-RTP12c", events);
    let result: PaginatedResult<PresenceMessage> =
        f.rt.wait(f.channel.presence().history(())).unwrap();
    let items = result.items();
    assert_eq!(items.len(), 3);
    assert_eq!(items[0].client_id.as_deref(), Some("alice"));
    assert_eq!(items[0].action, ENTER);
    assert_eq!(items[2].action, LEAVE);
    f.close();
}
