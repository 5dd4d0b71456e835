//! What the documents of this folder share.

pub(super) use ably_base::{
    AuthMethod, AuthOptions, BaseRest, Credential, TokenDetails, TokenParams, TokenRequest,
};
pub(super) use ably_rest::{
    History, RestApi, RevokeTokens, StatusApi, TokenRevocationOptions,
    TokenRevocationTargetSpecifier,
};
pub(super) use ably_testkit::http::{HttpMockReply, MockHttp, SentRequest};
use base64::{Engine as _, prelude::BASE64_STANDARD};

pub(super) use crate::support::*;

/// The wall clock of a new [`VirtualRuntime`]: the documents' `now()`.
pub(super) const NOW: i64 = 1_700_000_001_000;
/// In an hour.
pub(super) const LATER: i64 = NOW + 3_600_000;

/// A client of these options, with the mocks and what gets tokens.
pub(super) fn rest(http: &MockHttp, options: ClientOptions) -> (VirtualRuntime, BaseRest) {
    let rt = VirtualRuntime::new();
    let client = try_rest(&rt, http, options).expect("the options are fine");
    (rt, client)
}

/// A client of these options, or why there is none.
pub(super) fn try_rest(
    rt: &VirtualRuntime,
    http: &MockHttp,
    options: ClientOptions,
) -> Result<BaseRest, ErrorInfo> {
    BaseRest::new(
        options
            .plugin(rt.clone())
            .plugin(http.clone())
            .plugin(ably_token::Token),
    )
}

/// A client with the spec's key.
pub(super) fn with_key(http: &MockHttp) -> (VirtualRuntime, BaseRest) {
    rest(http, ClientOptions::with_key(KEY))
}

/// Options with an authCallback; `f` gets the number of the call, from 1 on. Records the params.
pub(super) fn with_callback(
    f: impl Fn(usize) -> Result<Credential, ErrorInfo> + Send + Sync + 'static,
) -> (ClientOptions, Recorder<TokenParams>) {
    let (source, calls) = callback(f);
    (ClientOptions::new().auth_callback(source), calls)
}

/// An authCallback.
pub(super) fn callback(
    f: impl Fn(usize) -> Result<Credential, ErrorInfo> + Send + Sync + 'static,
) -> (impl ably_base::TokenSource + 'static, Recorder<TokenParams>) {
    let calls = Recorder::new();
    let sink = calls.clone();
    let source = move |params: TokenParams| {
        sink.push(params);
        std::future::ready(f(sink.all().len()))
    };
    (source, calls)
}

/// A token of an hour.
pub(super) fn hour(token: &str) -> TokenDetails {
    let mut details = TokenDetails::new(token);
    details.expires = Some(LATER);
    details
}

/// A token of an hour for this client.
pub(super) fn hour_for(token: &str, client_id: &str) -> TokenDetails {
    let mut details = hour(token);
    details.client_id = Some(client_id.into());
    details
}

/// As the specs' `now() + 3600000`.
pub(super) fn hour_json(token: &str) -> Value {
    json!({"token": token, "expires": LATER})
}

/// 200 with this body.
pub(super) fn ok(body: Value) -> HttpMockReply {
    HttpMockReply::json(200, body)
}

/// The status of a channel.
pub(super) fn channel_status() -> HttpMockReply {
    ok(json!({"channelId": "test", "status": {"isActive": true}}))
}

/// 401 with this code.
pub(super) fn refused(code: u32, message: &str) -> HttpMockReply {
    HttpMockReply::json(401, json!({ "error": error(code, 401, message) }))
}

/// A server that tells the status of the channel.
pub(super) fn serving() -> MockHttp {
    MockHttp::replying([channel_status()])
}

/// A server that gives a token for a token request, and the status of a channel else.
pub(super) fn exchanging(details: Value) -> MockHttp {
    MockHttp::answering(move |request| {
        Some(if is_token_request(request) {
            ok(details.clone())
        } else {
            channel_status()
        })
    })
}

/// A server whose host `auth.example.com` gives this, and the status of a channel else.
pub(super) fn with_auth_url(reply: HttpMockReply) -> MockHttp {
    MockHttp::answering(move |request| {
        Some(if request.host == "auth.example.com" {
            reply.clone()
        } else {
            channel_status()
        })
    })
}

pub(super) fn is_token_request(request: &SentRequest) -> bool {
    request.path.starts_with("/keys/") && request.path.ends_with("/requestToken")
}

/// `client.request("GET", "/channels/test")`
#[track_caller]
pub(super) fn get(rt: &VirtualRuntime, client: &BaseRest) -> Result<(), ErrorInfo> {
    let request = client.request("GET", "/channels/test", 3);
    rt.wait(request.into_future()).map(drop)
}

/// `client.channels.get("test").status()`
#[track_caller]
pub(super) fn status(rt: &VirtualRuntime, client: &BaseRest) -> Result<(), ErrorInfo> {
    rt.wait(client.channels().get("test").status()).map(drop)
}

/// `client.channels.get("test").history()`
#[track_caller]
pub(super) fn history(rt: &VirtualRuntime, client: &BaseRest) -> Result<usize, ErrorInfo> {
    let page = rt.wait(client.channels().get("test").history(()));
    page.map(|page| page.items().len())
}

/// `client.auth.authorize(…)`
#[track_caller]
pub(super) fn authorize(
    rt: &VirtualRuntime,
    client: &BaseRest,
    params: impl Into<Option<TokenParams>>,
    options: impl Into<Option<AuthOptions>>,
) -> Result<TokenDetails, ErrorInfo> {
    rt.wait(client.auth().authorize(params.into(), options.into()))
}

/// The header of a request.
#[track_caller]
pub(super) fn authorization(request: &SentRequest) -> &str {
    request.header("authorization").expect("it is authorized")
}

/// The documents leave out that Ably takes tokens in base64 (RSA3b, and ably-js).
pub(super) fn bearer(token: &str) -> String {
    format!("Bearer {}", BASE64_STANDARD.encode(token))
}

pub(super) fn basic(key: &str) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(key))
}

/// The token in use.
pub(super) fn token_of(details: &TokenDetails) -> &str {
    details.token.expose()
}

/// The token in use.
#[track_caller]
pub(super) fn current(client: &BaseRest) -> TokenDetails {
    client.auth().token_details().expect("there is a token")
}
