//! Clocks that jump.
//!
//! The monotonic clock of many systems stands still while the machine sleeps, and the wall clock
//! does not: after a night the timers believe that two seconds have passed. So whenever the engine
//! is told the time, the two clocks are compared.
//!
//! ```text
//! wall clock ahead by > 5 s --connected--> HEARTBEAT --its answer--> as before
//!                                              `--2 s--> disconnected, and at once connecting
//! wall clock back by > 5 s: what was noted by it is moved along, so that nothing seems newer
//! ```
//!
//! Over HTTP the HEARTBEAT may have to wait for the request before it, and 2 s are added to that.
//!
//! Not in spec, and not in ably-js.

use core::time::Duration;

use ably_protocol::{Action, ErrorCode, ErrorInfo, ProtocolMessage, Str};

use super::ConnectionState;
use crate::{Engine, LogLevel, Now, entropy, timers::Timer};

/// Clocks that differ by less are not worth a look, in ms.
const JUMP_MS: i64 = 5_000;
/// How long the server has to show that the connection still stands.
const ANSWER: Duration = Duration::from_secs(2);

impl Engine {
    /// Compares the clocks with what they were.
    pub(crate) fn watch_clocks(&mut self, now: Now) {
        let before = *self.conn.clocks.get_or_insert(now);
        // Read before another reading that came first.
        if now.mono < before.mono {
            return;
        }
        self.conn.clocks = Some(now);
        let jump = now.drift_since(before);
        if jump > JUMP_MS {
            self.suspect_link(now);
        } else if jump < -JUMP_MS {
            if let Some(last) = &mut self.conn.last_activity {
                last.unix_ms = last.unix_ms.saturating_add(jump);
            }
            self.auth.wall_clock_moved(jump);
        }
    }

    /// The connection may have been lost in a time of which no timer knows.
    fn suspect_link(&mut self, now: Now) {
        if self.conn.state != ConnectionState::Connected || self.conn.suspect.is_some() {
            return;
        }
        self.log(LogLevel::Minor, "connection", || {
            "the clocks have jumped: finding out whether the connection still stands".into()
        });
        let id = Str::from(entropy::id(&mut *self.entropy));
        let mut message = ProtocolMessage::new(Action::HEARTBEAT);
        message.id = Some(id.clone());
        self.conn.suspect = Some(id);
        let wait = self.conn.transport.send_delay.saturating_add(ANSWER);
        self.timers.start(Timer::Suspect, now.mono.after(wait));
        self.send_now(message);
    }

    /// The server has answered, or there is no connection any more.
    pub(super) fn trust_link(&mut self) {
        self.conn.suspect = None;
        self.timers.stop(Timer::Suspect);
    }

    pub(super) fn suspect_timed_out(&mut self, now: Now) {
        let error = ErrorInfo::new(
            ErrorCode::DISCONNECTED,
            408,
            "the clocks have jumped, as after a sleep, and the server does not answer; reconnecting",
        );
        self.notify(now, ConnectionState::Disconnected, Some(error));
    }
}
