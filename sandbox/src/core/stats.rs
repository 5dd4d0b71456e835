//! Statistics of an app: counted minute by minute, added up on demand.
//!
//! Only what happened is counted (`messages.inbound.realtime.messages.count`); the sums over it
//! (`messages.all.all.count`) are made when somebody asks.
//!
//! Spec: TS.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::core::interval::Unit;
use crate::wire::Value;

/// Amounts by dotted path.
pub(crate) type Entries = BTreeMap<Cow<'static, str>, f64>;

/// Where a kind of message is counted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Meter(&'static str, &'static str);

macro_rules! meter {
    ($path:literal) => {
        Meter(
            concat!("messages.", $path, ".count"),
            concat!("messages.", $path, ".data"),
        )
    };
}

impl Meter {
    pub(crate) const REALTIME_IN: Meter = meter!("inbound.realtime.messages");
    pub(crate) const REST_IN: Meter = meter!("inbound.rest.messages");
    pub(crate) const REALTIME_OUT: Meter = meter!("outbound.realtime.messages");
    pub(crate) const REST_OUT: Meter = meter!("outbound.rest.messages");
    pub(crate) const PRESENCE_IN: Meter = meter!("inbound.realtime.presence");
    pub(crate) const PRESENCE_OUT: Meter = meter!("outbound.realtime.presence");
    pub(crate) const PERSISTED: Meter = meter!("persisted.messages");
    pub(crate) const PUSH_OUT: Meter = meter!("outbound.push.messages");
}

/// What is counted of an app.
#[derive(Debug, Default)]
pub(crate) struct Stats {
    minutes: BTreeMap<u64, Entries>,
    /// Minutes that are not written down as they are now.
    changed: BTreeSet<u64>,
    connections: u64,
}

impl Stats {
    /// Counts something.
    pub(crate) fn count(&mut self, path: &'static str, amount: u64, now: u64) {
        self.add(now, Cow::Borrowed(path), amount as f64);
    }

    /// Counts messages and their bytes.
    pub(crate) fn messages(&mut self, meter: Meter, count: usize, bytes: usize, now: u64) {
        if count > 0 {
            self.count(meter.0, count as u64, now);
            self.count(meter.1, bytes as u64, now);
        }
    }

    /// Counts a connection that comes.
    pub(crate) fn connected(&mut self, now: u64) {
        self.connections += 1;
        self.count("connections.all.opened", 1, now);
        self.count("connections.all.peak", self.connections, now);
    }

    /// Counts a connection that goes.
    pub(crate) fn disconnected(&mut self) {
        self.connections = self.connections.saturating_sub(1);
    }

    /// Counts what lasts: connections and channels that nothing happens to.
    pub(crate) fn tick(&mut self, channels: usize, now: u64) {
        if self.connections > 0 {
            self.count("connections.all.peak", self.connections, now);
            self.count("channels.peak", channels as u64, now);
        }
    }

    /// Adds an amount to the minute of a time.
    pub(crate) fn add(&mut self, time: u64, path: Cow<'static, str>, amount: f64) {
        let time = Unit::Minute.start(time);
        self.changed.insert(time);
        let minute = self.minutes.entry(time).or_default();
        if minute.len() >= MAX_PATHS && !minute.contains_key(&path) {
            return;
        }
        combine(minute, path, amount);
        if self.minutes.len() > MAX_MINUTES {
            self.minutes.pop_first();
        }
        if self.changed.len() > MAX_MINUTES {
            self.changed.pop_first();
        }
    }

    /// Takes the minutes that have changed since.
    pub(crate) fn take_changed(&mut self) -> BTreeSet<u64> {
        std::mem::take(&mut self.changed)
    }

    pub(crate) fn minute(&self, time: u64) -> Option<(u64, &Entries)> {
        self.minutes.get(&time).map(|entries| (time, entries))
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = (u64, &Entries)> {
        self.minutes.iter().map(|(time, entries)| (*time, entries))
    }

    /// Makes a minute what it was.
    pub(crate) fn replace(&mut self, time: u64, entries: Entries) {
        self.minutes.insert(time, entries);
    }

    /// Returns the amounts of every interval that has any, from that of `start` to that of `end`.
    pub(crate) fn intervals(&self, unit: Unit, start: u64, end: u64) -> BTreeMap<u64, Entries> {
        let mut intervals: BTreeMap<u64, (Entries, BTreeMap<&str, f64>)> = BTreeMap::new();
        for (time, minute) in self.minutes.range(unit.start(start)..) {
            let start = unit.start(*time);
            if start > end {
                break;
            }
            let (entries, means) = intervals.entry(start).or_default();
            for (path, amount) in minute {
                if path.ends_with(".mean") {
                    *means.entry(path).or_default() += 1.0;
                }
                combine(entries, path.clone(), *amount);
            }
        }
        let done = intervals.into_iter().map(|(start, (mut entries, means))| {
            for (path, count) in means {
                if let Some(sum) = entries.get_mut(path) {
                    *sum /= count;
                }
            }
            add_sums(&mut entries);
            (start, entries)
        });
        done.collect()
    }

    /// Adds a record in the nested form of version 2.
    pub(crate) fn add_fixture(&mut self, time: u64, record: &Value) {
        let mut left = MAX_PATHS;
        if let Value::Map(groups) = record {
            for (name, group) in groups {
                let path = match name.as_str() {
                    "all" | "inbound" | "outbound" | "persisted" => format!("messages.{name}"),
                    "apiRequests" => "apiRequests.all".to_owned(),
                    "tokenRequests" => "apiRequests.tokenRequests".to_owned(),
                    _ => name.clone(),
                };
                self.add_nested(time, path, group, &mut left);
            }
        }
    }

    fn add_nested(&mut self, time: u64, path: String, value: &Value, left: &mut usize) {
        let amount = match value {
            Value::Map(entries) => {
                for (name, value) in entries {
                    self.add_nested(time, format!("{path}.{name}"), value, left);
                }
                return;
            }
            Value::Float(amount) if amount.is_finite() => *amount,
            other => match other.as_u64() {
                Some(amount) => amount as f64,
                None => return,
            },
        };
        // Anything that is no amount of something is some other field of the record.
        if *left > 0 && path.contains('.') && path.len() <= MAX_PATH {
            *left -= 1;
            self.add(time, Cow::Owned(path), amount);
        }
    }
}

fn combine(entries: &mut Entries, path: Cow<'static, str>, amount: f64) {
    let kind = path.rsplit('.').next().unwrap_or_default();
    let merge = match kind {
        "peak" => f64::max,
        "min" => f64::min,
        _ => |a, b| a + b,
    };
    let known = entries.get(&path).copied();
    entries.insert(path, known.map_or(amount, |known| merge(known, amount)));
}

/// Adds the sums over what was counted. A sum that was itself given stands if it is larger.
fn add_sums(entries: &mut Entries) {
    let mut sums: BTreeMap<String, f64> = BTreeMap::new();
    for (path, amount) in entries.iter() {
        let parts: Vec<&str> = path.split('.').collect();
        let totals = match parts.as_slice() {
            [
                "messages",
                direction @ ("inbound" | "outbound"),
                via,
                kind,
                unit,
            ] if *via != "all" && *kind != "all" => {
                vec![
                    format!("messages.{direction}.{via}.all.{unit}"),
                    format!("messages.{direction}.all.{kind}.{unit}"),
                    format!("messages.{direction}.all.all.{unit}"),
                    format!("messages.all.{kind}.{unit}"),
                    format!("messages.all.all.{unit}"),
                ]
            }
            ["messages", "persisted", kind, unit] if *kind != "all" => {
                vec![format!("messages.persisted.all.{unit}")]
            }
            [group @ ("connections" | "apiRequests"), kind, unit] if *kind != "all" => {
                vec![format!("{group}.all.{unit}")]
            }
            _ => Vec::new(),
        };
        for total in totals {
            *sums.entry(total).or_default() += amount;
        }
    }
    for (path, sum) in sums {
        let place = entries.entry(Cow::Owned(path)).or_default();
        *place = place.max(sum);
    }
    entries.retain(|_, amount| *amount != 0.0);
}

const MAX_MINUTES: usize = 10_000;
const MAX_PATHS: usize = 200;
const MAX_PATH: usize = 200;
