//! [`SentRequest`], and [`PendingRequest`] that waits for its answer.

use std::{
    collections::BTreeMap,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, Waker},
};

use ably_base::{TransportError, engine::HttpRequest, ext::HttpResponse};
use bytes::Bytes;
use serde_json::Value;

use super::HttpMockReply;

/// A request that the client sent.
#[derive(Clone, Debug)]
pub struct SentRequest {
    /// The method.
    pub method: String,
    /// `https` or `http`.
    pub scheme: String,
    /// The host, without port.
    pub host: String,
    /// The port, when the URL names one.
    pub port: Option<u16>,
    /// The path as it was sent, percent-encoded.
    pub path: String,
    /// The query, decoded.
    pub query: BTreeMap<String, String>,
    /// The headers, by lower-case name.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Bytes,
}

impl SentRequest {
    pub(super) fn read(request: &HttpRequest) -> Self {
        let (scheme, rest) = request.url.split_once("://").unwrap_or(("", &request.url));
        let (authority, path) = match rest.find(['/', '?']) {
            Some(i) => rest.split_at(i),
            None => (rest, ""),
        };
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let bare = authority.rfind(']').map_or(0, |i| i + 1);
        let (host, port) = match authority.get(bare..).and_then(|tail| tail.split_once(':')) {
            Some((_, port)) => (
                authority.get(..authority.len() - port.len() - 1),
                port.parse().ok(),
            ),
            None => (Some(authority), None),
        };
        let query = query.split('&').filter(|p| !p.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name), decode(value))
        });
        let headers = request.headers.iter();
        Self {
            method: request.method.into(),
            scheme: scheme.into(),
            host: host.unwrap_or_default().into(),
            port,
            path: path.into(),
            query: query.collect(),
            headers: headers
                .map(|(n, v)| (n.to_ascii_lowercase(), v.clone()))
                .collect(),
            body: request.body.clone(),
        }
    }

    /// A parameter of the query.
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str)
    }

    /// A header by its lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// When it is none.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("a JSON body")
    }
}

/// Undoes percent-encoding, strictly as far as a test may expect.
fn decode(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        bytes.extend_from_slice(before.as_bytes());
        let digits = after.get(..2).expect("two digits after %");
        bytes.push(u8::from_str_radix(digits, 16).expect("hexadecimal digits after %"));
        rest = after.get(2..).unwrap_or_default();
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8(bytes).expect("UTF-8")
}

/// A request that waits for its answer.
#[derive(Clone)]
pub struct PendingRequest {
    request: SentRequest,
    slot: Slot,
}

impl PendingRequest {
    pub(super) fn new(request: SentRequest, slot: Slot) -> Self {
        Self { request, slot }
    }

    /// What was sent.
    pub fn request(&self) -> &SentRequest {
        &self.request
    }

    /// Answers it.
    pub fn respond(&self, reply: HttpMockReply) {
        let waker = {
            let mut state = self.slot.0.lock().unwrap_or_else(PoisonError::into_inner);
            state.reply = Some(reply);
            state.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// True when the client does not wait for the answer any more.
    pub fn is_abandoned(&self) -> bool {
        Arc::strong_count(&self.slot.0) == 1
    }
}

impl std::fmt::Debug for PendingRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("PendingRequest")
            .field(&self.request)
            .finish()
    }
}

#[derive(Clone, Default)]
pub(super) struct Slot(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    reply: Option<HttpMockReply>,
    waker: Option<Waker>,
}

impl Future for Slot {
    type Output = Result<HttpResponse, TransportError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match state.reply.take() {
            Some(reply) => Poll::Ready(reply.into_response()),
            None => {
                state.waker = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}
