//! [`AnnotationSubscription`]: annotations as a stream.

use std::{
    future::poll_fn,
    pin::Pin,
    sync::{Arc, Weak},
    task::{Context, Poll},
};

use ably_base::{Annotation, Channel, ErrorInfo, Lagged, Subscribed};
use futures_core::Stream;

use crate::listeners::{Listeners, Queue, Types, lock};

/// Bound of a stream, in annotations.
const MAX_ANNOTATIONS: usize = 65_536;

/// Annotations of a channel as a stream of `Result<Arc<Annotation>, Lagged>`.
///
/// A reader that is too slow misses annotations and is told how many;
/// [`crate::RealtimeAnnotations::get`] has them all. Bounded by 65,536 annotations unless
/// [`AnnotationSubscription::bounded`] says otherwise. Dropping it unsubscribes; the channel stays attached.
#[must_use = "dropping it unsubscribes"]
pub struct AnnotationSubscription {
    queue: Arc<Queue>,
    listeners: Weak<Listeners>,
    attach: Option<Subscribed>,
    /// Keeps the client open.
    _channel: Channel,
}

impl AnnotationSubscription {
    /// A stream that is fed by `listeners`; one that is at its end when there are none.
    pub(crate) fn new(
        channel: Channel,
        listeners: Option<&Arc<Listeners>>,
        types: Types,
        attach: Subscribed,
    ) -> Self {
        let queue = Arc::new(Queue::new(types, MAX_ANNOTATIONS));
        match listeners {
            Some(listeners) => lock(&listeners.streams).push(queue.clone()),
            None => queue.end(),
        }
        Self {
            queue,
            listeners: listeners.map(Arc::downgrade).unwrap_or_default(),
            attach: Some(attach),
            _channel: channel,
        }
    }

    /// Resolves when the implicit attach has succeeded or failed; at once when there is none.
    ///
    /// # Errors
    /// - `40019` the plugin is not installed.
    /// - `93001` the channel is attached without the mode `annotation_subscribe`.
    /// - as [`Channel::attach`].
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing; call it again.
    pub async fn attached(&mut self) -> Result<(), ErrorInfo> {
        let Some(attach) = &mut self.attach else {
            return Ok(());
        };
        let result = attach.await;
        self.attach = None;
        result.map(|_| ())
    }

    /// Sets the bound, in annotations.
    pub fn bounded(self, annotations: usize) -> Self {
        self.queue.set_max(annotations);
        self
    }

    /// Keeps every annotation until it is read. Memory is then the only bound.
    pub fn unbounded(self) -> Self {
        self.bounded(usize::MAX)
    }

    /// The next annotation; `None` when the channel was released or the client has ended.
    ///
    /// # Errors
    /// [`Lagged`] annotations were missed; the stream goes on after it.
    ///
    /// # Cancel safety
    /// Dropping the future loses no annotation.
    pub async fn next(&mut self) -> Option<Result<Arc<Annotation>, Lagged>> {
        poll_fn(|cx| self.poll(cx)).await
    }

    /// An annotation that is there already.
    pub fn try_next(&mut self) -> Option<Result<Arc<Annotation>, Lagged>> {
        self.queue.lock().take()
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Arc<Annotation>, Lagged>>> {
        let mut q = self.queue.lock();
        if let Some(item) = q.take() {
            return Poll::Ready(Some(item));
        }
        if q.ended {
            return Poll::Ready(None);
        }
        if !q.waker.as_ref().is_some_and(|w| w.will_wake(cx.waker())) {
            q.waker = Some(cx.waker().clone());
        }
        Poll::Pending
    }
}

impl Stream for AnnotationSubscription {
    type Item = Result<Arc<Annotation>, Lagged>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll(cx)
    }
}

impl Drop for AnnotationSubscription {
    fn drop(&mut self) {
        if let Some(listeners) = self.listeners.upgrade() {
            lock(&listeners.streams).retain(|q| !Arc::ptr_eq(q, &self.queue));
        }
    }
}

impl std::fmt::Debug for AnnotationSubscription {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let waiting = self.queue.lock().len();
        write!(f, "AnnotationSubscription({waiting} waiting)")
    }
}

/// A stream that is dropped at once is noticed:
///
/// ```compile_fail
/// #![deny(unused_must_use)]
/// fn f(annotations: &ably_annotations::RealtimeAnnotations) { annotations.subscribe(()); }
/// ```
///
/// and one that is kept is not:
///
/// ```
/// #![deny(unused_must_use)]
/// fn f(annotations: &ably_annotations::RealtimeAnnotations) { let _s = annotations.subscribe(()); }
/// ```
#[cfg(doctest)]
pub struct MustUse;
