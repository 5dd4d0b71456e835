//! A presence event or member as this server keeps it.
//!
//! Spec: TP3.

use crate::wire::action;
use crate::wire::error::BAD_REQUEST;
use crate::wire::message::Inherited;
use crate::wire::value::Fields;
use crate::wire::{Data, ErrorInfo, Format, Value};

/// One presence event or member.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PresenceMessage {
    /// `connectionId:msgSerial:index`, or something else when the server made the event.
    pub id: Option<String>,
    /// What happened; see [`action`].
    pub action: u64,
    /// The member.
    pub client_id: Option<String>,
    /// The member's connection.
    pub connection_id: Option<String>,
    /// Payload.
    pub data: Data,
    /// What clients must undo to read the payload, without the transport's `base64`.
    pub encoding: Option<String>,
    /// When it was accepted, in ms.
    pub timestamp: u64,
    /// Headers and the like, passed on as they came.
    pub extras: Option<Value>,
}

impl PresenceMessage {
    /// Reads a presence event from a client. Unknown fields are dropped.
    ///
    /// # Errors
    /// - `40000` a field has the wrong type, or the action is none that a client may send.
    /// - `40013` the payload cannot be carried.
    pub fn read(record: &Value, format: Format) -> Result<PresenceMessage, ErrorInfo> {
        if !matches!(record, Value::Map(_)) {
            return Err(ErrorInfo::bad(
                BAD_REQUEST,
                "a presence event must be an object",
            ));
        }
        let (data, encoding) = Data::read(record, format)?;
        let action = match record.number("action")? {
            Some(number @ action::PRESENT..=action::UPDATE) => number,
            _ => {
                return Err(ErrorInfo::bad(
                    BAD_REQUEST,
                    "presence action must be 1 to 4",
                ));
            }
        };
        let extras = match record.get("extras") {
            None => None,
            Some(extras @ Value::Map(_)) => Some(extras.clone()),
            Some(_) => return Err(ErrorInfo::bad(40032, "extras must be an object")),
        };
        Ok(PresenceMessage {
            id: record.text("id")?.filter(|id| !id.is_empty()),
            action,
            client_id: record.text("clientId")?,
            connection_id: None,
            data,
            encoding,
            timestamp: 0,
            extras,
        })
    }

    /// Reads an event as [`PresenceMessage::to_value`] wrote it for msgpack.
    ///
    /// # Errors
    /// - `40000` a field has the wrong type.
    pub(crate) fn restore(record: &Value) -> Result<PresenceMessage, ErrorInfo> {
        let mut event = PresenceMessage::read(record, Format::Msgpack)?;
        event.connection_id = record.text("connectionId")?;
        event.timestamp = record.number("timestamp")?.unwrap_or_default();
        Ok(event)
    }

    /// Returns the size counted against maxMessageSize.
    pub fn size(&self) -> usize {
        let extras = self.extras.as_ref().map_or(0, Value::weight);
        self.client_id.as_deref().map_or(0, str::len) + extras + self.data.len()
    }

    /// Returns the wire form, with every field filled in.
    pub fn to_value(&self, format: Format) -> Value {
        self.to_value_without(format, &Inherited::default())
    }

    /// Returns the wire form, leaving out what the enclosing frame already says.
    pub fn to_value_without(&self, format: Format, frame: &Inherited<'_>) -> Value {
        let fields = Fields::new()
            .maybe("id", self.id.as_deref().filter(|id| !frame.implies_id(id)))
            .with("action", self.action)
            .maybe("clientId", self.client_id.as_deref())
            .maybe(
                "connectionId",
                self.connection_id
                    .as_deref()
                    .filter(|id| frame.connection_id != Some(id)),
            );
        self.data
            .write(self.encoding.as_deref(), format, fields)
            .maybe(
                "timestamp",
                Some(self.timestamp).filter(|time| frame.timestamp != Some(*time)),
            )
            .maybe("extras", self.extras.clone())
            .into()
    }
}
