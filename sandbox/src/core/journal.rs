//! What has to be on disk before anybody is told of it.
//!
//! The core writes nothing. Every change that is to survive becomes a numbered record, which the
//! shell takes ([`Core::take_journal`]), makes durable and reports ([`Core::durable`]). Everything
//! sent carries the number of the last record before it and waits until that is durable, so no
//! client hears of anything that a crash could undo. Without a journal nothing is recorded and
//! nothing waits.

use std::collections::{BTreeSet, VecDeque};
use std::fmt;

use crate::core::Core;
use crate::core::transport::TransportId;
use crate::wire::{Format, Value};

/// Records on their way to disk.
#[derive(Default)]
pub(crate) struct Journal {
    is_kept: bool,
    records: Vec<Vec<u8>>,
    written: u64,
    durable: u64,
    backlog: usize,
    sizes: VecDeque<(u64, usize)>,
    /// Transports that have something to send which must wait.
    waiting: BTreeSet<TransportId>,
}

impl fmt::Debug for Journal {
    // Records hold keys, tokens and what users publish.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal")
            .field("written", &self.written)
            .field("durable", &self.durable)
            .finish_non_exhaustive()
    }
}

impl Journal {
    /// Returns the number of the last record.
    pub(crate) fn written(&self) -> u64 {
        self.written
    }

    /// Says whether a record is on disk.
    pub(crate) fn is_durable(&self, number: u64) -> bool {
        number <= self.durable
    }

    /// Notes that a transport waits for the disk.
    pub(crate) fn wait(&mut self, transport: TransportId) {
        self.waiting.insert(transport);
    }

    /// Says whether the disk is far behind.
    pub(crate) fn is_behind(&self) -> bool {
        self.backlog > MAX_BACKLOG
    }
}

impl Core {
    /// Starts to record changes.
    pub fn keep_journal(&mut self) {
        self.journal.is_kept = true;
    }

    /// Takes what was recorded since, with the number of the last record.
    pub fn take_journal(&mut self) -> Option<(u64, Vec<Vec<u8>>)> {
        let journal = &mut self.journal;
        if journal.records.is_empty() {
            return None;
        }
        let records = std::mem::take(&mut journal.records);
        let size = records.iter().map(Vec::len).sum();
        journal.sizes.push_back((journal.written, size));
        Some((journal.written, records))
    }

    /// Returns the number of the last record; what was answered until now may be told once that is
    /// durable.
    pub fn last_record(&self) -> u64 {
        self.journal.written
    }

    /// Notes that all records up to a number are on disk.
    pub fn durable(&mut self, number: u64) {
        let journal = &mut self.journal;
        journal.durable = journal.durable.max(number);
        while let Some((last, size)) = journal.sizes.front() {
            if *last > number {
                break;
            }
            journal.backlog = journal.backlog.saturating_sub(*size);
            journal.sizes.pop_front();
        }
        self.wakeups.append(&mut journal.waiting);
    }

    /// Records a change, unless nothing is recorded at all.
    pub(crate) fn note(&mut self, record: impl FnOnce(&Core) -> Option<Value>) {
        if !self.journal.is_kept {
            return;
        }
        if let Some(record) = record(self) {
            let bytes = Format::Msgpack.encode(&record);
            self.journal.backlog += bytes.len();
            self.journal.written += 1;
            self.journal.records.push(bytes);
        }
    }
}

const MAX_BACKLOG: usize = 64 << 20;
