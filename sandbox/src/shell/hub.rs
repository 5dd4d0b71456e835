//! The core, shared between sockets, requests and the timer.
//!
//! The lock is held for one synchronous call and never across an await. After every call, those
//! whose transports have something to send are woken.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};

use tokio::sync::{Notify, watch};

use crate::core::{Core, Outgoing, TransportId};
use crate::shell::clock::Clock;
use crate::shell::writer::Batch;

/// What everything in the shell shares.
#[derive(Debug)]
pub(crate) struct Hub {
    core: Mutex<Core>,
    clock: Clock,
    sockets: Mutex<BTreeMap<TransportId, Arc<Notify>>>,
    timer: Notify,
    stop: watch::Receiver<bool>,
    /// Where records go that are to be made durable.
    batches: Mutex<Option<mpsc::Sender<Batch>>>,
    durable: watch::Receiver<u64>,
}

impl Hub {
    pub(crate) fn new(
        core: Core,
        clock: Clock,
        stop: watch::Receiver<bool>,
        batches: Option<mpsc::Sender<Batch>>,
        durable: watch::Receiver<u64>,
    ) -> Hub {
        Hub {
            batches: Mutex::new(batches),
            durable,
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
            self.pass_on(&mut core);
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

    // Under the core's lock, so that batches go to the writer in their order.
    fn pass_on(&self, core: &mut Core) {
        if let Some(batch) = core.take_journal() {
            if let Some(batches) = lock(&self.batches).as_ref() {
                // A writer that has failed stops the sandbox; there is nobody else to tell.
                let _ = batches.send(batch);
            }
        }
    }

    /// Calls the core and waits until what it did is on disk.
    pub(crate) async fn with_durable<R>(&self, call: impl FnOnce(&mut Core, u64) -> R) -> R {
        let (result, number) = self.with(|core, now| (call(core, now), core.last_record()));
        if number > 0 {
            let mut durable = self.durable.clone();
            let on_disk = durable.wait_for(|durable| *durable >= number).await.is_ok();
            if !on_disk {
                // The writer is gone without having written it: this must never be answered.
                std::future::pending::<()>().await;
            }
        }
        result
    }

    /// Returns the whole state, with the number of the last record in it.
    pub(crate) fn snapshot(&self) -> (u64, Vec<Vec<u8>>) {
        let mut core = lock(&self.core);
        self.pass_on(&mut core);
        (core.last_record(), core.snapshot())
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
        let before = lock(&self.sockets).insert(id, Arc::clone(&notify));
        // A recv that was superseded has to see that.
        if let Some(before) = before {
            before.notify_one();
        }
        notify
    }

    /// Ends what [`Hub::register`] began, unless another has taken the place.
    pub(crate) fn release(&self, id: TransportId, notify: &Arc<Notify>) {
        let mut sockets = lock(&self.sockets);
        if sockets
            .get(&id)
            .is_some_and(|known| Arc::ptr_eq(known, notify))
        {
            sockets.remove(&id);
        }
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
                () = self.stopped() => break,
            }
        }
        // The writer ends when it has written what it has.
        *lock(&self.batches) = None;
    }
}

// A panic in a call leaves plain data behind; serving on is better than refusing everybody.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

const IDLE: std::time::Duration = std::time::Duration::from_secs(60);
