//! What the cases of statistics share.

pub(super) use ably_base::{BaseRest, HasRest, rest::RestCore};
pub(super) use ably_rest::{Direction, PaginatedResult};
pub(super) use ably_stats::{Stats, StatsApi, StatsIntervalGranularity, StatsQuery};
pub(super) use ably_testkit::http::{HttpMockReply, MockHttp, SentRequest};

pub(super) use crate::support::*;

/// The key of this document.
const APP_KEY: &str = "app.key:secret";

/// A client of either kind.
pub(super) enum Client {
    Rest(BaseRest),
    Realtime(BaseRealtime),
}

impl HasRest for Client {
    fn rest_core(&self) -> Result<RestCore, ErrorInfo> {
        match self {
            Self::Rest(client) => client.rest_core(),
            Self::Realtime(client) => client.rest_core(),
        }
    }
}

/// Makes a client with these mocks.
pub(super) type Make = fn(&MockHttp) -> (VirtualRuntime, Client);

pub(super) fn rest(http: &MockHttp) -> (VirtualRuntime, Client) {
    let rt = VirtualRuntime::new();
    let options = ClientOptions::with_key(APP_KEY)
        .plugin(rt.clone())
        .plugin(http.clone());
    let client = BaseRest::new(options).expect("the options are fine");
    (rt, Client::Rest(client))
}

pub(super) fn realtime(http: &MockHttp) -> (VirtualRuntime, Client) {
    let rt = VirtualRuntime::new();
    let options = options(&rt, &MockWebSocket::new())
        .key(APP_KEY)
        .plugin(http.clone());
    let client = BaseRealtime::new(options).expect("the options are fine");
    (rt, Client::Realtime(client))
}

/// 200 with this body.
pub(super) fn ok(body: Value) -> HttpMockReply {
    HttpMockReply::json(200, body)
}

/// The one request of a query that finds nothing.
pub(super) fn sent(make: Make, query: impl Into<StatsQuery>) -> SentRequest {
    let http = MockHttp::replying([ok(json!([]))]);
    let (rt, client) = make(&http);
    rt.wait(client.stats(query)).unwrap();
    let requests = http.requests();
    assert_eq!(requests.len(), 1);
    requests[0].clone()
}
