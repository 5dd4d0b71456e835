//! What handles and the driver share.
//!
//! One lock guards the engine. Whoever takes it calls the engine and lets go: waiting, encoding,
//! logging, waking, calling the application and dropping what the application gave us all happen
//! without it.

use std::{
    collections::{BTreeMap, VecDeque},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    task::Waker,
};

use ably_engine::{
    AnyBox, ChannelEvent, ChannelId, ChannelStateChange, ConnectionEvent, ConnectionStateChange,
    Engine, Input, LogRecord, Now, OpId,
    protocol::{ErrorCode, ErrorInfo},
};

use super::publish::Waiting;
use crate::{
    HttpClient, Runtime,
    auth::Authority,
    client::{BehaviourListeners, MessageListeners},
    emitter::Emitter,
    ext::Plugins,
    rest::{Door, Inner, RestConfig, RestCore},
};

/// An answer that someone waits for.
pub(crate) enum Slot {
    Waiting(Option<Waker>),
    Done(AnyBox),
}

/// What is under the lock.
pub(crate) struct Locked {
    pub(crate) engine: Engine,
    pub(crate) replies: BTreeMap<OpId, Slot>,
    /// Publishes that wait for room, oldest first.
    pub(crate) room: VecDeque<Waiting>,
    /// What became of those that waited and were not polled since.
    pub(crate) submitted: BTreeMap<u64, Result<OpId, ErrorInfo>>,
    pub(crate) next_turn: u64,
    pub(crate) driver: Option<Waker>,
    /// The driver is gone: nothing will ever be answered.
    pub(crate) dead: bool,
}

/// Listeners of one channel.
#[derive(Default)]
pub(crate) struct ChannelListeners {
    pub(crate) states: Emitter<ChannelEvent, ChannelStateChange>,
    pub(crate) messages: MessageListeners,
    pub(crate) behaviours: BehaviourListeners,
}

impl ChannelListeners {
    /// Nothing more will come. Callbacks, and what they captured, are dropped; so are later ones.
    fn end(&self) {
        self.states.end();
        self.messages.end();
        self.behaviours.end();
    }
}

/// Listeners of all channels; `None` when the client has ended.
struct Registry<K>(Mutex<Option<BTreeMap<K, Arc<ChannelListeners>>>>);

impl<K: Ord + Copy> Registry<K> {
    const fn new() -> Self {
        Self(Mutex::new(Some(BTreeMap::new())))
    }

    fn lock(&self) -> MutexGuard<'_, Option<BTreeMap<K, Arc<ChannelListeners>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes the listeners of `channel`, unless somebody else has; ended ones when it is gone.
    fn make(&self, channel: K, exists: impl FnOnce() -> bool) -> Arc<ChannelListeners> {
        let made = self
            .lock()
            .as_mut()
            .map(|all| all.entry(channel).or_default().clone());
        let Some(made) = made else {
            let ended = Arc::<ChannelListeners>::default();
            ended.end();
            return ended;
        };
        // Asked last: whoever removes a channel forgets its listeners afterwards, so either they
        // are found there or it is noticed here.
        if !exists() {
            self.forget(channel);
        }
        made
    }

    fn forget(&self, channel: K) {
        let gone = self.lock().as_mut().and_then(|all| all.remove(&channel));
        if let Some(listeners) = gone {
            listeners.end();
        }
    }
}

pub(crate) struct Shared {
    lock: Mutex<Locked>,
    pub(crate) runtime: Arc<dyn Runtime>,
    pub(crate) plugins: Plugins,
    pub(crate) authority: Arc<Authority>,
    pub(crate) log: Arc<dyn crate::LogSink>,
    pub(crate) connection: Emitter<ConnectionEvent, ConnectionStateChange>,
    channels: Registry<ChannelId>,
    rest_config: RestConfig,
    /// Made when it is asked for first, as is `rest`.
    http: OnceLock<Arc<dyn HttpClient>>,
    rest: OnceLock<Arc<Inner>>,
}

impl Shared {
    pub(crate) fn new(
        engine: Engine,
        runtime: Arc<dyn Runtime>,
        plugins: Plugins,
        authority: Arc<Authority>,
        log: Arc<dyn crate::LogSink>,
        rest_config: RestConfig,
    ) -> Arc<Self> {
        Arc::new(Self {
            lock: Mutex::new(Locked {
                engine,
                replies: BTreeMap::new(),
                room: VecDeque::new(),
                submitted: BTreeMap::new(),
                next_turn: 0,
                driver: None,
                dead: false,
            }),
            runtime,
            plugins,
            authority,
            log,
            connection: Emitter::default(),
            channels: Registry::new(),
            rest_config,
            http: OnceLock::new(),
            rest: OnceLock::new(),
        })
    }

    /// The HTTP client, set up for this client. It may have no TLS, even where requests need it.
    pub(crate) fn http(&self) -> Result<Arc<dyn HttpClient>, ErrorInfo> {
        if let Some(http) = self.http.get() {
            return Ok(http.clone());
        }
        let made = self.rest_config.http_client(&self.plugins)?;
        Ok(self.http.get_or_init(|| made).clone())
    }

    /// What sends requests. Not a handle: it does not keep the client open.
    pub(crate) fn rest_core(self: &Arc<Self>) -> Result<RestCore, ErrorInfo> {
        let inner = match self.rest.get() {
            Some(inner) => inner.clone(),
            None => {
                let made = Inner::new(
                    self.rest_config.clone(),
                    self.http()?,
                    self.plugins.clone(),
                    self.authority.clone(),
                    self.log.clone(),
                )?;
                self.rest.get_or_init(|| made).clone()
            }
        };
        Ok(RestCore::new(inner, Door::Realtime(self.clone())))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Locked> {
        // A panic under the lock can only come from the engine; the driver's end resolves all.
        self.lock.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads something.
    pub(crate) fn read<R>(&self, f: impl FnOnce(&Engine) -> R) -> R {
        f(&self.lock().engine)
    }

    /// Changes something, then wakes the driver.
    pub(crate) fn mutate<R>(&self, f: impl FnOnce(&mut Locked, Now) -> R) -> R {
        let now = self.runtime.now();
        let (result, driver) = {
            let mut locked = self.lock();
            let result = f(&mut locked, now);
            (result, locked.driver.take())
        };
        if let Some(waker) = driver {
            waker.wake();
        }
        result
    }

    /// The listeners of a channel. Those of a channel that is gone have ended.
    pub(crate) fn listeners(&self, id: ChannelId) -> Arc<ChannelListeners> {
        if let Some(found) = self.find_listeners(id) {
            return found;
        }
        self.channels
            .make(id, || self.read(|e| e.channel_name(id).is_some()))
    }

    pub(crate) fn find_listeners(&self, id: ChannelId) -> Option<Arc<ChannelListeners>> {
        self.channels.lock().as_ref()?.get(&id).cloned()
    }

    pub(crate) fn forget_listeners(&self, id: ChannelId) {
        self.channels.forget(id);
    }

    /// Writes a log line. A sink that panics harms nobody.
    pub(crate) fn log(&self, record: &LogRecord) {
        // Where would it be told?
        let _ = catch_unwind(AssertUnwindSafe(|| self.log.log(record)));
    }

    /// Ends everything that waits: the driver is gone.
    pub(crate) fn end(&self) {
        let mut wake = Vec::new();
        let mut room: VecDeque<Waiting>;
        {
            let mut locked = self.lock();
            locked.dead = true;
            for slot in locked.replies.values_mut() {
                if let Slot::Waiting(waker) = slot {
                    wake.extend(waker.take());
                }
            }
            room = std::mem::take(&mut locked.room);
        }
        let channels = self.channels.lock().take();
        self.connection.end();
        for listeners in channels.iter().flat_map(BTreeMap::values) {
            listeners.end();
        }
        wake.extend(room.iter_mut().filter_map(|w| w.waker.take()));
        for waker in wake {
            waker.wake();
        }
    }
}

/// `80017`: the driver is gone.
pub(crate) fn ended() -> ErrorInfo {
    ErrorInfo::new(
        ErrorCode::CONNECTION_CLOSED,
        400,
        "the client has ended: it was closed and dropped, or its runtime was shut down",
    )
}

/// Held by every handle; when the last one goes, the client closes politely.
pub(crate) struct Handles(pub(crate) Arc<Shared>);

impl Drop for Handles {
    fn drop(&mut self) {
        self.0
            .mutate(|l, now| l.engine.handle_input(now, Input::HandlesGone));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listeners_made_while_the_channel_is_released_have_ended() {
        let registry = Registry::new();
        let late = registry.make(1, || false);
        let meanwhile = registry.make(2, || {
            // Another thread removes the channel right after it was asked for.
            registry.forget(2);
            true
        });
        let there = registry.make(3, || true);
        assert!(late.states.has_ended() && meanwhile.states.has_ended());
        assert!(!there.states.has_ended());
        assert_eq!(registry.lock().as_ref().map(BTreeMap::len), Some(1));
        registry.lock().take();
        assert!(registry.make(4, || true).states.has_ended());
    }
}
