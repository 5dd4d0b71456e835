//! Ids of requests, which ably-js 2.12.0 does not have. Spec: TO3p, RSC7c.

use ably_base::BaseRealtime;
use ably_rest::StatusApi;
use ably_testkit::MockWebSocket;

use crate::support::*;

fn id(sent: &SentRequest) -> &str {
    let id = sent.query("request_id").expect("a request id");
    // At least 9 bytes in base64 that is safe in a URL.
    let safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    assert!(id.len() >= 12 && id.chars().all(safe), "{id}");
    id
}

fn with_ids(http: &MockHttp) -> (VirtualRuntime, BaseRest) {
    let rt = VirtualRuntime::new();
    let rest = BaseRest::new(options(&rt, http).add_request_ids(true));
    (rt, rest.expect("the options are fine"))
}

#[test]
fn rsc7c_every_request_has_an_id_of_its_own() {
    let http = MockHttp::replying([
        Reply::json(200, json!([1])),
        Reply::json(200, json!([2])),
        created(),
    ]);
    let (rt, rest) = with_ids(&http);
    rt.wait(rest.time()).unwrap();
    rt.wait(rest.time()).unwrap();
    let channel = rest.channels().get("c");
    rt.wait(async { channel.publish("n", "d").await }).unwrap();
    let sent = http.requests();
    let ids: std::collections::BTreeSet<&str> = sent.iter().map(id).collect();
    assert_eq!(ids.len(), 3);
}

#[test]
fn rsc7c_without_the_option_there_is_none() {
    let http = MockHttp::replying([Reply::json(200, json!([1])), Reply::error(401, 40101)]);
    let (rt, rest) = client(&http);
    rt.wait(rest.time()).unwrap();
    let error = rt.wait(rest.time()).unwrap_err();
    assert_eq!(error.request_id(), None);
    for sent in http.requests() {
        assert_eq!(sent.query("request_id"), None);
    }
}

#[test]
fn rsc7c_a_retry_keeps_the_id_and_the_error_tells_it() {
    let http = MockHttp::replying([
        Reply::error(500, 50000),
        Reply::failure(FailureKind::Refused),
        Reply::error(404, 40400),
    ]);
    let (rt, rest) = with_ids(&http);
    let channel = rest.channels().get("c");
    let error = rt.wait(channel.status()).unwrap_err();
    assert_eq!(error.code(), 40400);
    let sent = http.requests();
    assert_eq!(sent.len(), 3);
    assert_ne!(sent[0].host, sent[1].host);
    assert!(sent.iter().all(|s| id(s) == id(&sent[0])));
    assert_eq!(error.request_id(), Some(id(&sent[0])));
}

#[test]
fn rsc7c_the_next_page_is_another_request() {
    // A server that gives the query back in its links.
    let http = MockHttp::answering(|sent| {
        let old = sent.query("request_id").unwrap_or_default();
        let link = format!("<./messages?page=2&request_id={old}>; rel=\"next\"");
        Some(Reply::json(200, json!([])).header("link", &link))
    });
    let (rt, rest) = with_ids(&http);
    let page = rt.wait(rest.channels().get("c").history(())).unwrap();
    rt.wait(page.next()).unwrap().expect("a page");
    let sent = http.requests();
    assert_eq!(sent[1].query("page"), Some("2"));
    assert_ne!(id(&sent[0]), id(&sent[1]));
}

#[test]
fn rsc7c_requests_of_a_realtime_client_have_ids_and_its_connection_has_none() {
    let (rt, ws, http) = (
        VirtualRuntime::new(),
        MockWebSocket::new(),
        MockHttp::replying([Reply::json(200, json!([1]))]),
    );
    let options = options(&rt, &http).plugin(ws.clone());
    let client = BaseRealtime::new(options.add_request_ids(true)).unwrap();
    rt.wait(ably_rest::RestApi::time(&client)).unwrap();
    id(&http.last());
    rt.run_until_idle();
    assert_eq!(ws.attempts().len(), 1);
    assert_eq!(ws.attempts()[0].query("request_id"), None);
}
