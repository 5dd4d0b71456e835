//! [`MessageSerial`]: which message is annotated.
//!
//! Spec: RSAN1a, RSAN1a1, RSAN3a.

use std::sync::Arc;

use ably_base::{ErrorCode, ErrorInfo, Message, Str};

/// The serial of a message, from itself or from a message that was received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageSerial(Option<Str>);

impl MessageSerial {
    /// # Errors
    /// - `40003` there is none, as in a message that was not received; it is `.` or `..`, which
    ///   cannot be part of a path.
    pub(crate) fn checked(&self) -> Result<Str, ErrorInfo> {
        let serial = self.0.clone().filter(|s| !matches!(&**s, "" | "." | ".."));
        serial.ok_or_else(|| {
            ErrorInfo::new(
                ErrorCode::INVALID_PARAMETER,
                400,
                "an annotation needs the serial of a message, or a message that has one",
            )
        })
    }
}

impl From<&str> for MessageSerial {
    fn from(serial: &str) -> Self {
        Self(Some(serial.into()))
    }
}

impl From<String> for MessageSerial {
    fn from(serial: String) -> Self {
        Self(Some(serial.into()))
    }
}

impl From<Str> for MessageSerial {
    fn from(serial: Str) -> Self {
        Self(Some(serial))
    }
}

impl From<&Message> for MessageSerial {
    fn from(message: &Message) -> Self {
        Self(message.serial.clone())
    }
}

impl From<&Arc<Message>> for MessageSerial {
    fn from(message: &Arc<Message>) -> Self {
        Self(message.serial.clone())
    }
}
