//! What went wrong, classified: which host is tried next depends on it. No text in here holds a
//! URL: its query may hold credentials.
//!
//! Spec: RSC15l1, RSC15l2.

use std::{error::Error, io, sync::Arc};

use ably_base::{FailureKind, TransportError};
use hyper_util::client::legacy;

/// There was no response.
pub(crate) fn of_request(error: legacy::Error) -> TransportError {
    let inner = error.source();
    // What dialling and TLS said is classified.
    if let Some(error) = inner.and_then(|e| e.downcast_ref::<TransportError>()) {
        return error.clone();
    }
    let kind = match inner.and_then(|e| e.downcast_ref()) {
        Some(error) => kind_of(error),
        None => closed(),
    };
    TransportError::with_source(kind, Arc::new(error))
}

/// The response broke off.
pub(crate) fn of_hyper(error: hyper::Error) -> TransportError {
    TransportError::with_source(kind_of(&error), Arc::new(error))
}

/// A request that cannot be made.
pub(crate) fn of_input(error: impl Error + Send + Sync + 'static) -> TransportError {
    TransportError::with_source(FailureKind::Other, Arc::new(error))
}

fn kind_of(error: &hyper::Error) -> FailureKind {
    if error.is_parse() {
        return FailureKind::Protocol;
    }
    if error.is_user() {
        return FailureKind::Other;
    }
    let io = error.source().and_then(|e| e.downcast_ref::<io::Error>());
    match io.map(io::Error::kind) {
        Some(io::ErrorKind::TimedOut) => FailureKind::Timeout,
        Some(
            io::ErrorKind::HostUnreachable
            | io::ErrorKind::NetworkUnreachable
            | io::ErrorKind::NetworkDown,
        ) => FailureKind::Unreachable,
        // Closed before or amid the response.
        _ => closed(),
    }
}

fn closed() -> FailureKind {
    FailureKind::Closed {
        code: None,
        reason: String::new(),
    }
}
