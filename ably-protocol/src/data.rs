//! What a message carries: [`Data`], its wire form [`Payload`] and [`JsonText`].

use alloc::{string::String, vec::Vec};
use bytes::Bytes;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{ErrorCode, ErrorInfo, Str, json};

/// JSON that was checked and kept as text, parsed when the application asks for it.
///
/// No tree is built on the way, so numbers and key order stay exactly as they were sent.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct JsonText(Str);

impl JsonText {
    /// Takes `text` when it is one JSON value.
    ///
    /// # Errors
    /// - `40013` it is not JSON, or nested deeper than 128.
    pub fn new(text: impl Into<Str>) -> Result<Self, ErrorInfo> {
        let text = text.into();
        json::check(&text)?;
        Ok(Self(text))
    }

    /// Takes text that is known to be JSON nested no deeper than 128, as a codec does that has just
    /// parsed or written it. What is nested deeper cannot be encoded in every format.
    pub fn from_checked(text: Str) -> Self {
        Self(text)
    }

    /// Writes `value` as JSON.
    ///
    /// # Errors
    /// - `40013` the value cannot be written as JSON, or is nested deeper than 128.
    pub fn from_value<T: Serialize + ?Sized>(value: &T) -> Result<Self, ErrorInfo> {
        let text = serde_json::to_string(value)
            .map_err(|e| invalid("the value cannot be written as JSON", &e))?;
        Self::new(text)
    }

    /// The text, exactly as it was sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text as a shared string.
    pub fn to_text(&self) -> Str {
        self.0.clone()
    }

    /// Parses the text into `T`.
    ///
    /// # Errors
    /// - `40013` the JSON does not have the shape of `T`.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, ErrorInfo> {
        serde_json::from_str(&self.0)
            .map_err(|e| invalid("the JSON does not have the expected shape", &e))
    }

    /// Parses the text into a `T` that may borrow from it.
    ///
    /// # Errors
    /// - `40013` the JSON does not have the shape of `T`.
    pub fn parse_borrowed<'a, T: Deserialize<'a>>(&'a self) -> Result<T, ErrorInfo> {
        serde_json::from_str(&self.0)
            .map_err(|e| invalid("the JSON does not have the expected shape", &e))
    }
}

fn invalid(what: &'static str, e: &serde_json::Error) -> ErrorInfo {
    ErrorInfo::builder(ErrorCode::INVALID_DATA, 400, what)
        .source_text(alloc::format!("{e}"))
        .build()
}

/// The data of a message: nothing, a string, a JSON object or array, or bytes.
///
/// Spec: TM2d, RSL4a.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Data {
    /// No data.
    #[default]
    None,
    /// A string.
    Text(Str),
    /// A JSON object or array.
    Json(JsonText),
    /// Bytes.
    Binary(Bytes),
}

impl Data {
    /// Writes `value`, which must come out as a JSON object or array.
    ///
    /// # Errors
    /// - `40013` it cannot be written, is nested deeper than 128, or is a number, boolean, string or
    ///   null, which Ably does not carry as JSON data.
    ///
    /// Spec: RSL4a, RSL4c3, RSL4d3.
    pub fn json<T: Serialize + ?Sized>(value: &T) -> Result<Self, ErrorInfo> {
        let text = JsonText::from_value(value)?;
        if text.as_str().starts_with(['{', '[']) {
            Ok(Self::Json(text))
        } else {
            Err(ErrorInfo::new(
                ErrorCode::INVALID_DATA,
                400,
                "data must be a string, bytes, or a JSON object or array",
            ))
        }
    }

    /// The string, when it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(t) => Some(t),
            _ => None,
        }
    }

    /// The bytes, when it is bytes.
    pub fn as_binary(&self) -> Option<&Bytes> {
        match self {
            Self::Binary(b) => Some(b),
            _ => None,
        }
    }

    /// The JSON, when it is JSON.
    pub fn as_json(&self) -> Option<&JsonText> {
        match self {
            Self::Json(j) => Some(j),
            _ => None,
        }
    }

    /// True when there is no data.
    pub fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }

    /// Bytes of the data as they count against `maxMessageSize`: a string's and JSON's UTF-8
    /// length, a binary's length. Spec: TM6b.
    pub fn len(&self) -> usize {
        match self {
            Self::None => 0,
            Self::Text(t) => t.len(),
            Self::Json(j) => j.as_str().len(),
            Self::Binary(b) => b.len(),
        }
    }

    /// True when [`Data::len`] is 0.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl From<&str> for Data {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Data {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl From<Str> for Data {
    fn from(text: Str) -> Self {
        Self::Text(text)
    }
}

impl From<JsonText> for Data {
    fn from(json: JsonText) -> Self {
        Self::Json(json)
    }
}

impl From<Bytes> for Data {
    fn from(bytes: Bytes) -> Self {
        Self::Binary(bytes)
    }
}

impl From<Vec<u8>> for Data {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Binary(bytes.into())
    }
}

impl From<&[u8]> for Data {
    fn from(bytes: &[u8]) -> Self {
        Self::Binary(Bytes::copy_from_slice(bytes))
    }
}

impl<const N: usize> From<&[u8; N]> for Data {
    fn from(bytes: &[u8; N]) -> Self {
        Self::Binary(Bytes::copy_from_slice(bytes))
    }
}

impl From<()> for Data {
    fn from((): ()) -> Self {
        Self::None
    }
}

impl<T: Into<Data>> From<Option<T>> for Data {
    fn from(data: Option<T>) -> Self {
        data.map_or(Self::None, Into::into)
    }
}

impl From<Payload> for Data {
    fn from(payload: Payload) -> Self {
        match payload {
            Payload::Text(t) => Self::Text(t),
            Payload::Binary(b) => Self::Binary(b),
        }
    }
}

impl PartialEq<str> for Data {
    fn eq(&self, other: &str) -> bool {
        self.as_text() == Some(other)
    }
}

impl PartialEq<&str> for Data {
    fn eq(&self, other: &&str) -> bool {
        self.as_text() == Some(*other)
    }
}

/// Data between two steps of the `encoding` chain: text or bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payload {
    /// Text.
    Text(Str),
    /// Bytes.
    Binary(Bytes),
}

impl Payload {
    /// The bytes of either form (text as UTF-8).
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Text(t) => t.as_bytes(),
            Self::Binary(b) => b,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_data_keeps_the_text_and_parses_on_demand() {
        let j = JsonText::new(r#"{"b":1.50,"a":[1]}"#).unwrap();
        assert_eq!(j.as_str(), r#"{"b":1.50,"a":[1]}"#);
        #[derive(Deserialize)]
        struct T {
            a: Vec<u8>,
        }
        assert_eq!(j.parse::<T>().unwrap().a, [1]);
        assert_eq!(
            j.parse::<Vec<u8>>().unwrap_err().code(),
            ErrorCode::INVALID_DATA
        );
        assert_eq!(
            JsonText::new("{").unwrap_err().code(),
            ErrorCode::INVALID_DATA
        );
    }

    #[test]
    fn what_is_nested_deeper_than_a_codec_reads_is_refused() {
        struct Nested(usize);
        impl Serialize for Nested {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                match self.0 {
                    0 => s.serialize_i32(1),
                    _ => s.collect_seq([Self(self.0 - 1)]),
                }
            }
        }
        let deepest = JsonText::from_value(&Nested(128)).unwrap();
        assert!(crate::Value::from_json(deepest.as_str()).is_ok());
        for too_deep in [129, 1_000] {
            let error = JsonText::from_value(&Nested(too_deep)).unwrap_err();
            assert_eq!(
                (error.code(), error.status_code()),
                (ErrorCode::INVALID_DATA, 400)
            );
            let error = Data::json(&Nested(too_deep)).unwrap_err();
            assert_eq!(error.code(), ErrorCode::INVALID_DATA);
        }
    }

    #[test]
    fn scalars_are_refused_as_json_data() {
        for e in [
            Data::json(&5),
            Data::json(&true),
            Data::json("x"),
            Data::json(&None::<u8>),
        ] {
            assert_eq!(e.unwrap_err().code(), ErrorCode::INVALID_DATA);
        }
        assert_eq!(
            Data::json(&[1, 2]).unwrap().as_json().unwrap().as_str(),
            "[1,2]"
        );
    }
}
