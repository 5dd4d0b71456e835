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

/// There has been no connection for too long; `last` says why.
pub(crate) fn suspended(last: Option<ErrorInfo>) -> Option<ErrorInfo> {
    let Some(last) = last else {
        return of_state(ConnectionState::Suspended);
    };
    let text = alloc::format!(
        "there has been no connection for too long to resume; it is retried by itself. Last: {}",
        last.message()
    );
    let error = ErrorInfo::builder(ErrorCode::CONNECTION_SUSPENDED, 400, text);
    Some(error.cause(last).build())
}

/// There is no network, it seems, so that no further host is tried. Spec: RTN17j.
pub(crate) fn offline(last: Option<&TransportError>) -> ErrorInfo {
    let text = "unable to connect, and the connectivity check failed: is there a network? It is \
                retried by itself";
    match last {
        None => ErrorInfo::new(ErrorCode::DISCONNECTED, 404, text),
        Some(error) => {
            let text = alloc::format!("{text}. Last: {error}");
            let offline = ErrorInfo::builder(ErrorCode::DISCONNECTED, 404, text);
            offline.source(alloc::sync::Arc::new(error.clone())).build()
        }
    }
}

/// No host could be reached, `host` the last.
pub(crate) fn unreachable(error: &TransportError, host: Option<&str>, port: u16) -> ErrorInfo {
    let mut text = alloc::format!(
        "unable to connect to {}:{port}, and there is no further host to try: {error}",
        host.unwrap_or_default()
    );
    if error.kind == FailureKind::Tls {
        text.push_str("; for a port without TLS there is the option `tls`");
    }
    ErrorInfo::builder(ErrorCode::DISCONNECTED, 404, text)
        .source(alloc::sync::Arc::new(error.clone()))
        .build()
}
