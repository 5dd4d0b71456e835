//! [`ProtocolMessage`]: one frame of the protocol.

use alloc::{boxed::Box, collections::BTreeMap, sync::Arc};

use crate::{
    Action, AuthDetails, ConnectionDetails, ErrorInfo, Flags, Items, Message, Messages, Str,
    digits::Digits,
};

/// Channel parameters, by name.
pub type Params = BTreeMap<Str, Str>;

/// One message between client and server; `messages` are typed, the contents that only a behaviour
/// reads are not ([`Items`]).
///
/// Spec: TR1–TR4.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ProtocolMessage {
    /// What it is for. Spec: TR4a.
    pub action: Action,
    /// Bits of ATTACH and ATTACHED. Spec: TR4i.
    pub flags: Flags,
    /// Parent of the ids of its messages; of a HEARTBEAT, the ping. Spec: TR4n.
    pub id: Option<Str>,
    /// The channel it is about. Spec: TR4b.
    pub channel: Option<Str>,
    /// Position in the channel. Spec: TR4c.
    pub channel_serial: Option<Str>,
    /// The connection it comes from. Spec: TR4d.
    pub connection_id: Option<Str>,
    /// Number of the message on this connection. Spec: TR4j.
    pub msg_serial: Option<i64>,
    /// How many messages an ACK or NACK answers. Spec: TR4g.
    pub count: Option<u32>,
    /// When the server sent it, ms since the epoch. Spec: TR4m.
    pub timestamp: Option<i64>,
    /// The error it reports. Spec: TR4h.
    pub error: Option<ErrorInfo>,
    /// Channel parameters. Spec: TR4q.
    pub params: Option<Box<Params>>,
    /// Details of the connection. Spec: TR4o.
    pub connection_details: Option<Box<ConnectionDetails>>,
    /// A token. Spec: TR4p.
    pub auth: Option<Box<AuthDetails>>,
    /// Messages. Spec: TR4k.
    pub messages: Messages,
    /// Presence messages. Spec: TR4l.
    pub presence: Items,
    /// Annotations.
    pub annotations: Items,
    /// Object messages. Spec: TR4r.
    pub state: Items,
}

impl ProtocolMessage {
    /// A message with an action and nothing else.
    pub fn new(action: Action) -> Self {
        Self {
            action,
            ..Self::default()
        }
    }

    /// A message about a channel.
    pub fn on_channel(action: Action, channel: Str) -> Self {
        Self {
            action,
            channel: Some(channel),
            ..Self::default()
        }
    }

    /// Gives every message the id, connection and timestamp that it inherits from this one when it
    /// has none of its own, and a created message its `version` and `createdAt`.
    ///
    /// Spec: TM2a, TM2c, TM2f, TM2o, TM2r (2.12.0: `serial` falls back to `version`).
    pub fn fill_from_parent(&mut self) {
        for (index, slot) in self.messages.iter_mut().enumerate() {
            let m = Arc::make_mut(slot);
            if m.id.is_none() {
                m.id = self.id.as_deref().map(|id| child_id(id, index));
            }
            if m.connection_id.is_none() {
                m.connection_id.clone_from(&self.connection_id);
            }
            m.timestamp = m.timestamp.or(self.timestamp);
            m.fill_defaults();
        }
    }
}

impl Message {
    /// Fills what a received message has by definition: a created one's `serial` from `version`
    /// and `createdAt` from `timestamp`.
    pub fn fill_defaults(&mut self) {
        if self.action == crate::MessageAction::CREATE {
            if self.serial.is_none() {
                self.serial.clone_from(&self.version);
            }
            self.created_at = self.created_at.or(self.timestamp);
        }
    }
}

/// The id of the `index`th child of a protocol message.
pub(crate) fn child_id(parent: &str, index: usize) -> Str {
    Str::concat(&[parent, ":", Digits::of(index as u64).as_str()])
}

#[cfg(test)]
mod tests {
    use super::*;
    use smallvec::smallvec;

    #[test]
    fn children_inherit_what_they_lack() {
        let mut own = Message::new("b", "y").id("mine");
        own.timestamp = Some(5);
        let mut pm = ProtocolMessage {
            id: Some("C1:7".into()),
            connection_id: Some("C1".into()),
            timestamp: Some(9),
            messages: smallvec![Arc::new(Message::new("a", "x")), Arc::new(own)],
            ..ProtocolMessage::new(Action::MESSAGE)
        };
        pm.fill_from_parent();
        let [a, b] = [&pm.messages[0], &pm.messages[1]];
        assert_eq!(a.id.as_deref(), Some("C1:7:0"));
        assert_eq!((a.timestamp, a.created_at), (Some(9), Some(9)));
        assert_eq!(b.id.as_deref(), Some("mine"));
        assert_eq!(b.timestamp, Some(5));
        assert_eq!(b.connection_id.as_deref(), Some("C1"));
        assert_eq!(child_id("x", 120), "x:120");
    }
}
