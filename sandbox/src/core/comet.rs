//! Comet: a transport made of HTTP requests.
//!
//! What a client is sent waits in its transport, as on a WebSocket; here it is taken by a *recv*,
//! the request that hangs until there is something. With `stream=false` a recv is answered once,
//! otherwise it goes on until it has become old. The connect that opens a transport is its first
//! recv. Between two of them nobody listens, and after a while of that the client counts as gone.
//!
//! ```text
//! connect --> heard <--recv------- unheard --dead_after--> gone, to be resumed
//!               |  `--answered, old--^
//!               `--stream broken off--------------------> gone, to be resumed
//! ```
//!
//! A recv that breaks off while it streams may have lost what was on its way, so it takes its
//! transport with it and the client has to resume. One that was given nothing loses nothing.
//!
//! Spec: comet.textile.

use std::sync::Arc;

use crate::core::auth::{ClientClaim, Credential, Identity};
use crate::core::transport::{Outgoing, TransportId};
use crate::core::{ConnectRequest, Core};
use crate::wire::error::{
    DISCONNECTED, EXPIRED, INCOMPATIBLE, PROTOCOL, SUPERSEDED, UNAVAILABLE, UNKNOWN_KEY,
};
use crate::wire::{ErrorInfo, Frame, ProtocolMessage, Value, action};

/// A request that takes what a client is sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Recv {
    /// The transport that it belongs to.
    pub transport: TransportId,
    /// Whether it goes on after the first frames.
    pub streams: bool,
    number: u64,
}

/// What to do about a recv.
#[derive(Clone, Debug)]
pub enum Received {
    /// Write these; one that does not stream ends with them.
    Frames(Vec<Arc<Frame>>),
    /// End it politely.
    End,
    /// Drop its socket without a word.
    Cut,
}

/// What a comet transport has that a socket has not.
pub(crate) struct Comet {
    key: String,
    app: String,
    client: Option<String>,
    streams: bool,
    /// The number of the recv that hangs now, and when it began.
    hanging: Option<(u64, u64)>,
    is_old: bool,
    begun: u64,
}

impl std::fmt::Debug for Comet {
    // The key opens the connection.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Comet")
            .field("streams", &self.streams)
            .field("hanging", &self.hanging)
            .finish_non_exhaustive()
    }
}

impl Core {
    /// Opens a transport; the request is its first recv. `Ok(None)` means to drop the socket
    /// without a word.
    ///
    /// # Errors
    /// What is wrong with the request, or the client; nothing was opened.
    pub fn comet_connect(
        &mut self,
        request: &ConnectRequest,
        credentials: &[Credential],
        now: u64,
    ) -> Result<Option<Recv>, ErrorInfo> {
        if self.comet_keys.len() >= self.limits.max_connections {
            let why = "there are too many connections";
            return Err(ErrorInfo::new(UNAVAILABLE, 503, why));
        }
        let mut request = request.clone();
        // Comet is JSON, whatever the client would like.
        request.query.retain(|(name, _)| name != "format");
        let id = self.add_transport(&request, now);
        if let Err(error) = self.open(id, &request, credentials, now) {
            self.lost(id, now);
            return Err(error);
        }
        let opened = self.transports.get(&id);
        let opened = opened.and_then(|open| self.connections.get(open.connection.as_ref()?));
        let Some(connection) = opened else {
            self.lost(id, now);
            return Ok(None);
        };
        let key = connection.keys.last().cloned().unwrap_or_default();
        let comet = Comet {
            key: key.clone(),
            app: connection.identity.app.clone(),
            client: connection.identity.client_id().map(str::to_owned),
            streams: request.param("stream") != Some("false"),
            hanging: None,
            is_old: false,
            begun: 0,
        };
        self.comet_keys.insert(key, id);
        if let Some(transport) = self.transports.get_mut(&id) {
            transport.heartbeats = true;
            transport.comet = Some(comet);
        }
        Ok(self.begin_recv(id, now))
    }

    /// Begins a recv, which takes the place of one that may still hang.
    ///
    /// # Errors
    /// - `80003` the transport has ended, `50006` another has taken its place: to be resumed.
    /// - `80008`, `80018` the connection has ended, or never was.
    /// - those of authentication; `40102` the credentials are another client's.
    pub fn comet_recv(
        &mut self,
        key: &str,
        credentials: &[Credential],
        now: u64,
    ) -> Result<Recv, ErrorInfo> {
        let id = self.comet_transport(key, credentials, now)?;
        self.begin_recv(id, now).ok_or_else(gone)
    }

    /// Takes what waits for a recv; `None` when that is nothing.
    pub fn poll_recv(&mut self, recv: &Recv, now: u64) -> Option<Received> {
        if !self.hangs(recv) {
            return Some(Received::End);
        }
        let (mut frames, mut weight, mut end) = (Vec::new(), 0, None);
        while weight < MAX_REPLY && end.is_none() {
            match self.poll_send(recv.transport) {
                Some(Outgoing::Frame(frame)) => {
                    weight += frame.weight();
                    frames.push(frame);
                }
                Some(Outgoing::Ping) => {}
                Some(how) => end = Some(how),
                None => break,
            }
        }
        if end.is_some() {
            self.lost(recv.transport, now);
        }
        if matches!(end, Some(Outgoing::Cut)) {
            return Some(Received::Cut);
        }
        let is_old = self.comet_of(recv).is_some_and(|comet| comet.is_old);
        let has_frames = !frames.is_empty();
        if (has_frames && !recv.streams) || (is_old && !has_frames) {
            self.end_recv(recv, now);
        }
        if has_frames {
            return Some(Received::Frames(frames));
        }
        (end.is_some() || is_old).then_some(Received::End)
    }

    /// Notes that a recv is gone, whether it was at its end or not.
    pub fn recv_lost(&mut self, recv: &Recv, now: u64) {
        if !self.hangs(recv) {
            return;
        }
        if recv.streams {
            self.lost(recv.transport, now);
        } else {
            self.end_recv(recv, now);
        }
    }

    /// Takes in the frames that a client sends; the answers are for its recv.
    ///
    /// # Errors
    /// As [`Core::comet_recv`], and what is wrong with the body, which has ended the transport.
    pub fn comet_send(
        &mut self,
        key: &str,
        credentials: &[Credential],
        body: Result<Value, ErrorInfo>,
        now: u64,
    ) -> Result<(), ErrorInfo> {
        let id = self.comet_transport(key, credentials, now)?;
        if self.transports.get(&id).is_none_or(|open| open.ended) {
            return Err(gone());
        }
        let frames = body.and_then(|body| match body {
            Value::List(frames) => Ok(frames),
            _ => Err(ErrorInfo::bad(
                PROTOCOL,
                "the body must be an array of frames",
            )),
        });
        match frames {
            Ok(frames) => frames
                .into_iter()
                .try_for_each(|frame| self.take_in(id, Ok(frame), now)),
            Err(error) => self.take_in(id, Err(error), now),
        }
    }

    /// Ends a client's connection.
    ///
    /// # Errors
    /// As [`Core::comet_recv`].
    pub fn comet_close(
        &mut self,
        key: &str,
        credentials: &[Credential],
        now: u64,
    ) -> Result<(), ErrorInfo> {
        let transport = self.comet_transport(key, credentials, now);
        // Clients break off their recv as they close, and that may be heard of first.
        let waiting = self.waiting_connection(key, credentials, now);
        match (transport, &waiting) {
            (Ok(id), _) => {
                let open = self.transports.get(&id);
                let connection = open.and_then(|open| open.connection.clone());
                self.send(id, ProtocolMessage::new(action::CLOSED), now);
                if let Some(connection) = connection {
                    self.end_connection(&connection, false, now);
                }
                self.end_transport(id, Outgoing::Close, now);
            }
            (Err(error), None) => return Err(error),
            (Err(_), Some(_)) => {}
        }
        if let Some(connection) = waiting {
            self.end_connection(&connection, false, now);
        }
        Ok(())
    }

    /// Ends a client's transport; its connection can be resumed.
    ///
    /// # Errors
    /// As [`Core::comet_recv`].
    pub fn comet_disconnect(
        &mut self,
        key: &str,
        credentials: &[Credential],
        now: u64,
    ) -> Result<(), ErrorInfo> {
        match self.comet_transport(key, credentials, now) {
            Ok(id) => self.end_transport(id, Outgoing::Close, now),
            Err(error) => {
                self.waiting_connection(key, credentials, now)
                    .ok_or(error)?;
            }
        }
        Ok(())
    }

    /// Ends a transport to which nobody listens, and the streams that have become old.
    pub(crate) fn check_comet(&mut self, id: TransportId, now: u64) {
        let limits = &self.limits;
        let Some(transport) = self.transports.get_mut(&id) else {
            return;
        };
        let patience = limits.dead_after.max(3 * transport.idle_interval);
        let is_quiet = now.saturating_sub(transport.last_received) >= patience;
        let step = transport.idle_interval / 3;
        let is_silent = now.saturating_sub(transport.last_sent) >= step;
        let has_ended = transport.ended;
        let Some(comet) = &mut transport.comet else {
            return;
        };
        match comet.hanging {
            None if is_quiet => {
                self.lost(id, now);
                return;
            }
            Some((_, since)) if comet.streams && now >= since + limits.comet_stream => {
                comet.is_old = true;
                self.wakeups.insert(id);
            }
            Some(_) if is_silent && !has_ended => {
                self.send(id, ProtocolMessage::new(action::HEARTBEAT), now);
            }
            _ => {}
        }
        let again = crate::core::timers::Timer::Transport(id);
        self.timers.schedule(now + step.max(1), again);
    }

    fn begin_recv(&mut self, id: TransportId, now: u64) -> Option<Recv> {
        let transport = self.transports.get_mut(&id)?;
        let comet = transport.comet.as_mut()?;
        comet.begun += 1;
        comet.hanging = Some((comet.begun, now));
        comet.is_old = false;
        transport.last_received = now;
        // A recv is owed a sign of life so long after it began.
        transport.last_sent = now;
        Some(Recv {
            transport: id,
            streams: comet.streams,
            number: comet.begun,
        })
    }

    fn end_recv(&mut self, recv: &Recv, now: u64) {
        if let Some(transport) = self.transports.get_mut(&recv.transport) {
            transport.last_received = now;
            if let Some(comet) = &mut transport.comet {
                comet.hanging = None;
            }
        }
    }

    fn comet_of(&self, recv: &Recv) -> Option<&Comet> {
        let transport = self.transports.get(&recv.transport);
        transport.and_then(|transport| transport.comet.as_ref())
    }

    fn hangs(&self, recv: &Recv) -> bool {
        let hanging = self.comet_of(recv).and_then(|comet| comet.hanging);
        hanging.is_some_and(|(number, _)| number == recv.number)
    }

    /// Finds the transport of a key, for whom it belongs to.
    fn comet_transport(
        &self,
        key: &str,
        credentials: &[Credential],
        now: u64,
    ) -> Result<TransportId, ErrorInfo> {
        let caller = self.authenticate_any(credentials, None, now)?;
        let id = self.comet_keys.get(key).copied();
        let open = id.and_then(|id| Some((id, self.transports.get(&id)?.comet.as_ref()?)));
        let Some((id, comet)) = open else {
            let connection = self.connection_keys.get(key);
            let connection = connection.and_then(|id| self.connections.get(id));
            return Err(match connection {
                Some(taken) if taken.transport.is_some() => {
                    let why = "the connection was resumed elsewhere";
                    ErrorInfo::bad(SUPERSEDED, why)
                }
                Some(_) => gone(),
                None if self.expired.contains(key) => {
                    ErrorInfo::bad(EXPIRED, "the connection's state has expired")
                }
                None => ErrorInfo::bad(UNKNOWN_KEY, "the connectionKey is unknown"),
            });
        };
        if !may_use(&caller, &comet.app, comet.client.as_deref()) {
            let why = "the credentials are not the connection's";
            return Err(ErrorInfo::unauthorized(INCOMPATIBLE, why));
        }
        Ok(id)
    }

    /// Finds the connection of a client's latest key that has no transport.
    fn waiting_connection(
        &self,
        key: &str,
        credentials: &[Credential],
        now: u64,
    ) -> Option<String> {
        let caller = self.authenticate_any(credentials, None, now).ok()?;
        let id = self.connection_keys.get(key)?;
        let connection = self.connections.get(id)?;
        let identity = &connection.identity;
        let is_meant = connection.transport.is_none()
            && connection.keys.last().is_some_and(|last| last == key)
            && may_use(&caller, &identity.app, identity.client_id());
        is_meant.then(|| id.clone())
    }

    /// Forgets the key of a transport that is gone.
    pub(crate) fn forget_comet(&mut self, id: TransportId) {
        let transport = self.transports.get(&id);
        if let Some(comet) = transport.and_then(|transport| transport.comet.as_ref()) {
            let key = comet.key.clone();
            self.comet_keys.remove(&key);
            self.wakeups.insert(id);
        }
    }
}

// A key may be used with any clientId, and requests after the first do not repeat it.
fn may_use(caller: &Identity, app: &str, client: Option<&str>) -> bool {
    caller.app == app
        && match &caller.client {
            ClientClaim::Id(id) => client == Some(id),
            ClientClaim::None => client.is_none(),
            ClientClaim::Any | ClientClaim::Wildcard => true,
        }
}

fn gone() -> ErrorInfo {
    ErrorInfo::bad(
        DISCONNECTED,
        "the transport has ended; the connection can be resumed",
    )
}

/// About how many bytes a recv is given at once.
const MAX_REPLY: usize = 1 << 20;
