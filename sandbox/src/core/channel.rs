//! A channel: its order of events, what it keeps of them, who is present and who listens.
//!
//! Keeps events for the retention time and within its bounds. What was dropped moves the *horizon*:
//! a client whose position lies before it cannot resume.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::core::entry::{Entry, PresenceEntry};
use crate::core::limits::Limits;
use crate::core::occupancy::Occupancy;
use crate::core::serial::{Position, Series};
use crate::wire::{Annotation, Message, PresenceMessage, ProtocolMessage, action};

/// A member: who, on which connection.
pub(crate) type MemberKey = (String, String);

/// A channel's state.
#[derive(Debug)]
pub(crate) struct Channel {
    pub(crate) series: Series,
    pub(crate) entries: VecDeque<Entry>,
    pub(crate) presence_entries: VecDeque<PresenceEntry>,
    pub(crate) members: BTreeMap<MemberKey, PresenceMessage>,
    /// Annotations by the serial of their message, oldest first.
    pub(crate) annotations: BTreeMap<String, Vec<Annotation>>,
    /// Where the last summary of a message is.
    summaries: BTreeMap<String, Position>,
    /// Connections attached, with the name each uses.
    pub(crate) attached: BTreeSet<(String, String)>,
    /// Those of them that want to be told who is there.
    pub(crate) watchers: BTreeSet<(String, String)>,
    pub(crate) occupancy_due: bool,
    pub(crate) occupancy_told: Option<Occupancy>,
    pub(crate) last_used: u64,
    pub(crate) permanent: bool,
    horizon: Position,
    retention: u64,
    bytes: usize,
    presence_bytes: usize,
    ids: BTreeSet<String>,
    ids_by_age: VecDeque<(u64, String)>,
}

impl Channel {
    pub(crate) fn new(series: String, retention: u64, now: u64) -> Channel {
        let series = Series::new(series, now);
        let horizon = series.last();
        Channel::restore(series, horizon, retention)
    }

    /// Goes on with an earlier channel.
    pub(crate) fn restore(series: Series, horizon: Position, retention: u64) -> Channel {
        Channel {
            last_used: series.last().time,
            horizon,
            series,
            entries: VecDeque::new(),
            presence_entries: VecDeque::new(),
            members: BTreeMap::new(),
            annotations: BTreeMap::new(),
            summaries: BTreeMap::new(),
            attached: BTreeSet::new(),
            watchers: BTreeSet::new(),
            occupancy_due: false,
            occupancy_told: None,
            permanent: false,
            retention,
            bytes: 0,
            presence_bytes: 0,
            ids: BTreeSet::new(),
            ids_by_age: VecDeque::new(),
        }
    }

    /// Says whether a client-chosen message id was seen within the retention time; if not,
    /// remembers it.
    pub(crate) fn is_duplicate(&mut self, id: &str, limits: &Limits, now: u64) -> bool {
        if !self.ids.insert(id.to_owned()) {
            return true;
        }
        self.ids_by_age.push_back((now, id.to_owned()));
        if self.ids_by_age.len() > limits.max_entries {
            if let Some((_, oldest)) = self.ids_by_age.pop_front() {
                self.ids.remove(&oldest);
            }
        }
        false
    }

    /// Keeps an entry, whose items get their serials here, and returns it whole, for delivery.
    pub(crate) fn record(&mut self, mut entry: Entry, limits: &Limits, now: u64) -> Entry {
        let serial = self.series.serial(entry.at);
        // Serials are compared as text, so all of one entry are of one length.
        let count = entry.messages.len().max(entry.annotations.len());
        let width = if count > 1_000 { 5 } else { 3 };
        if entry.is_publish() {
            for (index, message) in entry.messages.iter_mut().enumerate() {
                message.serial = format!("{serial}:{index:0width$}");
            }
        }
        for (index, annotation) in entry.annotations.iter_mut().enumerate() {
            annotation.serial = format!("{serial}:{index:0width$}");
        }
        self.keep(entry.clone());
        self.last_used = now;
        self.evict(limits, now);
        entry
    }

    /// Keeps an entry, but for what is not to be kept.
    pub(crate) fn keep(&mut self, entry: Entry) {
        for annotation in &entry.annotations {
            let known = self.annotations.entry(annotation.message_serial.clone());
            known.or_default().push(annotation.clone());
        }
        self.drop_superseded(&entry);
        if let Some(mut kept) = entry.kept() {
            kept.bytes = kept.size();
            self.bytes += kept.bytes;
            self.entries.push_back(kept);
        }
    }

    // Of the summaries of a message only the last is worth anything to those who come late.
    fn drop_superseded(&mut self, entry: &Entry) {
        for message in entry.messages.iter().filter(|_| !entry.is_publish()) {
            let Some(before) = self.summaries.insert(message.serial.clone(), entry.at) else {
                continue;
            };
            let index = self.entries.binary_search_by_key(&before, |entry| entry.at);
            if let Some(old) = index.ok().and_then(|index| self.entries.remove(index)) {
                self.bytes = self.bytes.saturating_sub(old.bytes);
            }
        }
    }

    /// Returns a published message.
    pub(crate) fn message(&self, serial: &str) -> Option<&Message> {
        let position = self.series.parse(serial)?;
        let index = self
            .entries
            .binary_search_by_key(&position, |entry| entry.at);
        let entry = self.entries.get(index.ok()?)?;
        let mut messages = entry.messages.iter().filter(|_| entry.is_publish());
        messages.find(|message| message.serial == serial)
    }

    /// Returns a published message to change.
    pub(crate) fn message_mut(&mut self, serial: &str) -> Option<&mut Message> {
        let position = self.series.parse(serial)?;
        let index = self
            .entries
            .binary_search_by_key(&position, |entry| entry.at);
        let entry = self.entries.get_mut(index.ok()?)?;
        let mut messages = entry.messages.iter_mut();
        messages.find(|message| message.serial == serial)
    }

    /// Gives presence events their place and applies them to the set of members.
    pub(crate) fn record_presence(
        &mut self,
        events: &[PresenceMessage],
        id: Option<String>,
        now: u64,
        limits: &Limits,
    ) -> ProtocolMessage {
        let at = self.series.advance(now);
        self.apply_presence(events);
        self.keep_presence(at, now, events.to_vec());
        self.last_used = now;
        self.evict(limits, now);
        ProtocolMessage {
            id,
            channel_serial: Some(self.series.serial(at)),
            connection_id: events.first().and_then(|event| event.connection_id.clone()),
            timestamp: Some(now),
            presence: Some(events.to_vec()),
            ..ProtocolMessage::new(action::PRESENCE)
        }
    }

    /// Brings the set of members up to date.
    pub(crate) fn apply_presence(&mut self, events: &[PresenceMessage]) {
        for event in events {
            let client_id = event.client_id.clone().unwrap_or_default();
            let connection_id = event.connection_id.clone().unwrap_or_default();
            let member = (client_id, connection_id);
            if event.action == action::LEAVE {
                self.members.remove(&member);
            } else {
                let present = PresenceMessage {
                    action: action::PRESENT,
                    ..event.clone()
                };
                self.members.insert(member, present);
            }
        }
    }

    /// Keeps presence events as history.
    pub(crate) fn keep_presence(
        &mut self,
        at: Position,
        timestamp: u64,
        events: Vec<PresenceMessage>,
    ) {
        let bytes = events.iter().map(|event| event.size() + 300).sum();
        self.presence_bytes += bytes;
        self.presence_entries.push_back(PresenceEntry {
            at,
            timestamp,
            events,
            bytes,
        });
    }

    /// Returns the position before which something may be missing.
    pub(crate) fn horizon(&self) -> Position {
        self.horizon
    }

    /// Returns the position a client says it has seen, if everything after it is still here.
    pub(crate) fn resumable(&self, serial: &str) -> Option<Position> {
        let position = self.series.parse(serial)?;
        let known = position >= self.horizon && position <= self.series.last();
        known.then_some(position)
    }

    /// Returns the entries after a position, oldest first.
    pub(crate) fn entries_after(&self, position: Position) -> impl Iterator<Item = &Entry> {
        let start = self.entries.partition_point(|entry| entry.at <= position);
        self.entries.range(start..)
    }

    /// Returns about how many bytes the channel takes.
    pub(crate) fn kept_bytes(&self) -> usize {
        self.bytes + self.presence_bytes + self.member_bytes()
    }

    /// Returns the bytes that the set of members takes.
    pub(crate) fn member_bytes(&self) -> usize {
        self.members.values().map(PresenceMessage::size).sum()
    }

    /// Drops what is too old or too much.
    pub(crate) fn evict(&mut self, limits: &Limits, now: u64) {
        let oldest = now.saturating_sub(self.retention);
        while let Some(entry) = self.entries.front() {
            let fits =
                self.entries.len() <= limits.max_entries && self.bytes <= limits.max_channel_bytes;
            if fits && entry.timestamp >= oldest {
                break;
            }
            self.bytes = self.bytes.saturating_sub(entry.bytes);
            self.horizon = self.horizon.max(entry.at);
            if entry.is_publish() {
                for message in &entry.messages {
                    self.annotations.remove(&message.serial);
                    self.summaries.remove(&message.serial);
                }
            }
            self.entries.pop_front();
        }
        while let Some(entry) = self.presence_entries.front() {
            let fits = self.presence_entries.len() <= limits.max_entries
                && self.presence_bytes <= limits.max_channel_bytes;
            if fits && entry.timestamp >= oldest {
                break;
            }
            self.presence_bytes = self.presence_bytes.saturating_sub(entry.bytes);
            self.presence_entries.pop_front();
        }
        let oldest_id = now.saturating_sub(limits.retention);
        while let Some((time, _)) = self.ids_by_age.front() {
            if *time >= oldest_id {
                break;
            }
            if let Some((_, id)) = self.ids_by_age.pop_front() {
                self.ids.remove(&id);
            }
        }
    }

    /// Says whether nothing would be lost by forgetting the channel.
    pub(crate) fn is_idle(&self, limits: &Limits, now: u64) -> bool {
        let quiet = limits.retention + limits.connection_state_ttl;
        !self.permanent
            && self.attached.is_empty()
            && self.members.is_empty()
            && self.entries.is_empty()
            && self.presence_entries.is_empty()
            && self.last_used.saturating_add(quiet) < now
    }
}
