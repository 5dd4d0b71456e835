//! Positions in a channel.
//!
//! Every event of a channel gets the next position. Its text, the channelSerial, grows
//! lexicographically and ends in the channel's series, a random name: a serial of an earlier life of
//! the channel is recognised as foreign instead of resuming in the wrong place.

use std::fmt;

/// A place in a channel's order of events.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Position {
    /// Milliseconds; never runs backwards within a channel.
    pub(crate) time: u64,
    /// Counts events of the same millisecond.
    pub(crate) counter: u32,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:014}-{:06}", self.time, self.counter)
    }
}

/// Gives out a channel's positions.
#[derive(Clone, Debug)]
pub(crate) struct Series {
    name: String,
    last: Position,
}

impl Series {
    /// Starts a series at `now`.
    pub(crate) fn new(name: String, now: u64) -> Series {
        let last = Position {
            time: now,
            counter: 0,
        };
        Series { name, last }
    }

    /// Goes on with an earlier series.
    pub(crate) fn restore(name: String, last: Position) -> Series {
        Series { name, last }
    }

    /// Returns the series' name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Makes sure that what follows comes after a position.
    pub(crate) fn reach(&mut self, position: Position) {
        self.last = self.last.max(position);
    }

    /// Returns the position of the latest event.
    pub(crate) fn last(&self) -> Position {
        self.last
    }

    /// Takes the next position.
    pub(crate) fn advance(&mut self, now: u64) -> Position {
        self.last = if now > self.last.time {
            Position {
                time: now,
                counter: 0,
            }
        } else {
            Position {
                time: self.last.time,
                counter: self.last.counter.saturating_add(1),
            }
        };
        self.last
    }

    /// Returns the channelSerial of a position.
    pub(crate) fn serial(&self, position: Position) -> String {
        format!("{position}@{}", self.name)
    }

    /// Reads a channelSerial, or the serial of a message; `None` if it is not of this series.
    pub(crate) fn parse(&self, serial: &str) -> Option<Position> {
        let (position, series) = serial.split_once('@')?;
        let series = series.split(':').next()?;
        let (time, counter) = position.split_once('-')?;
        if series != self.name {
            return None;
        }
        Some(Position {
            time: time.parse().ok()?,
            counter: counter.parse().ok()?,
        })
    }
}
