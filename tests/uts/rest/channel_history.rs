//! `realtime/unit/channels/channel_history.md`

use super::common::*;

/// A connected realtime client of these mocks with an HTTP client, and one of its channels.
fn channel(name: &str, ws: &MockWebSocket, http: &MockHttp) -> (VirtualRuntime, Channel) {
    let rt = VirtualRuntime::new();
    let client = client(options(&rt, ws).plugin(http.clone()));
    client.connect();
    rt.await_state(&client, ConnectionState::Connected);
    let passive = ChannelOptions::new().attach_on_subscribe(false);
    let channel = client.channels().get_with(name, passive).unwrap();
    (rt, channel)
}

/// The request for a history of a channel that is not attached.
fn sent(name: &str, query: impl Into<HistoryQuery>) -> SentRequest {
    let http = MockHttp::replying([ok(json!([]))]);
    let (rt, channel) = channel(name, &MockWebSocket::accepting(), &http);
    rt.wait(channel.history(query)).unwrap();
    only(&http)
}

// UTS: realtime/unit/RTL10a/supports-rest-params-0
//
// What `history.rs` holds of REST channels.
#[test]
fn rtl10a_as_rest() {
    let http = MockHttp::replying([ok(json!([
        {"id": "msg1", "name": "event1", "data": "data1", "timestamp": 1000},
        {"id": "msg2", "name": "event2", "data": "data2", "timestamp": 2000},
    ]))
    .header("Link", r#"<./messages?page=2>; rel="next""#)]);
    let ws = MockWebSocket::accepting();
    let (rt, channel) = channel("test-RTL10a", &ws, &http);
    let page: PaginatedResult<Arc<Message>> = rt.wait(channel.history(())).unwrap();
    assert_eq!(page.items().len(), 2);
    let first = &page.items()[0];
    assert_eq!(first.id.as_deref(), Some("msg1"));
    assert_eq!(first.name.as_deref(), Some("event1"));
    assert_eq!(first.data, "data1");
    assert!(page.has_next());

    let query = HistoryQuery::new;
    for (query, name, value) in [
        (query().start(1_234_567_890_000), "start", "1234567890000"),
        (query().end(1_234_567_899_999), "end", "1234567899999"),
        (
            query().direction(Direction::Backwards),
            "direction",
            "backwards",
        ),
        (
            query().direction(Direction::Forwards),
            "direction",
            "forwards",
        ),
        (query().limit(50), "limit", "50"),
    ] {
        assert_eq!(sent("test-RTL10a", query).query(name), Some(value));
    }
    let both = sent("test-RTL10a", query().start(1000).end(2000));
    assert_eq!(both.query("start"), Some("1000"));
    assert_eq!(both.query("end"), Some("2000"));

    for (name, path) in [
        ("test-simple", "/channels/test-simple/messages"),
        ("test-with:colon", "/channels/test-with%3Acolon/messages"),
        ("test-with/slash", "/channels/test-with%2Fslash/messages"),
        ("test-with space", "/channels/test-with%20space/messages"),
    ] {
        let request = sent(name, ());
        assert_eq!((&*request.method, &*request.path), ("GET", path));
        // Absent, which the server takes for backwards and 100.
        assert_eq!(request.query("direction"), None);
        assert_eq!(request.query("limit"), None);
    }
}

// UTS: realtime/unit/RTL10b/adds-from-serial-0
//
// DEVIATION: as in ably-js 2.12.0, the parameter is `from_serial`; the document has `fromSerial`.
#[test]
fn rtl10b_until_attach() {
    let http = MockHttp::replying([ok(json!([]))]);
    let ws = MockWebSocket::accepting().on_message(|m, conn| {
        if m["action"] == action::ATTACH {
            conn.send_to_client(json!({
                "action": action::ATTACHED,
                "channel": "test-RTL10b",
                "channelSerial": "serial-abc:0",
            }));
        }
    });
    let (rt, channel) = channel("test-RTL10b", &ws, &http);
    rt.wait(channel.attach()).unwrap();
    assert_eq!(channel.state(), ChannelState::Attached);
    rt.wait(channel.history(HistoryQuery::new().until_attach()))
        .unwrap();
    let request = only(&http);
    assert_eq!(request.query("from_serial"), Some("serial-abc:0"));
    assert_eq!(request.query("fromSerial"), None);
}

// UTS: realtime/unit/RTL10b/errors-when-not-attached-1
#[test]
fn rtl10b_until_attach_needs_an_attachment() {
    let http = MockHttp::replying([ok(json!([]))]);
    let (rt, channel) = channel("test-RTL10b-err", &MockWebSocket::accepting(), &http);
    assert_eq!(channel.state(), ChannelState::Initialized);
    let error = rt
        .wait(channel.history(HistoryQuery::new().until_attach()))
        .unwrap_err();
    assert_eq!(code(&error), (40000, 400));
    assert_eq!(http.requests().len(), 0);
}
