//! The base transport, for networks that WebSockets do not get through.
//!
//! ```text
//! connecting --> preferred transport --4 s, not open--> opens a WebSocket elsewhere (the probe),
//!                    |                                  and asks whether there is a network
//!                    |                                       `--no--> disconnected
//!                    |--10 s, not open, and the probe did not open--> base transport
//!                    `--an attempt fails, and the probe has failed--> base transport
//! connected over the base transport --> it comes first from then on, beside a probe that goes back
//!                                       to the preferred one when it opens
//! ```
//!
//! Only [`BaseTransport::new`] refers to this code: a client without a base transport does not
//! carry it.
//!
//! Not in spec: as ably-js.

use alloc::boxed::Box;

use super::{ConnectionState, errors};
use crate::{Engine, LogLevel, Now, OpId, Output, Target, TransportInfo, timers::Timer};

/// The transport that is tried when the preferred one does not get through, and how that is found
/// out.
#[derive(Clone)]
pub struct BaseTransport(Box<Inner>);

#[derive(Clone)]
struct Inner {
    info: TransportInfo,
    probe: Target,
    /// It has worked last.
    comes_first: bool,
    hook: fn(&mut Engine, Now, Happened) -> bool,
}

impl BaseTransport {
    /// The base transport `info`. Whether the preferred transport gets through at all, `probe` says
    /// by opening.
    pub fn new(info: TransportInfo, mut probe: Target) -> Self {
        probe.is_probe = true;
        Self(Box::new(Inner {
            info,
            probe,
            comes_first: false,
            hook: on_happened,
        }))
    }

    /// Its name.
    pub fn id(&self) -> &'static str {
        self.0.info.id
    }

    /// It has worked last, so it comes first.
    #[must_use]
    pub fn coming_first(mut self, yes: bool) -> Self {
        self.0.comes_first = yes;
        self
    }
}

impl core::fmt::Debug for BaseTransport {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("BaseTransport")
            .field("info", &self.0.info)
            .finish_non_exhaustive()
    }
}

/// What is known in the attempt under way.
#[derive(Debug, Default)]
pub(super) struct Fallback {
    /// A sequence of attempts has begun, and no transport was chosen.
    pub(super) is_undecided: bool,
    probe: Option<OpId>,
    /// The check over HTTP that goes with the probe.
    check: Option<OpId>,
    /// The probe has failed.
    is_blocked: bool,
    /// The probe has opened.
    is_open: bool,
}

/// What the base transport may have to do with.
#[derive(Clone, Copy)]
pub(crate) enum Happened {
    /// The first host is about to be tried.
    Begun,
    /// A transport that is not the connection's has opened.
    Opened(OpId),
    /// A transport that is not the connection's has failed.
    Closed(OpId),
    /// The connection's transport has opened.
    Viable,
    /// A check that is not the connection's was answered.
    Checked(OpId, bool),
    /// A host could not be reached; true when the base transport goes on instead.
    Failed,
    /// A timer.
    Due(Timer),
    Connected,
    /// The server refused with a status above 500.
    Refused,
    /// The attempt is over.
    Left,
}

impl Engine {
    /// The name of the base transport when it comes first, which is to outlive the client.
    pub fn transport_preference(&self) -> Option<&'static str> {
        let base = self.config.base_transport.as_ref()?;
        base.0.comes_first.then_some(base.0.info.id)
    }

    /// Tells the base transport, if there is one; true when it has taken over.
    #[inline]
    pub(super) fn fallback(&mut self, now: Now, happened: Happened) -> bool {
        match &self.config.base_transport {
            Some(base) => (base.0.hook)(self, now, happened),
            None => false,
        }
    }

    fn comes_first(&mut self, yes: bool) {
        if let Some(base) = &mut self.config.base_transport {
            base.0.comes_first = yes;
        }
    }

    /// True when the attempt under way is not over the base transport.
    fn prefers(&self) -> bool {
        self.conn.transport == self.config.transport
    }

    /// Takes the transport that comes first.
    fn choose(&mut self, now: Now) {
        match &self.config.base_transport {
            Some(base) if base.0.comes_first => {
                self.conn.transport = base.0.info;
                self.open_probe(now);
            }
            _ => self.choose_preferred(now),
        }
    }

    fn choose_preferred(&mut self, now: Now) {
        let t = self.config.timeouts;
        self.conn.transport = self.config.transport;
        self.conn.fallback = Fallback::default();
        for (timer, wait) in [
            (Timer::Slow, t.web_socket_slow),
            (Timer::GiveUp, t.web_socket_connect),
        ] {
            self.timers.start(timer, now.mono.after(wait));
        }
    }

    /// Gives up what is under way, and tries all hosts anew over the other transport.
    fn change_over(&mut self, now: Now) {
        self.timers.stop(Timer::Attempt);
        self.drop_link(now);
        self.plan_hosts();
        match &self.config.base_transport {
            Some(base) if self.prefers() => {
                self.conn.transport = base.0.info;
                self.conn.fallback = Fallback::default();
            }
            _ => self.choose_preferred(now),
        }
        let id = self.conn.transport.id;
        self.log(LogLevel::Minor, "connection", || {
            alloc::format!("changing over to the transport {id}")
        });
        self.open_next_host(now);
    }

    fn open_probe(&mut self, now: Now) {
        let Some(base) = &self.config.base_transport else {
            return;
        };
        let mut target = base.0.probe.clone();
        target.transport = self.config.transport.id;
        let op = self.new_op();
        self.conn.fallback.probe = Some(op);
        let wait = self.config.timeouts.realtime_request;
        self.timers.start(Timer::Probe, now.mono.after(wait));
        self.outputs.push_back(Output::OpenTransport { op, target });
    }

    fn probed(&mut self, now: Now, opened: bool) {
        self.conn.fallback.probe = None;
        self.timers.stop(Timer::Probe);
        if self.prefers() {
            self.conn.fallback.is_open = opened;
            self.conn.fallback.is_blocked = !opened;
        } else if opened {
            self.comes_first(false);
            if self.conn.state == ConnectionState::Connecting {
                self.change_over(now);
            }
        }
    }

    fn forget_checks(&mut self) {
        let fallback = &mut self.conn.fallback;
        for op in [fallback.probe.take(), fallback.check.take()]
            .into_iter()
            .flatten()
        {
            self.outputs.push_back(Output::Cancel { op });
        }
        for timer in [Timer::Slow, Timer::GiveUp, Timer::Probe] {
            self.timers.stop(timer);
        }
    }
}

fn on_happened(engine: &mut Engine, now: Now, happened: Happened) -> bool {
    let prefers = engine.prefers();
    let conn = &mut engine.conn;
    match happened {
        Happened::Begun if core::mem::take(&mut conn.fallback.is_undecided) => engine.choose(now),
        Happened::Opened(op) if conn.fallback.probe == Some(op) => engine.probed(now, true),
        Happened::Closed(op) if conn.fallback.probe == Some(op) => engine.probed(now, false),
        // The probe that may lead back to the preferred transport goes on.
        Happened::Viable if prefers => engine.forget_checks(),
        Happened::Checked(op, online) if conn.fallback.check == Some(op) => {
            conn.fallback.check = None;
            if !online {
                let state = conn.fail_state();
                let error = errors::offline(engine.conn.last_failure.as_ref());
                engine.notify(now, state, Some(error));
            }
        }
        Happened::Failed if prefers && conn.fallback.is_blocked => {
            engine.change_over(now);
            return true;
        }
        Happened::Due(Timer::Slow) => {
            engine.open_probe(now);
            let op = engine.new_op();
            engine.conn.fallback.check = Some(op);
            engine.outputs.push_back(Output::CheckConnectivity { op });
        }
        Happened::Due(Timer::GiveUp) if !conn.fallback.is_open => engine.change_over(now),
        Happened::Due(Timer::Probe) => {
            if let Some(op) = conn.fallback.probe {
                engine.outputs.push_back(Output::Cancel { op });
                engine.probed(now, false);
            }
        }
        Happened::Connected => engine.comes_first(!prefers),
        Happened::Refused => engine.comes_first(false),
        Happened::Left => engine.forget_checks(),
        _ => {}
    }
    false
}
