//! What the cases share.
#![allow(unused_imports)] // each document uses some of it

pub(super) use std::future::IntoFuture;

pub(super) use ably_base::{
    Annotation, AnnotationAction, BaseRest, FailureKind, HasRest, PresenceAction, PresenceMessage,
    protocol::Value as Item, rest::RestCore,
};
pub(super) use ably_rest::{
    BatchPublishResult, BatchPublishSpec, BatchResult, ChannelDetails, History,
    HttpPaginatedResponse, PaginatedResult, Request, RestApi, RestPublish, StatusApi,
};
pub(super) use ably_testkit::http::{HttpMockReply, MockHttp, SentRequest};

pub(super) use crate::support::*;

/// Which client a case is about.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Rest,
    Realtime,
}

/// A client of either kind.
pub(super) enum Either {
    Rest(BaseRest),
    Realtime(BaseRealtime),
}

impl HasRest for Either {
    fn rest_core(&self) -> Result<RestCore, ErrorInfo> {
        match self {
            Self::Rest(client) => client.rest_core(),
            Self::Realtime(client) => client.rest_core(),
        }
    }
}

impl Kind {
    /// A client with the spec's key and these mocks.
    pub(super) fn client(self, http: &MockHttp) -> (VirtualRuntime, Either) {
        self.client_with(http, |options| options.key(KEY))
    }

    /// A client of these options and these mocks.
    pub(super) fn client_with(
        self,
        http: &MockHttp,
        set: impl FnOnce(ClientOptions) -> ClientOptions,
    ) -> (VirtualRuntime, Either) {
        let rt = VirtualRuntime::new();
        let options = ClientOptions::new().plugin(rt.clone()).plugin(http.clone());
        let options = set(options);
        let client = match self {
            Self::Rest => BaseRest::new(options).map(Either::Rest),
            Self::Realtime => {
                let options = options.auto_connect(false).plugin(MockWebSocket::new());
                BaseRealtime::new(options).map(Either::Realtime)
            }
        };
        (rt, client.expect("the options are fine"))
    }
}

/// A REST client with this key and these mocks.
pub(super) fn rest_with(
    http: &MockHttp,
    set: impl FnOnce(ClientOptions) -> ClientOptions,
) -> (VirtualRuntime, BaseRest) {
    match Kind::Rest.client_with(http, set) {
        (rt, Either::Rest(client)) => (rt, client),
        _ => unreachable!(),
    }
}

/// A REST client with the spec's key and these mocks.
pub(super) fn rest(http: &MockHttp) -> (VirtualRuntime, BaseRest) {
    rest_with(http, |options| options.key(KEY))
}

/// A server that answers everything with this status and body.
pub(super) fn always(status: u16, body: Value) -> MockHttp {
    MockHttp::replying([HttpMockReply::json(status, body)])
}

/// A value in MessagePack.
pub(super) fn msgpack(value: &rmpv::Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    rmpv::encode::write_value(&mut bytes, value).expect("it is in memory");
    bytes
}

/// The one request that was sent.
#[track_caller]
pub(super) fn only(http: &MockHttp) -> SentRequest {
    let mut requests = http.requests();
    assert_eq!(requests.len(), 1, "requests");
    requests.remove(0)
}

/// Code and status.
pub(super) fn code(error: &ErrorInfo) -> (u32, u16) {
    (error.code().0, error.status_code())
}

/// An item of an answer as JSON.
pub(super) fn json_of(item: &Item) -> Value {
    serde_json::from_str(&item.to_json()).expect("JSON")
}
