//! Classifying errors. No text in here ever holds a URL: its query holds credentials.

use std::{io, sync::Arc};

use ably_base::{FailureKind, TransportError};
use tokio_tungstenite::tungstenite::{
    Error as WsError, error::ProtocolError, protocol::CloseFrame,
};

/// The peer closed and gave no code. RFC 6455, 7.4.1.
const NO_CODE: u16 = 1005;
/// The stream ended without a close. RFC 6455, 7.4.1.
const ABNORMAL: u16 = 1006;

/// A stream could not be opened, or broke before it was a WebSocket.
pub(crate) fn of_io(error: io::Error) -> TransportError {
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

/// A peer that does not speak as it must.
pub(crate) fn protocol(text: &'static str) -> TransportError {
    TransportError::with_source(FailureKind::Protocol, Arc::new(io::Error::other(text)))
}

/// An open WebSocket failed.
pub(crate) fn of_web_socket(error: WsError) -> TransportError {
    let kind = match &error {
        WsError::Io(e) if e.kind() == io::ErrorKind::TimedOut => FailureKind::Timeout,
        WsError::Io(_)
        | WsError::ConnectionClosed
        | WsError::AlreadyClosed
        | WsError::Protocol(
            ProtocolError::ResetWithoutClosingHandshake | ProtocolError::SendAfterClosing,
        ) => abnormal(),
        WsError::Tls(_) => FailureKind::Tls,
        WsError::Capacity(_) | WsError::Protocol(_) | WsError::Utf8(_) => FailureKind::Protocol,
        // Holds what was to be sent, so not kept.
        WsError::WriteBufferFull(_) => return TransportError::new(FailureKind::Other),
        _ => FailureKind::Other,
    };
    TransportError::with_source(kind, Arc::new(error))
}

/// The peer closed.
pub(crate) fn of_close(frame: Option<CloseFrame>) -> TransportError {
    let (code, reason) = frame.map_or((NO_CODE, String::new()), |f| {
        (u16::from(f.code), f.reason.as_str().to_owned())
    });
    TransportError::new(FailureKind::Closed {
        code: Some(code),
        reason,
    })
}

fn abnormal() -> FailureKind {
    FailureKind::Closed {
        code: Some(ABNORMAL),
        reason: String::new(),
    }
}
