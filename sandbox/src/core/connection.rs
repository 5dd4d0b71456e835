//! Connections: opening, receiving, losing and ending them.
//!
//! ```text
//! connect --ok--> open --socket lost--> waiting --resume--> open
//!    |             |                       `--connectionStateTtl--> gone
//!    `--refused    `--CLOSE, fatal error--> gone
//! ```
//!
//! What a transport had attached is forgotten with it: clients attach again after every resume.
//! Presence stays for the presence window. Channels do their own part in `attach`, `publish` and
//! `presence`.
//!
//! Spec: RTN2, RTN13, RTN15, RTN23, RTC8.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use crate::core::Core;
use crate::core::attach::Attachment;
use crate::core::auth::{ClientClaim, Credential, Identity};
use crate::core::timers::Timer;
use crate::core::transport::{Outgoing, Transport, TransportId};
use crate::wire::error::{BAD_REQUEST, BAD_VERSION, UNAVAILABLE};
use crate::wire::value::Fields;
use crate::wire::{ErrorInfo, Format, Frame, ProtocolMessage, action};

/// What a client says when it opens a transport.
#[derive(Clone, Default)]
pub struct ConnectRequest {
    /// The decoded query, in order. Unknown params are ignored.
    pub query: Vec<(String, String)>,
}

impl ConnectRequest {
    /// Returns a non-empty param; of several the last counts.
    pub fn param(&self, key: &str) -> Option<&str> {
        let found = self.query.iter().rev().find(|(name, _)| name == key);
        found
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    /// Returns the encoding asked for.
    pub fn format(&self) -> Format {
        match self.param("format") {
            Some("msgpack") => Format::Msgpack,
            _ => Format::Json,
        }
    }

    /// Returns the credential shown.
    pub fn credential(&self) -> Option<Credential> {
        let token = self.param("access_token").or(self.param("accessToken"));
        match (self.param("key"), token) {
            (_, Some(token)) => Some(Credential::Token(token.to_owned())),
            (Some(key), None) => Some(Credential::Key(key.to_owned())),
            (None, None) => None,
        }
    }
}

impl fmt::Debug for ConnectRequest {
    // Values may be credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.query.iter().map(|(name, _)| name);
        f.debug_tuple("ConnectRequest")
            .field(&names.collect::<Vec<_>>())
            .finish()
    }
}

/// A connection as the owner of the sandbox sees it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ConnectionInfo {
    /// The connectionId.
    pub connection_id: String,
    /// The client, if it is identified.
    pub client_id: Option<String>,
    /// Whether it has a socket now; if not, it is waiting to be resumed.
    pub connected: bool,
    /// Whether so much waits to be sent to it that nothing is read from it.
    pub congested: bool,
    /// The channels it is attached to, as it names them.
    pub channels: Vec<String>,
}

/// A connection's state.
pub(crate) struct Connection {
    pub(crate) identity: Identity,
    pub(crate) transport: Option<TransportId>,
    pub(crate) keys: Vec<String>,
    pub(crate) echo: bool,
    pub(crate) attachments: BTreeMap<String, Attachment>,
    /// The modes of those that the transport before had and that were neither attached again nor
    /// detached since: what a client has queued comes before it attaches again.
    pub(crate) attached_before: BTreeMap<String, u64>,
    /// Channels that this connection is present on.
    pub(crate) present_on: BTreeSet<String>,
    /// Highest msgSerial seen.
    pub(crate) processed: Option<u64>,
    /// The same, on earlier transports: up to there frames are repeats.
    pub(crate) processed_before: Option<u64>,
    /// Frames answered with NACK, to answer their repeats alike.
    pub(crate) rejected: BTreeMap<u64, ErrorInfo>,
    pub(crate) remain_present_for: u64,
    pub(crate) expires_at: Option<u64>,
    pub(crate) leaves_at: Option<u64>,
    pub(crate) asked_for_auth: bool,
}

impl Core {
    /// Opens a transport. Whatever is wrong with the request is told on the transport itself, since
    /// clients take a refused upgrade for a network error.
    pub fn connect(&mut self, request: &ConnectRequest, now: u64) -> TransportId {
        let id = self.add_transport(request, now);
        let credential = request.credential();
        if let Err(error) = self.open(id, request, credential.as_slice(), now) {
            self.fail_transport(id, error, now);
        }
        id
    }

    /// Adds a transport that belongs to no connection yet.
    pub(crate) fn add_transport(&mut self, request: &ConnectRequest, now: u64) -> TransportId {
        let id = TransportId(self.next_transport);
        self.next_transport += 1;
        let interval = request
            .param("heartbeatInterval")
            .and_then(|text| text.parse().ok());
        let interval = interval.unwrap_or(self.limits.max_idle_interval).clamp(
            MIN_INTERVAL.min(self.limits.max_idle_interval),
            MAX_INTERVAL,
        );
        let mut transport = Transport::new(request.format(), interval, now);
        transport.heartbeats = request.param("heartbeats") == Some("true");
        self.transports.insert(id, transport);
        self.timers
            .schedule(now + interval / 3, Timer::Transport(id));
        id
    }

    /// Notes that a client was heard: a pong, or part of a frame.
    pub fn heard(&mut self, id: TransportId, now: u64) {
        if let Some(transport) = self.transports.get_mut(&id) {
            transport.last_received = now;
        }
    }

    /// Notes that a socket is gone. Its connection can be resumed.
    pub fn lost(&mut self, id: TransportId, now: u64) {
        self.release_transport(id, now);
        self.forget_comet(id);
        self.transports.remove(&id);
    }

    /// Lists the connections, those waiting to be resumed included.
    pub fn connections(&self) -> Vec<ConnectionInfo> {
        let connections = self.connections.iter();
        connections
            .map(|(id, connection)| ConnectionInfo {
                connection_id: id.clone(),
                client_id: connection.identity.client_id().map(str::to_owned),
                connected: connection.transport.is_some(),
                congested: connection.transport.is_some_and(|id| self.is_congested(id)),
                channels: connection.attachments.keys().cloned().collect(),
            })
            .collect()
    }

    /// Gives a transport its connection, a new one or one that is resumed, and says so on it.
    pub(crate) fn open(
        &mut self,
        id: TransportId,
        request: &ConnectRequest,
        credentials: &[Credential],
        now: u64,
    ) -> Result<(), ErrorInfo> {
        let wanted = request.param("resume").or(request.param("recover"));
        let earlier = wanted
            .and_then(|key| self.connection_keys.get(key))
            .cloned();
        let claimed = request.param("clientId");
        let identity = self.authenticate_any(credentials, claimed, now);
        let known = identity.as_ref().ok().and_then(Identity::client_id);
        if self.faults.refuses(earlier.as_deref(), known.or(claimed)) {
            self.end_transport(id, Outgoing::Cut, now);
            return Ok(());
        }
        let version = request.param("v");
        if !version.is_some_and(|version| SUPPORTED_VERSIONS.contains(&version)) {
            let why = "this sandbox speaks versions 2 and 3 of the protocol";
            return Err(ErrorInfo::bad(BAD_VERSION, why));
        }
        if request
            .param("format")
            .is_some_and(|format| !["json", "msgpack"].contains(&format))
        {
            let why = "format must be json or msgpack";
            return Err(ErrorInfo::bad(BAD_REQUEST, why));
        }
        let identity = identity?;
        let resumed = wanted.map(|key| self.resume(key, &identity, id, now));
        let (connection_id, error) = match resumed {
            Some(Ok(connection_id)) => (connection_id, None),
            Some(Err(error)) => (self.add_connection(identity, id, now)?, Some(error)),
            None => (self.add_connection(identity, id, now)?, None),
        };
        if let Some(transport) = self.transports.get_mut(&id) {
            transport.connection = Some(connection_id.clone());
        }
        if let Some(connection) = self.connections.get_mut(&connection_id) {
            connection.echo = request.param("echo") != Some("false");
            let remain = request
                .param("remainPresentFor")
                .and_then(|text| text.parse().ok());
            connection.remain_present_for = remain
                .unwrap_or(self.limits.remain_present_for)
                .min(self.limits.connection_state_ttl);
        }
        self.send_connected(id, &connection_id, error, now);
        self.watch_connection(&connection_id, now);
        Ok(())
    }

    fn add_connection(
        &mut self,
        identity: Identity,
        transport: TransportId,
        now: u64,
    ) -> Result<String, ErrorInfo> {
        if self.connections.len() >= self.limits.max_connections {
            let waiting = self.connections.iter();
            let waiting = waiting.filter_map(|(id, connection)| Some((connection.expires_at?, id)));
            match waiting.min().map(|(_, id)| id.clone()) {
                Some(oldest) => self.end_connection(&oldest, true, now),
                None => {
                    let why = "there are too many connections";
                    return Err(ErrorInfo::new(UNAVAILABLE, 503, why));
                }
            }
        }
        let id = self.entropy.name(10);
        let connection = Connection {
            identity,
            transport: Some(transport),
            keys: Vec::new(),
            echo: true,
            attachments: BTreeMap::new(),
            attached_before: BTreeMap::new(),
            present_on: BTreeSet::new(),
            processed: None,
            processed_before: None,
            rejected: BTreeMap::new(),
            remain_present_for: self.limits.remain_present_for,
            expires_at: None,
            leaves_at: None,
            asked_for_auth: false,
        };
        if let Some(app) = self.apps.get_mut(&connection.identity.app) {
            app.stats.connected(now);
        }
        self.connections.insert(id.clone(), connection);
        self.rotate_key(&id, None);
        Ok(id)
    }

    pub(crate) fn send_connected(
        &mut self,
        id: TransportId,
        connection_id: &str,
        error: Option<ErrorInfo>,
        now: u64,
    ) {
        let interval = self
            .transports
            .get(&id)
            .map_or(0, |open| open.idle_interval);
        let Some(connection) = self.connections.get(connection_id) else {
            return;
        };
        let client_id = match &connection.identity.client {
            ClientClaim::Id(id) => Some(id.as_str()),
            ClientClaim::Wildcard => Some("*"),
            ClientClaim::Any | ClientClaim::None => None,
        };
        let details = Fields::new()
            .maybe("clientId", client_id)
            .maybe("connectionKey", connection.keys.last().map(String::as_str))
            .with("maxMessageSize", self.limits.max_message_size as u64)
            .with("maxFrameSize", self.limits.max_frame_size as u64)
            .with("maxInboundRate", 1_000_u64)
            .with("connectionStateTtl", self.limits.connection_state_ttl)
            .with("maxIdleInterval", interval)
            .with("serverId", "ably-sandbox")
            .with("objectsGCGracePeriod", 86_400_000_u64);
        let connected = ProtocolMessage {
            connection_id: Some(connection_id.to_owned()),
            connection_details: Some(details.into()),
            error,
            ..ProtocolMessage::new(action::CONNECTED)
        };
        self.send(id, connected, now);
    }

    /// Queues a frame for one transport.
    pub(crate) fn send(&mut self, id: TransportId, message: ProtocolMessage, now: u64) {
        self.send_frame(id, Arc::new(Frame::new(message)), now);
    }

    /// Queues a shared frame for one transport, and drops the transport if it is too slow.
    pub(crate) fn send_frame(&mut self, id: TransportId, frame: Arc<Frame>, now: u64) {
        let Some(transport) = self.transports.get_mut(&id) else {
            return;
        };
        self.wakeups.insert(id);
        let after = self.journal.written();
        if !transport.send(frame, after, &self.limits, now) {
            self.release_transport(id, now);
        }
    }

    /// Ends a transport; its connection can be resumed.
    pub(crate) fn end_transport(&mut self, id: TransportId, how: Outgoing, now: u64) {
        if let Some(transport) = self.transports.get_mut(&id) {
            if !transport.ended {
                transport.end(how);
            }
            self.wakeups.insert(id);
        }
        self.release_transport(id, now);
    }

    // Token errors leave the connection to be resumed with a new token; all others are fatal to it.
    pub(crate) fn fail_transport(&mut self, id: TransportId, error: ErrorInfo, now: u64) {
        let connection = self
            .transports
            .get(&id)
            .and_then(|open| open.connection.clone());
        let fatal = !error.is_token_error();
        let action = if fatal {
            action::ERROR
        } else {
            action::DISCONNECTED
        };
        self.send(id, ProtocolMessage::new(action).with_error(error), now);
        if let Some(connection) = connection.filter(|_| fatal) {
            self.end_connection(&connection, false, now);
        }
        self.end_transport(id, Outgoing::Close, now);
    }

    // Lets go of a transport's connection, which then waits to be resumed.
    fn release_transport(&mut self, id: TransportId, now: u64) {
        let held = self
            .transports
            .get_mut(&id)
            .and_then(|open| open.connection.take());
        let Some(connection_id) = held else {
            return;
        };
        let Some(connection) = self.connections.get_mut(&connection_id) else {
            return;
        };
        if connection.transport != Some(id) {
            return;
        }
        connection.transport = None;
        connection.expires_at = Some(now + self.limits.connection_state_ttl);
        connection.leaves_at = Some(now + connection.remain_present_for);
        self.drop_attachments(&connection_id, now);
        self.watch_connection(&connection_id, now);
    }

    /// Forgets a connection, with its presence.
    pub(crate) fn end_connection(&mut self, id: &str, expired: bool, now: u64) {
        self.leave_everywhere(id, now);
        self.drop_attachments(id, now);
        if let Some(connection) = self.connections.remove(id) {
            if let Some(app) = self.apps.get_mut(&connection.identity.app) {
                app.stats.disconnected();
            }
            self.drop_keys(connection.keys, expired);
        }
    }
}

const SUPPORTED_VERSIONS: [&str; 2] = ["2", "3"];
const MIN_INTERVAL: u64 = 5_000;
const MAX_INTERVAL: u64 = 1_800_000;
