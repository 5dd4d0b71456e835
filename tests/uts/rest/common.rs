//! What the cases of REST share.
#![allow(unused_imports)] // each document uses some of it

pub(super) use std::future::IntoFuture;

pub(super) use ably_base::{BaseRest, FailureKind, PresenceAction, PresenceMessage, RestChannel};
pub(super) use ably_msgpack::MsgPack;
pub(super) use ably_rest::{
    Direction, History, HistoryQuery, PaginatedResult, PresenceQuery, RestApi, RestPresenceApi,
    RestPublish,
};
pub(super) use ably_testkit::http::{HttpMockReply, MockHttp, SentRequest};

pub(super) use crate::support::*;

/// A client with the spec's key and these mocks.
pub(super) fn rest(http: &MockHttp) -> (VirtualRuntime, BaseRest) {
    rest_with(http, |o| o)
}

/// As [`rest`], with options besides.
pub(super) fn rest_with(
    http: &MockHttp,
    set: impl FnOnce(ClientOptions) -> ClientOptions,
) -> (VirtualRuntime, BaseRest) {
    let rt = VirtualRuntime::new();
    let client = BaseRest::new(set(rest_options(&rt, http))).expect("the options are fine");
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

/// 200 with this body in MessagePack.
pub(super) fn ok_msgpack(body: &rmpv::Value) -> HttpMockReply {
    HttpMockReply::bytes(200, "application/x-msgpack", msgpack(body))
}

/// The answer to a publish.
pub(super) fn created() -> HttpMockReply {
    HttpMockReply::json(201, json!({"serials": ["s1"]}))
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

/// The value in MessagePack.
pub(super) fn msgpack(value: &rmpv::Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    rmpv::encode::write_value(&mut bytes, value).expect("it is in memory");
    bytes
}

/// The body as MessagePack.
#[track_caller]
pub(super) fn unpack(request: &SentRequest) -> rmpv::Value {
    rmpv::decode::read_value(&mut &request.body[..]).expect("a MessagePack body")
}

/// The one request that was sent.
#[track_caller]
pub(super) fn only(http: &MockHttp) -> SentRequest {
    let mut requests = http.requests();
    assert_eq!(requests.len(), 1, "requests");
    requests.remove(0)
}

/// The one message of the one request.
#[track_caller]
pub(super) fn only_message(http: &MockHttp) -> Value {
    let body = only(http).json();
    assert_eq!(body.as_array().expect("a list").len(), 1, "messages");
    body[0].clone()
}

/// Waits for a publish.
#[track_caller]
pub(super) fn publish(rt: &VirtualRuntime, publish: ably_rest::Publish) -> Result<(), ErrorInfo> {
    rt.wait(publish.into_future())
}

/// Code and status.
pub(super) fn code(error: &ErrorInfo) -> (u32, u16) {
    (error.code().0, error.status_code())
}

/// The data, which must be JSON.
#[track_caller]
pub(super) fn json_of(data: &Data) -> Value {
    data.as_json().expect("JSON").parse().expect("JSON")
}
