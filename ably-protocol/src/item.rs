//! Contents that only a behaviour reads: presence, annotations and object state.
//!
//! A codec keeps them as they came ([`Items::Raw`]) and the behaviour that owns the action reads
//! them, so that a client without that behaviour carries no code for them. What a behaviour sends
//! goes out as [`Items::Values`].

use alloc::{string::String, vec::Vec};
use bytes::Bytes;

use crate::{Data, ErrorInfo, Format, JsonText, Str, json};

/// `presence`, `annotations` or `state` of a protocol message.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum Items {
    /// The field is absent.
    #[default]
    None,
    /// As received, not yet read.
    Raw(RawItems),
    /// To be sent.
    Values(Vec<Item>),
}

impl Items {
    /// True when the field is absent (an empty list is not).
    pub fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }

    /// Bytes of the items, as [`Item::size`] counts them; of unread ones as they came.
    pub fn size(&self) -> usize {
        match self {
            Self::None => 0,
            Self::Raw(raw) => raw.bytes.len(),
            Self::Values(items) => items.iter().map(Item::size).sum(),
        }
    }

    /// Reads the items, whatever form they are in.
    ///
    /// # Errors
    /// - `40013` they are not a list of maps.
    pub fn read(&self) -> Result<Vec<Item>, ErrorInfo> {
        match self {
            Self::None => Ok(Vec::new()),
            Self::Raw(raw) => raw.read(),
            Self::Values(v) => Ok(v.clone()),
        }
    }
}

/// Reads the raw form of one wire format.
type Reader = fn(&Bytes) -> Result<Vec<Item>, ErrorInfo>;

/// A list as it stood in the frame, with the function that reads it.
#[derive(Clone, Debug)]
pub struct RawItems {
    bytes: Bytes,
    reader: Option<Reader>,
}

impl RawItems {
    /// JSON text as it stood in the frame.
    pub fn json(text: Bytes) -> Self {
        Self {
            bytes: text,
            reader: None,
        }
    }

    /// Bytes of another format and the function that reads them.
    pub fn other(bytes: Bytes, reader: fn(&Bytes) -> Result<Vec<Item>, ErrorInfo>) -> Self {
        Self {
            bytes,
            reader: Some(reader),
        }
    }

    /// Reads the list.
    ///
    /// # Errors
    /// - `40013` it is not a list of maps.
    pub fn read(&self) -> Result<Vec<Item>, ErrorInfo> {
        match self.reader {
            Some(read) => read(&self.bytes),
            None => json::read_items(&self.bytes),
        }
    }
}

/// One presence message, annotation or object message on the wire: fields by name.
///
/// `data` in bytes is written by the JSON codec as base64 with `base64` added to `encoding`, as for
/// messages.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Item {
    fields: Vec<(Str, Value)>,
}

impl Item {
    /// An item without fields.
    pub const fn new() -> Self {
        Self { fields: Vec::new() }
    }

    /// An item of these fields.
    pub fn from_fields(fields: Vec<(Str, Value)>) -> Self {
        Self { fields }
    }

    /// The item as a part of a REST body in `format`: bytes as `data` get the `encoding` that the
    /// format needs.
    pub fn into_value(mut self, format: Format) -> Value {
        if format == Format::Json && matches!(self.get("data"), Some(Value::Binary(_))) {
            let encoding = match self.text("encoding").filter(|e| !e.is_empty()) {
                Some(before) => Str::concat(&[&before, "/base64"]),
                None => Str::from_static("base64"),
            };
            self.fields.retain(|(name, _)| name != "encoding");
            self.set("encoding", encoding);
        }
        Value::Map(self.fields)
    }

    /// Bytes of the values: of text and bytes their length, of anything else eight.
    pub fn size(&self) -> usize {
        self.fields.iter().map(|(_, value)| value.size()).sum()
    }

    /// The fields, in the order they were set or sent.
    pub fn fields(&self) -> &[(Str, Value)] {
        &self.fields
    }

    /// Sets a field; an empty [`Value::Null`] is left out.
    pub fn set(&mut self, name: &'static str, value: impl Into<Value>) {
        let value = value.into();
        if value != Value::Null {
            self.fields.push((Str::from_static(name), value));
        }
    }

    /// A field by name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.fields.iter().find(|(n, _)| n == name).map(|(_, v)| v)
    }

    /// A field as a string; `None` when absent or of another type.
    pub fn text(&self, name: &str) -> Option<Str> {
        match self.get(name) {
            Some(Value::Text(t)) => Some(t.clone()),
            _ => None,
        }
    }

    /// A field as an integer; `None` when absent or of another type.
    pub fn int(&self, name: &str) -> Option<i64> {
        match self.get(name) {
            Some(Value::Int(i)) => Some(*i),
            Some(Value::Float(f)) if *f as i64 as f64 == *f => Some(*f as i64),
            _ => None,
        }
    }

    /// A field as JSON; `None` when absent.
    pub fn json(&self, name: &str) -> Option<JsonText> {
        match self.get(name) {
            None | Some(Value::Null) => None,
            Some(value) => Some(JsonText::from_checked(value.to_json().into())),
        }
    }

    /// The field `data`, still encoded. What is not a string or bytes is kept as JSON.
    pub fn data(&self) -> Data {
        match self.get("data") {
            Some(Value::Text(t)) => Data::Text(t.clone()),
            Some(Value::Binary(b)) => Data::Binary(b.clone()),
            _ => self.json("data").map_or(Data::None, Data::Json),
        }
    }
}

/// A value of any wire format, for contents that are not hot.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// Nothing.
    #[default]
    Null,
    /// A boolean.
    Bool(bool),
    /// An integer (a larger unsigned one becomes a float).
    Int(i64),
    /// Another number.
    Float(f64),
    /// A string.
    Text(Str),
    /// Bytes (MessagePack only; JSON carries base64).
    Binary(Bytes),
    /// A list.
    List(Vec<Value>),
    /// A map with string keys.
    Map(Vec<(Str, Value)>),
}

impl Value {
    /// Parses JSON text.
    ///
    /// # Errors
    /// - `40013` it is not JSON.
    pub fn from_json(text: &str) -> Result<Self, ErrorInfo> {
        json::read_value(text)
    }

    /// Names in maps count: there may be more in them than in the values.
    fn size(&self) -> usize {
        match self {
            Self::Null | Self::Bool(_) | Self::Int(_) | Self::Float(_) => 8,
            Self::Text(text) => text.len(),
            Self::Binary(bytes) => bytes.len(),
            Self::List(items) => items.iter().map(Self::size).sum(),
            Self::Map(fields) => fields.iter().map(|(name, v)| name.len() + v.size()).sum(),
        }
    }

    /// Writes the value as JSON text; bytes as base64.
    pub fn to_json(&self) -> String {
        json::write_value(self)
    }
}

impl From<Str> for Value {
    fn from(t: Str) -> Self {
        Self::Text(t)
    }
}

impl From<&str> for Value {
    fn from(t: &str) -> Self {
        Self::Text(t.into())
    }
}

impl From<i64> for Value {
    fn from(i: i64) -> Self {
        Self::Int(i)
    }
}

impl From<Bytes> for Value {
    fn from(b: Bytes) -> Self {
        Self::Binary(b)
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(o: Option<T>) -> Self {
        o.map_or(Self::Null, Into::into)
    }
}
