//! [`PresenceSubscription`]: presence events as a stream.

use std::{
    future::poll_fn,
    pin::Pin,
    sync::{Arc, Weak},
    task::{Context, Poll},
};

use ably_base::{Channel, ErrorInfo, Lagged, PresenceMessage, Subscribed};
use futures_core::Stream;

use crate::listeners::{Actions, Listeners, Queue, lock};

/// Bound of a stream, in events.
const MAX_EVENTS: usize = 65_536;

/// Presence events of a channel as a stream of `Result<Arc<PresenceMessage>, Lagged>`.
///
/// A reader that is too slow misses events and is told how many; ask [`crate::Presence::get`] for
/// the members then. Bounded by 65,536 events unless [`PresenceSubscription::bounded`] says
/// otherwise. Dropping it unsubscribes; the channel stays attached.
#[must_use = "dropping it unsubscribes"]
pub struct PresenceSubscription {
    queue: Arc<Queue>,
    listeners: Weak<Listeners>,
    attach: Option<Subscribed>,
    /// Keeps the client open.
    _channel: Channel,
}

impl PresenceSubscription {
    /// A stream that is fed by `listeners`; one that is at its end when there are none.
    pub(crate) fn new(
        channel: Channel,
        listeners: Option<&Arc<Listeners>>,
        actions: Actions,
        attach: Subscribed,
    ) -> Self {
        let queue = Arc::new(Queue::new(actions, MAX_EVENTS));
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

    /// Sets the bound, in events.
    pub fn bounded(self, events: usize) -> Self {
        self.queue.set_max(events);
        self
    }

    /// Keeps every event until it is read. Memory is then the only bound.
    pub fn unbounded(self) -> Self {
        self.bounded(usize::MAX)
    }

    /// The next event; `None` when the channel was released or the client has ended.
    ///
    /// # Errors
    /// [`Lagged`] events were missed; the stream goes on after it.
    ///
    /// # Cancel safety
    /// Dropping the future loses no event.
    pub async fn next(&mut self) -> Option<Result<Arc<PresenceMessage>, Lagged>> {
        poll_fn(|cx| self.poll(cx)).await
    }

    /// An event that is there already.
    pub fn try_next(&mut self) -> Option<Result<Arc<PresenceMessage>, Lagged>> {
        self.queue.lock().take()
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Arc<PresenceMessage>, Lagged>>> {
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

impl Stream for PresenceSubscription {
    type Item = Result<Arc<PresenceMessage>, Lagged>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll(cx)
    }
}

impl Drop for PresenceSubscription {
    fn drop(&mut self) {
        if let Some(listeners) = self.listeners.upgrade() {
            lock(&listeners.streams).retain(|q| !Arc::ptr_eq(q, &self.queue));
        }
    }
}

impl std::fmt::Debug for PresenceSubscription {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let waiting = self.queue.lock().len();
        write!(f, "PresenceSubscription({waiting} waiting)")
    }
}

/// A stream that is dropped at once is noticed:
///
/// ```compile_fail
/// #![deny(unused_must_use)]
/// fn f(presence: &ably_presence::Presence) { presence.subscribe(()); }
/// ```
///
/// and one that is kept is not:
///
/// ```
/// #![deny(unused_must_use)]
/// fn f(presence: &ably_presence::Presence) { let _s = presence.subscribe(()); }
/// ```
#[cfg(doctest)]
pub struct MustUse;
