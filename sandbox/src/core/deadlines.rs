//! What happens on connections when nothing else does.
//!
//! Heartbeats to clients, the end of clients that are silent, the presence window and the resume
//! window of lost transports, and the end of tokens. A client is asked for a new token 30 s before
//! its token ends.
//!
//! Spec: RTN15g, RTN22, RTN23, RSA4b.

use crate::core::Core;
use crate::core::timers::Timer;
use crate::core::transport::{Outgoing, TransportId};
use crate::wire::error::{TOKEN_EXPIRED, TOKEN_REVOKED};
use crate::wire::{ErrorInfo, ProtocolMessage, action};

impl Core {
    /// Sets the timer of a connection's next deadline.
    pub(crate) fn watch_connection(&mut self, id: &str, now: u64) {
        let Some(connection) = self.connections.get(id) else {
            return;
        };
        let open_until = connection
            .identity
            .expires
            .filter(|_| connection.transport.is_some());
        let ask_at = open_until
            .filter(|_| !connection.asked_for_auth)
            .map(|expires| expires.saturating_sub(AUTH_BEFORE))
            .filter(|ask_at| *ask_at > now);
        let revoked_at = open_until
            .and_then(|_| self.revoked_at(&connection.identity))
            .filter(|at| *at > now);
        let deadlines = [
            revoked_at,
            connection.expires_at,
            connection.leaves_at,
            open_until,
            ask_at,
        ];
        if let Some(due) = deadlines.into_iter().flatten().min() {
            self.timers.schedule(due, Timer::Connection(id.to_owned()));
        }
    }

    pub(crate) fn check_connection(&mut self, id: &str, now: u64) {
        let Some(connection) = self.connections.get_mut(id) else {
            return;
        };
        if connection.leaves_at.is_some_and(|due| due <= now) {
            connection.leaves_at = None;
            self.leave_everywhere(id, now);
        }
        let Some(connection) = self.connections.get_mut(id) else {
            return;
        };
        if connection.expires_at.is_some_and(|due| due <= now) {
            self.end_connection(id, true, now);
            return;
        }
        let Some(connection) = self.connections.get(id) else {
            return;
        };
        if let (Some(expires), Some(transport)) =
            (connection.identity.expires, connection.transport)
        {
            let revoked_at = self.revoked_at(&connection.identity);
            if revoked_at.is_some_and(|at| at <= now) {
                let error = ErrorInfo::unauthorized(TOKEN_REVOKED, "the token was revoked");
                self.fail_transport(transport, error, now);
            } else if expires <= now {
                let error = ErrorInfo::unauthorized(TOKEN_EXPIRED, "the token has expired");
                self.fail_transport(transport, error, now);
            } else if expires.saturating_sub(AUTH_BEFORE) <= now && !connection.asked_for_auth {
                if let Some(connection) = self.connections.get_mut(id) {
                    connection.asked_for_auth = true;
                }
                self.send(transport, ProtocolMessage::new(action::AUTH), now);
            }
        }
        self.watch_connection(id, now);
    }

    pub(crate) fn check_transport(&mut self, id: TransportId, now: u64) {
        if self
            .transports
            .get(&id)
            .is_some_and(|open| open.comet.is_some())
        {
            return self.check_comet(id, now);
        }
        let dead_after = self.limits.dead_after;
        let Some(transport) = self.transports.get_mut(&id).filter(|open| !open.ended) else {
            return;
        };
        let step = transport.idle_interval / 3;
        if now.saturating_sub(transport.last_received)
            >= dead_after.max(3 * transport.idle_interval)
        {
            self.end_transport(id, Outgoing::Cut, now);
            return;
        }
        let silent = now.saturating_sub(transport.last_sent) >= step;
        let unheard = now.saturating_sub(transport.last_received) >= transport.idle_interval;
        let heartbeats = transport.heartbeats;
        // Pings are answered below the client's code, so silence after one means a dead socket.
        if unheard || (silent && !heartbeats) {
            transport.ping(now);
            self.wakeups.insert(id);
        }
        if silent && heartbeats {
            self.send(id, ProtocolMessage::new(action::HEARTBEAT), now);
        }
        self.timers
            .schedule(now + step.max(1), Timer::Transport(id));
    }
}

const AUTH_BEFORE: u64 = 30_000;
