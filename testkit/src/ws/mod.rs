//! [`MockWebSocket`]: a transport whose other end is the test.
//!
//! Works with handlers (called for each attempt and message) or by awaiting (attempts and messages
//! queue up until taken). All that happens is recorded in one list of [`WsEvent`]s.

mod attempt;
mod connection;

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use ably_base::{
    ConnectContext, ErrorInfo, Plugin, Plugins, Target, Transport, TransportError, TransportLink,
    engine::BoxFuture,
};
use serde_json::{Value, json};

pub use attempt::Attempt;
pub use connection::MockConnection;

use crate::VirtualRuntime;

/// Action numbers, as tests write them.
pub mod action {
    /// HEARTBEAT
    pub const HEARTBEAT: u8 = 0;
    /// ACK
    pub const ACK: u8 = 1;
    /// NACK
    pub const NACK: u8 = 2;
    /// CONNECTED
    pub const CONNECTED: u8 = 4;
    /// DISCONNECTED
    pub const DISCONNECTED: u8 = 6;
    /// CLOSE
    pub const CLOSE: u8 = 7;
    /// CLOSED
    pub const CLOSED: u8 = 8;
    /// ERROR
    pub const ERROR: u8 = 9;
    /// ATTACH
    pub const ATTACH: u8 = 10;
    /// ATTACHED
    pub const ATTACHED: u8 = 11;
    /// DETACH
    pub const DETACH: u8 = 12;
    /// DETACHED
    pub const DETACHED: u8 = 13;
    /// PRESENCE
    pub const PRESENCE: u8 = 14;
    /// MESSAGE
    pub const MESSAGE: u8 = 15;
    /// SYNC
    pub const SYNC: u8 = 16;
    /// AUTH
    pub const AUTH: u8 = 17;
    /// OBJECT
    pub const OBJECT: u8 = 19;
    /// ANNOTATION
    pub const ANNOTATION: u8 = 21;
}

/// A CONNECTED with this connection id and key, a maxIdleInterval of 15 s and a connectionStateTtl
/// of 120 s.
pub fn connected(id: &str, key: &str) -> Value {
    json!({
        "action": action::CONNECTED,
        "connectionId": id,
        "connectionDetails": {
            "connectionKey": key,
            "maxIdleInterval": 15_000,
            "connectionStateTtl": 120_000,
        },
    })
}

/// Something that happened between client and test.
#[derive(Clone, Debug)]
pub enum WsEvent {
    /// The client wants to connect.
    ConnectionAttempt(Attempt),
    /// The test let it.
    ConnectionSuccess(MockConnection),
    /// The test did not.
    ConnectionFailure,
    /// The client sent a message.
    MessageFromClient(Value),
    /// The test sent a message.
    MessageToClient(Value),
    /// The test sent a ping frame.
    PingFrame,
    /// The test closed or cut the connection.
    ServerDisconnect,
    /// The client closed the connection.
    ClientClose,
}

type AttemptHandler = Arc<dyn Fn(Attempt) + Send + Sync>;
type MessageHandler = Arc<dyn Fn(&Value, &MockConnection) + Send + Sync>;

#[derive(Default)]
struct State {
    events: Vec<WsEvent>,
    attempts: VecDeque<Attempt>,
    messages: VecDeque<Value>,
    active: Option<MockConnection>,
    on_attempt: Option<AttemptHandler>,
    on_message: Option<MessageHandler>,
}

/// The scripted transport. Clones share it.
#[derive(Clone)]
pub struct MockWebSocket {
    state: Arc<Mutex<State>>,
    id: &'static str,
    sees_pings: bool,
    json_only: bool,
    closes: bool,
}

impl Default for MockWebSocket {
    fn default() -> Self {
        Self::new()
    }
}

impl MockWebSocket {
    /// A transport that waits for the test to answer each attempt.
    pub fn new() -> Self {
        Self {
            state: Arc::default(),
            id: "web_socket",
            sees_pings: true,
            json_only: false,
            closes: true,
        }
    }

    /// A base transport such as `xhr_polling`: no ping frames, and JSON only.
    #[must_use]
    pub fn base(mut self, id: &'static str) -> Self {
        self.id = id;
        self.json_only = true;
        self.without_pings()
    }

    /// A transport that does not see ping frames, so that the client asks for HEARTBEATs.
    #[must_use]
    pub fn without_pings(mut self) -> Self {
        self.sees_pings = false;
        self
    }

    /// A transport whose links never finish closing, as on a dead network.
    #[must_use]
    pub fn without_close(mut self) -> Self {
        self.closes = false;
        self
    }

    /// Calls `f` for each attempt (UTS: `onConnectionAttempt`).
    #[must_use]
    pub fn on_attempt(self, f: impl Fn(Attempt) + Send + Sync + 'static) -> Self {
        self.set_on_attempt(f);
        self
    }

    /// Calls `f` for each message of the client (UTS: `onMessageFromClient`).
    #[must_use]
    pub fn on_message(self, f: impl Fn(&Value, &MockConnection) + Send + Sync + 'static) -> Self {
        self.set_on_message(f);
        self
    }

    /// Replaces the handler of attempts.
    pub fn set_on_attempt(&self, f: impl Fn(Attempt) + Send + Sync + 'static) {
        self.lock().on_attempt = Some(Arc::new(f));
    }

    /// Replaces the handler of messages.
    pub fn set_on_message(&self, f: impl Fn(&Value, &MockConnection) + Send + Sync + 'static) {
        self.lock().on_message = Some(Arc::new(f));
    }

    /// A transport that accepts every attempt with `connected("connection-id",
    /// "connection-key")`.
    pub fn accepting() -> Self {
        Self::new().on_attempt(|a| {
            a.respond_with_connected(connected("connection-id", "connection-key"));
        })
    }

    /// As [`MockWebSocket::accepting`], and answers ATTACH with ATTACHED, DETACH with DETACHED,
    /// CLOSE with CLOSED, and acknowledges what needs it.
    pub fn serving() -> Self {
        Self::accepting().on_message(|m, conn| conn.answer(m))
    }

    /// All that happened.
    pub fn events(&self) -> Vec<WsEvent> {
        self.lock().events.clone()
    }

    /// The attempts so far.
    pub fn attempts(&self) -> Vec<Attempt> {
        let pick = |e: WsEvent| match e {
            WsEvent::ConnectionAttempt(a) => Some(a),
            _ => None,
        };
        self.events().into_iter().filter_map(pick).collect()
    }

    /// The messages of the client so far.
    pub fn client_messages(&self) -> Vec<Value> {
        let pick = |e: WsEvent| match e {
            WsEvent::MessageFromClient(m) => Some(m),
            _ => None,
        };
        self.events().into_iter().filter_map(pick).collect()
    }

    /// The messages of the client with this action so far.
    pub fn client_messages_of(&self, action: u8) -> Vec<Value> {
        self.client_messages()
            .into_iter()
            .filter(|m| m["action"] == action)
            .collect()
    }

    /// How often the client closed a connection.
    pub fn client_closes(&self) -> usize {
        self.events()
            .iter()
            .filter(|e| matches!(e, WsEvent::ClientClose))
            .count()
    }

    /// The connection that was opened last (UTS: `active_connection`).
    ///
    /// # Panics
    /// When there is none.
    #[track_caller]
    pub fn active(&self) -> MockConnection {
        self.lock()
            .active
            .clone()
            .expect("no connection was opened")
    }

    /// Sends a message on the connection that was opened last (UTS: `send_to_client`).
    #[track_caller]
    pub fn send_to_client(&self, message: Value) {
        self.active().send_to_client(message);
    }

    /// Waits for the next attempt that no handler has dealt with.
    ///
    /// # Panics
    /// When none comes within 15 s of virtual time.
    #[track_caller]
    pub fn await_attempt(&self, rt: &VirtualRuntime) -> Attempt {
        rt.wait_until(
            std::time::Duration::from_secs(15),
            "a connection attempt",
            || !self.lock().attempts.is_empty(),
        );
        self.lock().attempts.pop_front().expect("there is one")
    }

    /// Waits for the next message of the client that was not taken yet.
    ///
    /// # Panics
    /// When none comes within 15 s of virtual time.
    #[track_caller]
    pub fn await_message(&self, rt: &VirtualRuntime) -> Value {
        rt.wait_until(
            std::time::Duration::from_secs(15),
            "a message of the client",
            || !self.lock().messages.is_empty(),
        );
        self.lock().messages.pop_front().expect("there is one")
    }

    /// Forgets all that happened.
    pub fn reset(&self) {
        let mut s = self.lock();
        s.events.clear();
        s.attempts.clear();
        s.messages.clear();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn record(&self, event: WsEvent) {
        self.lock().events.push(event);
    }

    fn message_from_client(&self, message: Value, connection: &MockConnection) {
        let handler = {
            let mut s = self.lock();
            s.events.push(WsEvent::MessageFromClient(message.clone()));
            s.messages.push_back(message.clone());
            s.on_message.clone()
        };
        if let Some(handler) = handler {
            handler(&message, connection);
        }
    }
}

impl std::fmt::Debug for MockWebSocket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MockWebSocket({} events)", self.lock().events.len())
    }
}

impl Transport for MockWebSocket {
    fn id(&self) -> &'static str {
        self.id
    }

    fn sees_pings(&self) -> bool {
        self.sees_pings
    }

    fn json_only(&self) -> bool {
        self.json_only
    }

    fn connect(
        &self,
        target: Target,
        _: ConnectContext,
    ) -> BoxFuture<Result<Box<dyn TransportLink>, TransportError>> {
        let attempt = Attempt::new(self.clone(), target);
        let handler = {
            let mut s = self.lock();
            s.events.push(WsEvent::ConnectionAttempt(attempt.clone()));
            if s.on_attempt.is_none() {
                s.attempts.push_back(attempt.clone());
            }
            s.on_attempt.clone()
        };
        let outcome = attempt.outcome();
        if let Some(handler) = handler {
            handler(attempt);
        }
        Box::pin(outcome)
    }
}

impl Plugin for MockWebSocket {
    fn id(&self) -> &'static str {
        match self.id {
            "web_socket" => "MockWebSocket",
            base => base,
        }
    }

    fn install(&self, into: &mut Plugins) -> Result<(), ErrorInfo> {
        match self.json_only {
            true => into.add_base_transport(Arc::new(self.clone())),
            false => into.add_transport(Arc::new(self.clone())),
        }
        Ok(())
    }
}

/// The parameters of a query string, decoded.
fn parse_query(query: &str) -> BTreeMap<String, String> {
    let decode = |s: &str| {
        let mut out = Vec::new();
        let mut bytes = s.bytes();
        while let Some(b) = bytes.next() {
            if b == b'%' {
                let hex: Vec<u8> = bytes.by_ref().take(2).collect();
                let hex = String::from_utf8_lossy(&hex);
                out.push(u8::from_str_radix(&hex, 16).expect("percent-encoding"));
            } else {
                out.push(b);
            }
        }
        String::from_utf8(out).expect("UTF-8 in the query")
    };
    query
        .split('&')
        .filter(|p| !p.is_empty())
        .map(|p| {
            let (k, v) = p.split_once('=').unwrap_or((p, ""));
            (decode(k), decode(v))
        })
        .collect()
}
