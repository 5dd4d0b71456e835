//! [`PresenceMessage`]: who is on a channel, and what changed about it.

use core::fmt;

use crate::{Data, ErrorInfo, Item, JsonText, Str, Value};

/// A presence event or member.
///
/// Spec: TP1–TP5.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct PresenceMessage {
    /// What happened. Spec: TP3b.
    pub action: PresenceAction,
    /// `connectionId:msgSerial:index`, or another id when the server made the event. Spec: TP3a.
    pub id: Option<Str>,
    /// The member's client. Spec: TP3c.
    pub client_id: Option<Str>,
    /// The member's connection. Spec: TP3d.
    pub connection_id: Option<Str>,
    /// The member's data. Spec: TP3e.
    pub data: Data,
    /// What is left of the encoding chain when it could not be undone entirely. Spec: TP3f.
    pub encoding: Option<Str>,
    /// When the server received it, ms since the epoch. Spec: TP3g.
    pub timestamp: Option<i64>,
    /// A JSON object of further facts. Spec: TP3i.
    pub extras: Option<JsonText>,
}

impl PresenceMessage {
    /// A presence message of `action`, without anything else.
    pub fn new(action: PresenceAction) -> Self {
        Self {
            action,
            ..Self::default()
        }
    }

    /// Sets the member's client.
    #[must_use]
    pub fn client_id(mut self, client_id: impl Into<Str>) -> Self {
        self.client_id = Some(client_id.into());
        self
    }

    /// Sets the member's data.
    #[must_use]
    pub fn data(mut self, data: impl Into<Data>) -> Self {
        self.data = data.into();
        self
    }

    /// Sets the extras, a JSON object.
    #[must_use]
    pub fn extras(mut self, extras: JsonText) -> Self {
        self.extras = Some(extras);
        self
    }

    /// What tells members apart: `clientId:connectionId`. Spec: TP3h.
    pub fn member_key(&self) -> Str {
        Str::concat(&[
            self.client_id.as_deref().unwrap_or_default(),
            ":",
            self.connection_id.as_deref().unwrap_or_default(),
        ])
    }

    /// Reads the wire form. The data is still encoded.
    ///
    /// # Errors
    /// - `40013` the extras cannot be written as JSON.
    pub fn from_item(item: &Item) -> Result<Self, ErrorInfo> {
        Ok(Self {
            action: PresenceAction(
                item.int("action")
                    .and_then(|a| u8::try_from(a).ok())
                    .unwrap_or(0),
            ),
            id: item.text("id"),
            client_id: item.text("clientId"),
            connection_id: item.text("connectionId"),
            data: item.data(),
            // Some servers send an empty encoding for none.
            encoding: item.text("encoding").filter(|e| !e.is_empty()),
            timestamp: item.int("timestamp"),
            extras: item.json("extras"),
        })
    }

    /// Writes the wire form. The data must be encoded already; JSON goes out as text.
    ///
    /// # Errors
    /// - `40013` the extras are not JSON.
    pub fn to_item(&self) -> Result<Item, ErrorInfo> {
        let mut item = Item::new();
        item.set("id", self.id.clone());
        item.set("action", i64::from(self.action.0));
        item.set("clientId", self.client_id.clone());
        item.set("connectionId", self.connection_id.clone());
        match &self.data {
            Data::None => {}
            Data::Text(t) => item.set("data", t.clone()),
            Data::Json(j) => item.set("data", j.to_text()),
            Data::Binary(b) => item.set("data", b.clone()),
        }
        item.set("encoding", self.encoding.clone());
        item.set("timestamp", self.timestamp);
        if let Some(extras) = &self.extras {
            item.set("extras", Value::from_json(extras.as_str())?);
        }
        Ok(item)
    }
}

/// What a [`PresenceMessage`] reports. An open number.
///
/// Spec: TP2.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct PresenceAction(pub u8);

impl PresenceAction {
    /// Not there (used inside a sync only).
    pub const ABSENT: Self = Self(0);
    /// Was there already.
    pub const PRESENT: Self = Self(1);
    /// Came.
    pub const ENTER: Self = Self(2);
    /// Left.
    pub const LEAVE: Self = Self(3);
    /// Changed its data.
    pub const UPDATE: Self = Self(4);

    /// The name that ably-js uses; `unknown` for a number that is new.
    pub const fn as_str(self) -> &'static str {
        match self.0 {
            0 => "absent",
            1 => "present",
            2 => "enter",
            3 => "leave",
            4 => "update",
            _ => "unknown",
        }
    }
}

impl fmt::Debug for PresenceAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({})", self.as_str(), self.0)
    }
}

/// The name that ably-js uses.
impl fmt::Display for PresenceAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
