//! [`Stats`]: what was used in one interval.
//!
//! Spec: TS12.

use std::collections::BTreeMap;

use ably_base::{
    Str,
    protocol::{Item, Value},
};

use crate::{StatsIntervalGranularity, interval_time};

/// What an application used in one interval.
///
/// Spec: TS12.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Stats {
    /// When the interval begins, in UTC: `2026-02-03:15:04` and shorter. Spec: TS12a.
    pub interval_id: Str,
    /// How long the interval is, as the server says. Spec: TS12c.
    pub unit: Option<StatsIntervalGranularity>,
    /// The last part of the interval that is counted in, when the interval is not over. Spec: TS12q.
    pub in_progress: Option<Str>,
    /// Amounts by dotted path, such as `messages.inbound.all.messages.count`; those that are zero
    /// are left out. [`Stats::schema`] explains the paths. Spec: TS12r.
    pub entries: BTreeMap<Str, f64>,
    /// Where the JSON schema of the entries is. Spec: TS12s.
    pub schema: Option<Str>,
    /// The application. Spec: TS12t.
    pub app_id: Option<Str>,
}

impl Stats {
    /// The amount at a dotted path: 0 when there is none.
    pub fn count(&self, path: &str) -> f64 {
        self.entries.get(path).copied().unwrap_or(0.0)
    }

    /// When the interval begins, in ms since the epoch; `None` when the server's name of it cannot
    /// be read. Spec: TS12p.
    pub fn interval_time(&self) -> Option<i64> {
        interval_time(&self.interval_id)
    }

    /// Reads the wire form. What is of another type is left out.
    pub(crate) fn read(item: &Item) -> Self {
        let entries = match item.get("entries") {
            Some(Value::Map(entries)) => entries.as_slice(),
            _ => &[],
        };
        let amounts = entries.iter().filter_map(|(path, value)| match value {
            Value::Int(n) => Some((path.clone(), *n as f64)),
            Value::Float(n) => Some((path.clone(), *n)),
            _ => None,
        });
        Self {
            interval_id: item.text("intervalId").unwrap_or_default(),
            unit: item.text("unit").map(StatsIntervalGranularity::from),
            in_progress: item.text("inProgress"),
            entries: amounts.collect(),
            schema: item.text("schema"),
            app_id: item.text("appId"),
        }
    }
}
