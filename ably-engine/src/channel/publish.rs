//! Publishing.
//!
//! Spec: RTL6, RSL1i, RSL4, TO3l8.

use alloc::{sync::Arc, vec::Vec};
use core::fmt;

use ably_protocol::{Action, ErrorCode, ErrorInfo, Message, Messages, ProtocolMessage};

use super::{ChannelId, ChannelState};
use crate::{ConnectionState, Engine, Now, SendId, Ticket, op, outbox::Owner};

/// Why messages were not taken.
pub enum PublishError {
    /// The outbox is full; here are the messages again.
    Full(Vec<Message>),
    /// They cannot be published.
    Refused(ErrorInfo),
}

impl fmt::Debug for PublishError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full(m) => write!(f, "Full({} messages)", m.len()),
            Self::Refused(e) => write!(f, "Refused({e:?})"),
        }
    }
}

impl Engine {
    /// Sends messages, or queues them while there is no connection yet; answers when the server
    /// has taken or refused them. Does not attach the channel.
    ///
    /// # Errors
    /// - `Full` the outbox has no room.
    /// - `Refused`: `40009` larger than `maxMessageSize`; `40012` a clientId that is not this
    ///   connection's; `90001` the channel is suspended or failed; the connection's error when it
    ///   is not active, or is not connected and queueing is off; what a cipher says.
    ///
    /// Spec: RTL6.
    pub fn publish(
        &mut self,
        now: Now,
        id: ChannelId,
        messages: Vec<Message>,
    ) -> Result<Ticket<()>, PublishError> {
        let Some(ch) = self.channels.get(id) else {
            return Ok(self.gone());
        };
        let (name, state) = (ch.name.clone(), ch.state);
        self.check_client_ids(&messages)
            .map_err(PublishError::Refused)?;
        let raw: usize = messages.iter().map(Message::size).sum();
        if !self.conn.state.is_active() {
            return Err(PublishError::Refused(self.connection_error()));
        }
        if matches!(state, ChannelState::Failed | ChannelState::Suspended) {
            return Err(PublishError::Refused(self.channel_state_error(id)));
        }
        if self.conn.state != ConnectionState::Connected && !self.config.queue_messages {
            return Err(PublishError::Refused(self.connection_error()));
        }
        if !self.outbox.has_room(raw) {
            return Err(PublishError::Full(messages));
        }
        let (wire, size) = self
            .encode_messages(id, messages)
            .map_err(PublishError::Refused)?;
        if size as u64 > self.config.max_message_size {
            return Err(PublishError::Refused(ErrorInfo::new(
                ErrorCode::MESSAGE_TOO_LARGE,
                400,
                alloc::format!(
                    "the messages are larger than may be published at once: {size} bytes, the \
                     limit is {}",
                    self.config.max_message_size
                ),
            )));
        }
        let mut m = ProtocolMessage::on_channel(Action::MESSAGE, name);
        m.messages = wire;
        let (reply, ticket) = op::pair::<()>(self.new_op());
        self.submit(m, Owner::Publish(reply.id), size);
        self.settle(now);
        Ok(ticket)
    }

    /// True when a publish of about `bytes` would be taken.
    pub fn has_room(&self, bytes: usize) -> bool {
        self.outbox.has_room(bytes)
    }

    /// How many protocol messages wait for a connection or an acknowledgement.
    pub fn outbox_len(&self) -> usize {
        self.outbox.len()
    }

    /// Spec: RTL6g3 (2.12.0 leaves it to the server), RTL6g4.
    fn check_client_ids(&self, messages: &[Message]) -> Result<(), ErrorInfo> {
        let own = self.auth.client_id.as_deref().filter(|id| *id != "*");
        for claimed in messages.iter().filter_map(|m| m.client_id.as_deref()) {
            if claimed == "*" || own.is_some_and(|own| own != claimed) {
                return Err(ErrorInfo::new(
                    ErrorCode::INVALID_CLIENT_ID,
                    400,
                    "a message names a clientId that this client may not use",
                ));
            }
        }
        Ok(())
    }

    fn encode_messages(
        &mut self,
        id: ChannelId,
        messages: Vec<Message>,
    ) -> Result<(Messages, usize), ErrorInfo> {
        let Some(ch) = self.channels.get_mut(id) else {
            return Ok(Default::default());
        };
        let mut wire = Messages::new();
        let mut size = 0;
        for mut m in messages {
            let data = core::mem::take(&mut m.data);
            (m.data, m.encoding) = ch
                .chain
                .encode(data, m.encoding.take(), &mut *self.entropy)?;
            size += m.size();
            wire.push(Arc::new(m));
        }
        Ok((wire, size))
    }

    /// Sends or queues a message of an acknowledged action.
    pub(crate) fn submit(&mut self, m: ProtocolMessage, owner: Owner, bytes: usize) {
        match self.conn.link.active() {
            Some(op) if self.conn.state == ConnectionState::Connected => {
                let message = self.outbox.send(m, owner, bytes);
                self.outputs.push_back(crate::Output::Send { op, message });
            }
            _ => self.outbox.queue(m, owner, bytes),
        }
    }

    /// Sends all that waits for the connection that is now up.
    pub(crate) fn flush_outbox(&mut self) {
        let Some(op) = self.conn.link.active() else {
            return;
        };
        for message in self.outbox.flush() {
            self.outputs.push_back(crate::Output::Send { op, message });
        }
    }

    /// Spec: RTN7e.
    pub(crate) fn fail_outbox(&mut self, reason: &ErrorInfo) {
        for owner in self.outbox.fail() {
            self.tell_fate(owner, Err(reason.clone()));
        }
    }

    pub(crate) fn behaviour_send(
        &mut self,
        id: ChannelId,
        slot: usize,
        mut m: ProtocolMessage,
        is_bounded: bool,
    ) -> Result<SendId, ErrorInfo> {
        let queues = self.conn.state.queues() && self.config.queue_messages;
        if self.conn.state != ConnectionState::Connected && !queues {
            return Err(self.connection_error());
        }
        let items = [&m.presence, &m.annotations, &m.state];
        let bytes = items.iter().map(|items| items.size()).sum();
        if is_bounded && !self.outbox.has_room(bytes) {
            return Err(ErrorInfo::new(
                ErrorCode::BAD_REQUEST,
                400,
                "too much waits for an acknowledgement: wait for earlier ones first",
            ));
        }
        m.channel = self.channel_name(id);
        let sent = SendId(self.new_op().0);
        self.submit(m, Owner::Behaviour(id, slot, sent), bytes);
        Ok(sent)
    }
}
