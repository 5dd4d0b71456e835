//! Deltas: to an attachment that asks for them, a message is sent as what changed since the one
//! before, where that is smaller.
//!
//! What a delta is relative to is the payload as it is sent, without the `base64` that JSON needs.
//! The first message of an attachment is whole, and so is what is encrypted or comes after that:
//! nothing in it repeats.
//!
//! Spec: RTL18–RTL20, PC3.

use crate::core::vcdiff;
use crate::wire::value::Fields;
use crate::wire::{Data, Message, ProtocolMessage, Value, action};

/// The message that was sent before, if any could be the base of a delta.
#[derive(Clone, Debug, Default)]
pub(crate) struct Delta {
    base: Option<(String, Vec<u8>)>,
}

impl Delta {
    /// Returns a MESSAGE with its messages as deltas where that pays; other frames as they are.
    pub(crate) fn apply(&mut self, mut frame: ProtocolMessage) -> ProtocolMessage {
        if frame.action == action::MESSAGE {
            for message in &mut frame.messages {
                let before = self.base.take();
                self.base = base_of(message);
                if let (Some((from, old)), Some((_, new))) = (before, &self.base) {
                    shorten(message, &from, &old, new);
                }
            }
        }
        frame
    }
}

/// Returns a message as what a delta could be relative to.
fn base_of(message: &Message) -> Option<(String, Vec<u8>)> {
    let encrypted = message.encoding.as_deref().unwrap_or_default();
    if encrypted.contains("cipher+") {
        return None;
    }
    let payload = match &message.data {
        Data::None => return None,
        Data::Text(text) => text.as_bytes(),
        Data::Bytes(bytes) => bytes,
    };
    Some((message.id.clone()?, payload.to_vec()))
}

fn shorten(message: &mut Message, from: &str, old: &[u8], new: &[u8]) {
    let delta = vcdiff::encode(old, new);
    if delta.len() >= new.len() {
        return;
    }
    // What was text comes as bytes.
    let text = matches!(message.data, Data::Text(_)).then_some("utf-8");
    let steps = [message.encoding.as_deref(), text, Some("vcdiff")];
    let steps: Vec<&str> = steps.into_iter().flatten().collect();
    message.encoding = Some(steps.join("/"));
    message.data = Data::Bytes(delta);
    let mark: Value = Fields::new()
        .with("from", from)
        .with("format", "vcdiff")
        .into();
    match &mut message.extras {
        Some(Value::Map(extras)) => {
            extras.retain(|(key, _)| key != "delta");
            extras.push(("delta".to_owned(), mark));
        }
        extras => *extras = Some(Fields::new().with("delta", mark).into()),
    }
}
