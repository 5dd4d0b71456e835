//! The JSON codec.

use alloc::{string::String, sync::Arc, vec::Vec};
use bytes::{Bytes, BytesMut};

use crate::{
    Codec, ErrorCode, ErrorInfo, Format, Frame, Item, Message, Messages, ProtocolMessage, Value,
};

/// Reads and writes Ably's JSON format.
#[derive(Clone, Copy, Debug, Default)]
pub struct JsonCodec;

impl Codec for JsonCodec {
    fn format(&self) -> Format {
        Format::Json
    }

    fn decode(&self, _frame: &Frame) -> Result<ProtocolMessage, ErrorInfo> {
        Err(unwritten())
    }

    fn encode(&self, _message: &ProtocolMessage, _into: &mut BytesMut) -> Result<(), ErrorInfo> {
        Err(unwritten())
    }

    fn decode_messages(&self, _body: &Bytes) -> Result<Messages, ErrorInfo> {
        Err(unwritten())
    }

    fn encode_messages(&self, _m: &[Arc<Message>], _into: &mut BytesMut) -> Result<(), ErrorInfo> {
        Err(unwritten())
    }

    fn decode_value(&self, _body: &Bytes) -> Result<Value, ErrorInfo> {
        Err(unwritten())
    }

    fn encode_value(&self, _value: &Value, _into: &mut BytesMut) -> Result<(), ErrorInfo> {
        Err(unwritten())
    }
}

fn unwritten() -> ErrorInfo {
    ErrorInfo::new(
        ErrorCode::INTERNAL,
        500,
        "the JSON codec is not written yet",
    )
}

pub(crate) fn read_items(_bytes: &Bytes) -> Result<Vec<Item>, ErrorInfo> {
    Err(unwritten())
}

pub(crate) fn read_value(_text: &str) -> Result<Value, ErrorInfo> {
    Err(unwritten())
}

pub(crate) fn write_value(_value: &Value) -> String {
    String::new()
}
