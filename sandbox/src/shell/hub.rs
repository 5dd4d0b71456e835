//! The core, shared between sockets, requests and the timer.
//!
//! The lock is held for one synchronous call and never across an await. After every call, those
//! whose transports have something to send are woken.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, watch};

use crate::core::{Core, Outgoing, TransportId};
use crate::shell::clock::Clock;

/// What everything in the shell shares.
#[derive(Debug)]
pub(crate) struct Hub {
    core: Mutex<Core>,
    clock: Clock,
    sockets: Mutex<BTreeMap<TransportId, Arc<Notify>>>,
    timer: Notify,
    stop: watch::Receiver<bool>,
}

impl Hub {
    pub(crate) fn new(core: Core, clock: Clock, stop: watch::Receiver<bool>) -> Hub {
        Hub {
            core: Mutex::new(core),
            clock,
            sockets: Mutex::new(BTreeMap::new()),
            timer: Notify::new(),
            stop,
        }
    }

    /// Calls the core and wakes whom that concerns.
    pub(crate) fn with<R>(&self, call: impl FnOnce(&mut Core, u64) -> R) -> R {
        let (result, wakeups, earlier) = {
            let mut core = lock(&self.core);
            let before = core.next_timeout();
            let result = call(&mut core, self.clock.now());
            let after = core.next_timeout();
            let earlier = after.is_some() && before.is_none_or(|before| after < Some(before));
            (result, core.take_wakeups(), earlier)
        };
        if !wakeups.is_empty() {
            let sockets = lock(&self.sockets);
            for socket in wakeups.iter().filter_map(|id| sockets.get(id)) {
                socket.notify_one();
            }
        }
        if earlier {
            self.timer.notify_one();
        }
        result
    }

    /// Takes the next thing to do on a socket.
    pub(crate) fn poll_send(&self, id: TransportId) -> Option<Outgoing> {
        lock(&self.core).poll_send(id)
    }

    /// Says whether reading from a client should pause.
    pub(crate) fn is_congested(&self, id: TransportId) -> bool {
        lock(&self.core).is_congested(id)
    }

    /// Returns what is notified when a transport has something to send.
    pub(crate) fn register(&self, id: TransportId) -> Arc<Notify> {
        let notify = Arc::new(Notify::new());
        lock(&self.sockets).insert(id, Arc::clone(&notify));
        notify
    }

    /// Tells the core that a socket is gone.
    pub(crate) fn unregister(&self, id: TransportId) {
        lock(&self.sockets).remove(&id);
        self.with(|core, now| core.lost(id, now));
    }

    /// Completes when the sandbox is to stop.
    pub(crate) async fn stopped(&self) {
        let mut stop = self.stop.clone();
        // An error means that the owner is gone, which also means stop.
        let _ = stop.wait_for(|stop| *stop).await;
    }

    /// Keeps the core's time until the sandbox is to stop.
    pub(crate) async fn run_timers(self: Arc<Hub>) {
        loop {
            let next = lock(&self.core).next_timeout();
            let wait = next.map_or(IDLE, |due| self.clock.until(due));
            tokio::select! {
                () = tokio::time::sleep(wait) => self.with(|core, now| core.handle_timeout(now)),
                () = self.timer.notified() => {}
                () = self.stopped() => return,
            }
        }
    }
}

// A panic in a call leaves plain data behind; serving on is better than refusing everybody.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

const IDLE: std::time::Duration = std::time::Duration::from_secs(60);
