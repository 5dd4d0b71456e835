//! [`LocalDevice`]: the device that the client runs on, as far as its platform has it stored.
//!
//! Making and registering one is not done here.
//!
//! Spec: RSH8, RSH6.

use ably_base::{
    ErrorCode, ErrorInfo,
    protocol::{Secret, Value},
    rest::RestCore,
};

// Names of what is stored, as in ably-js.
const DEVICE_ID: &str = "ably.push.deviceId";
const IDENTITY_TOKEN: &str = "ably.push.deviceIdentityToken";

/// The device that the client runs on.
pub(crate) struct LocalDevice {
    pub(crate) id: Option<String>,
    token: Option<Secret<String>>,
}

impl LocalDevice {
    /// What the platform has stored; `None` when there is no platform. Spec: RSH8a.
    pub(crate) fn load(core: &RestCore) -> Option<Self> {
        let platform = core.plugins().push()?;
        let id = platform.load(DEVICE_ID).filter(|id| !id.is_empty());
        Some(Self {
            // A token without a device is of no use. Spec: RSH8j.
            token: id
                .as_ref()
                .and_then(|_| platform.load(IDENTITY_TOKEN))
                .and_then(read_token),
            id,
        })
    }

    /// The device and the token that proves it, once it is registered.
    ///
    /// # Errors
    /// - `40019` the client has no platform for push notifications.
    /// - `50000` the device is not registered, or its token cannot be one.
    ///
    /// Spec: RSH7a1, RSH7c1.
    pub(crate) fn registered(core: &RestCore) -> Result<(String, Secret<String>), ErrorInfo> {
        let device = Self::load(core).ok_or_else(no_platform)?;
        match (device.id, device.token) {
            (Some(id), Some(token)) if is_sendable(&token) => Ok((id, token)),
            (Some(_), Some(_)) => Err(unregistered(
                "the stored deviceIdentityToken of this device is malformed",
            )),
            _ => Err(unregistered(
                "this device has no deviceIdentityToken: it is not registered for push \
                 notifications",
            )),
        }
    }
}

/// The token of the device of this id, if that is the one that the client runs on.
pub(crate) fn token_of(core: &RestCore, id: &str) -> Option<Secret<String>> {
    let device = LocalDevice::load(core).filter(|device| device.id.as_deref() == Some(id))?;
    device.token.filter(is_sendable)
}

/// Stored as JSON, as ably-js does.
fn read_token(stored: String) -> Option<Secret<String>> {
    let stored = Secret::new(stored);
    let token = match Value::from_json(stored.expose()) {
        Ok(Value::Text(token)) => Secret::from(&*token),
        Ok(Value::Null) => return None,
        _ => stored,
    };
    (!token.expose().is_empty()).then_some(token)
}

/// Whether a token can stand in a header.
fn is_sendable(token: &Secret<String>) -> bool {
    token.expose().bytes().all(|b| b.is_ascii_graphic())
}

fn no_platform() -> ErrorInfo {
    ErrorInfo::new(
        ErrorCode::MISSING_PLUGIN,
        400,
        "Push plugin not provided: this client cannot receive push notifications, for none of its \
         plugins brings a PushPlatform",
    )
}

fn unregistered(why: &'static str) -> ErrorInfo {
    ErrorInfo::new(ErrorCode::INTERNAL, 500, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_stored_as_json() {
        let read = |text: &str| read_token(text.into()).map(|t| t.expose().clone());
        assert_eq!(read(r#""a.b""#).as_deref(), Some("a.b"));
        assert_eq!(read("a.b-c").as_deref(), Some("a.b-c"));
        for nothing in ["", "null", r#""""#] {
            assert_eq!(read(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn a_token_that_would_break_a_header_is_not_sendable() {
        for (token, sendable) in [
            ("a.b-c_d=", true),
            ("a b", false),
            ("a\r\nX: y", false),
            ("ü", false),
        ] {
            assert_eq!(is_sendable(&Secret::from(token)), sendable, "{token:?}");
        }
    }
}
