//! An annotation of a message as this server keeps it.
//!
//! Spec: TAN2.

use crate::wire::error::{BAD_PARAM, BAD_REQUEST};
use crate::wire::message::Inherited;
use crate::wire::value::Fields;
use crate::wire::{Data, ErrorInfo, Format, Value, action};

/// One annotation, or the wish to take one back.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Annotation {
    /// Unique id.
    pub id: Option<String>,
    /// 0 create, 1 delete.
    pub action: u64,
    /// Who annotated.
    pub client_id: Option<String>,
    /// The connection that annotated.
    pub connection_id: Option<String>,
    /// The message meant.
    pub message_serial: String,
    /// `name:aggregation`.
    pub kind: String,
    /// What is counted, for aggregations that tell several things apart.
    pub name: Option<String>,
    /// How much it counts.
    pub count: Option<u64>,
    /// Payload.
    pub data: Data,
    /// What clients must undo to read the payload, without the transport's `base64`.
    pub encoding: Option<String>,
    /// Headers and the like, passed on as they came.
    pub extras: Option<Value>,
    /// When it was accepted, in ms.
    pub timestamp: u64,
    /// Position in the channel.
    pub serial: String,
}

impl Annotation {
    /// Reads an annotation from a client. Unknown fields are dropped.
    ///
    /// # Errors
    /// - `40000` a field has the wrong type.
    /// - `40003` action or type is none.
    /// - `40013` the payload cannot be carried.
    pub fn read(record: &Value, format: Format) -> Result<Annotation, ErrorInfo> {
        if !matches!(record, Value::Map(_)) {
            return Err(ErrorInfo::bad(
                BAD_REQUEST,
                "an annotation must be an object",
            ));
        }
        let (data, encoding) = Data::read(record, format)?;
        let action = record
            .number("action")?
            .unwrap_or(action::ANNOTATION_CREATE);
        if action > action::ANNOTATION_DELETE {
            return Err(ErrorInfo::bad(
                BAD_PARAM,
                "an annotation's action must be 0 or 1",
            ));
        }
        let Some(kind) = record.text("type")? else {
            return Err(ErrorInfo::bad(BAD_PARAM, "an annotation must have a type"));
        };
        let extras = match record.get("extras") {
            None => None,
            Some(extras @ Value::Map(_)) => Some(extras.clone()),
            Some(_) => return Err(ErrorInfo::bad(40032, "extras must be an object")),
        };
        Ok(Annotation {
            id: record.text("id")?.filter(|id| !id.is_empty()),
            action,
            client_id: record.text("clientId")?,
            connection_id: None,
            message_serial: record.text("messageSerial")?.unwrap_or_default(),
            kind,
            name: record.text("name")?,
            count: record.number("count")?,
            data,
            encoding,
            extras,
            timestamp: 0,
            serial: String::new(),
        })
    }

    /// Reads an annotation as [`Annotation::to_value`] wrote it for msgpack.
    ///
    /// # Errors
    /// - `40000` a field has the wrong type.
    pub(crate) fn restore(record: &Value) -> Result<Annotation, ErrorInfo> {
        let mut annotation = Annotation::read(record, Format::Msgpack)?;
        annotation.connection_id = record.text("connectionId")?;
        annotation.timestamp = record.number("timestamp")?.unwrap_or_default();
        annotation.serial = record.text("serial")?.unwrap_or_default();
        Ok(annotation)
    }

    /// Returns the size counted against maxMessageSize.
    pub fn size(&self) -> usize {
        let texts = [&self.name, &self.client_id].into_iter().flatten();
        let extras = self.extras.as_ref().map_or(0, Value::weight);
        texts.map(String::len).sum::<usize>() + self.kind.len() + extras + self.data.len()
    }

    /// Returns the wire form, with every field filled in.
    pub fn to_value(&self, format: Format) -> Value {
        self.to_value_without(format, &Inherited::default())
    }

    /// Returns the wire form, leaving out what the enclosing frame already says.
    pub fn to_value_without(&self, format: Format, frame: &Inherited<'_>) -> Value {
        let own = |id: &&str| frame.connection_id != Some(*id);
        let fields = Fields::new()
            .maybe("id", self.id.as_deref().filter(|id| !frame.implies_id(id)))
            .with("action", self.action)
            .maybe("clientId", self.client_id.as_deref())
            .maybe("connectionId", self.connection_id.as_deref().filter(own))
            .with("messageSerial", self.message_serial.as_str())
            .with("type", self.kind.as_str())
            .maybe("name", self.name.as_deref())
            .maybe("count", self.count);
        self.data
            .write(self.encoding.as_deref(), format, fields)
            .maybe("extras", self.extras.clone())
            .maybe(
                "timestamp",
                Some(self.timestamp).filter(|time| frame.timestamp != Some(*time)),
            )
            .with("serial", self.serial.as_str())
            .into()
    }
}
