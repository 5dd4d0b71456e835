//! [`Action`]: what a protocol message is for.

use core::fmt;

/// The `action` of a [`crate::ProtocolMessage`]. An open number: values that this version does not
/// know are kept and ignored, never an error.
///
/// Spec: TR2, RTF1, RSF1.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Action(pub u8);

macro_rules! actions {
    ($($name:ident = $n:literal, $doc:literal;)*) => {
        impl Action {
            $(#[doc = $doc] pub const $name: Self = Self($n);)*

            /// The protocol's name of the action, `None` when it is not known here.
            pub const fn name(self) -> Option<&'static str> {
                match self.0 { $($n => Some(stringify!($name)),)* _ => None }
            }
        }
    };
}

actions! {
    HEARTBEAT = 0, "Keeps the connection alive; with an `id`, a ping and its answer.";
    ACK = 1, "The server took `count` messages from `msgSerial` on.";
    NACK = 2, "The server refused `count` messages from `msgSerial` on.";
    CONNECT = 3, "Never used.";
    CONNECTED = 4, "The connection is made, or its details changed.";
    DISCONNECT = 5, "The client drops its transport and means to come back.";
    DISCONNECTED = 6, "The server is about to drop the transport.";
    CLOSE = 7, "The client ends the connection.";
    CLOSED = 8, "The server ended the connection.";
    ERROR = 9, "With a channel: it failed. Without: the connection failed.";
    ATTACH = 10, "Attach to a channel, or change its options.";
    ATTACHED = 11, "The channel is attached, or its attachment changed.";
    DETACH = 12, "Detach from a channel.";
    DETACHED = 13, "The channel is detached.";
    PRESENCE = 14, "Presence messages.";
    MESSAGE = 15, "Messages.";
    SYNC = 16, "A page of a channel's presence set.";
    AUTH = 17, "From the client: a new token. From the server: get one.";
    ACTIVATE = 18, "Reserved.";
    OBJECT = 19, "Operations on objects.";
    OBJECT_SYNC = 20, "A page of a channel's objects.";
    ANNOTATION = 21, "Annotations.";
}

impl Action {
    /// True for the actions that the server answers with ACK or NACK when a client sends them.
    ///
    /// Spec: RTN7a.
    pub const fn needs_ack(self) -> bool {
        matches!(
            self,
            Self::MESSAGE | Self::PRESENCE | Self::ANNOTATION | Self::OBJECT
        )
    }
}

impl fmt::Debug for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "Action({})", self.0),
        }
    }
}
