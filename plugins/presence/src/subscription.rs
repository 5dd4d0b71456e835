//! [`PresenceSubscription`]: presence events as a stream.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use ably_base::{
    Channel, ErrorInfo, Lagged, PresenceAction, PresenceMessage, StreamReader, Subscribed,
};
use futures_core::Stream;

/// Presence events of a channel as a stream of `Result<Arc<PresenceMessage>, Lagged>`.
///
/// A reader that is too slow misses events and is told how many; ask [`crate::Presence::get`] for
/// the members then. Bounded by 65,536 events and 64 MiB of their data, client ids and other
/// texts unless [`PresenceSubscription::bounded`] says otherwise. Dropping it unsubscribes; the channel stays attached.
#[must_use = "dropping it unsubscribes"]
pub struct PresenceSubscription {
    reader: StreamReader<PresenceAction, PresenceMessage>,
    attach: Option<Subscribed>,
    /// Keeps the client open.
    _channel: Channel,
}

impl PresenceSubscription {
    pub(crate) fn new(
        channel: Channel,
        reader: StreamReader<PresenceAction, PresenceMessage>,
        attach: Subscribed,
    ) -> Self {
        Self {
            reader,
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

    /// Sets the bounds: events, and bytes of their data, client ids and other texts.
    pub fn bounded(self, events: usize, bytes: usize) -> Self {
        self.reader.set_bounds(events, bytes);
        self
    }

    /// Keeps every event until it is read. Memory is then the only bound.
    pub fn unbounded(self) -> Self {
        self.bounded(usize::MAX, usize::MAX)
    }

    /// The next event; `None` when the channel was released or the client has ended.
    ///
    /// # Errors
    /// [`Lagged`] events were missed; the stream goes on after it.
    ///
    /// # Cancel safety
    /// Dropping the future loses no event.
    pub async fn next(&mut self) -> Option<Result<Arc<PresenceMessage>, Lagged>> {
        self.reader.next().await
    }

    /// An event that is there already.
    pub fn try_next(&mut self) -> Option<Result<Arc<PresenceMessage>, Lagged>> {
        self.reader.try_next()
    }
}

impl Stream for PresenceSubscription {
    type Item = Result<Arc<PresenceMessage>, Lagged>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().reader.poll_next(cx)
    }
}

impl std::fmt::Debug for PresenceSubscription {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PresenceSubscription({} waiting)", self.reader.waiting())
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
