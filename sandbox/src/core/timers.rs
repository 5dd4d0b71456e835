//! One table of everything that will be due.
//!
//! A timer only says "look at this again": its owner checks its own deadlines, so one that is late,
//! doubled or outlived does no harm and nothing has to be cancelled.

use std::collections::BTreeSet;

use crate::core::transport::TransportId;

/// What to look at.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Timer {
    /// Heartbeats and silence of a transport.
    Transport(TransportId),
    /// Resume window, presence window and token of a connection.
    Connection(String),
    /// Who is on a channel, by app and name.
    Occupancy(String, String),
    /// Retention of all channels.
    Sweep,
}

/// The table.
#[derive(Debug, Default)]
pub(crate) struct Timers(BTreeSet<(u64, Timer)>);

impl Timers {
    /// Adds a timer.
    pub(crate) fn schedule(&mut self, due: u64, timer: Timer) {
        self.0.insert((due, timer));
    }

    /// Returns when the next timer is due.
    pub(crate) fn next(&self) -> Option<u64> {
        self.0.first().map(|(due, _)| *due)
    }

    /// Takes a timer that is due.
    pub(crate) fn pop(&mut self, now: u64) -> Option<Timer> {
        if self.next()? > now {
            return None;
        }
        self.0.pop_first().map(|(_, timer)| timer)
    }
}
