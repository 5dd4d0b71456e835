//! [`Message`] and what belongs to it.

use alloc::{collections::BTreeMap, sync::Arc};
use core::fmt;
use smallvec::SmallVec;

use crate::{Data, Item, JsonText, Str, Value, secret::Redacted};

/// The messages of one protocol message. The usual single one needs no list on the heap.
pub type Messages = SmallVec<[Arc<Message>; 1]>;

/// A message published to, or received from, a channel.
///
/// Fields that the server fills in are `None` on a message that the application makes. `Debug`
/// leaves out the connection key.
///
/// Spec: TM1–TM5, protocol version 3.
#[derive(Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Message {
    /// Unique id: given by the publisher for idempotent publishing, else
    /// `connectionId:msgSerial:index`. Spec: TM2a.
    pub id: Option<Str>,
    /// The event name. Spec: TM2g.
    pub name: Option<Str>,
    /// The data. Spec: TM2d.
    pub data: Data,
    /// What is left of the encoding chain when it could not be undone entirely. Spec: TM2e.
    pub encoding: Option<Str>,
    /// The client that published it. Spec: TM2b.
    pub client_id: Option<Str>,
    /// The connection it was published on. Spec: TM2c.
    pub connection_id: Option<Str>,
    /// The connection to publish on behalf of (REST only). Spec: TM2h.
    pub connection_key: Option<Str>,
    /// When the server received it, ms since the epoch. Spec: TM2f.
    pub timestamp: Option<i64>,
    /// Headers, push payload, references and the like: a JSON object. Spec: TM2i.
    pub extras: Option<JsonText>,
    /// What the message does. Spec: TM5.
    pub action: MessageAction,
    /// The message's identity in the channel's order. Spec: TM2r.
    pub serial: Option<Str>,
    /// The serial of this version of the message. Spec: TM2p.
    pub version: Option<Str>,
    /// When the first version was created, ms since the epoch. Spec: TM2o.
    pub created_at: Option<i64>,
    /// Who changed it and why, for an update or delete. Spec: TM2n.
    pub operation: Option<Arc<Operation>>,
    /// Annotation type to aggregate: a JSON object, for a summary. Spec: TM2q.
    pub summary: Option<JsonText>,
}

impl Message {
    /// A message of `name` and `data`, ready to publish.
    pub fn new(name: impl Into<Str>, data: impl Into<Data>) -> Self {
        Self {
            name: Some(name.into()),
            data: data.into(),
            ..Self::default()
        }
    }

    /// A message without a name.
    pub fn unnamed(data: impl Into<Data>) -> Self {
        Self {
            data: data.into(),
            ..Self::default()
        }
    }

    /// Sets the id (idempotent publishing).
    #[must_use]
    pub fn id(mut self, id: impl Into<Str>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Sets the client that is named as the publisher.
    #[must_use]
    pub fn client_id(mut self, client_id: impl Into<Str>) -> Self {
        self.client_id = Some(client_id.into());
        self
    }

    /// Sets the extras, a JSON object.
    #[must_use]
    pub fn extras(mut self, extras: JsonText) -> Self {
        self.extras = Some(extras);
        self
    }

    /// Sets the encoding that the data already has.
    #[must_use]
    pub fn encoding(mut self, encoding: impl Into<Str>) -> Self {
        self.encoding = Some(encoding.into());
        self
    }

    /// Reads the wire form. The data is still encoded; a field of the wrong type counts as absent.
    pub fn from_item(item: &Item) -> Self {
        let action = item.int("action").unwrap_or(0);
        Self {
            id: item.text("id"),
            name: item.text("name"),
            data: item.data(),
            // Some servers send an empty encoding for none.
            encoding: item.text("encoding").filter(|e| !e.is_empty()),
            client_id: item.text("clientId"),
            connection_id: item.text("connectionId"),
            connection_key: item.text("connectionKey"),
            timestamp: item.int("timestamp"),
            extras: item.json("extras"),
            action: MessageAction(u8::try_from(action).unwrap_or(u8::MAX)),
            serial: item.text("serial"),
            // An object from protocol 4 on.
            version: item.text("version"),
            created_at: item.int("createdAt"),
            operation: match item.get("operation") {
                Some(Value::Map(fields)) => Some(Arc::new(Operation::from_fields(fields))),
                _ => None,
            },
            summary: item.json("summary"),
        }
    }

    /// Bytes that count against `maxMessageSize`: name, clientId and extras in UTF-16 units, data
    /// in bytes of its current form. Spec: TM6.
    pub fn size(&self) -> usize {
        let chars = |s: &Option<Str>| s.as_deref().map_or(0, utf16_len);
        chars(&self.name)
            + chars(&self.client_id)
            + self.extras.as_ref().map_or(0, |e| utf16_len(e.as_str()))
            + self.data.len()
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("id", &self.id)
            .field("name", &self.name)
            .field("data", &self.data)
            .field("encoding", &self.encoding)
            .field("client_id", &self.client_id)
            .field("connection_id", &self.connection_id)
            .field(
                "connection_key",
                &self.connection_key.as_ref().map(Redacted::of),
            )
            .field("timestamp", &self.timestamp)
            .field("extras", &self.extras)
            .field("action", &self.action)
            .field("serial", &self.serial)
            .field("version", &self.version)
            .field("created_at", &self.created_at)
            .field("operation", &self.operation)
            .field("summary", &self.summary)
            .finish()
    }
}

fn utf16_len(s: &str) -> usize {
    if s.is_ascii() {
        s.len()
    } else {
        s.encode_utf16().count()
    }
}

/// What a [`Message`] does. An open number; `None` on the wire means create.
///
/// Spec: TM5.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct MessageAction(pub u8);

impl MessageAction {
    /// `message.create`
    pub const CREATE: Self = Self(0);
    /// `message.update`
    pub const UPDATE: Self = Self(1);
    /// `message.delete`
    pub const DELETE: Self = Self(2);
    /// `meta`: the server tells about the channel, for example its occupancy.
    pub const META: Self = Self(3);
    /// `message.summary`: a summary of a message's annotations.
    pub const SUMMARY: Self = Self(4);

    /// The name that ably-js uses; `unknown` for a number that is new.
    pub const fn as_str(self) -> &'static str {
        match self.0 {
            0 => "message.create",
            1 => "message.update",
            2 => "message.delete",
            3 => "meta",
            4 => "message.summary",
            _ => "unknown",
        }
    }
}

impl fmt::Debug for MessageAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({})", self.as_str(), self.0)
    }
}

/// The name that ably-js uses.
impl fmt::Display for MessageAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Who changed a message, and why.
///
/// Spec: MOP2.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Operation {
    /// The client that made the change.
    pub client_id: Option<Str>,
    /// Its reason, in words.
    pub description: Option<Str>,
    /// Further facts about the change.
    pub metadata: BTreeMap<Str, Str>,
}

impl Operation {
    fn from_fields(fields: &[(Str, Value)]) -> Self {
        let item = Item::from_fields(fields.to_vec());
        let metadata = match item.get("metadata") {
            Some(Value::Map(facts)) => facts.as_slice(),
            _ => &[],
        };
        let facts = metadata.iter().filter_map(|(name, fact)| {
            let fact = match fact {
                Value::Null => return None,
                Value::Text(text) => text.clone(),
                other => other.to_json().into(),
            };
            Some((name.clone(), fact))
        });
        Self {
            client_id: item.text("clientId"),
            description: item.text("description"),
            metadata: facts.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Codec, json::JsonCodec};
    use bytes::Bytes;

    #[test]
    fn an_item_is_read_as_the_codec_reads_it() {
        for text in [
            r#"{"id":"i","name":"n","data":"d","encoding":"json/utf-8","clientId":"c",
                "connectionId":"x","connectionKey":"k","timestamp":5,"extras":{"a":[1.5]},
                "action":1,"serial":"s","version":"v","createdAt":4,
                "operation":{"clientId":"o","description":"why","metadata":{"a":"b","n":1,"z":null}},
                "summary":{"t":{"total":1}},"unknown":true}"#,
            r#"{"data":{"a":1},"encoding":"","action":300,"version":{"serial":"v"},"operation":1}"#,
            r#"{"data":null,"extras":null}"#,
            "{}",
        ] {
            let list = Bytes::from(alloc::format!("[{text}]"));
            let Value::Map(fields) = Value::from_json(text).unwrap() else {
                panic!("a map")
            };
            assert_eq!(
                Message::from_item(&Item::from_fields(fields)),
                *JsonCodec.decode_messages(&list).unwrap()[0],
                "{text}"
            );
        }
    }

    #[test]
    fn size_counts_name_client_id_extras_and_data() {
        let m = Message::new("näme", "dätä")
            .client_id("me")
            .extras(JsonText::new(r#"{"a":1}"#).unwrap());
        assert_eq!(m.size(), 4 + 2 + 7 + 6);
        assert_eq!(Message::new("n", &[0u8, 1, 2]).size(), 4);
        assert_eq!(Message::default().size(), 0);
    }
}
