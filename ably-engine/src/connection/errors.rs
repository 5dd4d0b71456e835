//! The error that a state stands for when nothing more precise is known.

use ably_protocol::{ErrorCode, ErrorInfo};

use super::ConnectionState;
use crate::{FailureKind, TransportError};

/// The default reason for entering `state`.
pub(crate) fn of_state(state: ConnectionState) -> Option<ErrorInfo> {
    use ConnectionState as S;
    let (code, status, text) = match state {
        S::Disconnected => (
            ErrorCode::DISCONNECTED,
            400,
            "the connection to Ably is down; it is retried by itself",
        ),
        S::Suspended => (
            ErrorCode::CONNECTION_SUSPENDED,
            400,
            "the connection to Ably has been down too long to resume; it is retried by itself",
        ),
        S::Failed => (
            ErrorCode::CONNECTION_FAILED,
            400,
            "the connection to Ably has failed",
        ),
        S::Closing => (
            ErrorCode::CONNECTION_CLOSED,
            400,
            "the connection is being closed",
        ),
        S::Closed => (
            ErrorCode::CONNECTION_CLOSED,
            400,
            "the connection is closed; connect() opens it again",
        ),
        S::Initialized | S::Connecting | S::Connected => return None,
    };
    Some(ErrorInfo::new(code, status, text))
}

/// An open transport was lost.
pub(crate) fn lost(error: &TransportError) -> ErrorInfo {
    let status = if error.kind == FailureKind::Timeout {
        408
    } else {
        400
    };
    ErrorInfo::builder(
        ErrorCode::DISCONNECTED,
        status,
        alloc::format!("connection lost: {error}"),
    )
    .source(alloc::sync::Arc::new(error.clone()))
    .build()
}

/// A host was reached and did not answer in time.
pub(crate) fn unanswered(error: &TransportError) -> ErrorInfo {
    ErrorInfo::builder(
        ErrorCode::DISCONNECTED,
        408,
        alloc::format!("the server did not confirm the connection: {error}"),
    )
    .source(alloc::sync::Arc::new(error.clone()))
    .build()
}

/// There is no network, so that no further host is tried. Spec: RTN17j.
pub(crate) fn offline() -> ErrorInfo {
    ErrorInfo::new(
        ErrorCode::DISCONNECTED,
        404,
        "unable to connect: there is no network; it is retried by itself",
    )
}

/// No host could be reached.
pub(crate) fn unreachable(error: &TransportError) -> ErrorInfo {
    ErrorInfo::builder(
        ErrorCode::DISCONNECTED,
        404,
        alloc::format!("unable to connect, and there is no further host to try: {error}"),
    )
    .source(alloc::sync::Arc::new(error.clone()))
    .build()
}
