//! Classifying errors.

use std::{io, sync::Arc};

use ably_base::{FailureKind, TransportError};

/// The class of an error of a stream that could not be opened, or broke before it was of use.
pub fn of_io(error: io::Error) -> TransportError {
    use io::ErrorKind as E;
    let kind = match error.kind() {
        E::ConnectionRefused => FailureKind::Refused,
        E::NetworkUnreachable | E::HostUnreachable | E::NetworkDown | E::AddrNotAvailable => {
            FailureKind::Unreachable
        }
        E::TimedOut => FailureKind::Timeout,
        E::NotFound => FailureKind::Dns,
        _ => FailureKind::Other,
    };
    TransportError::with_source(kind, Arc::new(error))
}
