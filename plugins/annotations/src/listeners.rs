//! Who listens to a channel's annotations: callbacks and streams.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::Waker,
};

use ably_base::{Annotation, Channel, Emitter, Events, Lagged, Str};

use crate::{machine::Received, plugin::ID};

/// Which types a listener wants.
pub(crate) type Types = Events<Str>;

/// Listeners of one channel.
#[derive(Default)]
pub(crate) struct Listeners {
    pub(crate) callbacks: Emitter<Str, Arc<Annotation>>,
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
                if let Some(Received(annotations)) = event.downcast_ref() {
                    teller.tell(annotations);
                }
            });
            listeners
        })
    }

    fn tell(&self, annotations: &[Arc<Annotation>]) {
        let streams = lock(&self.streams).clone();
        for stream in &streams {
            stream.push(annotations);
        }
        for annotation in annotations {
            self.callbacks.emit(&type_of(annotation), annotation);
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
    types: Types,
    state: Mutex<QueueState>,
}

pub(crate) struct QueueState {
    annotations: VecDeque<Arc<Annotation>>,
    max: usize,
    missed: u64,
    pub(crate) waker: Option<Waker>,
    pub(crate) ended: bool,
}

impl Queue {
    pub(crate) fn new(types: Types, max: usize) -> Self {
        Self {
            types,
            state: Mutex::new(QueueState {
                annotations: VecDeque::new(),
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

    fn push(&self, annotations: &[Arc<Annotation>]) {
        let waker = {
            let mut q = self.lock();
            for annotation in annotations.iter().filter(|a| self.types.wants(&type_of(a))) {
                // A gap is in one place: nothing is kept until the reader was told of it.
                if q.annotations.len() >= q.max || q.missed > 0 {
                    q.missed += 1;
                } else {
                    q.annotations.push_back(annotation.clone());
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
    pub(crate) fn take(&mut self) -> Option<Result<Arc<Annotation>, Lagged>> {
        if let Some(annotation) = self.annotations.pop_front() {
            return Some(Ok(annotation));
        }
        let missed = std::mem::take(&mut self.missed);
        (missed > 0).then(|| Err(Lagged::new(missed)))
    }

    pub(crate) fn len(&self) -> usize {
        self.annotations.len()
    }
}

/// The event that listeners are told: as in ably-js, no type is an empty one.
fn type_of(annotation: &Annotation) -> Str {
    annotation.r#type.clone().unwrap_or_default()
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
