//! [`ErrorCode`]: Ably's error numbers.

use core::fmt;

/// An Ably error code. An open number: codes without a name here survive unchanged.
///
/// Spec: TI3.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct ErrorCode(pub u32);

macro_rules! codes {
    ($($name:ident = $n:literal, $doc:literal;)*) => {
        impl ErrorCode {
            $(#[doc = $doc] pub const $name: Self = Self($n);)*
        }
    };
}

codes! {
    NONE = 0, "No code was given.";
    BAD_REQUEST = 40000, "The request or an option is wrong.";
    INVALID_BODY = 40001, "A body could not be parsed.";
    INVALID_PARAMETER = 40003, "A parameter has a value that is not allowed.";
    INVALID_CREDENTIAL = 40005, "A credential is malformed.";
    MESSAGE_TOO_LARGE = 40009, "A publish exceeds `maxMessageSize`.";
    INVALID_CHANNEL_NAME = 40010, "The channel name is not valid.";
    INVALID_CLIENT_ID = 40012, "The clientId is not valid or not the connection's.";
    INVALID_DATA = 40013, "Data of a type that cannot be sent, or an encoding that cannot be read.";
    DELTA_FAILED = 40018, "A delta could not be applied.";
    MISSING_PLUGIN = 40019, "A plugin that is needed is not installed.";
    OBJECT_MODE = 40024, "The channel lacks an object mode.";
    INVALID_MESSAGE_ID = 40031, "A message id chosen by the client is not valid.";
    UNAUTHORIZED = 40100, "Not authorised.";
    WRONG_CREDENTIAL = 40101, "The credential is wrong.";
    INCOMPATIBLE_CREDENTIAL = 40102, "The credential does not fit the clientId or key.";
    BASIC_AUTH_WITHOUT_TLS = 40103, "A key may not be sent over a plain connection.";
    NO_AUTH_METHOD = 40106, "No way to authenticate, or options that contradict each other.";
    TOKEN_ERROR = 40140, "A token error; a new token may help.";
    TOKEN_REVOKED = 40141, "The token was revoked.";
    TOKEN_EXPIRED = 40142, "The token has expired.";
    TOKEN_UNKNOWN = 40143, "The token is not recognised.";
    CAPABILITY = 40160, "The credential's capability does not allow this.";
    NEEDS_BASIC_AUTH = 40162, "The operation needs a key.";
    AUTH_CALLBACK_FAILED = 40170, "authCallback or authUrl did not give a usable token.";
    NO_RENEWAL = 40171, "The token is not valid any more and there is no means to renew it.";
    FORBIDDEN = 40300, "Forbidden.";
    NOT_FOUND = 40400, "Not found.";
    METHOD_NOT_ALLOWED = 40500, "The HTTP method is not allowed here.";
    INTERNAL = 50000, "An internal error.";
    INTERNAL_CHANNEL = 50001, "An internal channel error.";
    INTERNAL_CONNECTION = 50002, "An internal connection error.";
    TIMEOUT = 50003, "A request took too long.";
    CONNECTION_FAILED = 80000, "The connection failed.";
    CONNECTION_SUSPENDED = 80002, "The connection is suspended.";
    DISCONNECTED = 80003, "The connection was lost or could not be made.";
    CONNECTION_EXPIRED = 80008, "The connection's state was not kept long enough to resume.";
    PROTOCOL_ERROR = 80013, "The peer broke the protocol.";
    SUPERSEDED_TRANSPORT = 80016, "The operation was sent on a transport that is no longer used.";
    CONNECTION_CLOSED = 80017, "The connection is closed.";
    INVALID_CONNECTION_KEY = 80018, "The connection key is not valid.";
    AUTH_FAILED = 80019, "Getting a token failed; the cause says why.";
    CHANNEL_OPERATION = 90000, "A channel operation failed or was superseded.";
    CHANNEL_STATE = 90001, "The channel is in the wrong state for this.";
    CHANNEL_TIMEOUT = 90007, "The server did not answer the channel operation in time.";
    PRESENCE_NO_CLIENT_ID = 91000, "Presence needs a clientId.";
    PRESENCE_STATE = 91001, "Presence cannot be entered in this state.";
    PRESENCE_REENTER = 91004, "Entering presence again automatically failed.";
    PRESENCE_OUT_OF_SYNC = 91005, "The presence set may be out of date: the channel is suspended.";
    ANNOTATION_MODE = 93001, "The channel lacks the annotation_subscribe mode.";
}

impl fmt::Debug for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl From<u32> for ErrorCode {
    fn from(code: u32) -> Self {
        Self(code)
    }
}

impl PartialEq<u32> for ErrorCode {
    fn eq(&self, other: &u32) -> bool {
        self.0 == *other
    }
}
