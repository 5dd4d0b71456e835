//! [`Violation`]: how a server's frames can be wrong.

use std::fmt;

/// What a server must not send. Nothing of what it sent is in here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Violation {
    ReservedBits,
    Opcode(u8),
    Masked,
    FragmentedControl,
    LongControl,
    /// The top bit of the length is set.
    Length,
    /// A continuation, and nothing to continue.
    Unbegun,
    /// A message begins while another one is not at its end.
    Interrupted,
    /// The message, or what has been announced of it, is larger than allowed.
    TooLarge {
        limit: usize,
    },
    NotUtf8,
    /// A close with half a code.
    ShortClose,
    CloseCode(u16),
}

impl Violation {
    /// The code of the close that tells the server. RFC 6455, 7.4.1.
    pub(crate) fn close_code(self) -> u16 {
        match self {
            Self::NotUtf8 => 1007,
            Self::TooLarge { .. } => 1009,
            _ => 1002,
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ReservedBits => f.write_str("a frame has a reserved bit set"),
            Self::Opcode(opcode) => write!(f, "a frame has the reserved opcode {opcode}"),
            Self::Masked => f.write_str("a frame of the server is masked"),
            Self::FragmentedControl => f.write_str("a control frame is a fragment"),
            Self::LongControl => f.write_str("a control frame has more than 125 bytes"),
            Self::Length => f.write_str("the length of a frame has 64 bits"),
            Self::Unbegun => f.write_str("a continuation follows nothing"),
            Self::Interrupted => f.write_str("a message begins inside another one"),
            Self::TooLarge { limit } => write!(f, "a message has more than {limit} bytes"),
            Self::NotUtf8 => f.write_str("a text is not UTF-8"),
            Self::ShortClose => f.write_str("a close has one byte"),
            Self::CloseCode(code) => write!(f, "a close has the code {code}"),
        }
    }
}

impl std::error::Error for Violation {}
