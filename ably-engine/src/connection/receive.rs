//! Protocol messages as they come in.
//!
//! Spec: RTN7, RTN14g, RTN15, RTN21, RTN22, RTN23, RTN24, RTF1.

use core::time::Duration;

use ably_protocol::{Action, ErrorCode, ErrorInfo, ProtocolMessage};

use super::{ConnectionState, Link, fallback::Happened};
use crate::{Engine, LogLevel, Now, OpId, outbox::Owner};

impl Engine {
    pub(crate) fn on_activity(&mut self, now: Now, op: OpId) {
        if self.conn.link.transport() == Some(op) {
            self.conn.last_activity = Some(now);
        }
    }

    pub(crate) fn on_received(
        &mut self,
        now: Now,
        op: OpId,
        message: Result<ProtocolMessage, ErrorInfo>,
    ) {
        if self.conn.link.transport() != Some(op) {
            return;
        }
        self.conn.last_activity = Some(now);
        let mut m = match message {
            Ok(m) => m,
            Err(e) => {
                // As ably-js: a frame that cannot be read is logged and skipped.
                self.log(LogLevel::Error, "connection", || {
                    alloc::format!("a frame could not be read: {e}")
                });
                return;
            }
        };
        match m.action {
            Action::HEARTBEAT => self.on_heartbeat(now, m.id.as_ref()),
            Action::ACK => self.on_ack(&m, None),
            Action::NACK => {
                let error = m.error.take().unwrap_or_else(|| {
                    ErrorInfo::new(
                        ErrorCode::INTERNAL_CHANNEL,
                        500,
                        "the server refused the message without a reason",
                    )
                });
                self.on_ack(&m, Some(error));
            }
            Action::CONNECTED => self.on_connected(now, op, m),
            Action::DISCONNECTED => self.on_disconnected(now, m.error),
            Action::CLOSED => self.notify(now, ConnectionState::Closed, None),
            Action::ERROR if m.channel.is_none() => self.on_connection_error(now, m.error),
            Action::AUTH => self.on_reauth_asked(),
            _ if m.channel.is_some() => self.on_channel_message(now, m),
            action => self.log(LogLevel::Major, "connection", || {
                alloc::format!("ignored a message with action {action:?}")
            }),
        }
    }

    fn on_ack(&mut self, m: &ProtocolMessage, error: Option<ErrorInfo>) {
        let Some(serial) = m.msg_serial else { return };
        for owner in self.outbox.acknowledge(serial, m.count.unwrap_or(1)) {
            self.tell_fate(owner, error.clone().map_or(Ok(()), Err));
        }
    }

    /// What could not be encoded fails. Its serial is missing now, so what was sent after it is sent
    /// again on a connection of its own, where serials begin anew.
    pub(crate) fn on_unsendable(&mut self, op: OpId, serial: Option<i64>, error: ErrorInfo) {
        if self.conn.link.transport() != Some(op) {
            return;
        }
        self.log(LogLevel::Error, "connection", || {
            alloc::format!("a message could not be encoded and was not sent: {error}")
        });
        if let Some(owner) = serial.and_then(|serial| self.outbox.reject(serial)) {
            self.tell_fate(owner, Err(error));
            self.clear_connection();
        }
    }

    pub(crate) fn tell_fate(&mut self, owner: Owner, fate: Result<(), ErrorInfo>) {
        match owner {
            Owner::Publish(id) => self.reply_by_id(id, fate),
            Owner::Behaviour(channel, slot, sent) => {
                self.due
                    .push_back(crate::behaviour::Due::Sent(channel, slot, sent, fate));
            }
        }
    }

    fn on_connected(&mut self, now: Now, op: OpId, m: ProtocolMessage) {
        let update = match self.conn.link {
            Link::Active(_) => true,
            Link::Opening(_) | Link::Pending(_) => false,
            _ => return,
        };
        let Some(details) = m.connection_details else {
            let error = ErrorInfo::new(
                ErrorCode::PROTOCOL_ERROR,
                400,
                "CONNECTED came without connectionDetails",
            );
            return self.notify(now, self.conn.fail_state(), Some(error));
        };
        if let Some(told) = details.client_id.clone() {
            if let Err(error) = self.auth.learn_client_id(&told) {
                return self.notify(now, ConnectionState::Failed, Some(error));
            }
        }
        if let Some(size) = details.max_message_size {
            self.config.max_message_size = size;
        }
        if let Some(ttl) = details.connection_state_ttl {
            self.conn.state_ttl = Duration::from_millis(ttl);
        }
        self.conn.max_idle = details.max_idle_interval.map(Duration::from_millis);
        self.conn.confirmed = self.conn.generation;
        let key = details.connection_key.clone();
        self.conn.details = Some(details);
        self.start_idle_timer(now);
        if update {
            if let (Some(id), Some(key)) = (m.connection_id, key) {
                self.conn.key = Some(key);
                if self.conn.id.as_ref() != Some(&id) {
                    self.conn.id = Some(id);
                    self.connection_id_changed();
                }
            }
            if m.error.is_some() {
                self.conn.error_reason.clone_from(&m.error);
            }
            self.emit_update(m.error);
            return self.authorized(&Ok(()));
        }

        let previous = self.conn.id.take();
        let had_one = previous.is_some();
        let same = had_one && previous == m.connection_id;
        let recovering = self.conn.recover.take();
        match (&recovering, had_one) {
            // A recovery that the server accepted goes on with its serials (RTN16f).
            (Some(r), false) if m.error.is_none() => self.outbox.set_next_serial(r.msg_serial),
            _ if !same => self.outbox.renumber(),
            _ => {}
        }
        self.conn.id = m.connection_id;
        self.conn.key = key;
        self.conn.link = Link::Active(op);
        self.connection_id_changed();
        self.notify(now, ConnectionState::Connected, m.error);
        self.start_idle_timer(now);
        self.send_pings(now);
    }

    fn on_disconnected(&mut self, now: Now, error: Option<ErrorInfo>) {
        // Whatever the reason: it was to be closed (RTN12c).
        if self.conn.state == ConnectionState::Closing {
            return self.notify(now, ConnectionState::Closed, None);
        }
        let e = error.as_ref();
        // A key that is refused so will be refused again. For a token the next attempt wants another
        // one, and fails when there is no means to get it (RTN15h1).
        if e.is_some_and(ErrorInfo::is_token_error) && !self.auth.uses_token() {
            return self.notify(now, ConnectionState::Failed, error);
        }
        if e.is_some_and(|e| e.status_code() > 500) && !self.config.hosts.fallbacks.is_empty() {
            self.conn.skip_primary = true;
            self.fallback(now, Happened::Refused);
            return self.notify_retry(now, ConnectionState::Disconnected, error, true);
        }
        let state = match self.conn.state {
            ConnectionState::Connecting => self.conn.fail_state(),
            _ => ConnectionState::Disconnected,
        };
        self.notify(now, state, error);
    }

    /// ERROR without a channel: fatal, but for token errors. Spec: RTN14b, RTN14g, RTN15h, RTN15j.
    fn on_connection_error(&mut self, now: Now, error: Option<ErrorInfo>) {
        if error.as_ref().is_some_and(ErrorInfo::is_token_error) {
            if self.conn.state == ConnectionState::Closing {
                return self.notify(now, ConnectionState::Closed, None);
            }
            if self.auth.uses_token() {
                return self.notify(now, ConnectionState::Disconnected, error);
            }
        }
        self.notify(now, ConnectionState::Failed, error);
    }
}
