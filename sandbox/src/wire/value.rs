//! A value that both encodings can carry, and tolerant typed access to its parts.
//!
//! `serde_json::Value` cannot hold binary, and an application that turns on
//! `serde_json/arbitrary_precision` changes what it means; this type is immune to both.

use crate::wire::ErrorInfo;
use crate::wire::error::BAD_REQUEST;

/// One JSON or msgpack value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `null`, nil, or an extension type.
    Null,
    /// A boolean.
    Bool(bool),
    /// An integer that fits 64 signed bits.
    Int(i64),
    /// An integer above `i64::MAX`.
    Uint(u64),
    /// Any other number.
    Float(f64),
    /// Text.
    Text(String),
    /// Binary: exists in msgpack only.
    Bytes(Vec<u8>),
    /// An array.
    List(Vec<Value>),
    /// An object with text keys, in the order received.
    Map(Vec<(String, Value)>),
}

impl Value {
    /// Returns the field `key` of a map; absent, `null` and "not a map" are all `None`.
    pub fn get(&self, key: &str) -> Option<&Value> {
        let Value::Map(entries) = self else {
            return None;
        };
        let found = entries.iter().rev().find(|(name, _)| name == key);
        found
            .map(|(_, value)| value)
            .filter(|value| **value != Value::Null)
    }

    /// Returns the text, if this is text.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the number as an unsigned integer, if it is one; a whole float counts.
    pub fn as_u64(&self) -> Option<u64> {
        match self {
            Value::Int(number) => u64::try_from(*number).ok(),
            Value::Uint(number) => Some(*number),
            Value::Float(number) if number.fract() == 0.0 && (0.0..=MAX_SAFE).contains(number) => {
                Some(*number as u64)
            }
            _ => None,
        }
    }

    /// Returns the items, if this is an array.
    pub fn as_list(&self) -> Option<&[Value]> {
        match self {
            Value::List(items) => Some(items),
            _ => None,
        }
    }

    /// Reads the optional text field `key`.
    ///
    /// # Errors
    /// - `40000` the field holds something other than text.
    pub fn text(&self, key: &str) -> Result<Option<String>, ErrorInfo> {
        match self.get(key) {
            None => Ok(None),
            Some(Value::Text(text)) => Ok(Some(text.clone())),
            Some(_) => Err(wrong_type(key, "a string")),
        }
    }

    /// Reads the optional unsigned integer field `key`.
    ///
    /// # Errors
    /// - `40000` the field holds something other than a whole number of at least 0.
    pub fn number(&self, key: &str) -> Result<Option<u64>, ErrorInfo> {
        match self.get(key) {
            None => Ok(None),
            Some(value) => match value.as_u64() {
                Some(number) => Ok(Some(number)),
                None => Err(wrong_type(key, "a non-negative integer")),
            },
        }
    }

    /// Reads the optional array field `key`.
    ///
    /// # Errors
    /// - `40000` the field holds something other than an array.
    pub fn list(&self, key: &str) -> Result<Option<&[Value]>, ErrorInfo> {
        match self.get(key) {
            None => Ok(None),
            Some(Value::List(items)) => Ok(Some(items)),
            Some(_) => Err(wrong_type(key, "an array")),
        }
    }

    /// Builds text.
    pub fn from_text(text: impl Into<String>) -> Value {
        Value::Text(text.into())
    }

    /// Builds an integer; what exceeds `i64::MAX` stays exact.
    pub fn from_u64(number: u64) -> Value {
        i64::try_from(number).map_or(Value::Uint(number), Value::Int)
    }

    /// Returns about how many bytes this value takes on the wire.
    pub fn weight(&self) -> usize {
        match self {
            Value::Null | Value::Bool(_) => 4,
            Value::Int(_) | Value::Uint(_) | Value::Float(_) => 9,
            Value::Text(text) => text.len() + 3,
            Value::Bytes(bytes) => bytes.len() + 3,
            Value::List(items) => 3 + items.iter().map(Value::weight).sum::<usize>(),
            Value::Map(entries) => {
                let parts = entries
                    .iter()
                    .map(|(key, item)| key.len() + 3 + item.weight());
                3 + parts.sum::<usize>()
            }
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::Text(text)
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Value {
        Value::Bool(flag)
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Value {
        Value::from_u64(number)
    }
}

/// Collects the fields of an object, leaving out what is absent.
#[derive(Debug, Default)]
pub struct Fields(Vec<(String, Value)>);

impl Fields {
    /// Starts an empty object.
    pub fn new() -> Fields {
        Fields::default()
    }

    /// Adds a field.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Fields {
        self.0.push((key.to_owned(), value.into()));
        self
    }

    /// Adds a field if there is a value.
    #[must_use]
    pub fn maybe(self, key: &str, value: Option<impl Into<Value>>) -> Fields {
        match value {
            Some(value) => self.with(key, value),
            None => self,
        }
    }
}

impl From<Fields> for Value {
    fn from(fields: Fields) -> Value {
        Value::Map(fields.0)
    }
}

fn wrong_type(key: &str, wanted: &str) -> ErrorInfo {
    ErrorInfo::new(BAD_REQUEST, 400, format!("field '{key}' must be {wanted}"))
}

/// Doubles are exact up to here.
const MAX_SAFE: f64 = 9_007_199_254_740_992.0;
