//! [`MockHttp`]: an HTTP client whose server is the test.
//!
//! Requests are taken apart and bodies written as [`serde_json::Value`], so that a test does not
//! lean on the code that it tests.

mod feed;
mod reply;
mod request;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ably_base::{
    ErrorInfo, HttpClient, Plugin, Plugins, TransportError,
    engine::{BoxFuture, HttpRequest},
    ext::HttpResponse,
};

pub use feed::BodyFeed;
pub use reply::HttpMockReply;
pub use request::{PendingRequest, SentRequest};

use request::Slot;

type Handler = Box<dyn FnMut(&SentRequest) -> Option<HttpMockReply> + Send>;

/// A scripted HTTP client. Clones share it.
#[derive(Clone, Default)]
pub struct MockHttp(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    sent: Vec<SentRequest>,
    pending: Vec<PendingRequest>,
    handler: Option<Handler>,
}

impl MockHttp {
    /// Requests wait for [`MockHttp::take_request`] and an answer.
    pub fn new() -> Self {
        Self::default()
    }

    /// Requests are answered by `handler` at once; `None` leaves one waiting (UTS: `onRequest`).
    pub fn answering(
        handler: impl FnMut(&SentRequest) -> Option<HttpMockReply> + Send + 'static,
    ) -> Self {
        let mock = Self::new();
        mock.lock().handler = Some(Box::new(handler));
        mock
    }

    /// Requests get these answers in turn, the last one for ever.
    ///
    /// # Panics
    /// When there are none.
    pub fn replying(replies: impl IntoIterator<Item = HttpMockReply>) -> Self {
        let mut left = replies.into_iter().collect::<Vec<_>>();
        assert!(!left.is_empty(), "a mock needs a reply");
        left.reverse();
        Self::answering(move |_| match left.len() {
            1 => left.first().cloned(),
            _ => left.pop(),
        })
    }

    /// Everything that was sent so far (UTS: `captured_requests`).
    pub fn requests(&self) -> Vec<SentRequest> {
        self.lock().sent.clone()
    }

    /// What was sent last.
    ///
    /// # Panics
    /// When nothing was.
    #[track_caller]
    pub fn last(&self) -> SentRequest {
        let last = self.lock().sent.last().cloned();
        last.expect("a request was sent")
    }

    /// The hosts that requests went to, in order.
    pub fn hosts(&self) -> Vec<String> {
        self.lock().sent.iter().map(|r| r.host.clone()).collect()
    }

    /// The oldest request that waits for an answer (UTS: `await_request`).
    pub fn take_request(&self) -> Option<PendingRequest> {
        let mut inner = self.lock();
        (!inner.pending.is_empty()).then(|| inner.pending.remove(0))
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl HttpClient for MockHttp {
    fn execute(&self, request: HttpRequest) -> BoxFuture<Result<HttpResponse, TransportError>> {
        let sent = SentRequest::read(&request);
        let slot = Slot::default();
        // The handler may use the mock.
        let handler = {
            let mut inner = self.lock();
            inner.sent.push(sent.clone());
            inner.handler.take()
        };
        let answer = handler.and_then(|mut handler| {
            let answer = handler(&sent);
            self.lock().handler.get_or_insert(handler);
            answer
        });
        let pending = PendingRequest::new(sent, slot.clone());
        match answer {
            Some(reply) => pending.respond(reply),
            None => self.lock().pending.push(pending),
        }
        Box::pin(slot)
    }
}

impl Plugin for MockHttp {
    fn id(&self) -> &'static str {
        "MockHttp"
    }

    fn install(&self, into: &mut Plugins) -> Result<(), ErrorInfo> {
        into.set_http(Arc::new(self.clone()));
        Ok(())
    }
}

impl std::fmt::Debug for MockHttp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("MockHttp").field(&self.lock().sent).finish()
    }
}
