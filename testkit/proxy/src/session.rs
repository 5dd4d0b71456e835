//! A session: a port with a server behind it, rules and a log.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot, watch};

use crate::event::{Event, Log, Recorder, What};
use crate::http;
use crate::rule::{Action, Rule, RuleError};
use crate::rules::{Fired, Position, Rules, Subject};
use crate::upstream::Target;

/// A running session. Dropping it ends it.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use ably_testkit_proxy::{Session, Target};
/// use serde_json::json;
/// let session = Session::builder(Target::plain("127.0.0.1", 8080))
///     .rules(json!([{
///         "match": {"type": "ws_connect", "count": 1},
///         "action": {"type": "refuse_connection"},
///     }]))?
///     .start()
///     .await?;
/// println!("localhost:{}", session.port());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Session {
    shared: Arc<Shared>,
    address: SocketAddr,
    stop: watch::Sender<bool>,
    done: mpsc::Receiver<()>,
}

/// Says how a session is to be.
#[derive(Debug)]
pub struct Builder {
    target: Target,
    rules: Vec<Rule>,
    port: u16,
    idle: Option<Duration>,
}

impl Builder {
    /// Adds rules, a JSON list.
    ///
    /// # Errors
    /// As [`Rule::from_json`], or there are too many.
    pub fn rules(mut self, rules: Value) -> Result<Self, RuleError> {
        self.rules.extend(Rule::list(rules)?);
        if self.rules.len() > MAX_RULES {
            return Err(RuleError(format!("more than {MAX_RULES} rules")));
        }
        Ok(self)
    }

    /// Sets the port, by default a free one.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Ends the session when nothing has happened on it for this long; by default never.
    #[must_use]
    pub fn idle_timeout(mut self, limit: Duration) -> Self {
        self.idle = Some(limit);
        self
    }

    /// Starts the session on the caller's tokio runtime, on the loopback interface.
    ///
    /// # Errors
    /// The port cannot be had.
    ///
    /// # Cancel safety
    /// If the future is dropped, nothing is left running.
    pub async fn start(self) -> io::Result<Session> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, self.port)).await?;
        let address = listener.local_addr()?;
        let (stop, stopped) = watch::channel(false);
        let (alive, done) = mpsc::channel(1);
        let mut rules = Rules::new();
        rules.add(self.rules, Position::Append);
        let (changed, _) = watch::channel(0);
        let shared = Arc::new(Shared {
            target: self.target,
            state: Mutex::new(State {
                rules,
                log: Recorder::default(),
                sockets: BTreeMap::new(),
                active: Instant::now(),
            }),
            changed,
            next_socket: AtomicU64::new(0),
            stopped,
        });
        tokio::spawn(http::serve(Arc::clone(&shared), listener, alive));
        if let Some(limit) = self.idle {
            tokio::spawn(end_when_idle(Arc::clone(&shared), limit, stop.clone()));
        }
        Ok(Session {
            shared,
            address,
            stop,
            done,
        })
    }
}

async fn end_when_idle(shared: Arc<Shared>, limit: Duration, stop: watch::Sender<bool>) {
    loop {
        let left = limit.saturating_sub(shared.lock().active.elapsed());
        if left.is_zero() {
            stop.send_replace(true);
            return;
        }
        tokio::select! {
            () = tokio::time::sleep(left) => {}
            () = shared.stopped() => return,
        }
    }
}

impl Session {
    /// Starts to say how a session is to be.
    pub fn builder(target: Target) -> Builder {
        Builder {
            target,
            rules: Vec::new(),
            port: 0,
            idle: None,
        }
    }

    /// The port of `localhost` that clients connect to.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Adds rules, a JSON list.
    ///
    /// # Errors
    /// As [`Rule::from_json`], or there are too many.
    pub fn add_rules(&self, rules: Value, position: Position) -> Result<(), RuleError> {
        let rules = Rule::list(rules)?;
        let mut state = self.shared.lock();
        state.active = Instant::now();
        if state.rules.len() + rules.len() > MAX_RULES {
            return Err(RuleError(format!("more than {MAX_RULES} rules")));
        }
        state.rules.add(rules, position);
        Ok(())
    }

    /// Does something at once to every WebSocket that is open, and returns when it is done.
    ///
    /// # Errors
    /// See [`ActionError`].
    ///
    /// # Cancel safety
    /// If the future is dropped, the action may be done to some of them.
    pub async fn trigger_action(&self, action: Value) -> Result<(), ActionError> {
        let action = Action::from_json(action).map_err(ActionError::Invalid)?;
        if !action.is_imperative() {
            return Err(ActionError::NotImperative);
        }
        let sockets: Vec<_> = {
            let mut state = self.shared.lock();
            state.active = Instant::now();
            state.sockets.values().cloned().collect()
        };
        let mut done = false;
        for socket in sockets {
            let (tell, told) = oneshot::channel();
            let command = Command {
                action: action.clone(),
                done: tell,
            };
            // A socket that ends in this moment does not answer.
            done |= socket.send(command).await.is_ok() && told.await.is_ok();
        }
        done.then_some(()).ok_or(ActionError::NoWebSocket)
    }

    /// The log up to now.
    pub fn log(&self) -> Log {
        self.shared.lock().log.snapshot()
    }

    /// Waits until the log is as wanted, and returns it. Without an end if it never is.
    ///
    /// # Cancel safety
    /// Nothing is lost if the future is dropped.
    pub async fn wait_for(&self, mut wanted: impl FnMut(&Log) -> bool) -> Log {
        let mut changed = self.shared.changed.subscribe();
        loop {
            changed.borrow_and_update();
            let log = self.log();
            if wanted(&log) {
                return log;
            }
            // The sender lives as long as the session.
            let _ = changed.changed().await;
        }
    }

    /// Says whether the session has ended by itself.
    pub fn has_ended(&self) -> bool {
        *self.stop.borrow()
    }

    /// Drops all sockets and returns when nothing of the session runs any more.
    ///
    /// # Cancel safety
    /// If the future is dropped, the session still ends.
    pub async fn close(mut self) {
        self.stop.send_replace(true);
        while self.done.recv().await.is_some() {}
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}

/// What everything of a session shares.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) target: Target,
    state: Mutex<State>,
    changed: watch::Sender<u64>,
    next_socket: AtomicU64,
    stopped: watch::Receiver<bool>,
}

#[derive(Debug)]
struct State {
    rules: Rules,
    log: Recorder,
    sockets: BTreeMap<u64, mpsc::Sender<Command>>,
    active: Instant,
}

/// Something to be done to a WebSocket at once.
#[derive(Debug)]
pub(crate) struct Command {
    pub(crate) action: Action,
    pub(crate) done: oneshot::Sender<()>,
}

impl Shared {
    /// Decides about something and logs it.
    pub(crate) fn decide(&self, subject: Subject<'_>, what: What, bytes: usize) -> Option<Fired> {
        let fired = {
            let mut state = self.lock();
            state.active = Instant::now();
            let fired = state.rules.decide(subject);
            let rule_matched = fired.as_ref().map(|fired| fired.label.clone());
            state.log.push(event(what, rule_matched), bytes);
            fired
        };
        self.changed.send_modify(|n| *n += 1);
        fired
    }

    /// Logs something.
    pub(crate) fn record(&self, what: What, rule: Option<String>, bytes: usize) {
        let mut state = self.lock();
        state.active = Instant::now();
        state.log.push(event(what, rule), bytes);
        drop(state);
        self.changed.send_modify(|n| *n += 1);
    }

    /// See [`Rules::delays`].
    pub(crate) fn delays(&self) -> Vec<(u64, Duration)> {
        self.lock().rules.delays()
    }

    /// See [`Rules::elapsed`].
    pub(crate) fn elapsed(&self, rule: u64) -> Option<Fired> {
        self.lock().rules.elapsed(rule)
    }

    /// Registers a WebSocket as long as what is returned lives.
    pub(crate) fn register(self: &Arc<Self>) -> (Registered, mpsc::Receiver<Command>) {
        let (tell, commands) = mpsc::channel(16);
        let id = self.next_socket.fetch_add(1, Ordering::Relaxed);
        self.lock().sockets.insert(id, tell);
        (Registered(Arc::clone(self), id), commands)
    }

    /// Completes when the session is to end.
    pub(crate) async fn stopped(&self) {
        let mut stopped = self.stopped.clone();
        // The sender is gone when the session is.
        let _ = stopped.wait_for(|stopped| *stopped).await;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn event(what: What, rule_matched: Option<String>) -> Event {
    let since = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    Event {
        timestamp: since.as_millis().try_into().unwrap_or(u64::MAX),
        what,
        rule_matched,
    }
}

/// A WebSocket that actions are done to.
#[derive(Debug)]
pub(crate) struct Registered(Arc<Shared>, u64);

impl Drop for Registered {
    fn drop(&mut self) {
        self.0.lock().sockets.remove(&self.1);
    }
}

/// Why an action was not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ActionError {
    /// It is not written as specified.
    Invalid(RuleError),
    /// It can only be the action of a rule.
    NotImperative,
    /// No WebSocket is open.
    NoWebSocket,
}

impl fmt::Display for ActionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid(error) => error.fmt(f),
            Self::NotImperative => f.write_str("this can only be the action of a rule"),
            Self::NoWebSocket => f.write_str("no WebSocket is open"),
        }
    }
}

impl std::error::Error for ActionError {}

/// As many as anyone needs; each frame is compared with all of them.
const MAX_RULES: usize = 1000;
