//! [`HttpClient`]: how REST requests are made.

use std::{
    future::poll_fn,
    sync::Arc,
    task::{Context, Poll},
};

use ably_engine::{
    BoxFuture, FailureKind, HttpReply, HttpRequest, MaybeSend, MaybeSync, TransportError,
    protocol::ErrorInfo,
};
use bytes::{Bytes, BytesMut};

use super::{Dial, Routes, TlsProvider};

/// Makes HTTP requests.
///
/// # Behaviour
/// - Follows no redirects, retries nothing, and does not time out: the request machine does.
/// - Keeps connections open for the next request.
/// - Dropping the future abandons the request.
pub trait HttpClient: MaybeSend + MaybeSync {
    /// Makes a request; resolves when the head of the response is there.
    ///
    /// # Errors
    /// A classified failure: whether a fallback host is tried depends on the class.
    ///
    /// # Cancel safety
    /// Dropping the future must abandon the request: time-outs are made so.
    fn execute(&self, request: HttpRequest) -> BoxFuture<Result<HttpResponse, TransportError>>;

    /// Whether `https` URLs can be used. If not, a client that wants TLS is refused when it is
    /// made.
    fn has_tls(&self) -> bool {
        true
    }

    /// The HTTP client to use in this client's stead, set up as `context` says; `None`: this one.
    /// Called when a client is made: once for its requests, and once more where a transport makes
    /// some.
    ///
    /// # Errors
    /// What cannot be set up.
    fn configured(&self, context: &HttpContext) -> Result<Option<Arc<dyn HttpClient>>, ErrorInfo> {
        let _ = context;
        Ok(None)
    }
}

/// What an HTTP client may build on.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct HttpContext {
    /// What opens sockets; `None`: the client's own choice.
    pub dial: Option<Arc<dyn Dial>>,
    /// What wraps streams in TLS, and knows whom to trust.
    pub tls: Option<Arc<dyn TlsProvider>>,
    /// The ways out; `None`: directly.
    pub routes: Option<Arc<dyn Routes>>,
    /// How many connections to keep and for what.
    pub agent: RestAgentOptions,
}

impl HttpContext {
    /// A context without dialler, TLS and proxies.
    pub fn new() -> Self {
        Self::default()
    }
}

impl std::fmt::Debug for HttpContext {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HttpContext")
            .field("tls", &self.tls.as_ref().map(|tls| tls.id()))
            .field("agent", &self.agent)
            .finish_non_exhaustive()
    }
}

/// How HTTP connections are used: ably-js's `restAgentOptions`.
///
/// Not in spec: an option of ably-js on Node, with its defaults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct RestAgentOptions {
    max_sockets: usize,
    keep_alive: bool,
}

impl RestAgentOptions {
    /// 40 connections, kept for the next request.
    pub fn new() -> Self {
        Self {
            max_sockets: 40,
            keep_alive: true,
        }
    }

    /// The most requests under way; more wait for their turn. At least 1, default 40. ably-js
    /// counts for each host, this for all.
    pub fn max_sockets(mut self, n: usize) -> Self {
        self.max_sockets = n.max(1);
        self
    }

    /// Keeps a connection for the next request, default yes.
    pub fn keep_alive(mut self, yes: bool) -> Self {
        self.keep_alive = yes;
        self
    }

    /// The most requests under way.
    pub fn sockets(&self) -> usize {
        self.max_sockets
    }

    /// Whether connections are kept.
    pub fn keeps_alive(&self) -> bool {
        self.keep_alive
    }
}

impl Default for RestAgentOptions {
    fn default() -> Self {
        Self::new()
    }
}

/// The head of a response, and its body to be read.
#[non_exhaustive]
pub struct HttpResponse {
    /// The status.
    pub status: u16,
    /// The headers; names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Box<dyn Body>,
}

impl HttpResponse {
    /// A response of these parts.
    pub fn new(status: u16, headers: Vec<(String, String)>, body: Box<dyn Body>) -> Self {
        Self {
            status,
            headers,
            body,
        }
    }
}

impl std::fmt::Debug for HttpResponse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "HttpResponse({})", self.status)
    }
}

/// A body in pieces: long polling reads them as they come.
pub trait Body: MaybeSend {
    /// The next piece; `None` at the end.
    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, TransportError>>>;
}

/// A body that is there already.
impl Body for Option<Bytes> {
    fn poll_chunk(&mut self, _: &mut Context<'_>) -> Poll<Option<Result<Bytes, TransportError>>> {
        Poll::Ready(self.take().filter(|b| !b.is_empty()).map(Ok))
    }
}

/// Reads a response to its end.
///
/// # Errors
/// - [`FailureKind::Protocol`] the body is larger than `limit` bytes.
/// - what reading it says.
///
/// # Cancel safety
/// Dropping the future drops the response, with what was read of it.
pub async fn collect(response: HttpResponse, limit: usize) -> Result<HttpReply, TransportError> {
    let HttpResponse {
        status,
        headers,
        mut body,
    } = response;
    let mut first: Option<Bytes> = None;
    let mut all = BytesMut::new();
    while let Some(chunk) = poll_fn(|cx| body.poll_chunk(cx)).await {
        let chunk = chunk?;
        let have = first.as_ref().map_or(all.len(), Bytes::len);
        if have + chunk.len() > limit {
            let error = std::io::Error::other(format!("the body is larger than {limit} bytes"));
            return Err(TransportError::with_source(
                FailureKind::Protocol,
                std::sync::Arc::new(error),
            ));
        }
        // A body in one piece is not copied.
        if have == 0 {
            first = Some(chunk);
        } else {
            if let Some(f) = first.take() {
                all.extend_from_slice(&f);
            }
            all.extend_from_slice(&chunk);
        }
    }
    Ok(HttpReply::new(
        status,
        headers,
        first.unwrap_or_else(|| all.freeze()),
    ))
}
