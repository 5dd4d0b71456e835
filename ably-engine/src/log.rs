//! Log records as output.

use alloc::string::String;

/// How much is logged, as in ably-js: 0 none, 1 error, 2 major, 3 minor, 4 micro.
///
/// Spec: TO3b.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LogLevel {
    /// Nothing.
    None,
    /// Errors.
    #[default]
    Error,
    /// State changes and other major events.
    Major,
    /// Protocol steps.
    Minor,
    /// Everything.
    Micro,
}

/// One line of log. Holds no key, token or payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogRecord {
    /// How important it is.
    pub level: LogLevel,
    /// Which part of the client speaks.
    pub target: &'static str,
    /// What it says.
    pub message: String,
}
