//! [`HttpClient`]: how REST requests are made.

use std::{
    future::poll_fn,
    task::{Context, Poll},
};

use ably_engine::{
    BoxFuture, FailureKind, HttpReply, HttpRequest, MaybeSend, MaybeSync, TransportError,
};
use bytes::{Bytes, BytesMut};

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
    /// A classified failure.
    fn execute(&self, request: HttpRequest) -> BoxFuture<Result<HttpResponse, TransportError>>;

    /// Whether `https` URLs can be used. If not, a client that wants TLS is refused when it is
    /// made.
    fn has_tls(&self) -> bool {
        true
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
