//! [`Subscription`]: messages of a channel as a stream, and the listeners of a channel.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use ably_engine::protocol::{Message, Messages, Str};
use futures_core::Stream;

use crate::{
    emitter::{Emitter, Events},
    shell::{ChannelListeners, Handles, Pending},
    streams::{StreamReader, Streams},
};

/// Which messages a subscriber wants: `()` for all, one name, or several.
pub type Names = Events<Str>;

impl From<&str> for Events<Str> {
    fn from(name: &str) -> Self {
        Self::from([name])
    }
}

impl From<String> for Events<Str> {
    fn from(name: String) -> Self {
        Self::from([name])
    }
}

impl From<Str> for Events<Str> {
    fn from(name: Str) -> Self {
        Self::from([name])
    }
}

impl From<&[&str]> for Events<Str> {
    fn from(names: &[&str]) -> Self {
        Self::from(names.iter().map(|n| Str::new(n)).collect::<Vec<_>>())
    }
}

/// Messages that a slow reader missed. The stream that says so goes on after it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lagged {
    /// How many.
    pub missed: u64,
    /// The serial of the last message that was delivered before the gap, to read the rest from
    /// history.
    pub since_serial: Option<Str>,
}

impl Lagged {
    /// A gap of `missed` messages, for plugins with streams of their own.
    pub fn new(missed: u64) -> Self {
        Self {
            missed,
            since_serial: None,
        }
    }
}

impl std::fmt::Display for Lagged {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} messages were missed because they were not read in time: read faster, or raise \
             the bound of the subscription",
            self.missed
        )
    }
}

impl std::error::Error for Lagged {}

/// Who gets the messages of a channel.
#[derive(Default)]
pub(crate) struct MessageListeners {
    streams: Arc<Streams<Str, Message>>,
    pub(crate) callbacks: Emitter<Str, Arc<Message>>,
}

impl MessageListeners {
    /// Hands messages to all who want them. Returns how many callbacks panicked.
    pub(crate) fn deliver(&self, messages: &Messages) -> usize {
        self.streams.push(messages, |m| m.name.as_ref());
        if self.callbacks.is_empty() {
            return 0;
        }
        let call = |m: &Arc<Message>| match &m.name {
            Some(name) => self.callbacks.emit(name, m),
            None => self.callbacks.emit_nameless(m),
        };
        messages.iter().map(call).sum()
    }

    pub(crate) fn end(&self) {
        self.callbacks.end();
        self.streams.end();
    }
}

/// Messages of a channel as a stream of `Result<Arc<Message>, Lagged>`.
///
/// The socket is always read: a reader that is too slow misses messages and is told how many.
/// Bounded by 65,536 messages and 64 MiB of their data, names and other texts unless
/// [`Subscription::bounded`] says otherwise.
/// Dropping it unsubscribes; the channel stays attached.
#[must_use = "dropping it unsubscribes"]
pub struct Subscription {
    reader: StreamReader<Str, Message>,
    attach: Option<Pending<Option<ably_engine::ChannelStateChange>>>,
    _handles: Arc<Handles>,
}

impl Subscription {
    pub(super) fn new(handles: Arc<Handles>, listeners: &ChannelListeners, names: Names) -> Self {
        Self {
            reader: listeners.messages.streams.open(names),
            attach: None,
            _handles: handles,
        }
    }

    pub(super) fn with_attach(
        mut self,
        attach: Option<Pending<Option<ably_engine::ChannelStateChange>>>,
    ) -> Self {
        self.attach = attach;
        self
    }

    /// Resolves when the implicit attach has succeeded or failed; at once when there is none.
    ///
    /// # Errors
    /// As [`super::Channel::attach`].
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing; call it again.
    pub async fn attached(&mut self) -> Result<(), ably_engine::protocol::ErrorInfo> {
        let Some(attach) = &mut self.attach else {
            return Ok(());
        };
        let result = attach.await;
        self.attach = None;
        result.map(|_| ())
    }

    /// Sets the bounds: messages, and bytes of their data, names and other texts.
    pub fn bounded(self, messages: usize, bytes: usize) -> Self {
        self.reader.set_bounds(messages, bytes);
        self
    }

    /// Keeps every message until it is read, however many. Memory is then the only bound.
    pub fn unbounded(self) -> Self {
        self.bounded(usize::MAX, usize::MAX)
    }

    /// The next message; `None` when the channel was released or the client has ended.
    ///
    /// `close()`, `detach()` and a failed channel do not end it: it goes on after `connect()` and
    /// `attach()`. Watch `state_changes()` for those.
    ///
    /// # Errors
    /// [`Lagged`] messages were missed; the stream goes on after it.
    ///
    /// # Cancel safety
    /// Dropping the future loses no message.
    pub async fn next(&mut self) -> Option<Result<Arc<Message>, Lagged>> {
        self.reader.next().await
    }

    /// A message that is there already.
    pub fn try_next(&mut self) -> Option<Result<Arc<Message>, Lagged>> {
        self.reader.try_next()
    }
}

impl Stream for Subscription {
    type Item = Result<Arc<Message>, Lagged>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().reader.poll_next(cx)
    }
}

impl std::fmt::Debug for Subscription {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Subscription({} waiting)", self.reader.waiting())
    }
}

/// A stream that is dropped at once is noticed:
///
/// ```compile_fail
/// #![deny(unused_must_use)]
/// fn f(channel: &ably_base::Channel) { channel.subscribe(()); }
/// ```
///
/// and one that is kept is not:
///
/// ```
/// #![deny(unused_must_use)]
/// fn f(channel: &ably_base::Channel) { let _s = channel.subscribe(()); }
/// ```
#[cfg(doctest)]
pub struct MustUse;
