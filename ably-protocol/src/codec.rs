//! The [`Codec`] contract: frames to protocol messages and back.

use core::fmt;

use bytes::{Bytes, BytesMut};

use crate::{ErrorInfo, ProtocolMessage};

/// A wire format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Format {
    /// Text frames, one JSON object each.
    Json,
    /// Binary frames, one MessagePack map each.
    MsgPack,
}

impl Format {
    /// The value of the `format` parameter.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::MsgPack => "msgpack",
        }
    }

    /// The media type of a REST body.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::MsgPack => "application/x-msgpack",
        }
    }
}

/// What a transport carries: one frame. `Debug` tells its kind and length and not its bytes: tokens
/// and connection keys are among them.
#[derive(Clone, PartialEq, Eq)]
pub enum Frame {
    /// A text frame (UTF-8).
    Text(Bytes),
    /// A binary frame.
    Binary(Bytes),
}

impl Frame {
    /// The bytes of either kind.
    pub fn bytes(&self) -> &Bytes {
        match self {
            Self::Text(b) | Self::Binary(b) => b,
        }
    }
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self {
            Self::Text(_) => "Text",
            Self::Binary(_) => "Binary",
        };
        write!(f, "{kind}({} bytes)", self.bytes().len())
    }
}

/// Reads and writes one wire format.
///
/// # Behaviour
/// - Called without any lock held; must not block.
/// - `decode` treats absent, `null` and unknown fields alike, keeps unknown numbers, and never
///   panics: input is from the network.
/// - `decode` decides by the codec's own format, not by the kind of frame.
pub trait Codec: Send + Sync {
    /// The format it speaks.
    fn format(&self) -> Format;

    /// Reads one protocol message.
    ///
    /// # Errors
    /// - `40013` the frame is malformed.
    fn decode(&self, frame: &Frame) -> Result<ProtocolMessage, ErrorInfo>;

    /// Appends one protocol message to `into`, or nothing on an error.
    ///
    /// # Errors
    /// - `40013` a field cannot be written.
    fn encode(&self, message: &ProtocolMessage, into: &mut BytesMut) -> Result<(), ErrorInfo>;

    /// Reads a REST body that is a list of messages. Data is still encoded.
    ///
    /// # Errors
    /// - `40013` the body is malformed.
    fn decode_messages(&self, body: &Bytes) -> Result<crate::Messages, ErrorInfo>;

    /// Appends a REST body that is a list of messages.
    ///
    /// # Errors
    /// - `40013` a field cannot be written.
    fn encode_messages(
        &self,
        messages: &[alloc::sync::Arc<crate::Message>],
        into: &mut BytesMut,
    ) -> Result<(), ErrorInfo>;

    /// Reads any body as a value.
    ///
    /// # Errors
    /// - `40013` the body is malformed.
    fn decode_value(&self, body: &Bytes) -> Result<crate::Value, ErrorInfo>;

    /// Appends a value as a body.
    ///
    /// # Errors
    /// - `40013` the value cannot be written.
    fn encode_value(&self, value: &crate::Value, into: &mut BytesMut) -> Result<(), ErrorInfo>;
}
