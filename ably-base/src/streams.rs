//! [`Streams`]: listeners of a channel that read in their own time.
//!
//! The socket is always read, so what is not read in time is kept up to a bound, and beyond that
//! missed; the reader is told how much.

use std::{
    collections::VecDeque,
    future::poll_fn,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use ably_engine::protocol::{Annotation, JsonText, Message, Operation, PresenceMessage, Str};

use crate::{Lagged, emitter::Events};

/// Default bound of a stream, in items.
const MAX_ITEMS: usize = 65_536;
/// Default bound of a stream, in bytes of [`Streamed::bytes`].
const MAX_BYTES: usize = 64 * 1024 * 1024;

/// Something that can wait in a stream.
pub trait Streamed {
    /// The bytes of its data, extras and other texts that a publisher can make long. What the server
    /// adds, and what a value takes by itself, the bound in items covers.
    fn bytes(&self) -> usize;

    /// Where it is in the channel's history, if it is.
    fn serial(&self) -> Option<&str> {
        None
    }
}

impl Streamed for Message {
    fn bytes(&self) -> usize {
        texts([&self.id, &self.name, &self.client_id, &self.encoding])
            + self.data.len()
            + json(&self.extras)
            + json(&self.summary)
            + self.operation.as_deref().map_or(0, operation)
    }

    fn serial(&self) -> Option<&str> {
        self.serial.as_deref()
    }
}

impl Streamed for PresenceMessage {
    fn bytes(&self) -> usize {
        texts([&self.id, &self.client_id, &self.encoding]) + self.data.len() + json(&self.extras)
    }
}

impl Streamed for Annotation {
    fn bytes(&self) -> usize {
        texts([&self.id, &self.name, &self.client_id, &self.encoding])
            + texts([&self.r#type])
            + self.data.len()
            + json(&self.extras)
    }
}

fn texts<const N: usize>(all: [&Option<Str>; N]) -> usize {
    let len = |text: &Option<Str>| text.as_ref().map_or(0, |t| t.len());
    all.into_iter().map(len).sum()
}

fn json(text: &Option<JsonText>) -> usize {
    text.as_ref().map_or(0, |t| t.as_str().len())
}

fn operation(o: &Operation) -> usize {
    let metadata = o
        .metadata
        .iter()
        .map(|(name, fact)| name.len() + fact.len());
    texts([&o.client_id, &o.description]) + metadata.sum::<usize>()
}

/// The streams of a channel, each of the events that it wants. For behaviours that have streams of
/// their own; dropping it ends them.
pub struct Streams<E, T> {
    all: Mutex<All<E, T>>,
}

struct All<E, T> {
    queues: Arc<Vec<Arc<Queue<E, T>>>>,
    have_ended: bool,
}

struct Queue<E, T> {
    events: Events<E>,
    state: Mutex<State<T>>,
}

struct State<T> {
    items: VecDeque<Arc<T>>,
    bytes: usize,
    max_items: usize,
    max_bytes: usize,
    missed: u64,
    last_serial: Option<Str>,
    waker: Option<Waker>,
    has_ended: bool,
}

impl<E, T> Default for Streams<E, T> {
    fn default() -> Self {
        let all = All {
            queues: Arc::default(),
            have_ended: false,
        };
        Self {
            all: Mutex::new(all),
        }
    }
}

impl<E: Clone + PartialEq, T: Streamed> Streams<E, T> {
    /// A stream of `events`. It has ended when these have.
    pub fn open(self: &Arc<Self>, events: Events<E>) -> StreamReader<E, T> {
        let queue = Arc::new(Queue::new(events));
        let mut all = self.lock();
        if all.have_ended {
            queue.end();
        } else {
            Arc::make_mut(&mut all.queues).push(queue.clone());
        }
        drop(all);
        StreamReader {
            queue,
            streams: Some(self.clone()),
        }
    }

    /// Hands items to all who want them; `event` says which one an item is, if it is one that can be
    /// asked for.
    pub fn push<'a>(&self, items: &'a [Arc<T>], event: impl Fn(&'a T) -> Option<&'a E>)
    where
        E: 'a,
    {
        let queues = self.lock().queues.clone();
        for queue in queues.iter() {
            queue.push(items, &event);
        }
    }
}

impl<E, T> Streams<E, T> {
    fn lock(&self) -> MutexGuard<'_, All<E, T>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Nothing more will come.
    pub fn end(&self) {
        let queues = {
            let mut all = self.lock();
            all.have_ended = true;
            std::mem::take(&mut all.queues)
        };
        for queue in queues.iter() {
            queue.end();
        }
    }

    fn remove(&self, queue: &Arc<Queue<E, T>>) {
        let mut all = self.lock();
        if all.queues.iter().any(|q| Arc::ptr_eq(q, queue)) {
            let rest = all.queues.iter().filter(|q| !Arc::ptr_eq(q, queue));
            all.queues = Arc::new(rest.cloned().collect());
        }
    }
}

impl<E: Clone + PartialEq, T: Streamed> Queue<E, T> {
    fn push<'a>(&self, items: &'a [Arc<T>], event: &impl Fn(&'a T) -> Option<&'a E>)
    where
        E: 'a,
    {
        let waker = {
            let mut q = self.lock();
            for item in items {
                let is_wanted = || event(item).is_some_and(|e| self.events.wants(e));
                if self.events.is_all() || is_wanted() {
                    q.push(item);
                }
            }
            q.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl<E, T> Queue<E, T> {
    fn new(events: Events<E>) -> Self {
        Self {
            events,
            state: Mutex::new(State {
                items: VecDeque::new(),
                bytes: 0,
                max_items: MAX_ITEMS,
                max_bytes: MAX_BYTES,
                missed: 0,
                last_serial: None,
                waker: None,
                has_ended: false,
            }),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end(&self) {
        let waker = {
            let mut q = self.lock();
            q.has_ended = true;
            q.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl<T: Streamed> State<T> {
    fn push(&mut self, item: &Arc<T>) {
        let bytes = item.bytes();
        // After a gap nothing is kept until the reader was told of it, so that the gap is in one
        // place.
        let is_full = self.items.len() >= self.max_items
            || (self.bytes.saturating_add(bytes) > self.max_bytes && !self.items.is_empty());
        if is_full || self.missed > 0 {
            self.missed += 1;
        } else {
            self.bytes += bytes;
            self.items.push_back(item.clone());
        }
    }

    fn take(&mut self) -> Option<Result<Arc<T>, Lagged>> {
        if let Some(item) = self.items.pop_front() {
            self.bytes -= item.bytes();
            if self.missed > 0 && self.items.is_empty() {
                self.last_serial = item.serial().map(Str::new);
            }
            return Some(Ok(item));
        }
        let missed = std::mem::take(&mut self.missed);
        (missed > 0).then(|| {
            let mut lagged = Lagged::new(missed);
            lagged.since_serial = self.last_serial.take();
            Err(lagged)
        })
    }
}

/// The reader's end of a stream. Dropping it closes the stream.
pub struct StreamReader<E, T> {
    queue: Arc<Queue<E, T>>,
    streams: Option<Arc<Streams<E, T>>>,
}

impl<E, T: Streamed> StreamReader<E, T> {
    /// One that has ended.
    pub fn ended() -> Self {
        let queue = Arc::new(Queue::new(Events::default()));
        queue.end();
        Self {
            queue,
            streams: None,
        }
    }

    /// Sets the bounds: items, and [bytes](Streamed::bytes). Defaults: 65,536, and 64 MiB.
    pub fn set_bounds(&self, items: usize, bytes: usize) {
        let mut q = self.queue.lock();
        (q.max_items, q.max_bytes) = (items, bytes);
    }

    /// The next item; `None` at the end.
    ///
    /// # Errors
    /// [`Lagged`] items were missed; the stream goes on after it.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<Result<Arc<T>, Lagged>> {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    /// An item that is there already.
    pub fn try_next(&mut self) -> Option<Result<Arc<T>, Lagged>> {
        self.queue.lock().take()
    }

    /// As [`StreamReader::next`], for streams.
    pub fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Arc<T>, Lagged>>> {
        let mut q = self.queue.lock();
        if let Some(item) = q.take() {
            return Poll::Ready(Some(item));
        }
        if q.has_ended {
            return Poll::Ready(None);
        }
        if !q.waker.as_ref().is_some_and(|w| w.will_wake(cx.waker())) {
            q.waker = Some(cx.waker().clone());
        }
        Poll::Pending
    }

    /// How many items wait.
    pub fn waiting(&self) -> usize {
        self.queue.lock().items.len()
    }
}

impl<E, T> Drop for StreamReader<E, T> {
    fn drop(&mut self) {
        if let Some(streams) = &self.streams {
            streams.remove(&self.queue);
        }
    }
}

impl<E, T> std::fmt::Debug for Streams<E, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Streams({})", self.lock().queues.len())
    }
}

impl<E, T: Streamed> std::fmt::Debug for StreamReader<E, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "StreamReader({} waiting)", self.waiting())
    }
}
