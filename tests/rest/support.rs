//! What the tests share.

pub(crate) use std::{sync::Arc, time::Duration};

pub(crate) use ably_base::{
    BaseRest, ClientOptions, ErrorCode, ErrorInfo, FailureKind, HasRest, Message,
};
pub(crate) use ably_rest::{History, HistoryQuery, RestApi, RestPublish};
pub(crate) use ably_testkit::{
    VirtualRuntime,
    http::{HttpMockReply as Reply, MockHttp, SentRequest},
};
pub(crate) use serde_json::{Value, json};

pub(crate) const KEY: &str = "appId.keyId:keySecret";

/// Options with a key and the mocks.
pub(crate) fn options(rt: &VirtualRuntime, http: &MockHttp) -> ClientOptions {
    ClientOptions::with_key(KEY)
        .plugin(rt.clone())
        .plugin(http.clone())
}

/// A client with a key, and its mocks.
pub(crate) fn client(http: &MockHttp) -> (VirtualRuntime, BaseRest) {
    let rt = VirtualRuntime::new();
    let rest = BaseRest::new(options(&rt, http)).expect("the options are fine");
    (rt, rest)
}

/// A server that answers every request with this.
pub(crate) fn always(reply: Reply) -> MockHttp {
    MockHttp::replying([reply])
}

/// The answer to a publish.
pub(crate) fn created() -> Reply {
    Reply::json(201, json!({"channel": "c", "messageId": "m"}))
}

pub(crate) fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}
