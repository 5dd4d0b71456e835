//! What the cases of REST share.

pub(super) use ably_base::{BaseRest, FailureKind};
pub(super) use ably_rest::{History, HistoryQuery, RestApi};
pub(super) use ably_testkit::http::{HttpMockReply, MockHttp, SentRequest};

pub(super) use crate::support::*;

/// A client with the spec's key and these mocks.
pub(super) fn rest(http: &MockHttp) -> (VirtualRuntime, BaseRest) {
    let rt = VirtualRuntime::new();
    let client = BaseRest::new(rest_options(&rt, http)).expect("the options are fine");
    (rt, client)
}

/// Options with the spec's key and these mocks.
pub(super) fn rest_options(rt: &VirtualRuntime, http: &MockHttp) -> ClientOptions {
    ClientOptions::with_key(KEY)
        .plugin(rt.clone())
        .plugin(http.clone())
}

/// 200 with this body.
pub(super) fn ok(body: Value) -> HttpMockReply {
    HttpMockReply::json(200, body)
}

/// This status with an error of that status, times a hundred.
pub(super) fn status(status: u16) -> HttpMockReply {
    let code = u32::from(status) * 100;
    HttpMockReply::json(status, json!({"error": {"code": code}}))
}

/// The time; the specs' `{"time": …}` is not what the server sends.
pub(super) fn time() -> HttpMockReply {
    ok(json!([1_234_567_890_000_i64]))
}
