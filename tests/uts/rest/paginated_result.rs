//! `rest/unit/types/paginated_result.md`

use super::common::*;

/// One item of this id, with this `Link` header.
fn page(id: &str, link: &str) -> HttpMockReply {
    let reply = ok(json!([{ "id": id }]));
    if link.is_empty() {
        reply
    } else {
        reply.header("Link", link)
    }
}

fn history(http: &MockHttp) -> (VirtualRuntime, PaginatedResult<Arc<Message>>) {
    let (rt, client) = rest(http);
    let result = rt.wait(client.channels().get("test").history(())).unwrap();
    (rt, result)
}

fn id(page: &PaginatedResult<Arc<Message>>) -> Option<&str> {
    page.items()[0].id.as_deref()
}

const NEXT: &str = r#"</channels/test/messages?cursor=next>; rel="next""#;

// UTS: rest/unit/TG1/paginated-result-items-0
#[test]
fn tg1_items() {
    let http = MockHttp::replying([ok(json!([
        {"id": "item1", "name": "e1", "data": "d1"},
        {"id": "item2", "name": "e2", "data": "d2"},
    ]))]);
    let (_, result) = history(&http);
    let ids: Vec<_> = result.items().iter().map(|m| m.id.as_deref()).collect();
    assert_eq!(ids, [Some("item1"), Some("item2")]);
}

// UTS: rest/unit/TG2/has-next-is-last-0
#[test]
fn tg2_has_next_and_is_last() {
    let more = r#"</channels/test/messages?cursor=next123>; rel="next""#;
    let (_, result) = history(&MockHttp::replying([page("item1", more)]));
    assert!(result.has_next());
    assert!(!result.is_last());
    let (_, result) = history(&MockHttp::replying([page("item1", "")]));
    assert!(!result.has_next());
    assert!(result.is_last());
}

// UTS: rest/unit/TG3/next-fetches-next-page-0
#[test]
fn tg3_next() {
    let link = r#"</channels/test/messages?cursor=abc123>; rel="next""#;
    let http = MockHttp::replying([
        ok(json!([{"id": "page1-item1"}, {"id": "page1-item2"}])).header("Link", link),
        page("page2-item1", ""),
    ]);
    let (rt, page1) = history(&http);
    let page2 = rt.wait(page1.next()).unwrap().unwrap();
    assert_eq!(page1.items().len(), 2);
    assert_eq!(id(&page1), Some("page1-item1"));
    assert!(page1.has_next());
    assert_eq!(page2.items().len(), 1);
    assert_eq!(id(&page2), Some("page2-item1"));
    assert!(!page2.has_next());
    assert_eq!(http.requests()[1].query("cursor"), Some("abc123"));
}

// UTS: rest/unit/TG4/first-returns-first-page-0
#[test]
fn tg4_first() {
    let first = r#"</channels/test/messages>; rel="first""#;
    let http = MockHttp::replying([
        page("item1", &format!("{NEXT}, {first}")),
        page("item2", first),
        page("item1", NEXT),
    ]);
    let (rt, page1) = history(&http);
    let page2 = rt.wait(page1.next()).unwrap().unwrap();
    assert_eq!(id(&page2), Some("item2"));
    let first = rt.wait(page2.first()).unwrap();
    assert_eq!(id(&first), Some("item1"));
    assert!(http.last().query.is_empty());
}

// UTS: rest/unit/TG/empty-result-handling-0
#[test]
fn tg_empty_result() {
    let (_, result) = history(&MockHttp::replying([ok(json!([]))]));
    assert_eq!(result.items().len(), 0);
    assert!(!result.has_next());
    assert!(result.is_last());
}

// UTS: rest/unit/TG/link-header-parsing-1
#[test]
fn tg_link_header_parsing() {
    for (link, cursor) in [
        (r#"</path?cursor=abc>; rel="next""#, Some("abc")),
        (
            r#"</path?cursor=abc>; rel="next", </path>; rel="first""#,
            Some("abc"),
        ),
        (r#"</path>; rel="first""#, None),
        ("", None),
    ] {
        let http = MockHttp::replying([page("item", link)]);
        let (rt, result) = history(&http);
        assert_eq!(result.has_next(), cursor.is_some(), "{link}");
        let next = rt.wait(result.next()).unwrap();
        assert_eq!(next.map(|page| page.items().len()), cursor.map(|_| 1));
        assert_eq!(http.last().query("cursor"), cursor);
    }
}

// UTS: rest/unit/TG/type-parameter-items-2
#[test]
fn tg_type_parameter() {
    let http = MockHttp::replying([ok(json!([{"id": "msg1", "name": "event", "data": "test"}]))]);
    let (_, result): (_, PaginatedResult<Arc<Message>>) = history(&http);
    let message: &Message = &result.items()[0];
    assert_eq!(message.name.as_deref(), Some("event"));
}

// UTS: rest/unit/TG/next-on-last-page-3
#[test]
fn tg_next_on_last_page() {
    let (rt, result) = history(&MockHttp::replying([page("item", "")]));
    assert!(result.is_last());
    assert!(rt.wait(result.next()).unwrap().is_none());
}

// UTS: rest/unit/TG/pagination-preserves-auth-4
#[test]
fn tg_preserves_auth() {
    let http = MockHttp::replying([page("item1", NEXT), page("item2", "")]);
    let (rt, page1) = history(&http);
    rt.wait(page1.next()).unwrap().unwrap();
    let requests = http.requests();
    let auth = requests[0].header("authorization");
    assert_eq!(auth, Some("Basic YXBwSWQua2V5SWQ6a2V5U2VjcmV0"));
    assert_eq!(requests[1].header("authorization"), auth);
}

// UTS: rest/unit/TG/pagination-relative-urls-5
#[test]
fn tg_relative_urls() {
    let link = r#"</channels/test/messages?page=2>; rel="next""#;
    let http = MockHttp::replying([page("item1", link), page("item2", "")]);
    let rt = VirtualRuntime::new();
    let client = BaseRest::new(rest_options(&rt, &http).rest_host("rest.ably.io")).unwrap();
    let page1 = rt.wait(client.channels().get("test").history(())).unwrap();
    rt.wait(page1.next()).unwrap().unwrap();
    let request = &http.requests()[1];
    assert_eq!(request.host, "rest.ably.io");
    assert_eq!(request.path, "/channels/test/messages");
    assert_eq!(request.query("page"), Some("2"));
}

// UTS: rest/unit/TG/multiple-link-relations-6
#[test]
fn tg_multiple_link_relations() {
    let links = [(2, "next"), (1, "first"), (5, "last")]
        .map(|(n, rel)| format!("</channels/test/messages?page={n}>; rel=\"{rel}\""))
        .join(", ");
    let http = MockHttp::replying([page("item1", &links)]);
    let (rt, result) = history(&http);
    assert!(result.has_next());
    rt.wait(result.first()).unwrap();
    assert_eq!(http.last().query("page"), Some("1"));
    rt.wait(result.next()).unwrap().unwrap();
    assert_eq!(http.last().query("page"), Some("2"));
}

// UTS: rest/unit/TG/pagination-presence-results-7
#[test]
fn tg_presence_results() {
    let link = r#"</channels/test/presence?page=2>; rel="next""#;
    let http = MockHttp::replying([
        ok(json!([{"action": 1, "clientId": "client1"}])).header("Link", link),
        ok(json!([{"action": 1, "clientId": "client2"}])),
    ]);
    let (rt, client) = rest(&http);
    let presence = client.channels().get("test").presence();
    let page1: PaginatedResult<PresenceMessage> = rt.wait(presence.get(())).unwrap();
    let page2 = rt.wait(page1.next()).unwrap().unwrap();
    assert_eq!(page1.items()[0].client_id.as_deref(), Some("client1"));
    assert_eq!(page2.items()[0].client_id.as_deref(), Some("client2"));
}

// UTS: rest/unit/TG/pagination-includes-headers-8
#[test]
fn tg_includes_headers() {
    let http = MockHttp::replying([page("item1", NEXT), page("item2", "")]);
    let (rt, page1) = history(&http);
    rt.wait(page1.next()).unwrap().unwrap();
    let next = &http.requests()[1];
    assert_eq!(next.header("x-ably-version"), Some("3"));
    assert!(next.header("ably-agent").unwrap().starts_with("ably-rust/"));
}

// UTS: rest/unit/TG/error-handling-on-next-9
#[test]
fn tg_error_handling_on_next() {
    let link = r#"</channels/test/messages?cursor=invalid>; rel="next""#;
    let http = MockHttp::replying([
        page("item1", link),
        HttpMockReply::json(404, json!({"error": error(40400, 404, "Not found")})),
    ]);
    let (rt, page1) = history(&http);
    let error = rt.wait(page1.next()).unwrap_err();
    assert_eq!((error.status_code(), error.code().0), (404, 40400));
}
