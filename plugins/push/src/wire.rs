//! Between our types and the values of a body.

use ably_base::{
    ErrorCode, ErrorInfo, JsonText, Str,
    engine::HttpReply,
    protocol::{Item, Value},
    rest::RestCore,
};
use ably_rest::DecodePage;

/// A map of the fields that have a value.
pub(crate) fn map(fields: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    let present = fields
        .into_iter()
        .filter(|(_, value)| *value != Value::Null);
    Value::Map(
        present
            .map(|(name, value)| (Str::from_static(name), value))
            .collect(),
    )
}

/// A field that is JSON, as it is written.
pub(crate) fn json(text: Option<&JsonText>) -> Result<Value, ErrorInfo> {
    text.map_or(Ok(Value::Null), |text| Value::from_json(text.as_str()))
}

/// A field of any type, as JSON.
pub(crate) fn json_of(item: &Item, name: &str) -> Option<JsonText> {
    let value = item.get(name).filter(|value| **value != Value::Null)?;
    Some(JsonText::from_checked(value.to_json().into()))
}

/// A field that is a map.
pub(crate) fn map_of(item: &Item, name: &str) -> Option<Item> {
    match item.get(name) {
        Some(Value::Map(fields)) => Some(Item::from_fields(fields.clone())),
        _ => None,
    }
}

/// Reads a body that is one object.
pub(crate) fn read_item(core: &RestCore, reply: &HttpReply) -> Result<Item, ErrorInfo> {
    match core.codec_of(reply)?.decode_value(&reply.body)? {
        Value::Map(fields) => Ok(Item::from_fields(fields)),
        _ => Err(malformed("an object")),
    }
}

/// A page of objects or texts, each read by this function.
pub(crate) struct Page<T>(pub(crate) fn(Value) -> Option<T>);

impl<T> DecodePage<T> for Page<T> {
    fn decode(&self, core: &RestCore, reply: &HttpReply) -> Result<Vec<T>, ErrorInfo> {
        let read = match core.codec_of(reply)?.decode_value(&reply.body)? {
            Value::List(items) => items.into_iter().map(self.0).collect(),
            _ => None,
        };
        read.ok_or_else(|| malformed("a list of what was asked for"))
    }
}

/// An item that is a map.
pub(crate) fn item_of(value: Value) -> Option<Item> {
    match value {
        Value::Map(fields) => Some(Item::from_fields(fields)),
        _ => None,
    }
}

pub(crate) fn refused(why: &'static str) -> ErrorInfo {
    ErrorInfo::new(ErrorCode::BAD_REQUEST, 400, why)
}

fn malformed(wanted: &str) -> ErrorInfo {
    ErrorInfo::new(
        ErrorCode::INVALID_DATA,
        400,
        format!("the server's answer is not {wanted}"),
    )
}
