//! ProtocolMessage: what clients send ([`Request`]) and what they are sent ([`ProtocolMessage`]).
//!
//! The items of a request stay undecoded until the channel that they are for accepts them, because
//! a bad item is answered with a NACK while a bad frame ends the connection.
//!
//! Spec: TR1–TR4.

use std::fmt;
use std::sync::OnceLock;

use crate::wire::error::PROTOCOL;
use crate::wire::message::Inherited;
use crate::wire::value::Fields;
use crate::wire::{Annotation, ErrorInfo, Format, Message, PresenceMessage, Value};

/// A frame from a client.
#[derive(Clone, Default, PartialEq)]
pub struct Request {
    /// See [`crate::wire::action`].
    pub action: u64,
    /// HEARTBEAT: to be echoed.
    pub id: Option<String>,
    /// The channel, as the user named it.
    pub channel: Option<String>,
    /// ATTACH: the last position the client saw.
    pub channel_serial: Option<String>,
    /// ATTACH: modes and ATTACH_RESUME.
    pub flags: u64,
    /// ATTACH: channel params, as text.
    pub params: Vec<(String, String)>,
    /// Number of a frame that wants an answer.
    pub msg_serial: Option<u64>,
    /// MESSAGE: undecoded messages.
    pub messages: Vec<Value>,
    /// PRESENCE: undecoded events.
    pub presence: Vec<Value>,
    /// ANNOTATION: undecoded annotations.
    pub annotations: Vec<Value>,
    /// AUTH: the new token.
    pub access_token: Option<String>,
}

impl Request {
    /// Reads the envelope of a frame. Unknown fields are ignored.
    ///
    /// # Errors
    /// - `40000` or `80013` the envelope is not an object with fields of the right types.
    pub fn read(frame: &Value) -> Result<Request, ErrorInfo> {
        if !matches!(frame, Value::Map(_)) {
            return Err(ErrorInfo::bad(PROTOCOL, "a frame must be an object"));
        }
        let Some(action) = frame.number("action")? else {
            return Err(ErrorInfo::bad(PROTOCOL, "a frame must have an action"));
        };
        let access_token = match frame.get("auth") {
            Some(auth) => auth.text("accessToken")?,
            None => None,
        };
        Ok(Request {
            action,
            id: frame.text("id")?,
            channel: frame.text("channel")?,
            channel_serial: frame.text("channelSerial")?.filter(|text| !text.is_empty()),
            flags: frame.number("flags")?.unwrap_or(0),
            params: read_params(frame.get("params"))?,
            msg_serial: frame.number("msgSerial")?,
            messages: frame.list("messages")?.unwrap_or_default().to_vec(),
            presence: frame.list("presence")?.unwrap_or_default().to_vec(),
            annotations: frame.list("annotations")?.unwrap_or_default().to_vec(),
            access_token,
        })
    }
}

/// A frame to a client.
#[derive(Clone, Default, PartialEq)]
pub struct ProtocolMessage {
    /// See [`crate::wire::action`].
    pub action: u64,
    /// Base of the items' ids, or the id of an echoed HEARTBEAT.
    pub id: Option<String>,
    /// The channel, as this client named it.
    pub channel: Option<String>,
    /// Position in the channel.
    pub channel_serial: Option<String>,
    /// CONNECTED: the connection; else the connection that published.
    pub connection_id: Option<String>,
    /// CONNECTED: see CD2.
    pub connection_details: Option<Value>,
    /// ACK and NACK: how many frames.
    pub count: Option<u64>,
    /// What went wrong.
    pub error: Option<ErrorInfo>,
    /// ATTACHED: see [`crate::wire::flags`].
    pub flags: Option<u64>,
    /// ATTACHED: params in force.
    pub params: Vec<(String, String)>,
    /// ACK and NACK: the first frame meant.
    pub msg_serial: Option<u64>,
    /// When the items were accepted, in ms.
    pub timestamp: Option<u64>,
    /// MESSAGE.
    pub messages: Vec<Message>,
    /// PRESENCE and SYNC.
    pub presence: Option<Vec<PresenceMessage>>,
    /// ANNOTATION.
    pub annotations: Vec<Annotation>,
}

impl ProtocolMessage {
    /// Starts a frame with nothing but an action.
    pub fn new(action: u64) -> ProtocolMessage {
        ProtocolMessage {
            action,
            ..ProtocolMessage::default()
        }
    }

    /// Starts a frame for a channel.
    pub fn for_channel(action: u64, channel: &str) -> ProtocolMessage {
        ProtocolMessage {
            channel: Some(channel.to_owned()),
            ..ProtocolMessage::new(action)
        }
    }

    /// Adds an error.
    #[must_use]
    pub fn with_error(mut self, error: ErrorInfo) -> ProtocolMessage {
        self.error = Some(error);
        self
    }

    /// Returns the wire form.
    pub fn to_value(&self, format: Format) -> Value {
        let inherited = |index| Inherited {
            id: self.id.as_deref(),
            index,
            connection_id: self.connection_id.as_deref(),
            timestamp: self.timestamp,
        };
        let messages = self.messages.iter().enumerate();
        let messages: Vec<Value> = messages
            .map(|(index, message)| message.to_value_without(format, &inherited(index)))
            .collect();
        let presence = self.presence.as_ref().map(|items| {
            let items = items.iter().enumerate();
            items
                .map(|(index, item)| item.to_value_without(format, &inherited(index)))
                .collect::<Vec<_>>()
        });
        let annotations = self.annotations.iter().enumerate();
        let annotations: Vec<Value> = annotations
            .map(|(index, item)| item.to_value_without(format, &inherited(index)))
            .collect();
        let params = self.params.iter();
        let params: Vec<_> = params
            .map(|(key, value)| (key.clone(), Value::from_text(value)))
            .collect();
        Fields::new()
            .with("action", self.action)
            .maybe("id", self.id.as_deref())
            .maybe("channel", self.channel.as_deref())
            .maybe("channelSerial", self.channel_serial.as_deref())
            .maybe("connectionId", self.connection_id.as_deref())
            .maybe("connectionDetails", self.connection_details.clone())
            .maybe("count", self.count)
            .maybe("error", self.error.as_ref().map(ErrorInfo::to_value))
            .maybe("flags", self.flags)
            .maybe(
                "params",
                Some(Value::Map(params)).filter(|_| !self.params.is_empty()),
            )
            .maybe("msgSerial", self.msg_serial)
            .maybe("timestamp", self.timestamp)
            .maybe(
                "messages",
                Some(Value::List(messages)).filter(|_| !self.messages.is_empty()),
            )
            .maybe("presence", presence.map(Value::List))
            .maybe(
                "annotations",
                Some(Value::List(annotations)).filter(|_| !self.annotations.is_empty()),
            )
            .into()
    }

    /// Returns about how many bytes the frame takes.
    pub fn weight(&self) -> usize {
        let messages = self.messages.iter();
        let messages: usize = messages.map(|message| message.weight() + 200).sum();
        let presence = self.presence.iter().flatten();
        let presence: usize = presence.map(|item| item.size() + 150).sum();
        let annotations = self.annotations.iter();
        let annotations: usize = annotations.map(|item| item.size() + 250).sum();
        200 + messages + presence + annotations
    }
}

/// A frame ready to be sent to any number of clients, encoded at most once per format.
pub struct Frame {
    message: ProtocolMessage,
    weight: usize,
    json: OnceLock<Box<[u8]>>,
    msgpack: OnceLock<Box<[u8]>>,
}

impl Frame {
    /// Wraps a frame.
    pub fn new(message: ProtocolMessage) -> Frame {
        Frame {
            weight: message.weight(),
            message,
            json: OnceLock::new(),
            msgpack: OnceLock::new(),
        }
    }

    /// Returns the frame's contents.
    pub fn message(&self) -> &ProtocolMessage {
        &self.message
    }

    /// Returns about how many bytes the frame takes in a queue.
    pub fn weight(&self) -> usize {
        self.weight
    }

    /// Returns the encoded frame.
    pub fn bytes(&self, format: Format) -> &[u8] {
        let slot = match format {
            Format::Json => &self.json,
            Format::Msgpack => &self.msgpack,
        };
        slot.get_or_init(|| format.encode(&self.message.to_value(format)).into())
    }
}

// Frames hold tokens, connection keys and what users publish; none of it is for logs.

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("action", &self.action)
            .field("channel", &self.channel)
            .field("msg_serial", &self.msg_serial)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for ProtocolMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProtocolMessage")
            .field("action", &self.action)
            .field("channel", &self.channel)
            .field("error", &self.error)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Frame").field(&self.message).finish()
    }
}

// Clients send numbers and booleans here too.
fn read_params(value: Option<&Value>) -> Result<Vec<(String, String)>, ErrorInfo> {
    let entries = match value {
        None => return Ok(Vec::new()),
        Some(Value::Map(entries)) => entries,
        Some(_) => return Err(ErrorInfo::bad(PROTOCOL, "params must be an object")),
    };
    let mut params = Vec::with_capacity(entries.len());
    for (key, value) in entries {
        let text = match value {
            Value::Null => continue,
            Value::Text(text) => text.clone(),
            Value::Bool(flag) => flag.to_string(),
            Value::Int(number) => number.to_string(),
            Value::Uint(number) => number.to_string(),
            Value::Float(number) => number.to_string(),
            _ => return Err(ErrorInfo::bad(PROTOCOL, "a channel param must be a string")),
        };
        params.push((key.clone(), text));
    }
    Ok(params)
}
