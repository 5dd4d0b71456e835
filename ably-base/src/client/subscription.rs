//! [`Subscription`]: messages of a channel as a stream, and the listeners of a channel.

use std::{
    collections::VecDeque,
    future::poll_fn,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use ably_engine::protocol::{Message, Messages, Str};
use futures_core::Stream;

use crate::{
    emitter::{Emitter, Events},
    shell::{ChannelListeners, Handles, Pending},
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

/// Messages that a slow reader missed.
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

/// Default bound of a subscription, in messages.
const MAX_MESSAGES: usize = 65_536;
/// Default bound of a subscription, in bytes of data.
const MAX_BYTES: usize = 64 * 1024 * 1024;

pub(crate) struct Queue {
    names: Names,
    inner: Mutex<Inner>,
}

struct Inner {
    messages: VecDeque<Arc<Message>>,
    bytes: usize,
    max_messages: usize,
    max_bytes: usize,
    missed: u64,
    last_serial: Option<Str>,
    waker: Option<Waker>,
    ended: bool,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn deliver(&self, messages: &Messages) {
        let waker = {
            let mut q = self.lock();
            for m in messages {
                if !self.names.is_all()
                    && !m.name.as_ref().is_some_and(|name| self.names.wants(name))
                {
                    continue;
                }
                let bytes = m.data.len();
                // After a gap nothing is kept until the reader was told of it, so that the gap
                // is in one place.
                let full = q.messages.len() >= q.max_messages
                    || (q.bytes + bytes > q.max_bytes && !q.messages.is_empty());
                if full || q.missed > 0 {
                    q.missed += 1;
                    continue;
                }
                q.bytes += bytes;
                q.messages.push_back(m.clone());
            }
            q.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn end(&self) {
        let waker = {
            let mut q = self.lock();
            q.ended = true;
            q.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// Who gets the messages of a channel.
#[derive(Default)]
pub(crate) struct MessageListeners {
    streams: Mutex<Arc<Vec<Arc<Queue>>>>,
    pub(crate) callbacks: Emitter<Str, Arc<Message>>,
}

impl MessageListeners {
    fn lock(&self) -> MutexGuard<'_, Arc<Vec<Arc<Queue>>>> {
        self.streams.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands messages to all who want them. Returns how many callbacks panicked.
    pub(crate) fn deliver(&self, messages: &Messages) -> usize {
        let streams = self.lock().clone();
        for queue in streams.iter() {
            queue.deliver(messages);
        }
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
        // First, so that a stream that is added meanwhile is ended here or there.
        self.callbacks.end();
        let streams = self.lock().clone();
        for queue in streams.iter() {
            queue.end();
        }
    }

    fn add(&self, queue: Arc<Queue>) {
        Arc::make_mut(&mut *self.lock()).push(queue.clone());
        if self.callbacks.has_ended() {
            queue.end();
        }
    }

    fn remove(&self, queue: &Arc<Queue>) {
        Arc::make_mut(&mut *self.lock()).retain(|q| !Arc::ptr_eq(q, queue));
    }
}

/// Messages of a channel as a stream of `Result<Arc<Message>, Lagged>`.
///
/// The socket is always read: a reader that is too slow misses messages and is told how many.
/// Bounded by 65,536 messages and 64 MiB of data unless [`Subscription::bounded`] says otherwise.
/// Dropping it unsubscribes; the channel stays attached.
#[must_use = "dropping it unsubscribes"]
pub struct Subscription {
    queue: Arc<Queue>,
    listeners: Arc<ChannelListeners>,
    attach: Option<Pending<Option<ably_engine::ChannelStateChange>>>,
    _handles: Arc<Handles>,
}

impl Subscription {
    pub(super) fn new(
        handles: Arc<Handles>,
        listeners: Arc<ChannelListeners>,
        names: Names,
    ) -> Self {
        let queue = Arc::new(Queue {
            names,
            inner: Mutex::new(Inner {
                messages: VecDeque::new(),
                bytes: 0,
                max_messages: MAX_MESSAGES,
                max_bytes: MAX_BYTES,
                missed: 0,
                last_serial: None,
                waker: None,
                ended: false,
            }),
        });
        listeners.messages.add(queue.clone());
        Self {
            queue,
            listeners,
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

    /// Sets the bounds: messages, and bytes of data.
    pub fn bounded(self, messages: usize, bytes: usize) -> Self {
        {
            let mut q = self.queue.lock();
            q.max_messages = messages;
            q.max_bytes = bytes;
        }
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
        poll_fn(|cx| self.poll(cx)).await
    }

    /// A message that is there already.
    pub fn try_next(&mut self) -> Option<Result<Arc<Message>, Lagged>> {
        self.queue.lock().take()
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Arc<Message>, Lagged>>> {
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

impl Inner {
    fn take(&mut self) -> Option<Result<Arc<Message>, Lagged>> {
        if let Some(m) = self.messages.pop_front() {
            self.bytes -= m.data.len();
            if self.missed > 0 && self.messages.is_empty() {
                self.last_serial = m.serial.as_deref().map(Str::new);
            }
            return Some(Ok(m));
        }
        if self.missed > 0 {
            let missed = std::mem::take(&mut self.missed);
            return Some(Err(Lagged {
                missed,
                since_serial: self.last_serial.take(),
            }));
        }
        None
    }
}

impl Stream for Subscription {
    type Item = Result<Arc<Message>, Lagged>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll(cx)
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.listeners.messages.remove(&self.queue);
    }
}

impl std::fmt::Debug for Subscription {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Subscription({} waiting)",
            self.queue.lock().messages.len()
        )
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
