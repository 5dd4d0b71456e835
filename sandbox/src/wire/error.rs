//! The protocol's error record, and the codes this server uses.
//!
//! Every error carries message, code and statusCode: ably-js drops a frame whose error lacks one.
//!
//! Spec: TI1–TI5.

use std::fmt;

use crate::wire::Value;
use crate::wire::value::Fields;

/// An error as clients receive it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ErrorInfo {
    /// Ably's error code.
    pub code: u32,
    /// The HTTP status that goes with it.
    pub status: u16,
    /// What happened, for people.
    pub message: String,
}

impl ErrorInfo {
    /// Builds an error.
    pub fn new(code: u32, status: u16, message: impl Into<String>) -> ErrorInfo {
        ErrorInfo {
            code,
            status,
            message: message.into(),
        }
    }

    /// Builds a 400 with a code.
    pub fn bad(code: u32, message: impl Into<String>) -> ErrorInfo {
        ErrorInfo::new(code, 400, message)
    }

    /// Builds a 401 with a code.
    pub fn unauthorized(code: u32, message: impl Into<String>) -> ErrorInfo {
        ErrorInfo::new(code, 401, message)
    }

    /// Says whether clients answer this code by renewing their token (40140–40149).
    pub fn is_token_error(&self) -> bool {
        (40140..40150).contains(&self.code)
    }

    /// Returns the wire form.
    pub fn to_value(&self) -> Value {
        Fields::new()
            .with("message", self.message.as_str())
            .with("code", u64::from(self.code))
            .with("statusCode", u64::from(self.status))
            .with("href", format!("https://help.ably.io/error/{}", self.code))
            .into()
    }
}

impl fmt::Display for ErrorInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}/{})", self.message, self.code, self.status)
    }
}

impl std::error::Error for ErrorInfo {}

/// Generic bad request.
pub const BAD_REQUEST: u32 = 40000;
/// A body that cannot be parsed.
pub const BAD_BODY: u32 = 40001;
/// A parameter with an invalid value.
pub const BAD_PARAM: u32 = 40003;
/// A credential that is not formed as one.
pub const BAD_CREDENTIAL: u32 = 40005;
/// A message that names an unknown connectionKey.
pub const BAD_CONNECTION_KEY: u32 = 40006;
/// More than maxMessageSize or maxFrameSize.
pub const TOO_LARGE: u32 = 40009;
/// An invalid channel name.
pub const BAD_CHANNEL: u32 = 40010;
/// A clientId that may not be used.
pub const BAD_CLIENT_ID: u32 = 40012;
/// Data of a type the protocol does not have, or that its encoding does not describe.
pub const BAD_DATA: u32 = 40013;
/// A protocol version this server does not speak.
pub const BAD_VERSION: u32 = 40017;
/// A batch of which some parts failed.
pub const BATCH_ERRORS: u32 = 40020;
/// A publish without messages.
pub const BAD_PUBLISH: u32 = 40030;
/// A client-chosen message id that breaks the rules.
pub const BAD_ID: u32 = 40031;
/// The test hook `_forceNack`.
pub const FORCED_NACK: u32 = 40099;
/// Wrong or missing credentials.
pub const BAD_CREDENTIALS: u32 = 40101;
/// Credentials that do not fit the connection or the clientId.
pub const INCOMPATIBLE: u32 = 40102;
/// A token request whose timestamp is too old or too new.
pub const BAD_TIMESTAMP: u32 = 40104;
/// A token request whose nonce was used before.
pub const NONCE_REUSED: u32 = 40105;
/// A token that was revoked.
pub const TOKEN_REVOKED: u32 = 40141;
/// A token that has expired.
pub const TOKEN_EXPIRED: u32 = 40142;
/// A token nobody here issued.
pub const TOKEN_UNKNOWN: u32 = 40143;
/// A JWT that is not formed or signed as it must be.
pub const JWT_INVALID: u32 = 40144;
/// A missing capability.
pub const NO_CAPABILITY: u32 = 40160;
/// Something that needs a clientId.
pub const NEEDS_CLIENT_ID: u32 = 40161;
/// Something that takes a key, not a token.
pub const NEEDS_BASIC: u32 = 40162;
/// A key whose tokens cannot be revoked.
pub const NOT_REVOCABLE: u32 = 40163;
/// A mode that was not asked for when attaching.
pub const NO_MODE: u32 = 40165;
/// Nothing at this path.
pub const NOT_FOUND: u32 = 40400;
/// A path without this method.
pub const BAD_METHOD: u32 = 40500;
/// More than the server takes.
pub const RATE_LIMITED: u32 = 42910;
/// The server is at a limit.
pub const UNAVAILABLE: u32 = 50004;
/// The connection was taken over by a newer transport.
pub const SUPERSEDED: u32 = 50006;
/// The connection is gone for a reason that allows reconnecting.
pub const DISCONNECTED: u32 = 80003;
/// The connection's state has expired.
pub const EXPIRED: u32 = 80008;
/// A frame that breaks the protocol.
pub const PROTOCOL: u32 = 80013;
/// A connectionKey nobody here issued.
pub const UNKNOWN_KEY: u32 = 80018;
/// A device that belongs to another client.
pub const OTHER_CLIENT: u32 = 61002;
/// Continuity of a channel is not guaranteed.
pub const NO_CONTINUITY: u32 = 90003;
/// Too many channels.
pub const TOO_MANY_CHANNELS: u32 = 90010;
/// Presence without a clientId.
pub const NO_CLIENT_ID: u32 = 91000;
/// Presence without being attached.
pub const NOT_ATTACHED: u32 = 91001;
/// Too many presence members.
pub const TOO_MANY_MEMBERS: u32 = 91003;
/// A namespace whose messages cannot be annotated.
pub const NOT_MUTABLE: u32 = 93002;
