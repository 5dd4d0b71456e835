//! [`StatsQuery`]: which statistics are wanted.
//!
//! Spec: RSC6b.

use std::time::SystemTime;

use ably_base::Str;
use ably_rest::{Direction, UnixMillis};

use crate::StatsIntervalGranularity;

/// Which statistics are wanted, and in what order. What is not said is left to the server.
///
/// Spec: RSC6b.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct StatsQuery(Vec<(String, String)>);

impl StatsQuery {
    /// The newest hundred minutes, the newest first.
    pub fn new() -> Self {
        Self::default()
    }

    /// From this time on: ms since the epoch, a [`SystemTime`], or the id of an interval. Spec:
    /// RSC6b1.
    pub fn start(self, time: impl Into<StatsTime>) -> Self {
        self.param("start", time.into().0)
    }

    /// Up to this time: ms since the epoch, a [`SystemTime`], or the id of an interval. Default
    /// now. Spec: RSC6b1.
    pub fn end(self, time: impl Into<StatsTime>) -> Self {
        self.param("end", time.into().0)
    }

    /// In this order; the server's default is backwards. Spec: RSC6b2.
    pub fn direction(self, direction: Direction) -> Self {
        let name = match direction {
            Direction::Backwards => "backwards",
            Direction::Forwards => "forwards",
        };
        self.param("direction", name)
    }

    /// So many a page; the server's default is 100 and its maximum 1000. Spec: RSC6b3.
    pub fn limit(self, n: u32) -> Self {
        self.param("limit", n)
    }

    /// In intervals of this length; the server's default is minutes. Spec: RSC6b4.
    #[allow(clippy::needless_pass_by_value)] // like the other setters
    pub fn unit(self, unit: StatsIntervalGranularity) -> Self {
        self.param("unit", unit.as_str())
    }

    /// Any other parameter, in place of an earlier one of this name.
    pub fn param(mut self, name: impl Into<String>, value: impl ToString) -> Self {
        let name = name.into();
        self.0.retain(|(n, _)| *n != name);
        self.0.push((name, value.to_string()));
        self
    }

    pub(crate) fn into_params(self) -> Vec<(String, String)> {
        self.0
    }
}

/// The default query.
impl From<()> for StatsQuery {
    fn from((): ()) -> Self {
        Self::new()
    }
}

/// A time as the server understands it: ms since the epoch, or the id of an interval such as
/// `2026-02-03:15:04`, `2026-02-03:15`, `2026-02-03` or `2026-02`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatsTime(String);

/// Ms since the epoch.
impl From<i64> for StatsTime {
    fn from(ms: i64) -> Self {
        Self(ms.to_string())
    }
}

impl From<UnixMillis> for StatsTime {
    fn from(time: UnixMillis) -> Self {
        Self::from(time.0)
    }
}

/// Rounded towards the epoch.
impl From<SystemTime> for StatsTime {
    fn from(time: SystemTime) -> Self {
        UnixMillis::from(time).into()
    }
}

/// The id of an interval.
impl From<&str> for StatsTime {
    fn from(id: &str) -> Self {
        Self(id.into())
    }
}

/// The id of an interval.
impl From<String> for StatsTime {
    fn from(id: String) -> Self {
        Self(id)
    }
}

/// The id of an interval.
impl From<&Str> for StatsTime {
    fn from(id: &Str) -> Self {
        Self(String::from(&**id))
    }
}
