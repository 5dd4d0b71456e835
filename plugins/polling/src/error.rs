//! Classified failures. No text in here ever holds a URL or a body: they hold credentials.

use std::{io, sync::Arc};

use ably_base::{ErrorInfo, FailureKind, TransportError};

/// A server that does not speak as it must.
pub(crate) fn protocol(text: &'static str) -> TransportError {
    TransportError::with_source(FailureKind::Protocol, Arc::new(io::Error::other(text)))
}

/// An answer that is not what it must be.
pub(crate) fn malformed(error: ErrorInfo) -> TransportError {
    TransportError::with_source(FailureKind::Protocol, Arc::new(error))
}

/// The link is not open any more.
pub(crate) fn closed() -> TransportError {
    TransportError::new(FailureKind::Closed {
        code: None,
        reason: String::new(),
    })
}
