//! The payload of a message, without the transport's `base64`.
//!
//! JSON has no binary, so there bytes travel as base64 with a last encoding step `base64`. That step
//! is taken off on the way in and put on again on the way out; inner steps (`json`, `utf-8`,
//! `cipher+…`) belong to the clients and are never touched.
//!
//! Spec: RSL4, RSL6.

use base64::Engine as _;
use base64::alphabet::{self, STANDARD};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::wire::error::BAD_DATA;
use crate::wire::value::Fields;
use crate::wire::{ErrorInfo, Format, Value};

/// What a message carries.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Data {
    /// Nothing.
    #[default]
    None,
    /// Text.
    Text(String),
    /// Binary.
    Bytes(Vec<u8>),
}

impl Data {
    /// Reads `data` and `encoding` of a received record.
    ///
    /// # Errors
    /// - `40013` numbers, booleans, and `base64` that is not.
    pub fn read(record: &Value, format: Format) -> Result<(Data, Option<String>), ErrorInfo> {
        let encoding = record.text("encoding")?.filter(|text| !text.is_empty());
        match record.get("data") {
            None => Ok((Data::None, encoding)),
            Some(Value::Bytes(bytes)) => Ok((Data::Bytes(bytes.clone()), encoding)),
            Some(Value::Text(text)) => match (format, split_base64(encoding.as_deref())) {
                (Format::Json, Some(inner)) => match from_base64(text) {
                    Some(bytes) => Ok((Data::Bytes(bytes), inner)),
                    None => Err(ErrorInfo::bad(
                        BAD_DATA,
                        "data is not base64 as its encoding says",
                    )),
                },
                _ => Ok((Data::Text(text.clone()), encoding)),
            },
            // REST callers may post plain JSON; clients expect it as text with a `json` step.
            Some(value @ (Value::List(_) | Value::Map(_))) if encoding.is_none() => {
                let text = String::from_utf8_lossy(&Format::Json.encode(value)).into_owned();
                Ok((Data::Text(text), Some("json".to_owned())))
            }
            Some(_) => Err(ErrorInfo::bad(
                BAD_DATA,
                "data must be a string, binary, an object or an array",
            )),
        }
    }

    /// Adds `data` and `encoding` to a record about to be sent.
    pub fn write(&self, encoding: Option<&str>, format: Format, fields: Fields) -> Fields {
        match (self, format) {
            (Data::None, _) => fields.maybe("encoding", encoding),
            (Data::Text(text), _) => fields
                .with("data", text.as_str())
                .maybe("encoding", encoding),
            (Data::Bytes(bytes), Format::Msgpack) => fields
                .with("data", Value::Bytes(bytes.clone()))
                .maybe("encoding", encoding),
            (Data::Bytes(bytes), Format::Json) => {
                let encoding = match encoding {
                    Some(inner) => format!("{inner}/base64"),
                    None => "base64".to_owned(),
                };
                fields
                    .with("data", to_base64(bytes))
                    .with("encoding", encoding)
            }
        }
    }

    /// Returns the bytes counted against maxMessageSize.
    pub fn len(&self) -> usize {
        match self {
            Data::None => 0,
            Data::Text(text) => text.len(),
            Data::Bytes(bytes) => bytes.len(),
        }
    }

    /// Says whether there is nothing to carry.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Encodes bytes as standard base64 with padding.
pub fn to_base64(bytes: &[u8]) -> String {
    LENIENT.encode(bytes)
}

/// Decodes standard base64, padded or not.
pub fn from_base64(text: &str) -> Option<Vec<u8>> {
    LENIENT.decode(text).ok()
}

/// Decodes base64 in the alphabet for URLs, padded or not.
pub fn from_base64url(text: &str) -> Option<Vec<u8>> {
    URL_SAFE.decode(text).ok()
}

fn split_base64(encoding: Option<&str>) -> Option<Option<String>> {
    let rest = encoding?.strip_suffix("base64")?;
    if rest.is_empty() {
        return Some(None);
    }
    rest.strip_suffix('/').map(|inner| Some(inner.to_owned()))
}

const URL_SAFE: GeneralPurpose = GeneralPurpose::new(
    &alphabet::URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);
