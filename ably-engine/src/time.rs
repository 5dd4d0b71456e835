//! Time as an argument: [`Instant`] and [`Now`].

use core::time::Duration;

/// A point on the runtime's monotonic clock: microseconds since its origin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(pub u64);

impl Instant {
    /// This instant and `d` more; the far future when that overflows.
    #[must_use]
    pub fn after(self, d: Duration) -> Self {
        Self(
            self.0
                .saturating_add(u64::try_from(d.as_micros()).unwrap_or(u64::MAX)),
        )
    }

    /// How long ago `earlier` was; zero when it was not.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }
}

/// Both clocks, read together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Now {
    /// The monotonic clock, for timers.
    pub mono: Instant,
    /// The wall clock, ms since the epoch, for tokens and after a suspend.
    pub unix_ms: i64,
}

impl Now {
    /// How many ms more have passed since `earlier` by the wall clock than by the monotonic one.
    pub fn drift_since(self, earlier: Self) -> i64 {
        let mono = self.mono.since(earlier.mono).as_millis();
        let mono = i64::try_from(mono).unwrap_or(i64::MAX);
        let wall = self.unix_ms.saturating_sub(earlier.unix_ms);
        wall.saturating_sub(mono)
    }

    /// Time since `earlier` by whichever clock saw more of it: the monotonic clock of many systems
    /// stands still while the machine sleeps.
    pub fn elapsed_since(self, earlier: Self) -> Duration {
        let wall = u64::try_from(self.unix_ms.saturating_sub(earlier.unix_ms)).unwrap_or(0);
        self.mono
            .since(earlier.mono)
            .max(Duration::from_millis(wall))
    }
}
