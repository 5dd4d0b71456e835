//! The JSON codec.
//!
//! Spec: RSL4d, RSL6a1, RTN2a.

use alloc::{string::String, sync::Arc, vec::Vec};
use bytes::{Bytes, BytesMut};

use crate::{
    Codec, ErrorInfo, Format, Frame, Item, Message, Messages, ProtocolMessage, Value, wire,
    wire::{Reader, Writer},
};

mod arena;
mod out;
mod reader;
mod scan;
mod string;
mod writer;

use reader::JsonReader;
use writer::JsonWriter;

/// Reads and writes Ably's JSON format.
#[derive(Clone, Copy, Debug, Default)]
pub struct JsonCodec;

impl Codec for JsonCodec {
    fn format(&self) -> Format {
        Format::Json
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
        JsonWriter::new(into).value(value);
        Ok(())
    }
}

/// Cuts a body that is a JSON list into its items, each a slice of the body: a comet response is a
/// list of protocol messages.
///
/// # Errors
/// - `40013` the body is not a JSON list, or one of more than [`wire::MAX_MEMBERS`] items.
pub fn split_list(body: &Bytes) -> Result<Vec<Bytes>, ErrorInfo> {
    whole(body, |r| {
        let mut items = Vec::new();
        if let Some(mut scope) = r.list()? {
            while r.item(&mut scope)? {
                wire::check_room(items.len())?;
                items.push(body.slice(r.span()?));
            }
        }
        Ok(items)
    })
}

fn whole<'a, T>(
    body: &'a Bytes,
    read: impl FnOnce(&mut JsonReader<'a>) -> Result<T, ErrorInfo>,
) -> Result<T, ErrorInfo> {
    to_the_end(JsonReader::new(body)?, read)
}

fn to_the_end<'a, T>(
    mut reader: JsonReader<'a>,
    read: impl FnOnce(&mut JsonReader<'a>) -> Result<T, ErrorInfo>,
) -> Result<T, ErrorInfo> {
    let value = read(&mut reader)?;
    reader.end()?;
    Ok(value)
}

fn all_or_nothing(
    into: &mut BytesMut,
    write: impl FnOnce(&mut JsonWriter<'_, BytesMut>) -> Result<(), ErrorInfo>,
) -> Result<(), ErrorInfo> {
    let before = into.len();
    let written = write(&mut JsonWriter::new(into));
    if written.is_err() {
        into.truncate(before);
    }
    written
}

pub(crate) fn read_items(bytes: &Bytes) -> Result<Vec<Item>, ErrorInfo> {
    whole(bytes, wire::read_items)
}

pub(crate) fn read_value(text: &str) -> Result<Value, ErrorInfo> {
    to_the_end(JsonReader::of_text(text), Reader::value)
}

/// Checks that `text` is one JSON value.
pub(crate) fn check(text: &str) -> Result<(), ErrorInfo> {
    to_the_end(JsonReader::of_text(text), Reader::skip)
}

pub(crate) fn write_value(value: &Value) -> String {
    let mut out = String::new();
    JsonWriter::new(&mut out).value(value);
    out
}
