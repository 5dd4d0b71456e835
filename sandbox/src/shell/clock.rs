//! The clock that the core is driven by: Unix ms at the start, and monotonic from there.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A clock that never runs backwards.
#[derive(Debug)]
pub(crate) struct Clock {
    unix: Duration,
    start: Instant,
}

impl Clock {
    pub(crate) fn new() -> Clock {
        let unix = SystemTime::now().duration_since(UNIX_EPOCH);
        Clock {
            unix: unix.unwrap_or_default(),
            start: Instant::now(),
        }
    }

    /// Returns the time in Unix ms.
    pub(crate) fn now(&self) -> u64 {
        let now = self.unix + self.start.elapsed();
        u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
    }

    /// Returns how long it is until a time in Unix ms.
    pub(crate) fn until(&self, due: u64) -> Duration {
        Duration::from_millis(due.saturating_sub(self.now()))
    }
}
