//! [`MsgPackCodec`]: joins reader and writer.

use alloc::{sync::Arc, vec::Vec};

use ably_protocol::{
    Codec, ErrorInfo, Format, Frame, Item, Message, Messages, ProtocolMessage, Value,
    wire::{self, Reader, Writer},
};
use bytes::{Bytes, BytesMut};

use crate::{reader::MsgPackReader, writer::MsgPackWriter};

/// Reads and writes Ably's MessagePack format.
///
/// Writes the same fields as JSON with string keys, integers in their shortest form, bytes as `bin`.
/// Reads any width of any number, either kind of string and no more than one value a frame;
/// extension types are nil.
#[derive(Clone, Copy, Debug, Default)]
pub struct MsgPackCodec;

impl Codec for MsgPackCodec {
    fn format(&self) -> Format {
        Format::MsgPack
    }

    fn decode(&self, frame: &Frame) -> Result<ProtocolMessage, ErrorInfo> {
        let mut pm = ProtocolMessage::default();
        whole(frame.bytes(), |r| wire::read_protocol_message(r, &mut pm))?;
        Ok(pm)
    }

    fn encode(&self, message: &ProtocolMessage, into: &mut BytesMut) -> Result<(), ErrorInfo> {
        all_or_nothing(into, |w| wire::write_protocol_message(w, message))
    }

    fn decode_messages(&self, body: &Bytes) -> Result<Messages, ErrorInfo> {
        whole(body, wire::read_messages)
    }

    fn encode_messages(
        &self,
        messages: &[Arc<Message>],
        into: &mut BytesMut,
    ) -> Result<(), ErrorInfo> {
        all_or_nothing(into, |w| wire::write_messages(w, messages))
    }

    fn decode_value(&self, body: &Bytes) -> Result<Value, ErrorInfo> {
        whole(body, Reader::value)
    }

    fn encode_value(&self, value: &Value, into: &mut BytesMut) -> Result<(), ErrorInfo> {
        MsgPackWriter::new(into).value(value);
        Ok(())
    }
}

pub(crate) fn read_items(bytes: &Bytes) -> Result<Vec<Item>, ErrorInfo> {
    whole(bytes, wire::read_items)
}

fn whole<'a, T>(
    body: &'a Bytes,
    read: impl FnOnce(&mut MsgPackReader<'a>) -> Result<T, ErrorInfo>,
) -> Result<T, ErrorInfo> {
    let mut reader = MsgPackReader::new(body);
    let value = read(&mut reader)?;
    reader.end()?;
    Ok(value)
}

fn all_or_nothing(
    into: &mut BytesMut,
    write: impl FnOnce(&mut MsgPackWriter<'_>) -> Result<(), ErrorInfo>,
) -> Result<(), ErrorInfo> {
    let before = into.len();
    let written = write(&mut MsgPackWriter::new(into));
    if written.is_err() {
        into.truncate(before);
    }
    written
}
