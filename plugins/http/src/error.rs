//! What went wrong, classified: which host is tried next depends on it.
//!
//! Spec: RSC15l1, RSC15l2.

use std::{error::Error, io, sync::Arc};

use ably_base::{FailureKind, TransportError};

use crate::tls::is_tls;

/// The class of an error, which is kept without its URL.
pub(crate) fn classify(error: reqwest::Error) -> TransportError {
    let error = error.without_url();
    let kind = kind_of(&error);
    TransportError::with_source(kind, Arc::new(error))
}

fn kind_of(error: &reqwest::Error) -> FailureKind {
    if error.is_dns() {
        return FailureKind::Dns;
    }
    if error.is_timeout() {
        return FailureKind::Timeout;
    }
    let mut source = error.source();
    while let Some(inner) = source {
        if is_tls(inner) {
            return FailureKind::Tls;
        }
        if let Some(kind) = inner.downcast_ref::<io::Error>().and_then(kind_of_io) {
            return kind;
        }
        source = inner.source();
    }
    if error.is_connect() {
        FailureKind::Unreachable
    } else if error.is_builder() {
        FailureKind::Other
    } else if is_malformed(error) {
        FailureKind::Protocol
    } else if error.is_request() || error.is_body() || error.is_decode() {
        // Closed before or amid the response.
        closed()
    } else {
        FailureKind::Other
    }
}

fn kind_of_io(error: &io::Error) -> Option<FailureKind> {
    // `source` of an io::Error passes over the error that it wraps.
    if let Some(inner) = error.get_ref() {
        if is_tls(inner) {
            return Some(FailureKind::Tls);
        }
        if let Some(kind) = inner.downcast_ref::<io::Error>().and_then(kind_of_io) {
            return Some(kind);
        }
    }
    match error.kind() {
        io::ErrorKind::ConnectionRefused => Some(FailureKind::Refused),
        io::ErrorKind::HostUnreachable
        | io::ErrorKind::NetworkUnreachable
        | io::ErrorKind::NetworkDown
        | io::ErrorKind::AddrNotAvailable => Some(FailureKind::Unreachable),
        io::ErrorKind::TimedOut => Some(FailureKind::Timeout),
        io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::NotConnected
        | io::ErrorKind::UnexpectedEof => Some(closed()),
        _ => None,
    }
}

/// hyper says so of a response that is not HTTP; its error type is not for us to name.
fn is_malformed(error: &reqwest::Error) -> bool {
    let mut source = error.source();
    while let Some(inner) = source {
        let text = inner.to_string();
        if text.contains("invalid HTTP") || text.contains("message head is too large") {
            return true;
        }
        source = inner.source();
    }
    false
}

fn closed() -> FailureKind {
    FailureKind::Closed {
        code: None,
        reason: String::new(),
    }
}
