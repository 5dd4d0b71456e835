//! One sequence of attempts: credential, primary host, fallback hosts.
//!
//! Does not wait between sequences: that is `lifecycle`.
//!
//! Spec: RTN14, RTN17, RTB1, RTN27b.

use alloc::string::String;
use core::time::Duration;

use ably_protocol::{ErrorInfo, Format};

use super::{ConnectionState, Link, errors, fallback::Happened};
use crate::{
    Engine, FailureKind, LogLevel, Now, OpId, Output, Target, TransportError, auth::Need, entropy,
    timers::Timer,
};

/// `base` with back-off and jitter for the `count`th retry. Spec: RTB1.
pub(crate) fn backoff(base: Duration, count: u32, entropy: &mut dyn crate::Entropy) -> Duration {
    let factor = ((f64::from(count) + 2.0) / 3.0).min(2.0);
    let seconds = base.as_secs_f64() * factor * (1.0 - 0.2 * entropy::fraction(entropy));
    // What an application sets to "for ever" stays that.
    Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
}

impl Engine {
    /// Begins a sequence of attempts; the state is `connecting`.
    pub(super) fn start_connect(&mut self, now: Now) {
        let t = self.config.timeouts;
        self.conn.last_failure = None;
        if !self.timers.is_running(Timer::Suspend) {
            self.timers
                .start(Timer::Suspend, now.mono.after(self.conn.state_ttl));
        }
        let most = t.web_socket_connect.saturating_add(t.realtime_request);
        self.timers.start(Timer::Transition, now.mono.after(most));
        self.plan_hosts();
        self.conn.fallback.is_undecided = true;
        // Unless someone else has renewed it since.
        let refused = self.conn.generation == self.auth.generation()
            && self
                .conn
                .error_reason
                .as_ref()
                .is_some_and(ErrorInfo::is_token_error);
        match self.auth.need(now, refused) {
            Need::Ready => {
                self.open_next_host(now);
            }
            Need::Fetch => self.fetch_token(),
            Need::Impossible(error) => {
                let mut failed = ErrorInfo::builder(
                    error.code(),
                    error.status_code(),
                    String::from(error.message()),
                );
                if let Some(cause) = self.conn.error_reason.clone().filter(|_| refused) {
                    failed = failed.cause(cause);
                }
                self.notify(now, ConnectionState::Failed, Some(failed.build()));
            }
        }
    }

    /// How long a callback may take is for the shell to say, which knows when it ends and the
    /// exchange begins; the whole is bounded as connecting is.
    fn fetch_token(&mut self) {
        let op = self.new_op();
        self.conn.link = Link::Token(op);
        let generation = self.auth.generation();
        self.outputs
            .push_back(Output::FetchToken { op, generation });
    }

    /// The primary host, then some fallbacks in random order. Without the primary host, a check
    /// whether there is a network comes first. Spec: RTN17h–RTN17j.
    pub(super) fn plan_hosts(&mut self) {
        let mut fallbacks = self.config.hosts.fallbacks.clone();
        for i in (1..fallbacks.len()).rev() {
            let pick = entropy::fraction(&mut *self.entropy) * (i + 1) as f64;
            fallbacks.swap(i, pick as usize);
        }
        fallbacks.truncate(self.config.timeouts.http_max_retry_count as usize);
        self.conn.check_first =
            core::mem::take(&mut self.conn.skip_primary) && !fallbacks.is_empty();
        if !self.conn.check_first {
            fallbacks.push(self.config.hosts.primary.clone());
        }
        self.conn.hosts_left = fallbacks;
    }

    /// Opens the next host, or finds out first whether that has any sense; false when there is none.
    pub(super) fn open_next_host(&mut self, now: Now) -> bool {
        self.fallback(now, Happened::Begun);
        if core::mem::take(&mut self.conn.check_first) && !self.conn.hosts_left.is_empty() {
            self.check_connectivity(now);
            return true;
        }
        if self.auth.lacks_token() && !self.conn.hosts_left.is_empty() {
            // `authorize` has given up the one that the last host was shown.
            self.fetch_token();
            return true;
        }
        let Some(host) = self.conn.hosts_left.pop() else {
            return false;
        };
        self.discard_stale_connection(now);
        let op = self.new_op();
        self.conn.generation = self.auth.generation();
        self.conn.host = Some(host.clone());
        self.conn.link = Link::Opening(op);
        let wait = self.config.timeouts.realtime_request;
        self.timers.start(Timer::Attempt, now.mono.after(wait));
        let path = self.connection_path();
        let c = &self.config;
        let mut target = Target::new(host, c.port, c.tls, path, c.format);
        target.transport = self.conn.transport.id;
        if self.conn.transport.json_only {
            target.format = Format::Json;
        }
        self.log(LogLevel::Minor, "connection", || {
            alloc::format!("opening {target:?}")
        });
        self.outputs.push_back(Output::OpenTransport { op, target });
        true
    }

    /// Is it the host, or the network? Spec: RTN17j.
    fn check_connectivity(&mut self, now: Now) {
        let op = self.new_op();
        self.conn.link = Link::Checking(op);
        let wait = self.config.timeouts.realtime_request;
        self.timers.start(Timer::Attempt, now.mono.after(wait));
        self.outputs.push_back(Output::CheckConnectivity { op });
    }

    pub(crate) fn on_connectivity(&mut self, now: Now, op: OpId, online: bool) {
        if !matches!(self.conn.link, Link::Checking(o) if o == op) {
            self.fallback(now, Happened::Checked(op, online));
            return;
        }
        self.conn.link = Link::None;
        self.timers.stop(Timer::Attempt);
        if self.fallback(now, Happened::Failed) {
            return;
        }
        if !online {
            let state = self.conn.fail_state();
            let error = errors::offline(self.conn.last_failure.as_ref());
            self.notify(now, state, Some(error));
        } else {
            self.open_next_host(now);
        }
    }

    /// Forgets a connection that the server has forgotten. Spec: RTN15g (to 6.0).
    fn discard_stale_connection(&mut self, now: Now) {
        // Without a promised interval, silence does not tell for how long there was no connection.
        let promised = self.conn.max_idle.filter(|d| !d.is_zero());
        let (Some(last), Some(idle)) = (self.conn.last_activity, promised) else {
            return;
        };
        let kept = self.conn.state_ttl.saturating_add(idle);
        if self.conn.id.is_some() && now.elapsed_since(last) > kept {
            self.clear_connection();
            self.conn.suspend_expired = true;
        }
    }

    /// Id, key and serials mean nothing any more. Spec: RTN8c, RTN9c, RTN19a2.
    pub(super) fn clear_connection(&mut self) {
        self.conn.id = None;
        self.conn.key = None;
        self.outbox.renumber();
        self.connection_id_changed();
    }

    pub(crate) fn on_opened(&mut self, now: Now, op: OpId) {
        if matches!(self.conn.link, Link::Opening(o) if o == op) {
            self.conn.link = Link::Pending(op);
            self.fallback(now, Happened::Viable);
        } else {
            self.fallback(now, Happened::Opened(op));
        }
    }

    pub(crate) fn on_token(&mut self, now: Now, op: OpId, result: Result<(), ErrorInfo>) {
        if self.conn.reauth == Some(op) {
            return self.on_reauth_token(now, result);
        }
        if !matches!(self.conn.link, Link::Token(o) if o == op) {
            return;
        }
        self.conn.link = Link::None;
        match result {
            Ok(()) => {
                self.open_next_host(now);
            }
            Err(error) => self.auth_failed(now, error),
        }
    }

    /// The attempt on this host took too long. A host that cannot be reached is followed by the
    /// next one at once; one that is reached and does not answer fails the sequence, as in ably-js,
    /// and the next sequence begins with a fallback. Spec: RTN14c, RTN17f.
    pub(super) fn attempt_timed_out(&mut self, now: Now) {
        let error = TransportError::new(FailureKind::Timeout);
        match self.conn.link {
            Link::Opening(op) => {
                self.outputs.push_back(Output::CloseTransport { op });
                self.attempt_failed(now, &error);
            }
            Link::Pending(_) => {
                self.conn.skip_primary = true;
                let state = self.conn.fail_state();
                self.notify(now, state, Some(errors::unanswered(&error)));
            }
            // No answer is an answer.
            Link::Checking(op) => {
                self.outputs.push_back(Output::Cancel { op });
                self.on_connectivity(now, op, false);
            }
            _ => {}
        }
    }

    /// A host could not be reached: the next one, or wait.
    pub(super) fn attempt_failed(&mut self, now: Now, error: &TransportError) {
        self.conn.link = Link::None;
        self.conn.last_failure = Some(error.clone());
        self.timers.stop(Timer::Attempt);
        self.log(LogLevel::Minor, "connection", || {
            alloc::format!("attempt failed: {error}")
        });
        if self.fallback(now, Happened::Failed) {
            return;
        }
        self.conn.check_first = true;
        if !self.open_next_host(now) {
            let state = self.conn.fail_state();
            let error = self.unreachable(error);
            self.notify(now, state, Some(error));
        }
    }

    pub(super) fn unreachable(&self, error: &TransportError) -> ErrorInfo {
        errors::unreachable(error, self.conn.host.as_deref(), self.config.port)
    }
}
