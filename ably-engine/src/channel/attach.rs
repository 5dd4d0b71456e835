//! Attach, detach and options.
//!
//! Spec: RTL4, RTL5, RTL13, RTL16.

use ably_protocol::{Action, ErrorCode, ErrorInfo, Flags, ProtocolMessage};

use super::{ChannelId, ChannelOptions, ChannelState, ChannelStateChange, Waiter};
use crate::{ConnectionState, Engine, Now, Ticket, encoding::Chain, op, timers::Timer};

impl Engine {
    /// Attaches a channel; answers the change, or `None` when it is attached already. Waits for
    /// the connection while there is none yet. The state is `attaching` when this returns.
    ///
    /// Answers an error: the connection's when it is not active; `90007` when ATTACHED does not
    /// come in time; `90000` when a detach comes in between; the server's refusal.
    ///
    /// Spec: RTL4.
    pub fn attach(&mut self, now: Now, id: ChannelId) -> Ticket<Option<ChannelStateChange>> {
        let Some(ch) = self.channels.get(id) else {
            return self.gone();
        };
        if ch.state == ChannelState::Attached {
            return self.ready(Ok(None));
        }
        if !self.conn.state.is_active() {
            let error = self.connection_error();
            return self.ready(Err(error));
        }
        if ch.state != ChannelState::Attaching {
            self.request_attach(now, id, None);
        }
        let (reply, ticket) = op::pair(self.new_op());
        self.wait(id, Waiter::Attach(reply));
        self.settle(now);
        ticket
    }

    /// As [`Engine::attach`], for those who are told by other means.
    pub(crate) fn ensure_attached(&mut self, now: Now, id: ChannelId) -> Result<(), ErrorInfo> {
        if !self.conn.state.is_active() {
            return Err(self.connection_error());
        }
        if !matches!(
            self.channel_state(id),
            ChannelState::Attached | ChannelState::Attaching
        ) {
            self.request_attach(now, id, None);
        }
        Ok(())
    }

    /// Detaches a channel. The state is `detaching` or `detached` when this returns.
    ///
    /// Answers an error: the connection's when it is not active; `90001` when the channel has
    /// failed; `90007` when DETACHED does not come in time; `90000` when an attach comes in
    /// between.
    ///
    /// Spec: RTL5.
    pub fn detach(&mut self, now: Now, id: ChannelId) -> Ticket<()> {
        use ChannelState as S;
        let Some(ch) = self.channels.get(id) else {
            return self.gone();
        };
        let state = ch.state;
        // RTL5a: nothing to do, whatever the connection does.
        if matches!(state, S::Initialized | S::Detached) {
            return self.ready(Ok(()));
        }
        if state == S::Failed {
            let error = self.channel_state_error(id);
            return self.ready(Err(error));
        }
        if state == S::Suspended {
            self.channel_notify(now, id, S::Detached, None);
            self.settle(now);
            return self.ready(Ok(()));
        }
        if !self.conn.state.is_active() {
            let error = self.connection_error();
            return self.ready(Err(error));
        }
        if state != S::Detaching {
            self.channel_notify(now, id, S::Detaching, None);
            self.check_pending(now, id);
        }
        let (reply, ticket) = op::pair(self.new_op());
        self.wait(id, Waiter::Detach(reply));
        self.settle(now);
        ticket
    }

    /// Replaces a channel's options; when that means attaching anew, answers once the server has
    /// confirmed.
    ///
    /// Spec: RTL16.
    pub fn set_channel_options(
        &mut self,
        now: Now,
        id: ChannelId,
        options: ChannelOptions,
    ) -> Ticket<()> {
        let chain = match Chain::open(&self.encodings, &options) {
            Ok(chain) => chain,
            Err(error) => return self.ready(Err(error)),
        };
        let Some(ch) = self.channels.get_mut(id) else {
            return self.gone();
        };
        let active = matches!(ch.state, ChannelState::Attached | ChannelState::Attaching);
        let again = active && ch.options.needs_reattach(&options);
        ch.options = options;
        ch.chain = chain;
        // The new chain knows nothing of earlier messages.
        ch.last_message_id = None;
        if !again {
            return self.ready(Ok(()));
        }
        if self.conn.state == ConnectionState::Connected {
            self.start_state_timer(now, id);
            self.send_attach(id);
        }
        let (reply, ticket) = op::pair(self.new_op());
        self.wait(id, Waiter::Options(reply));
        self.settle(now);
        ticket
    }

    /// Enters `attaching` and sends ATTACH when there is a connection.
    pub(crate) fn request_attach(&mut self, now: Now, id: ChannelId, reason: Option<ErrorInfo>) {
        if let Some(ch) = self.channels.get_mut(id) {
            // RTL4g
            if ch.state == ChannelState::Failed {
                ch.error_reason = None;
            }
        }
        self.channel_notify(now, id, ChannelState::Attaching, reason);
        self.check_pending(now, id);
    }

    /// Sends what a channel in between states waits to send, and starts its timer.
    pub(crate) fn check_pending(&mut self, now: Now, id: ChannelId) {
        if self.conn.state != ConnectionState::Connected {
            return;
        }
        match self.channel_state(id) {
            ChannelState::Attaching => {
                self.start_state_timer(now, id);
                self.send_attach(id);
            }
            ChannelState::Detaching => {
                self.start_state_timer(now, id);
                self.send_detach(id);
            }
            _ => {}
        }
    }

    pub(super) fn send_detach(&mut self, id: ChannelId) {
        if let Some(ch) = self.channels.get_mut(id) {
            ch.detaches_unanswered = ch.detaches_unanswered.saturating_add(1);
            let m = ProtocolMessage::on_channel(Action::DETACH, ch.name.clone());
            self.send_now(m);
        }
    }

    fn start_state_timer(&mut self, now: Now, id: ChannelId) {
        let timer = Timer::ChannelState(id);
        if !self.timers.is_running(timer) {
            self.timers
                .start(timer, now.mono.after(self.config.timeouts.realtime_request));
        }
    }

    pub(super) fn send_attach(&mut self, id: ChannelId) {
        let Some(ch) = self.channels.get(id) else {
            return;
        };
        let mut m = ProtocolMessage::on_channel(Action::ATTACH, ch.name.clone());
        if !ch.options.params().is_empty() {
            m.params = Some(alloc::boxed::Box::new(ch.options.params().clone()));
        }
        m.channel_serial = if ch.recovering {
            ch.last_message_serial.clone()
        } else {
            ch.channel_serial.get()
        };
        if let Some(modes) = ch.options.modes() {
            m.flags = Flags::of_modes(modes);
        }
        if ch.attach_resume {
            m.flags = m.flags.with(Flags::ATTACH_RESUME);
        }
        self.send_now(m);
    }

    /// A timer of a channel has come.
    pub(crate) fn on_channel_timer(&mut self, now: Now, timer: Timer) {
        match timer {
            Timer::ChannelState(id) => match self.channel_state(id) {
                ChannelState::Attaching => {
                    let error = timed_out("attach");
                    self.channel_notify(now, id, ChannelState::Suspended, Some(error));
                }
                // RTL5f: back to where it was; what was not attached yet goes on trying.
                ChannelState::Detaching => {
                    let error = timed_out("detach");
                    let before = self.channels.get(id).map(|c| c.before_detaching);
                    let back = match before {
                        Some(ChannelState::Attached) => ChannelState::Attached,
                        _ => ChannelState::Suspended,
                    };
                    self.channel_notify(now, id, back, Some(error));
                }
                _ => {
                    for reply in self.take_option_waiters(id) {
                        self.reply(reply, Err(timed_out("change of options")));
                    }
                }
            },
            Timer::ChannelRetry(id) => {
                let connected = self.conn.state == ConnectionState::Connected;
                if connected && self.channel_state(id) == ChannelState::Suspended {
                    self.request_attach(now, id, None);
                }
            }
            _ => {}
        }
    }
}

fn timed_out(what: &str) -> ErrorInfo {
    ErrorInfo::new(
        ErrorCode::CHANNEL_TIMEOUT,
        408,
        alloc::format!("the server did not answer the {what} within realtimeRequestTimeout"),
    )
}
