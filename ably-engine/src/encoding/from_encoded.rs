//! [`FromEncoded`]: messages from wire forms that did not come over a client.
//!
//! Spec: TM3, TP4, TAN3.

use alloc::{sync::Arc, vec::Vec};

use ably_protocol::{
    Annotation, Data, ErrorCode, ErrorInfo, Item, Message, PresenceMessage, Str, Value,
};

use super::{Chain, MessageMeta, PayloadEncoding};
use crate::ChannelOptions;

/// Messages from wire forms that came another way than over a client, such as a webhook or a queue:
/// ably-js's `fromEncoded` and `fromEncodedArray`.
///
/// The data comes decoded and, with a cipher in the options, decrypted. What cannot be decoded is
/// not an error: the rest of the encoding stays in `encoding`, as on a channel.
///
/// ```
/// use ably_engine::{ChannelOptions, encoding::FromEncoded, protocol::{Message, Value}};
/// let wire = Value::from_json(r#"{"name": "greeting", "data": "[1]", "encoding": "json"}"#)?;
/// let message = Message::from_encoded(wire, &ChannelOptions::new(), &[])?;
/// assert_eq!(message.data.as_json().map(|j| j.as_str()), Some("[1]"));
/// # Ok::<(), ably_engine::protocol::ErrorInfo>(())
/// ```
///
/// Spec: TM3, TP4, TAN3, RSL6.
pub trait FromEncoded: Sized {
    /// Reads an item and undoes its encoding as far as it goes.
    ///
    /// # Errors
    /// - `40013` the item cannot be read.
    fn decode_item(item: &Item, chain: &mut Chain) -> Result<Self, ErrorInfo>;

    /// The message that `wire` is, a map.
    ///
    /// `encodings` are those that may be needed, such as `client.plugins().encodings()`; none are
    /// needed for what is not encrypted.
    ///
    /// # Errors
    /// - `40013` it cannot be read.
    /// - `40019` an option is meant for a plugin that is not among `encodings`.
    /// - what a plugin says about its options.
    fn from_encoded(
        wire: Value,
        options: &ChannelOptions,
        encodings: &[Arc<dyn PayloadEncoding>],
    ) -> Result<Self, ErrorInfo> {
        Self::decode_item(&item(wire)?, &mut Chain::open(encodings, options)?)
    }

    /// The messages that `wire` lists.
    ///
    /// # Errors
    /// - as [`FromEncoded::from_encoded`], for any of them.
    fn from_encoded_array(
        wire: Value,
        options: &ChannelOptions,
        encodings: &[Arc<dyn PayloadEncoding>],
    ) -> Result<Vec<Self>, ErrorInfo> {
        let mut chain = Chain::open(encodings, options)?;
        let Value::List(items) = wire else {
            return Err(unreadable("a list of encoded messages is expected"));
        };
        let read = |wire| Self::decode_item(&item(wire)?, &mut chain);
        items.into_iter().map(read).collect()
    }
}

impl FromEncoded for Message {
    fn decode_item(item: &Item, chain: &mut Chain) -> Result<Self, ErrorInfo> {
        let mut message = Self::from_item(item);
        undo(chain, &message.id, &mut message.data, &mut message.encoding);
        message.fill_defaults();
        Ok(message)
    }
}

impl FromEncoded for PresenceMessage {
    fn decode_item(item: &Item, chain: &mut Chain) -> Result<Self, ErrorInfo> {
        let mut message = Self::from_item(item)?;
        undo(chain, &message.id, &mut message.data, &mut message.encoding);
        Ok(message)
    }
}

impl FromEncoded for Annotation {
    fn decode_item(item: &Item, chain: &mut Chain) -> Result<Self, ErrorInfo> {
        let mut annotation = Self::from_item(item)?;
        let Self {
            id, data, encoding, ..
        } = &mut annotation;
        undo(chain, id, data, encoding);
        Ok(annotation)
    }
}

fn undo(chain: &mut Chain, id: &Option<Str>, data: &mut Data, encoding: &mut Option<Str>) {
    let meta = MessageMeta {
        id: id.as_deref().unwrap_or_default(),
        ..MessageMeta::default()
    };
    let done = chain.decode(core::mem::take(data), encoding.take(), &meta);
    *data = done.data;
    *encoding = done.encoding;
}

fn item(wire: Value) -> Result<Item, ErrorInfo> {
    match wire {
        Value::Map(fields) => Ok(Item::from_fields(fields)),
        _ => Err(unreadable("an encoded message is a map")),
    }
}

fn unreadable(why: &'static str) -> ErrorInfo {
    ErrorInfo::new(ErrorCode::INVALID_DATA, 400, why)
}
