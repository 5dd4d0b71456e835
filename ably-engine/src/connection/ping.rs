//! Pings: HEARTBEATs with an id.
//!
//! Spec: RTN13.

use core::time::Duration;

use ably_protocol::{Action, ErrorCode, ErrorInfo, ProtocolMessage, Str};

use super::{ConnectionState, errors};
use crate::{Engine, Instant, Now, OpId, Reply, Ticket, entropy, op, timers::Timer};

/// A ping that was not answered yet.
#[derive(Debug)]
pub(crate) struct Ping {
    id: Str,
    /// When it was sent; `None` while it waits for a connection.
    sent: Option<Instant>,
    reply: Reply<Duration>,
}

impl Engine {
    /// Measures the time to the server and back. Waits for the connection when there is none yet.
    ///
    /// Answers an error: `40000` in a state without a connection to come, `50003` when the answer
    /// does not come within `realtimeRequestTimeout`.
    ///
    /// Spec: RTN13a–RTN13e.
    pub fn ping(&mut self, now: Now) -> Ticket<Duration> {
        use ConnectionState as S;
        if !matches!(
            self.conn.state,
            S::Connected | S::Connecting | S::Disconnected
        ) {
            let error = refused(self.conn.state);
            return self.ready(Err(error));
        }
        let id = Str::from(entropy::id(&mut *self.entropy));
        let (reply, ticket) = op::pair(self.new_op());
        self.conn.pings.push(Ping {
            id,
            sent: None,
            reply,
        });
        if self.conn.state == S::Connected {
            self.send_pings(now);
        }
        ticket
    }

    /// Sends the pings that wait.
    pub(super) fn send_pings(&mut self, now: Now) {
        let wait = self.config.timeouts.realtime_request;
        let mut out = alloc::vec::Vec::new();
        for p in self.conn.pings.iter_mut().filter(|p| p.sent.is_none()) {
            p.sent = Some(now.mono);
            self.timers
                .start(Timer::Ping(p.reply.id), now.mono.after(wait));
            let mut m = ProtocolMessage::new(Action::HEARTBEAT);
            m.id = Some(p.id.clone());
            out.push(m);
        }
        for m in out {
            self.send_now(m);
        }
    }

    /// A HEARTBEAT came. Spec: RTN13e.
    pub(super) fn on_heartbeat(&mut self, now: Now, id: Option<&Str>) {
        if id.is_some() && id == self.conn.suspect.as_ref() {
            self.trust_link();
        }
        let Some(at) = self.conn.pings.iter().position(|p| Some(&p.id) == id) else {
            return;
        };
        let ping = self.conn.pings.swap_remove(at);
        self.timers.stop(Timer::Ping(ping.reply.id));
        let took = ping
            .sent
            .map_or(Duration::ZERO, |sent| now.mono.since(sent));
        self.reply(ping.reply, Ok(took));
    }

    pub(super) fn ping_timed_out(&mut self, op: OpId) {
        if let Some(at) = self.conn.pings.iter().position(|p| p.reply.id == op) {
            let ping = self.conn.pings.swap_remove(at);
            let error = ErrorInfo::new(
                ErrorCode::TIMEOUT,
                504,
                "timeout: the server did not answer the ping within realtimeRequestTimeout",
            );
            self.reply(ping.reply, Err(error));
        }
    }

    /// The connection entered a state in which no answer will come. Spec: RTN13b.
    pub(super) fn fail_pings(&mut self, state: ConnectionState) {
        for ping in core::mem::take(&mut self.conn.pings) {
            self.timers.stop(Timer::Ping(ping.reply.id));
            self.reply(ping.reply, Err(refused(state)));
        }
    }
}

fn refused(state: ConnectionState) -> ErrorInfo {
    let mut error = ErrorInfo::builder(
        ErrorCode::BAD_REQUEST,
        400,
        alloc::format!("cannot ping: the connection is {state}"),
    );
    if let Some(cause) = errors::of_state(state) {
        error = error.cause(cause);
    }
    error.build()
}
