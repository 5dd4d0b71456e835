//! `rest/unit/presence/rest_presence.md`

use std::time::SystemTime;

use ably_crypto::{ChannelOptionsExt, CipherParamOptions, Crypto};
use ably_rest::RestPresence;
use base64::{Engine as _, prelude::BASE64_STANDARD};

use super::common::*;

type Page = PaginatedResult<PresenceMessage>;

/// The members that a server tells with this body, and the request for them.
fn get(query: impl Into<PresenceQuery>, body: Value) -> (Page, SentRequest) {
    let http = MockHttp::replying([ok(body)]);
    let (rt, client) = rest(&http);
    let channel = client.channels().get("test-RSP3/1");
    let page = rt.wait(channel.presence().get(query)).unwrap();
    (page, only(&http))
}

/// The events that a server tells with this body, and the request for them.
fn history(query: impl Into<HistoryQuery>, body: Value) -> (Page, SentRequest) {
    let http = MockHttp::replying([ok(body)]);
    let (rt, client) = rest(&http);
    let channel = client.channels().get("test-RSP4/1");
    let page = rt.wait(channel.presence().history(query)).unwrap();
    (page, only(&http))
}

/// The one member of a server that tells this data.
fn member(data: Value, encoding: Option<&str>) -> PresenceMessage {
    let body = json!([{"action": 1, "clientId": "c1", "data": data, "encoding": encoding}]);
    let (page, _) = get((), body);
    assert_eq!(page.items().len(), 1);
    page.items()[0].clone()
}

/// What a query was sent as.
fn sent_get(query: PresenceQuery) -> SentRequest {
    get(query, json!([])).1
}

/// What a query was sent as.
fn sent_history(query: HistoryQuery) -> SentRequest {
    history(query, json!([])).1
}

fn query() -> PresenceQuery {
    PresenceQuery::new()
}

fn events() -> HistoryQuery {
    HistoryQuery::new()
}

const START: i64 = 1_609_459_200_000;
const END: i64 = 1_609_545_600_000;

// UTS: rest/unit/RSP1a/presence-channel-attribute-0
#[test]
fn rsp1a_presence_of_a_channel() {
    let http = MockHttp::replying([ok(json!([]))]);
    let (rt, client) = rest(&http);
    let presence: RestPresence = client.channels().get("test-RSP1a").presence();
    rt.wait(presence.get(())).unwrap();
    assert_eq!(only(&http).path, "/channels/test-RSP1a/presence");
}

// UTS: rest/unit/RSP1b/same-instance-returned-0
#[test]
fn rsp1b_the_same_presence() {
    let (_, client) = rest(&MockHttp::new());
    let channel = client.channels().get("test-RSP1b");
    assert_eq!(channel.presence(), channel.presence());
    let other = client.channels().get("test-RSP1b-other");
    assert_ne!(channel.presence(), other.presence());
}

// UTS: rest/unit/RSP3a/get-request-endpoint-0
#[test]
fn rsp3a_get() {
    let (page, request) = get(
        (),
        json!([
            {"action": 1, "clientId": "client1", "data": "hello"},
            {"action": 1, "clientId": "client2", "data": "world"},
        ]),
    );
    assert_eq!(request.method, "GET");
    assert_eq!(request.path, "/channels/test-RSP3%2F1/presence");
    assert_eq!(page.items().len(), 2);
}

// UTS: rest/unit/RSP3b/get-returns-presence-messages-0
#[test]
fn rsp3b_members() {
    let (page, _) = get(
        (),
        json!([{
            "action": 1,
            "clientId": "user123",
            "connectionId": "conn456",
            "data": "status data",
            "encoding": null,
            "timestamp": 1_234_567_890_000_i64,
        }]),
    );
    assert_eq!(page.items().len(), 1);
    let member: &PresenceMessage = &page.items()[0];
    assert_eq!(member.action, PresenceAction::PRESENT);
    assert_eq!(member.client_id.as_deref(), Some("user123"));
    assert_eq!(member.connection_id.as_deref(), Some("conn456"));
    assert_eq!(member.data, "status data");
    assert_eq!(member.timestamp, Some(1_234_567_890_000));
}

// UTS: rest/unit/RSP3c/get-empty-members-0
#[test]
fn rsp3c_nobody() {
    let (page, _) = get((), json!([]));
    assert_eq!(page.items().len(), 0);
    assert!(!page.has_next());
}

// UTS: rest/unit/RSP3a1/get-limit-parameter-0
// UTS: rest/unit/RSP3a1/get-limit-max-1000-2
#[test]
fn rsp3a1_limit() {
    assert_eq!(sent_get(query().limit(50)).query("limit"), Some("50"));
    assert_eq!(sent_get(query().limit(1000)).query("limit"), Some("1000"));
}

// UTS: rest/unit/RSP3a1/get-limit-default-100-1
#[test]
fn rsp3a1_default_limit() {
    // Absent, which the server takes for 100.
    assert_eq!(sent_get(query()).query("limit"), None);
}

// UTS: rest/unit/RSP3a2/get-clientid-filter-0
#[test]
fn rsp3a2_client_id() {
    let request = sent_get(query().client_id("specific-client"));
    assert_eq!(request.query("clientId"), Some("specific-client"));
}

// UTS: rest/unit/RSP3a3/get-connectionid-filter-0
#[test]
fn rsp3a3_connection_id() {
    let request = sent_get(query().connection_id("conn123"));
    assert_eq!(request.query("connectionId"), Some("conn123"));
}

// UTS: rest/unit/RSP3/get-multiple-filters-0
#[test]
fn rsp3_several_filters() {
    let request = sent_get(query().limit(25).client_id("user1").connection_id("conn1"));
    assert_eq!(request.query("limit"), Some("25"));
    assert_eq!(request.query("clientId"), Some("user1"));
    assert_eq!(request.query("connectionId"), Some("conn1"));
}

// UTS: rest/unit/RSP4a/history-request-endpoint-0
#[test]
fn rsp4a_history() {
    let (page, request) = history(
        (),
        json!([
            {"action": 2, "clientId": "client1", "data": "entered"},
            {"action": 4, "clientId": "client1", "data": "left"},
        ]),
    );
    assert_eq!(request.method, "GET");
    assert_eq!(request.path, "/channels/test-RSP4%2F1/presence/history");
    assert_eq!(page.items().len(), 2);
}

// UTS: rest/unit/RSP4a/history-returns-paginated-1
#[test]
fn rsp4a_events() {
    let (page, _) = history(
        (),
        json!([
            {"action": 2, "clientId": "user1", "data": "d1", "timestamp": 1000},
            {"action": 3, "clientId": "user1", "data": "d2", "timestamp": 2000},
            {"action": 4, "clientId": "user1", "data": "d3", "timestamp": 3000},
        ]),
    );
    let actions: Vec<_> = page.items().iter().map(|m| m.action).collect();
    assert_eq!(
        actions,
        [
            PresenceAction::ENTER,
            PresenceAction::LEAVE,
            PresenceAction::UPDATE
        ]
    );
}

// UTS: rest/unit/RSP4b1/history-start-parameter-0
// UTS: rest/unit/RSP4b1/history-end-parameter-1
// UTS: rest/unit/RSP4b1/history-start-end-params-2
#[test]
fn rsp4b1_start_and_end() {
    let request = sent_history(events().start(START));
    assert_eq!(request.query("start"), Some("1609459200000"));
    assert_eq!(request.query("end"), None);
    let request = sent_history(events().end(END));
    assert_eq!(request.query("end"), Some("1609545600000"));
    let request = sent_history(events().start(START).end(END));
    assert_eq!(request.query("start"), Some("1609459200000"));
    assert_eq!(request.query("end"), Some("1609545600000"));
}

// UTS: rest/unit/RSP4b1/history-datetime-objects-3
#[test]
fn rsp4b1_system_time() {
    let at = |seconds| SystemTime::UNIX_EPOCH + s(seconds);
    let request = sent_history(events().start(at(1_609_459_200)).end(at(1_609_545_600)));
    assert_eq!(request.query("start"), Some("1609459200000"));
    assert_eq!(request.query("end"), Some("1609545600000"));
    let before = SystemTime::UNIX_EPOCH - ms(1500);
    let request = sent_history(events().start(before));
    assert_eq!(request.query("start"), Some("-1500"));
}

// UTS: rest/unit/RSP4b2/history-direction-backwards-default-0
#[test]
fn rsp4b2_default_direction() {
    // Absent, which the server takes for backwards.
    assert_eq!(sent_history(events()).query("direction"), None);
}

// UTS: rest/unit/RSP4b2/history-direction-forwards-1
// UTS: rest/unit/RSP4b2/history-direction-backwards-explicit-2
#[test]
fn rsp4b2_direction() {
    let request = sent_history(events().direction(Direction::Forwards));
    assert_eq!(request.query("direction"), Some("forwards"));
    let request = sent_history(events().direction(Direction::Backwards));
    assert_eq!(request.query("direction"), Some("backwards"));
}

// UTS: rest/unit/RSP4b3/history-limit-parameter-0
// UTS: rest/unit/RSP4b3/history-limit-max-1000-2
#[test]
fn rsp4b3_limit() {
    for (limit, sent) in [(50, "50"), (1000, "1000")] {
        let request = sent_history(events().limit(limit));
        assert_eq!(request.query("limit"), Some(sent));
    }
}

// UTS: rest/unit/RSP4b3/history-limit-default-100-1
#[test]
fn rsp4b3_default_limit() {
    // Absent, which the server takes for 100.
    assert_eq!(sent_history(events()).query("limit"), None);
}

// UTS: rest/unit/RSP4/history-all-parameters-0
#[test]
fn rsp4_all_parameters() {
    let all = events()
        .start(START)
        .end(END)
        .direction(Direction::Forwards)
        .limit(50);
    let request = sent_history(all);
    assert_eq!(request.query("start"), Some("1609459200000"));
    assert_eq!(request.query("end"), Some("1609545600000"));
    assert_eq!(request.query("direction"), Some("forwards"));
    assert_eq!(request.query("limit"), Some("50"));
}

// UTS: rest/unit/RSP5/decode-string-data-0
#[test]
fn rsp5_text() {
    let member = member(json!("plain string data"), None);
    assert_eq!(member.data.as_text(), Some("plain string data"));
}

// UTS: rest/unit/RSP5/decode-json-data-1
#[test]
fn rsp5_json() {
    let member = member(json!(r#"{"status":"online","count":42}"#), Some("json"));
    assert_eq!(
        json_of(&member.data),
        json!({"status": "online", "count": 42})
    );
    assert_eq!(member.encoding, None);
}

// UTS: rest/unit/RSP5/decode-base64-binary-2
#[test]
fn rsp5_base64() {
    let member = member(json!("SGVsbG8gV29ybGQ="), Some("base64"));
    assert_eq!(member.data, Data::from(b"Hello World"));
    assert_eq!(member.encoding, None);
}

// UTS: rest/unit/RSP5/decode-msgpack-binary-3
#[test]
fn rsp5_msgpack_bytes_stay_bytes() {
    let payload = b"some data";
    let field = |name: &str, value: rmpv::Value| (name.into(), value);
    let body = rmpv::Value::Array(vec![rmpv::Value::Map(vec![
        field("action", 1.into()),
        field("clientId", "client1".into()),
        field("data", rmpv::Value::Binary(payload.into())),
    ])]);
    let http = MockHttp::replying([ok_msgpack(&body)]);
    let (rt, client) = rest_with(&http, |o| o.plugin(MsgPack).use_binary_protocol(true));
    let channel = client.channels().get("test-RSP5-msgpack-binary");
    let page = rt.wait(channel.presence().get(())).unwrap();
    assert_eq!(page.items().len(), 1);
    assert_eq!(page.items()[0].data, Data::from(payload));
    assert_eq!(page.items()[0].encoding, None);
}

// UTS: rest/unit/RSP5/decode-utf8-data-4
#[test]
fn rsp5_utf8() {
    let member = member(json!("SGVsbG8gV29ybGQ="), Some("utf-8/base64"));
    assert_eq!(member.data.as_text(), Some("Hello World"));
}

// UTS: rest/unit/RSP5/decode-chained-encoding-5
#[test]
fn rsp5_chain() {
    let member = member(json!("eyJrZXkiOiJ2YWx1ZSJ9"), Some("json/base64"));
    assert_eq!(json_of(&member.data), json!({"key": "value"}));
}

// UTS: rest/unit/RSP5/decode-history-messages-6
#[test]
fn rsp5_history() {
    let (page, _) = history(
        (),
        json!([{
            "action": 2,
            "clientId": "c1",
            "data": r#"{"event":"entered"}"#,
            "encoding": "json",
        }]),
    );
    assert_eq!(json_of(&page.items()[0].data), json!({"event": "entered"}));
}

// UTS: rest/unit/RSP5/decode-cipher-channel-7
//
// The document's ciphertext is garbled; this one has the same key and vector.
#[test]
fn rsp5_cipher() {
    let key = BASE64_STANDARD.decode("WUP6u0K7MXI5Zeo0VppPwg==").unwrap();
    let http = MockHttp::replying([ok(json!([{
        "action": 1,
        "clientId": "c1",
        "data": "HO4cYSP8LybPYBPZPHQOtmV6H2PNE80MR0SXGrqcDGGh56+AgUluGRCuOfTuPyLR",
        "encoding": "json/utf-8/cipher+aes-128-cbc/base64",
    }]))]);
    let (rt, client) = rest_with(&http, |o| o.plugin(Crypto));
    let cipher = CipherParamOptions::new(key).algorithm("aes").mode("cbc");
    let channel = client
        .channels()
        .get_with("test-RSP5g", ChannelOptions::new().cipher(cipher))
        .unwrap();
    let page = rt.wait(channel.presence().get(())).unwrap();
    assert_eq!(json_of(&page.items()[0].data), json!({"secret": "data"}));
    assert_eq!(page.items()[0].encoding, None);
}

/// A page of one member with this `Link`, and the last page.
fn two_pages(first: Value, link: &str, second: Value) -> MockHttp {
    MockHttp::replying([ok(first).header("Link", link), ok(second)])
}

// UTS: rest/unit/RSP3/get-pagination-link-header-1
#[test]
fn rsp3_has_next() {
    let members = json!([
        {"action": 1, "clientId": "client1"},
        {"action": 1, "clientId": "client2"},
    ]);
    let link = r#"</channels/test-RSP-pagination1/presence?page=2>; rel="next""#;
    let http = MockHttp::replying([ok(members).header("Link", link)]);
    let (rt, client) = rest(&http);
    let channel = client.channels().get("test-RSP-pagination1");
    let page = rt.wait(channel.presence().get(())).unwrap();
    assert_eq!(page.items().len(), 2);
    assert!(page.has_next());
}

// UTS: rest/unit/RSP3/get-pagination-next-page-2
#[test]
fn rsp3_next() {
    let http = two_pages(
        json!([{"action": 1, "clientId": "client1"}]),
        r#"</channels/test-RSP-pagination2/presence?page=2>; rel="next""#,
        json!([{"action": 1, "clientId": "client2"}]),
    );
    let (rt, client) = rest(&http);
    let channel = client.channels().get("test-RSP-pagination2");
    let first = rt.wait(channel.presence().get(())).unwrap();
    let second = rt.wait(first.next()).unwrap().expect("a page");
    assert_eq!(first.items()[0].client_id.as_deref(), Some("client1"));
    assert_eq!(second.items()[0].client_id.as_deref(), Some("client2"));
    assert!(!second.has_next());
    let next = http.last();
    assert_eq!(next.path, "/channels/test-RSP-pagination2/presence");
    assert_eq!(next.query("page"), Some("2"));
}

// UTS: rest/unit/RSP4/history-pagination-1
//
// The document writes 4 for leave here, which is update; 3 is leave.
#[test]
fn rsp4_next() {
    let http = two_pages(
        json!([{"action": 2, "clientId": "c1", "timestamp": 3000}]),
        r#"</channels/test-RSP-pagination3/presence/history?page=2>; rel="next""#,
        json!([{"action": 3, "clientId": "c1", "timestamp": 1000}]),
    );
    let (rt, client) = rest(&http);
    let channel = client.channels().get("test-RSP-pagination3");
    let first = rt.wait(channel.presence().history(())).unwrap();
    let second = rt.wait(first.next()).unwrap().expect("a page");
    assert_eq!(first.items()[0].action, PresenceAction::ENTER);
    assert_eq!(second.items()[0].action, PresenceAction::LEAVE);
    assert_eq!(
        http.last().path,
        "/channels/test-RSP-pagination3/presence/history"
    );
}

/// A server that refuses everything with this error.
fn refusing(code: u32, status: u16, message: &str) -> MockHttp {
    let body = json!({"error": error(code, status, message)});
    MockHttp::replying([HttpMockReply::json(status, body)])
}

// UTS: rest/unit/RSP3/get-server-error-3
#[test]
fn rsp3_server_error() {
    let http = refusing(50000, 500, "Internal server error");
    let (rt, client) = rest(&http);
    let channel = client.channels().get("test-RSP-error1");
    let error = rt.wait(channel.presence().get(())).unwrap_err();
    assert_eq!(code(&error), (50000, 500));
}

// UTS: rest/unit/RSP4/history-auth-error-2
#[test]
fn rsp4_wrong_credential() {
    let http = refusing(40101, 401, "Invalid credentials");
    let (rt, client) = rest_with(&http, |o| o.key("invalid.key:secret"));
    let channel = client.channels().get("test-RSP-error2");
    let error = rt.wait(channel.presence().history(())).unwrap_err();
    assert_eq!(code(&error), (40101, 401));
}

// UTS: rest/unit/RSP3/get-channel-not-found-4
#[test]
fn rsp3_not_found() {
    let http = refusing(40400, 404, "Channel not found");
    let (rt, client) = rest(&http);
    let channel = client.channels().get("test-RSP-error3");
    let error = rt.wait(channel.presence().get(())).unwrap_err();
    assert_eq!(code(&error), (40400, 404));
}

// UTS: rest/unit/RSP3/get-standard-headers-5
#[test]
fn rsp3_headers() {
    let request = sent_get(query());
    assert_eq!(request.header("x-ably-version"), Some("3"));
    let agent = request.header("ably-agent").expect("an agent");
    assert!(agent.contains("ably-"), "{agent}");
    assert_eq!(request.header("accept"), Some("application/json"));
}

// UTS: rest/unit/RSP4/history-auth-header-3
#[test]
fn rsp4_authorization() {
    let request = sent_history(events());
    let basic = format!("Basic {}", BASE64_STANDARD.encode(KEY));
    assert_eq!(request.header("authorization"), Some(&*basic));
}

// UTS: rest/unit/RSP5/presence-action-mapping-8
#[test]
fn rsp5_actions() {
    let body: Vec<_> = (0..5)
        .map(|n| json!({"action": n, "clientId": format!("c{n}")}))
        .collect();
    let (page, _) = history((), Value::Array(body));
    let actions: Vec<_> = page.items().iter().map(|m| m.action).collect();
    assert_eq!(
        actions,
        [
            PresenceAction::ABSENT,
            PresenceAction::PRESENT,
            PresenceAction::ENTER,
            PresenceAction::LEAVE,
            PresenceAction::UPDATE,
        ]
    );
}
