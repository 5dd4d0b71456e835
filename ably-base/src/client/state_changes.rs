//! [`StateChanges`]: changes of a state as a stream.

use std::{
    collections::VecDeque,
    future::poll_fn,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, Waker},
};

use futures_core::Stream;

use crate::shell::Handles;

/// Changes kept for a reader that does not read. States change rarely; the oldest go first.
const MAX_KEPT: usize = 1024;

/// A stream of changes of a connection or channel. Dropping it stops it.
#[must_use = "dropping it stops it"]
pub struct StateChanges<T> {
    queue: Arc<Mutex<Queue<T>>>,
    handles: Arc<Handles>,
    stop: Option<Stop>,
}

type Stop = Box<dyn FnOnce(&Handles) + Send>;

struct Queue<T> {
    changes: VecDeque<T>,
    waker: Option<Waker>,
    ended: bool,
}

/// Where the listener puts changes.
pub(super) struct Sink<T>(Arc<Mutex<Queue<T>>>);

impl<T: Clone> Sink<T> {
    pub(super) fn push(&self, change: &T) {
        let waker = {
            let mut q = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if q.changes.len() == MAX_KEPT {
                q.changes.pop_front();
            }
            q.changes.push_back(change.clone());
            q.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// The listener is gone: the channel was released or the client has ended.
impl<T> Drop for Sink<T> {
    fn drop(&mut self) {
        let waker = {
            let mut q = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            q.ended = true;
            q.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl<T> StateChanges<T> {
    pub(super) fn new(handles: Arc<Handles>) -> Self {
        let queue = Queue {
            changes: VecDeque::new(),
            waker: None,
            ended: false,
        };
        Self {
            queue: Arc::new(Mutex::new(queue)),
            handles,
            stop: None,
        }
    }

    pub(super) fn sink(&self) -> Sink<T> {
        Sink(self.queue.clone())
    }

    pub(super) fn until_dropped(mut self, stop: impl FnOnce(&Handles) + Send + 'static) -> Self {
        self.stop = Some(Box::new(stop));
        self
    }

    /// The next change; `None` when the client has ended.
    ///
    /// # Cancel safety
    /// Dropping the future loses no change.
    pub async fn next(&mut self) -> Option<T> {
        poll_fn(|cx| self.poll(cx)).await
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let mut q = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        match q.changes.pop_front() {
            Some(change) => Poll::Ready(Some(change)),
            None if q.ended => Poll::Ready(None),
            None => {
                q.waker = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl<T> Stream for StateChanges<T> {
    type Item = T;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        self.get_mut().poll(cx)
    }
}

impl<T> Drop for StateChanges<T> {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            stop(&self.handles);
        }
    }
}

impl<T> std::fmt::Debug for StateChanges<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("StateChanges")
    }
}

/// A stream that is dropped at once is noticed:
///
/// ```compile_fail
/// #![deny(unused_must_use)]
/// fn f(channel: &ably_base::Channel) { channel.state_changes(); }
/// ```
///
/// and one that is kept is not:
///
/// ```
/// #![deny(unused_must_use)]
/// fn f(channel: &ably_base::Channel) { let _s = channel.state_changes(); }
/// ```
#[cfg(doctest)]
pub struct MustUse;
