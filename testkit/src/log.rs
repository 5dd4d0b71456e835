//! [`LogCapture`]: log lines kept for assertions.

use std::sync::{Arc, Mutex, PoisonError};

use ably_base::{LogLevel, LogRecord, LogSink};

/// A log sink that keeps what it gets.
#[derive(Clone, Debug, Default)]
pub struct LogCapture(Arc<Mutex<Vec<LogRecord>>>);

impl LogCapture {
    /// What was logged so far.
    pub fn records(&self) -> Vec<LogRecord> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// True when a line of `level` contains `text`.
    pub fn contains(&self, level: LogLevel, text: &str) -> bool {
        self.records()
            .iter()
            .any(|r| r.level == level && r.message.contains(text))
    }
}

impl LogSink for LogCapture {
    fn log(&self, record: &LogRecord) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(record.clone());
    }
}
