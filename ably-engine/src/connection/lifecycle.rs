//! Entering states: timers, retries, and what the rest of the client is told.
//!
//! Spec: RTN4, RTN7d, RTN7e, RTN11, RTN12, RTN14, RTN15a.

use core::time::Duration;

use ably_protocol::{Action, ErrorCode, ErrorInfo, ProtocolMessage};

use super::{
    ConnectionEvent, ConnectionState, ConnectionStateChange, Link, backoff, errors,
    fallback::Happened,
};
use crate::{
    Engine, Event, FailureKind, LogLevel, Now, OpId, Output, Ticket, TransportError, op,
    timers::Timer,
};

/// Immediate reconnects are at least this far apart.
const IMMEDIATE_RETRY_SPACING: Duration = Duration::from_secs(1);

impl Engine {
    /// Connects, unless connected or connecting. The state is `connecting` when this returns.
    ///
    /// From `closing`, `closed` and `failed` all begins anew: channels are `initialized`, and no error
    /// is left of what was before.
    ///
    /// Spec: RTN11.
    pub fn connect(&mut self, now: Now) {
        use ConnectionState as S;
        match self.conn.state {
            S::Connecting | S::Connected => {}
            S::Closing => {
                // Whatever the old connection still has to say is not for the new one (RTN11b).
                self.notify(now, S::Closed, None);
                self.begin_anew(now);
            }
            S::Closed | S::Failed => self.begin_anew(now),
            _ => self.begin_connecting(now),
        }
        self.settle(now);
    }

    fn begin_anew(&mut self, now: Now) {
        self.conn.error_reason = None;
        self.channels_begin_anew(now);
        self.begin_connecting(now);
    }

    fn begin_connecting(&mut self, now: Now) {
        self.timers.stop(Timer::Retry);
        self.timers.stop(Timer::Transition);
        self.enact(ConnectionState::Connecting, None, None);
        self.start_connect(now);
    }

    /// Closes the connection: politely when connected, at once otherwise. The state is `closing`
    /// or `closed` when this returns; it is `closed` after `realtimeRequestTimeout` at the latest.
    ///
    /// Spec: RTN12.
    pub fn close(&mut self, now: Now) {
        use ConnectionState as S;
        match self.conn.state {
            S::Closing | S::Closed => {}
            S::Connected => {
                self.stop_attempt_timers();
                self.timers.stop(Timer::Idle);
                self.trust_link();
                self.timers.stop(Timer::Suspend);
                // There is nothing to resume any more (RTN8c, RTN9c, RTN16g2).
                self.conn.id = None;
                self.conn.key = None;
                self.enact(S::Closing, None, errors::of_state(S::Closing));
                self.fail_pings(S::Closing);
                self.send_now(ProtocolMessage::new(Action::CLOSE));
                let wait = self.config.timeouts.realtime_request;
                self.timers.start(Timer::Transition, now.mono.after(wait));
            }
            // Spec: RTN12d says a failed connection stays failed.
            S::Failed => {}
            _ => {
                self.stop_attempt_timers();
                self.enact(S::Closing, None, errors::of_state(S::Closing));
                self.drop_link(now);
                self.notify(now, S::Closed, None);
            }
        }
        self.settle(now);
    }

    fn stop_attempt_timers(&mut self) {
        for timer in [Timer::Transition, Timer::Attempt, Timer::Retry] {
            self.timers.stop(timer);
        }
    }

    /// Closes or cancels whatever the connection hangs on.
    pub(super) fn drop_link(&mut self, now: Now) {
        self.fallback(now, Happened::Left);
        match core::mem::take(&mut self.conn.link) {
            Link::None => {}
            Link::Token(op) | Link::Checking(op) => self.outputs.push_back(Output::Cancel { op }),
            Link::Opening(op) | Link::Pending(op) | Link::Active(op) => {
                self.outbox.requeue();
                self.outputs.push_back(Output::CloseTransport { op });
            }
        }
    }

    /// Enters `state` because something happened.
    pub(super) fn notify(&mut self, now: Now, state: ConnectionState, reason: Option<ErrorInfo>) {
        self.notify_retry(now, state, reason, false);
    }

    /// As [`Engine::notify`]; `at_once` asks for the next attempt without delay.
    pub(super) fn notify_retry(
        &mut self,
        now: Now,
        state: ConnectionState,
        reason: Option<ErrorInfo>,
        at_once: bool,
    ) {
        use ConnectionState as S;
        let previous = self.conn.state;
        if state == previous || previous.is_terminal() {
            return;
        }
        // A token error met for the first time while connecting is worth one immediate attempt
        // with a new token (RTN14b); a second one in a row waits.
        let token = |e: &Option<ErrorInfo>| e.as_ref().is_some_and(ErrorInfo::is_token_error);
        let at_once = state == S::Disconnected
            && (at_once
                || previous == S::Connected
                || (previous == S::Connecting
                    && token(&reason)
                    && !token(&self.conn.error_reason)));

        self.stop_attempt_timers();
        self.timers.stop(Timer::Idle);
        self.trust_link();
        if !matches!(state, S::Disconnected | S::Suspended) {
            self.timers.stop(Timer::Suspend);
            self.conn.suspend_expired = false;
        }
        if matches!(state, S::Suspended | S::Connected) {
            self.conn.retries = 0;
        }
        let delay = match state {
            S::Disconnected => {
                self.conn.retries = self.conn.retries.saturating_add(1);
                let base = self.config.timeouts.disconnected_retry;
                Some(backoff(base, self.conn.retries, &mut *self.entropy))
            }
            S::Suspended => Some(self.config.timeouts.suspended_retry),
            _ => None,
        };
        if state != S::Connected {
            self.drop_link(now);
        }
        if let Some(delay) = delay {
            let wait = if at_once {
                self.immediate_retry_delay(now)
            } else {
                delay
            };
            self.timers.start(Timer::Retry, now.mono.after(wait));
        }
        let reason = reason.or_else(|| errors::of_state(state));
        self.enact(state, delay, reason.clone());
        self.tell_authorizers(state);
        if state == S::Connected {
            self.fallback(now, Happened::Connected);
            self.channels_connected(now);
            self.flush_outbox();
        } else if !state.is_active() {
            let reason = reason.or_else(|| errors::of_state(state));
            self.channels_interrupted(now, state, reason.clone());
            if let Some(reason) = reason {
                self.fail_outbox(&reason);
            }
            self.fail_pings(state);
        } else if state == S::Disconnected && !self.config.queue_messages {
            // RTN7d: what would wait for the next transport may not.
            if let Some(reason) = reason {
                self.fail_outbox(&reason);
            }
        }
    }

    fn immediate_retry_delay(&mut self, now: Now) -> Duration {
        let since = self
            .conn
            .last_immediate_retry
            .map(|last| now.mono.since(last));
        let wait = since.map_or(Duration::ZERO, |s| {
            IMMEDIATE_RETRY_SPACING.saturating_sub(s)
        });
        self.conn.last_immediate_retry = Some(now.mono.after(wait));
        wait
    }

    /// Changes the state and tells listeners.
    fn enact(
        &mut self,
        state: ConnectionState,
        retry_in: Option<Duration>,
        reason: Option<ErrorInfo>,
    ) {
        let previous = core::mem::replace(&mut self.conn.state, state);
        let level = if state == ConnectionState::Failed {
            LogLevel::Error
        } else {
            LogLevel::Major
        };
        self.log(level, "connection", || match &reason {
            Some(r) => alloc::format!("{state}: {r}"),
            None => alloc::format!("{state}"),
        });
        // Connecting leaves it; connected clears it unless the server says why (RTN25).
        if state == ConnectionState::Connected || reason.is_some() {
            self.conn.error_reason.clone_from(&reason);
        }
        if state.is_terminal() || state == ConnectionState::Suspended {
            self.clear_connection();
        }
        self.outputs
            .push_back(Output::Event(Event::Connection(ConnectionStateChange {
                previous,
                current: state,
                event: ConnectionEvent::State(state),
                retry_in,
                reason,
            })));
    }

    /// Tells listeners of an `update`. Spec: RTN24.
    pub(super) fn emit_update(&mut self, reason: Option<ErrorInfo>) {
        let state = self.conn.state;
        self.outputs
            .push_back(Output::Event(Event::Connection(ConnectionStateChange {
                previous: state,
                current: state,
                event: ConnectionEvent::Update,
                retry_in: None,
                reason,
            })));
    }

    pub(crate) fn on_transport_closed(&mut self, now: Now, op: OpId, error: &TransportError) {
        use ConnectionState as S;
        if self.conn.link.transport() != Some(op) {
            self.fallback(now, Happened::Closed(op));
            return;
        }
        match self.conn.link {
            Link::Opening(_) => self.attempt_failed(now, error),
            Link::Pending(_) => {
                self.conn.link = Link::None;
                let state = self.conn.fail_state();
                self.notify(now, state, Some(errors::lost(error)));
            }
            Link::Active(_) => {
                self.conn.link = Link::None;
                self.outbox.requeue();
                let state = if self.conn.state == S::Closing {
                    S::Closed
                } else {
                    S::Disconnected
                };
                let reason = (state == S::Disconnected).then(|| errors::lost(error));
                self.notify(now, state, reason);
            }
            Link::None | Link::Token(_) | Link::Checking(_) => {}
        }
    }

    /// A timer of the connection has come.
    pub(crate) fn on_connection_timer(&mut self, now: Now, timer: Timer) {
        use ConnectionState as S;
        match timer {
            Timer::Attempt => self.attempt_timed_out(now),
            Timer::Transition if self.conn.state == S::Closing => {
                self.notify(now, S::Closed, None);
            }
            Timer::Transition => {
                let state = self.conn.fail_state();
                let error = self.unreachable(&TransportError::new(FailureKind::Timeout));
                self.notify(now, state, Some(error));
            }
            Timer::Suspend => {
                self.conn.suspend_expired = true;
                let last = self.conn.error_reason.clone();
                self.notify(now, S::Suspended, errors::suspended(last));
            }
            Timer::Retry => {
                if matches!(self.conn.state, S::Disconnected | S::Suspended) {
                    self.begin_connecting(now);
                }
            }
            Timer::Idle => self.on_idle_timer(now),
            Timer::Suspect => self.suspect_timed_out(now),
            Timer::Ping(op) => self.ping_timed_out(op),
            Timer::Slow | Timer::GiveUp | Timer::Probe => {
                self.fallback(now, Happened::Due(timer));
            }
            _ => {}
        }
    }

    fn on_idle_timer(&mut self, now: Now) {
        let (Some(last), Some(limit)) = (self.conn.last_activity, self.idle_limit()) else {
            return;
        };
        // Frames only note the time; the timer is moved here, so that a frame costs nothing.
        let due = last.mono.after(limit);
        if due > now.mono {
            self.timers.start(Timer::Idle, due);
            return;
        }
        if self.conn.state == ConnectionState::Connected {
            let error = ErrorInfo::new(
                ErrorCode::DISCONNECTED,
                408,
                "no sign of life from the server within maxIdleInterval; reconnecting",
            );
            self.notify(now, ConnectionState::Disconnected, Some(error));
        }
    }

    /// The longest silence of the server. Spec: RTN23a.
    fn idle_limit(&self) -> Option<Duration> {
        let promised = self.conn.max_idle.filter(|d| !d.is_zero())?;
        Some(promised.saturating_add(self.config.timeouts.realtime_request))
    }

    pub(super) fn start_idle_timer(&mut self, now: Now) {
        match self.idle_limit() {
            Some(limit) => self.timers.start(Timer::Idle, now.mono.after(limit)),
            None => self.timers.stop(Timer::Idle),
        }
    }

    /// The network went or came back.
    ///
    /// Spec: RTN20.
    pub(crate) fn on_network_changed(&mut self, now: Now, online: bool) {
        use ConnectionState as S;
        match (self.conn.state, online) {
            (S::Connected | S::Connecting, false) => {
                let error = errors::lost(&TransportError::new(FailureKind::Unreachable));
                self.notify_retry(now, self.conn.fail_state(), Some(error), true);
            }
            (S::Disconnected | S::Suspended, true) => self.begin_connecting(now),
            (S::Connecting, true) => self.restart_attempt(now),
            _ => {}
        }
    }

    /// Gives up the attempt under way and begins anew.
    pub(super) fn restart_attempt(&mut self, now: Now) {
        self.timers.stop(Timer::Attempt);
        self.drop_link(now);
        self.start_connect(now);
    }

    /// Sends a message that needs no acknowledgement, when there is an active transport.
    pub(crate) fn send_now(&mut self, message: ProtocolMessage) {
        if let Some(op) = self.conn.link.active() {
            let message = alloc::sync::Arc::new(message);
            self.outputs.push_back(Output::Send { op, message });
        }
    }

    /// A ticket that is answered already.
    pub(crate) fn ready<T: crate::MaybeSend + 'static>(
        &mut self,
        value: Result<T, ErrorInfo>,
    ) -> Ticket<T> {
        let (reply, ticket) = op::pair(self.new_op());
        self.reply(reply, value);
        ticket
    }

    /// The error of the connection's state, for operations that need it: the reason it is in that
    /// state, else what the state stands for.
    pub(crate) fn connection_error(&self) -> ErrorInfo {
        self.conn
            .error_reason
            .clone()
            .or_else(|| errors::of_state(self.conn.state))
            .unwrap_or_else(|| {
                ErrorInfo::new(
                    ErrorCode::CHANNEL_OPERATION,
                    400,
                    "the connection is not ready and queueMessages is off",
                )
            })
    }
}
