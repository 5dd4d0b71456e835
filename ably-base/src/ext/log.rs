//! [`LogSink`]: where log lines go.

use ably_engine::{LogLevel, LogRecord, MaybeSend, MaybeSync};

/// Takes log lines: what [`ClientOptions::log_handler`](crate::ClientOptions::log_handler) is given.
/// Closures do.
///
/// Called without any lock held, on whatever thread has something to say; a panic in it is caught. No
/// line holds a key, a token or the data of a message.
///
/// ```
/// use ably_base::{ClientOptions, LogLevel, LogRecord};
///
/// let options = ClientOptions::with_key("appId.keyId:secret")
///     .log_level(LogLevel::Major)
///     .log_handler(|record: &LogRecord| eprintln!("{}: {}", record.target, record.message));
/// ```
pub trait LogSink: MaybeSend + MaybeSync {
    /// Takes one line.
    fn log(&self, record: &LogRecord);
}

impl<F: Fn(&LogRecord) + MaybeSend + MaybeSync> LogSink for F {
    fn log(&self, record: &LogRecord) {
        self(record);
    }
}

/// The default sink: `tracing` events with target `ably`.
#[derive(Clone, Copy, Debug, Default)]
pub struct TracingSink;

impl LogSink for TracingSink {
    fn log(&self, record: &LogRecord) {
        let (part, message) = (record.target, &record.message);
        match record.level {
            LogLevel::None => {}
            LogLevel::Error => tracing::error!(target: "ably", part, "{message}"),
            LogLevel::Major => tracing::info!(target: "ably", part, "{message}"),
            LogLevel::Minor => tracing::debug!(target: "ably", part, "{message}"),
            LogLevel::Micro => tracing::trace!(target: "ably", part, "{message}"),
        }
    }
}
