//! JSON and msgpack bytes to [`Value`] and back.
//!
//! Refuses what nests deeper than [`MAX_DEPTH`] and what has bytes after the value. Knows no field
//! of the protocol.

use std::fmt;

use serde::ser::{SerializeMap, SerializeSeq};

use crate::wire::Value;

/// How deep a received value may nest.
pub const MAX_DEPTH: usize = 64;

/// An encoding of the protocol.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Format {
    /// `format=json`, `application/json`; text frames.
    Json,
    /// `format=msgpack`, `application/x-msgpack`; binary frames.
    Msgpack,
}

impl Format {
    /// Returns the exact content type; clients compare it without looking for a charset.
    pub fn content_type(self) -> &'static str {
        match self {
            Format::Json => "application/json",
            Format::Msgpack => "application/x-msgpack",
        }
    }

    /// Decodes one value that fills all of `bytes`.
    ///
    /// # Errors
    /// The reason, in words, when the bytes are not exactly one value of at most [`MAX_DEPTH`].
    pub fn decode(self, bytes: &[u8]) -> Result<Value, String> {
        match self {
            Format::Json => {
                let parsed: serde_json::Value =
                    serde_json::from_slice(bytes).map_err(|error| format!("bad JSON: {error}"))?;
                from_json(parsed, MAX_DEPTH)
            }
            Format::Msgpack => {
                let mut rest = bytes;
                let parsed = rmpv::decode::read_value_with_max_depth(&mut rest, MAX_DEPTH)
                    .map_err(|error| format!("bad msgpack: {error}"))?;
                if !rest.is_empty() {
                    return Err("bad msgpack: bytes after the value".to_owned());
                }
                from_msgpack(parsed)
            }
        }
    }

    /// Encodes a value. Binary inside JSON becomes base64 text.
    pub fn encode(self, value: &Value) -> Vec<u8> {
        match self {
            // Serialising this type into memory has no failing path: keys are text, and
            // non-finite floats become null.
            Format::Json => serde_json::to_vec(&Json(value)).unwrap_or_default(),
            Format::Msgpack => {
                let mut bytes = Vec::with_capacity(value.weight());
                let written = rmpv::encode::write_value(&mut bytes, &to_msgpack(value));
                written.map(|()| bytes).unwrap_or_default()
            }
        }
    }
}

/// Decodes what was encoded as msgpack here. That may nest a little deeper than what was received,
/// which it is wrapped around.
///
/// # Errors
/// As [`Format::decode`].
pub(crate) fn decode_record(mut bytes: &[u8]) -> Result<Value, String> {
    let parsed = rmpv::decode::read_value_with_max_depth(&mut bytes, MAX_DEPTH + 8)
        .map_err(|error| format!("bad record: {error}"))?;
    from_msgpack(parsed)
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Format::Json => "json",
            Format::Msgpack => "msgpack",
        })
    }
}

fn from_json(value: serde_json::Value, depth: usize) -> Result<Value, String> {
    let Some(depth) = depth.checked_sub(1) else {
        return Err(format!("bad JSON: nested deeper than {MAX_DEPTH}"));
    };
    Ok(match value {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(flag) => Value::Bool(flag),
        serde_json::Value::Number(number) => {
            if let Some(number) = number.as_i64() {
                Value::Int(number)
            } else if let Some(number) = number.as_u64() {
                Value::Uint(number)
            } else {
                Value::Float(number.as_f64().unwrap_or(f64::NAN))
            }
        }
        serde_json::Value::String(text) => Value::Text(text),
        serde_json::Value::Array(items) => {
            let items = items.into_iter().map(|item| from_json(item, depth));
            Value::List(items.collect::<Result<_, _>>()?)
        }
        serde_json::Value::Object(entries) => {
            let entries = entries
                .into_iter()
                .map(|(key, item)| Ok((key, from_json(item, depth)?)));
            Value::Map(entries.collect::<Result<_, String>>()?)
        }
    })
}

// The decoder has already bounded the depth.
fn from_msgpack(value: rmpv::Value) -> Result<Value, String> {
    Ok(match value {
        rmpv::Value::Nil | rmpv::Value::Ext(..) => Value::Null,
        rmpv::Value::Boolean(flag) => Value::Bool(flag),
        rmpv::Value::Integer(number) => match (number.as_i64(), number.as_u64()) {
            (Some(number), _) => Value::Int(number),
            (None, Some(number)) => Value::Uint(number),
            (None, None) => Value::Null,
        },
        rmpv::Value::F32(number) => Value::Float(f64::from(number)),
        rmpv::Value::F64(number) => Value::Float(number),
        rmpv::Value::String(text) => Value::Text(msgpack_text(text)?),
        rmpv::Value::Binary(bytes) => Value::Bytes(bytes),
        rmpv::Value::Array(items) => {
            let items = items.into_iter().map(from_msgpack);
            Value::List(items.collect::<Result<_, _>>()?)
        }
        rmpv::Value::Map(entries) => {
            let entries = entries.into_iter().map(|(key, item)| match key {
                rmpv::Value::String(key) => Ok((msgpack_text(key)?, from_msgpack(item)?)),
                _ => Err("bad msgpack: a map key is not a string".to_owned()),
            });
            Value::Map(entries.collect::<Result<_, String>>()?)
        }
    })
}

fn msgpack_text(text: rmpv::Utf8String) -> Result<String, String> {
    let text = text.into_str();
    text.ok_or_else(|| "bad msgpack: a string is not UTF-8".to_owned())
}

fn to_msgpack(value: &Value) -> rmpv::Value {
    match value {
        Value::Null => rmpv::Value::Nil,
        Value::Bool(flag) => rmpv::Value::from(*flag),
        Value::Int(number) => rmpv::Value::from(*number),
        Value::Uint(number) => rmpv::Value::from(*number),
        Value::Float(number) => rmpv::Value::from(*number),
        Value::Text(text) => rmpv::Value::from(text.as_str()),
        Value::Bytes(bytes) => rmpv::Value::Binary(bytes.clone()),
        Value::List(items) => rmpv::Value::Array(items.iter().map(to_msgpack).collect()),
        Value::Map(entries) => {
            let entries = entries
                .iter()
                .map(|(key, item)| (rmpv::Value::from(key.as_str()), to_msgpack(item)));
            rmpv::Value::Map(entries.collect())
        }
    }
}

struct Json<'a>(&'a Value);

impl serde::Serialize for Json<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Null => serializer.serialize_unit(),
            Value::Bool(flag) => serializer.serialize_bool(*flag),
            Value::Int(number) => serializer.serialize_i64(*number),
            Value::Uint(number) => serializer.serialize_u64(*number),
            Value::Float(number) => serializer.serialize_f64(*number),
            Value::Text(text) => serializer.serialize_str(text),
            Value::Bytes(bytes) => serializer.serialize_str(&crate::wire::data::to_base64(bytes)),
            Value::List(items) => {
                let mut list = serializer.serialize_seq(Some(items.len()))?;
                for item in items {
                    list.serialize_element(&Json(item))?;
                }
                list.end()
            }
            Value::Map(entries) => {
                let mut map = serializer.serialize_map(Some(entries.len()))?;
                for (key, item) in entries {
                    map.serialize_entry(key, &Json(item))?;
                }
                map.end()
            }
        }
    }
}
