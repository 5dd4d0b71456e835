//! [`Taken`].

use std::{
    future::pending,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, OnceLock, PoisonError, RwLock, RwLockReadGuard},
    time::Duration,
};

use tokio::{runtime::Handle, task::AbortHandle, time::sleep};

/// A runtime that is in use, and whether it is still there.
///
/// A timer that is polled after its runtime was shut down panics, and tokio has no way to ask. So a
/// task waits in the runtime for as long as it is used: tokio drops all tasks before it stops the
/// timers, and the lock lets it go on to that only while no timer is polled.
#[derive(Debug)]
pub(crate) struct Taken {
    handle: Handle,
    has_gone: Arc<RwLock<bool>>,
    sentinel: AbortHandle,
    has_timers: OnceLock<bool>,
}

/// Dropped with the runtime's tasks.
struct Sentinel(Arc<RwLock<bool>>);

impl Drop for Sentinel {
    fn drop(&mut self) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = true;
    }
}

impl Taken {
    pub(crate) fn new(handle: Handle) -> Arc<Self> {
        let has_gone = Arc::new(RwLock::new(false));
        let sentinel = Sentinel(has_gone.clone());
        let task = handle.spawn(async move {
            let _sentinel = sentinel;
            pending::<()>().await;
        });
        Arc::new(Self {
            handle,
            has_gone,
            sentinel: task.abort_handle(),
            has_timers: OnceLock::new(),
        })
    }

    pub(crate) fn handle(&self) -> &Handle {
        &self.handle
    }

    pub(crate) fn has_gone(&self) -> bool {
        *self.state()
    }

    /// Whether the runtime was made with `enable_time`. Making a timer is the only way to find out:
    /// without them it panics, here and not in a task where nobody would see why.
    pub(crate) fn has_timers(&self) -> bool {
        *self.has_timers.get_or_init(|| {
            let _guard = self.handle.enter();
            catch_unwind(AssertUnwindSafe(|| drop(sleep(Duration::ZERO)))).is_ok()
        })
    }

    /// Calls `f` while the runtime is kept from going; `None` when it has gone.
    pub(crate) fn if_there<R>(&self, f: impl FnOnce(&Handle) -> R) -> Option<R> {
        let has_gone = self.state();
        (!*has_gone).then(|| f(&self.handle))
    }

    fn state(&self) -> RwLockReadGuard<'_, bool> {
        self.has_gone.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.sentinel.abort();
    }
}
