//! What was sent and not yet acknowledged, and what waits for a connection.
//!
//! Numbers messages, keeps them until ACK or NACK, and keeps their order over a lost transport.
//! Bounded in messages and bytes; a full outbox refuses, it never drops.
//!
//! Spec: RTN7, RTN19, RTL6c2.

use alloc::{collections::VecDeque, sync::Arc, vec::Vec};

use ably_protocol::ProtocolMessage;

use crate::{ChannelId, OpId, SendId};

/// Who wants to know what became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// A publish.
    Publish(OpId),
    /// A behaviour of a channel.
    Behaviour(ChannelId, usize, SendId),
}

#[derive(Debug)]
struct Entry {
    message: Arc<ProtocolMessage>,
    owner: Owner,
    bytes: usize,
    /// It has a serial of the current connection and may have been received.
    numbered: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Outbox {
    next_serial: i64,
    pending: VecDeque<Entry>,
    queued: VecDeque<Entry>,
    bytes: usize,
    max_messages: usize,
    max_bytes: usize,
}

impl Outbox {
    pub(crate) fn new(max_messages: usize, max_bytes: usize) -> Self {
        Self {
            max_messages,
            max_bytes,
            ..Self::default()
        }
    }

    /// True when a message of `bytes` fits. An empty outbox takes any.
    pub(crate) fn has_room(&self, bytes: usize) -> bool {
        let count = self.pending.len() + self.queued.len();
        count == 0
            || (count < self.max_messages && self.bytes.saturating_add(bytes) <= self.max_bytes)
    }

    pub(crate) fn next_serial(&self) -> i64 {
        self.next_serial
    }

    pub(crate) fn set_next_serial(&mut self, serial: i64) {
        self.next_serial = serial;
    }

    /// Keeps a message until there is a connection.
    pub(crate) fn queue(&mut self, message: ProtocolMessage, owner: Owner, bytes: usize) {
        self.bytes += bytes;
        self.queued.push_back(Entry {
            message: Arc::new(message),
            owner,
            bytes,
            numbered: false,
        });
    }

    /// Numbers a message and keeps it until its acknowledgement.
    pub(crate) fn send(
        &mut self,
        mut message: ProtocolMessage,
        owner: Owner,
        bytes: usize,
    ) -> Arc<ProtocolMessage> {
        message.msg_serial = Some(self.take_serial());
        let message = Arc::new(message);
        self.bytes += bytes;
        let entry = Entry {
            message: message.clone(),
            owner,
            bytes,
            numbered: true,
        };
        self.pending.push_back(entry);
        message
    }

    /// The transport is gone: what was not acknowledged waits again, before all else.
    /// Spec: RTN19a.
    pub(crate) fn requeue(&mut self) {
        self.pending.append(&mut self.queued);
        core::mem::swap(&mut self.pending, &mut self.queued);
    }

    /// The connection is another one: serials start at 0 again, for messages sent before too.
    /// Spec: RTN15c7, RTN19a2.
    pub(crate) fn renumber(&mut self) {
        self.next_serial = 0;
        for e in self.queued.iter_mut().chain(&mut self.pending) {
            e.numbered = false;
        }
    }

    /// Numbers what waits and is not numbered, and hands all of it out to be sent.
    pub(crate) fn flush(&mut self) -> Vec<Arc<ProtocolMessage>> {
        let mut out = Vec::with_capacity(self.queued.len());
        while let Some(mut e) = self.queued.pop_front() {
            if !e.numbered {
                Arc::make_mut(&mut e.message).msg_serial = Some(self.take_serial());
                e.numbered = true;
            }
            out.push(e.message.clone());
            self.pending.push_back(e);
        }
        out
    }

    /// Takes the owners of the messages that an ACK or NACK of `count` messages from `serial` on
    /// answers, in the order of sending; older ones are answered with them.
    pub(crate) fn acknowledge(&mut self, serial: i64, count: u32) -> Vec<Owner> {
        let end = serial.saturating_add(i64::from(count));
        let mut owners = Vec::new();
        while self
            .pending
            .front()
            .is_some_and(|e| e.message.msg_serial.is_some_and(|s| s < end))
        {
            if let Some(e) = self.pending.pop_front() {
                self.bytes -= e.bytes;
                owners.push(e.owner);
            }
        }
        owners
    }

    /// Takes the owner of the message with this serial, which cannot be sent.
    pub(crate) fn reject(&mut self, serial: i64) -> Option<Owner> {
        let found = |e: &Entry| e.numbered && e.message.msg_serial == Some(serial);
        let at = self.pending.iter().position(found)?;
        let entry = self.pending.remove(at)?;
        self.bytes -= entry.bytes;
        Some(entry.owner)
    }

    /// Gives up everything; the owners are to be told.
    pub(crate) fn fail(&mut self) -> Vec<Owner> {
        self.bytes = 0;
        self.pending
            .drain(..)
            .chain(self.queued.drain(..))
            .map(|e| e.owner)
            .collect()
    }

    /// What behaviours of a channel wait to hear of, by slot.
    pub(crate) fn sent_by_behaviours_of(&self, channel: ChannelId) -> Vec<(usize, SendId)> {
        let all = self.pending.iter().chain(&self.queued);
        all.filter_map(|e| match e.owner {
            Owner::Behaviour(id, slot, sent) if id == channel => Some((slot, sent)),
            _ => None,
        })
        .collect()
    }

    pub(crate) fn len(&self) -> usize {
        self.pending.len() + self.queued.len()
    }

    fn take_serial(&mut self) -> i64 {
        let serial = self.next_serial;
        self.next_serial = self.next_serial.saturating_add(1);
        serial
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ably_protocol::Action;

    fn outbox() -> Outbox {
        Outbox::new(10, 1000)
    }

    fn send(o: &mut Outbox, n: u64) -> Option<i64> {
        let pm = ProtocolMessage::new(Action::MESSAGE);
        o.send(pm, Owner::Publish(OpId(n)), 10).msg_serial
    }

    fn queue(o: &mut Outbox, n: u64) {
        o.queue(
            ProtocolMessage::new(Action::MESSAGE),
            Owner::Publish(OpId(n)),
            10,
        );
    }

    fn serials(sent: &[Arc<ProtocolMessage>]) -> Vec<i64> {
        sent.iter().filter_map(|m| m.msg_serial).collect()
    }

    #[test]
    fn rtn19a2_resumed_messages_keep_their_serials_and_order() {
        let mut o = outbox();
        assert_eq!([send(&mut o, 1), send(&mut o, 2)], [Some(0), Some(1)]);
        o.requeue();
        queue(&mut o, 3);
        assert_eq!(serials(&o.flush()), [0, 1, 2]);
        assert_eq!(o.acknowledge(0, 2).len(), 2);
        assert_eq!(o.acknowledge(2, 1), [Owner::Publish(OpId(3))]);
        assert_eq!(o.len(), 0);
    }

    #[test]
    fn rtn19a2_a_new_connection_numbers_from_zero() {
        let mut o = outbox();
        for n in 0..3 {
            send(&mut o, n);
        }
        assert_eq!(o.acknowledge(0, 1).len(), 1);
        o.requeue();
        o.renumber();
        queue(&mut o, 9);
        assert_eq!(serials(&o.flush()), [0, 1, 2]);
    }

    #[test]
    fn acknowledgements_of_what_was_never_sent_are_harmless() {
        let mut o = outbox();
        send(&mut o, 1);
        assert!(o.acknowledge(-5, 3).is_empty());
        assert_eq!(o.acknowledge(7, u32::MAX).len(), 1);
        assert!(o.acknowledge(i64::MAX, u32::MAX).is_empty());
    }

    #[test]
    fn a_full_outbox_has_no_room_and_an_empty_one_takes_anything() {
        let mut o = Outbox::new(2, 15);
        assert!(o.has_room(1_000_000));
        send(&mut o, 1);
        assert!(o.has_room(5));
        assert!(!o.has_room(6));
        send(&mut o, 2);
        assert!(!o.has_room(0));
        assert_eq!(o.fail().len(), 2);
        assert!(o.has_room(15));
    }
}
