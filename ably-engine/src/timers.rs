//! The table of named timers.

use alloc::collections::{BTreeMap, BTreeSet};

use crate::{ChannelId, Instant, OpId};

/// Every timer that the engine can have running, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Timer {
    /// `connecting` or `closing` takes too long.
    Transition,
    /// The preferred transport does not open (webSocketConnectTimeout). Before `Attempt`, which
    /// may be due at the same time.
    GiveUp,
    /// The preferred transport is slow to open (webSocketSlowTimeout).
    Slow,
    /// The probe does not open.
    Probe,
    /// One attempt on one host takes too long (realtimeRequestTimeout, RTN14c).
    Attempt,
    /// connectionStateTtl has passed without a connection.
    Suspend,
    /// The next attempt from `disconnected` or `suspended`.
    Retry,
    /// The server has been silent too long (RTN23a).
    Idle,
    /// The connection may be lost, and the server does not answer.
    Suspect,
    /// A ping was not answered.
    Ping(OpId),
    /// ATTACHED or DETACHED has not come (RTL4f, RTL5f).
    ChannelState(ChannelId),
    /// Attach again from `suspended` (RTL13b).
    ChannelRetry(ChannelId),
    /// A behaviour asked to be called.
    Behaviour(ChannelId, usize),
}

/// Which timers run, and until when.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    by_time: BTreeSet<(Instant, Timer)>,
    by_name: BTreeMap<Timer, Instant>,
}

impl Timers {
    /// Starts `timer`, replacing a running one of the same name.
    pub(crate) fn start(&mut self, timer: Timer, at: Instant) {
        self.stop(timer);
        self.by_name.insert(timer, at);
        self.by_time.insert((at, timer));
    }

    /// Stops `timer` if it runs.
    pub(crate) fn stop(&mut self, timer: Timer) {
        if let Some(at) = self.by_name.remove(&timer) {
            self.by_time.remove(&(at, timer));
        }
    }

    pub(crate) fn is_running(&self, timer: Timer) -> bool {
        self.by_name.contains_key(&timer)
    }

    /// When the next timer is due.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.by_time.first().map(|(at, _)| *at)
    }

    /// Takes one timer that is due.
    pub(crate) fn take_due(&mut self, now: Instant) -> Option<Timer> {
        let (at, timer) = *self.by_time.first()?;
        if at > now {
            return None;
        }
        self.stop(timer);
        Some(timer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timers_fire_in_order_of_time_and_a_restart_replaces() {
        let mut t = Timers::default();
        t.start(Timer::Retry, Instant(30));
        t.start(Timer::Idle, Instant(20));
        t.start(Timer::Retry, Instant(10));
        assert_eq!(t.next(), Some(Instant(10)));
        assert_eq!(t.take_due(Instant(9)), None);
        assert_eq!(t.take_due(Instant(25)), Some(Timer::Retry));
        assert_eq!(t.take_due(Instant(25)), Some(Timer::Idle));
        assert_eq!(t.take_due(Instant(99)), None);
        assert!(!t.is_running(Timer::Idle));
    }
}
