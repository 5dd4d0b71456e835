//! A message as this server keeps it.
//!
//! Spec: TM2, TM6.

use crate::wire::error::BAD_REQUEST;
use crate::wire::value::Fields;
use crate::wire::{Data, ErrorInfo, Format, Value};

/// One published message.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Message {
    /// Unique id; chosen by the client or made from connection, msgSerial and index.
    pub id: Option<String>,
    /// Event name.
    pub name: Option<String>,
    /// Payload.
    pub data: Data,
    /// What clients must undo to read the payload, without the transport's `base64`.
    pub encoding: Option<String>,
    /// Who published.
    pub client_id: Option<String>,
    /// The connection that published.
    pub connection_id: Option<String>,
    /// When it was accepted, in ms.
    pub timestamp: u64,
    /// Headers and the like, passed on as they came.
    pub extras: Option<Value>,
    /// 0 create is all a version 3 client publishes.
    pub action: u64,
    /// Position in the channel.
    pub serial: String,
    /// What its annotations come to.
    pub summary: Option<Value>,
}

impl Message {
    /// Reads a message from a client. Unknown fields are dropped.
    ///
    /// # Errors
    /// - `40000` a field has the wrong type.
    /// - `40013` the payload cannot be carried.
    pub fn read(record: &Value, format: Format) -> Result<Message, ErrorInfo> {
        if !matches!(record, Value::Map(_)) {
            return Err(ErrorInfo::bad(BAD_REQUEST, "a message must be an object"));
        }
        let (data, encoding) = Data::read(record, format)?;
        let action = record.number("action")?.unwrap_or(0);
        if action != 0 {
            return Err(ErrorInfo::bad(
                BAD_REQUEST,
                format!(
                    "publishing messages with action {action} is not supported by this sandbox"
                ),
            ));
        }
        let extras = match record.get("extras") {
            None => None,
            Some(extras @ Value::Map(_)) => Some(extras.clone()),
            Some(_) => return Err(ErrorInfo::bad(40032, "extras must be an object")),
        };
        Ok(Message {
            id: record.text("id")?.filter(|id| !id.is_empty()),
            name: record.text("name")?,
            data,
            encoding,
            client_id: record.text("clientId")?,
            connection_id: None,
            timestamp: 0,
            extras,
            action,
            serial: String::new(),
            summary: None,
        })
    }

    /// Reads a message as [`Message::to_value`] wrote it for msgpack.
    ///
    /// # Errors
    /// - `40000` a field has the wrong type.
    pub(crate) fn restore(record: &Value) -> Result<Message, ErrorInfo> {
        let (data, encoding) = Data::read(record, Format::Msgpack)?;
        Ok(Message {
            id: record.text("id")?,
            name: record.text("name")?,
            data,
            encoding,
            client_id: record.text("clientId")?,
            connection_id: record.text("connectionId")?,
            timestamp: record.number("timestamp")?.unwrap_or_default(),
            extras: record.get("extras").cloned(),
            action: record.number("action")?.unwrap_or_default(),
            serial: record.text("serial")?.unwrap_or_default(),
            summary: record.get("summary").cloned(),
        })
    }

    /// Returns the size counted against maxMessageSize.
    pub fn size(&self) -> usize {
        let name = self.name.as_deref().map_or(0, utf16_len);
        let client_id = self.client_id.as_deref().map_or(0, utf16_len);
        let extras = self.extras.as_ref().map_or(0, |extras| {
            utf16_len(&String::from_utf8_lossy(&Format::Json.encode(extras)))
        });
        name + client_id + extras + self.data.len()
    }

    /// Returns about how many bytes the message takes on the wire.
    pub fn weight(&self) -> usize {
        self.size() + self.summary.as_ref().map_or(0, Value::weight)
    }

    /// Returns the wire form, with every field filled in.
    pub fn to_value(&self, format: Format) -> Value {
        self.to_value_without(format, &Inherited::default())
    }

    /// Returns the wire form, leaving out what the enclosing frame already says.
    pub fn to_value_without(&self, format: Format, frame: &Inherited<'_>) -> Value {
        let serial = Some(self.serial.as_str()).filter(|serial| !serial.is_empty());
        let fields = Fields::new()
            .maybe("id", self.id.as_deref().filter(|id| !frame.implies_id(id)))
            .maybe("name", self.name.as_deref());
        self.data
            .write(self.encoding.as_deref(), format, fields)
            .maybe("clientId", self.client_id.as_deref())
            .maybe(
                "connectionId",
                self.connection_id
                    .as_deref()
                    .filter(|id| frame.connection_id != Some(id)),
            )
            .maybe(
                "timestamp",
                Some(self.timestamp).filter(|time| frame.timestamp != Some(*time)),
            )
            .maybe("extras", self.extras.clone())
            .with("action", self.action)
            .maybe("serial", serial)
            .maybe("version", serial)
            .with("createdAt", self.timestamp)
            .maybe("summary", self.summary.clone())
            .into()
    }
}

/// What a frame says for all of its items.
#[derive(Clone, Copy, Debug, Default)]
pub struct Inherited<'a> {
    /// The frame's id; the item at index `i` is then `id:i`.
    pub id: Option<&'a str>,
    /// The item's index.
    pub index: usize,
    /// The frame's connectionId.
    pub connection_id: Option<&'a str>,
    /// The frame's timestamp.
    pub timestamp: Option<u64>,
}

impl Inherited<'_> {
    /// Says whether a client would derive `id` by itself.
    pub fn implies_id(&self, id: &str) -> bool {
        self.id
            .is_some_and(|base| id == format!("{base}:{}", self.index))
    }
}

// Clients measure with JavaScript's string length.
fn utf16_len(text: &str) -> usize {
    text.encode_utf16().count()
}
