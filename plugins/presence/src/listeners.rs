//! Who listens to a channel's presence: callbacks and streams.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::Waker,
};

use ably_base::{Channel, Emitter, Events, Lagged, PresenceAction, PresenceMessage};

use crate::{machine::Changes, plugin::ID};

/// Which actions a listener wants.
pub(crate) type Actions = Events<PresenceAction>;

/// Listeners of one channel.
#[derive(Default)]
pub(crate) struct Listeners {
    pub(crate) callbacks: Emitter<PresenceAction, Arc<PresenceMessage>>,
    /// The waker of each stream is under its own lock.
    pub(crate) streams: Mutex<Vec<Arc<Queue>>>,
}

impl Listeners {
    /// Those of `channel`, made when they are asked for first.
    pub(crate) fn of(channel: &Channel) -> Arc<Self> {
        channel.extension(|events| {
            let listeners = Arc::new(Self::default());
            let teller = listeners.clone();
            events.on([ID], move |event| {
                if let Some(Changes(changes)) = event.downcast_ref() {
                    teller.tell(changes);
                }
            });
            listeners
        })
    }

    fn tell(&self, changes: &[Arc<PresenceMessage>]) {
        let streams = lock(&self.streams).clone();
        for stream in &streams {
            stream.push(changes);
        }
        for message in changes {
            self.callbacks.emit(&message.action, message);
        }
    }
}

/// The channel was released or the client has ended.
impl Drop for Listeners {
    fn drop(&mut self) {
        for stream in lock(&self.streams).iter() {
            stream.end();
        }
    }
}

/// What one stream has not yet read.
pub(crate) struct Queue {
    actions: Actions,
    state: Mutex<QueueState>,
}

pub(crate) struct QueueState {
    messages: VecDeque<Arc<PresenceMessage>>,
    max: usize,
    missed: u64,
    pub(crate) waker: Option<Waker>,
    pub(crate) ended: bool,
}

impl Queue {
    pub(crate) fn new(actions: Actions, max: usize) -> Self {
        Self {
            actions,
            state: Mutex::new(QueueState {
                messages: VecDeque::new(),
                max,
                missed: 0,
                waker: None,
                ended: false,
            }),
        }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, QueueState> {
        lock(&self.state)
    }

    pub(crate) fn set_max(&self, max: usize) {
        self.lock().max = max;
    }

    fn push(&self, changes: &[Arc<PresenceMessage>]) {
        let waker = {
            let mut q = self.lock();
            for message in changes.iter().filter(|m| self.actions.wants(&m.action)) {
                // A gap is in one place: nothing is kept until the reader was told of it.
                if q.messages.len() >= q.max || q.missed > 0 {
                    q.missed += 1;
                } else {
                    q.messages.push_back(message.clone());
                }
            }
            q.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    pub(crate) fn end(&self) {
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

impl QueueState {
    pub(crate) fn take(&mut self) -> Option<Result<Arc<PresenceMessage>, Lagged>> {
        if let Some(message) = self.messages.pop_front() {
            return Some(Ok(message));
        }
        let missed = std::mem::take(&mut self.missed);
        (missed > 0).then(|| Err(Lagged::new(missed)))
    }

    pub(crate) fn len(&self) -> usize {
        self.messages.len()
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
