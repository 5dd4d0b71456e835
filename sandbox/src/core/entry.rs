//! What a channel keeps: things that were published together, each group at its place.

use crate::core::serial::Position;
use crate::wire::{Annotation, Message, PresenceMessage, ProtocolMessage, action, flags};

/// Messages that were published together.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) at: Position,
    pub(crate) id: Option<String>,
    pub(crate) connection_id: Option<String>,
    pub(crate) timestamp: u64,
    pub(crate) messages: Vec<Message>,
    pub(crate) annotations: Vec<Annotation>,
    pub(crate) bytes: usize,
}

impl Entry {
    /// Starts an entry with nothing in it.
    pub(crate) fn at(at: Position, now: u64) -> Entry {
        Entry {
            at,
            id: None,
            connection_id: None,
            timestamp: now,
            messages: Vec::new(),
            annotations: Vec::new(),
            bytes: 0,
        }
    }

    /// Returns the modes of which one is needed to be sent this.
    pub(crate) fn modes(&self) -> u64 {
        if self.annotations.is_empty() {
            flags::SUBSCRIBE
        } else {
            flags::ANNOTATION_SUBSCRIBE
        }
    }

    /// Says whether this is something that was published, not something told about that.
    pub(crate) fn is_publish(&self) -> bool {
        let first = self.messages.first();
        first.is_some_and(|first| first.action == action::MESSAGE_CREATE)
    }

    /// Returns what of this is kept: everything but ephemeral messages.
    pub(crate) fn kept(&self) -> Option<Entry> {
        let mut kept = self.clone();
        kept.messages.retain(|message| !is_ephemeral(message));
        let is_empty = kept.messages.is_empty() && kept.annotations.is_empty();
        (!is_empty).then_some(kept)
    }

    /// Returns about how many bytes this takes.
    pub(crate) fn size(&self) -> usize {
        let messages = self.messages.iter();
        let messages: usize = messages.map(|message| message.weight() + 300).sum();
        let annotations = self.annotations.iter();
        let annotations: usize = annotations.map(|item| 2 * item.size() + 600).sum();
        300 + messages + annotations
    }

    /// Returns the frame that delivers this entry, for a client that calls the channel `name`.
    pub(crate) fn frame(&self, name: &str, serial: String) -> ProtocolMessage {
        let action = if self.annotations.is_empty() {
            action::MESSAGE
        } else {
            action::ANNOTATION
        };
        ProtocolMessage {
            id: self.id.clone(),
            channel_serial: Some(serial),
            connection_id: self.connection_id.clone(),
            timestamp: Some(self.timestamp),
            messages: self.messages.clone(),
            annotations: self.annotations.clone(),
            ..ProtocolMessage::for_channel(action, name)
        }
    }
}

/// Presence events that were published together.
#[derive(Clone, Debug)]
pub(crate) struct PresenceEntry {
    pub(crate) at: Position,
    pub(crate) timestamp: u64,
    pub(crate) events: Vec<PresenceMessage>,
    pub(crate) bytes: usize,
}

fn is_ephemeral(message: &Message) -> bool {
    let extras = message.extras.as_ref();
    extras.and_then(|extras| extras.get("ephemeral")) == Some(&crate::wire::Value::Bool(true))
}
