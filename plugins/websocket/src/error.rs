//! Classifying errors. No text in here ever holds a URL: its query holds credentials.

use std::{io, sync::Arc};

use ably_base::{FailureKind, TransportError};

use crate::frame::Violation;

/// The peer closed and gave no code. RFC 6455, 7.4.1.
const NO_CODE: u16 = 1005;
/// The stream ended without a close. RFC 6455, 7.4.1.
const ABNORMAL: u16 = 1006;

/// A peer that does not speak as it must.
pub(crate) fn protocol(text: &'static str) -> TransportError {
    TransportError::with_source(FailureKind::Protocol, Arc::new(io::Error::other(text)))
}

/// The peer broke the rules, or a limit.
pub(crate) fn of_violation(violation: Violation) -> TransportError {
    TransportError::with_source(FailureKind::Protocol, Arc::new(violation))
}

/// An open WebSocket broke.
pub(crate) fn of_broken(error: io::Error) -> TransportError {
    let kind = match error.kind() {
        io::ErrorKind::TimedOut => FailureKind::Timeout,
        _ => closed(ABNORMAL, String::new()),
    };
    TransportError::with_source(kind, Arc::new(error))
}

/// Nothing more goes out.
pub(crate) fn over() -> TransportError {
    TransportError::new(closed(ABNORMAL, String::new()))
}

/// The system has no random bytes.
pub(crate) fn no_random(error: getrandom::Error) -> TransportError {
    let error = io::Error::other(format!("no random bytes: {error}"));
    TransportError::with_source(FailureKind::Other, Arc::new(error))
}

/// The peer closed.
pub(crate) fn of_close(code: Option<u16>, reason: String) -> TransportError {
    TransportError::new(closed(code.unwrap_or(NO_CODE), reason))
}

fn closed(code: u16, reason: String) -> FailureKind {
    FailureKind::Closed {
        code: Some(code),
        reason,
    }
}
