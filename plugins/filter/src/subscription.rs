//! [`FilteredSubscription`]: messages that match, as a stream.

use std::{
    future::poll_fn,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use ably_base::{ErrorInfo, Lagged, Message, Subscription};
use futures_core::Stream;

use crate::MessageFilter;

/// Messages of a channel that match, as a stream of `Result<Arc<Message>, Lagged>`.
///
/// As [`Subscription`], with its bounds: messages that do not match count for them, and for what
/// was missed, for they are looked at when they are read. Dropping it unsubscribes.
#[must_use = "dropping it unsubscribes"]
#[derive(Debug)]
pub struct FilteredSubscription {
    all: Subscription,
    filter: MessageFilter,
}

impl FilteredSubscription {
    pub(crate) fn new(all: Subscription, filter: MessageFilter) -> Self {
        Self { all, filter }
    }

    /// Resolves when the implicit attach has succeeded or failed; at once when there is none.
    ///
    /// # Errors
    /// As [`ably_base::Channel::attach`].
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing; call it again.
    pub async fn attached(&mut self) -> Result<(), ErrorInfo> {
        self.all.attached().await
    }

    /// Sets the bounds: messages, and bytes of data.
    pub fn bounded(self, messages: usize, bytes: usize) -> Self {
        Self::new(self.all.bounded(messages, bytes), self.filter)
    }

    /// Keeps every message until it is read, however many. Memory is then the only bound.
    pub fn unbounded(self) -> Self {
        Self::new(self.all.unbounded(), self.filter)
    }

    /// The next message; `None` when the channel was released or the client has ended.
    ///
    /// # Errors
    /// [`Lagged`] messages were missed; the stream goes on after it.
    ///
    /// # Cancel safety
    /// Dropping the future loses no message.
    pub async fn next(&mut self) -> Option<Result<Arc<Message>, Lagged>> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// A message that is there already.
    pub fn try_next(&mut self) -> Option<Result<Arc<Message>, Lagged>> {
        loop {
            let next = self.all.try_next()?;
            if self.wants(&next) {
                return Some(next);
            }
        }
    }

    fn wants(&self, next: &Result<Arc<Message>, Lagged>) -> bool {
        next.as_ref().map_or(true, |m| self.filter.admits(m))
    }
}

impl Stream for FilteredSubscription {
    type Item = Result<Arc<Message>, Lagged>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            match Pin::new(&mut this.all).poll_next(cx) {
                Poll::Ready(Some(next)) if !this.wants(&next) => {}
                other => return other,
            }
        }
    }
}
