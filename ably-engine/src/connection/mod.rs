//! The connection: states, attempts, resume, heartbeats.

mod attempt;
mod authorize;
mod clock;
mod errors;
mod fallback;
mod lifecycle;
mod ping;
mod receive;
mod recovery;
mod state;
mod url;

use alloc::{boxed::Box, vec::Vec};
use core::time::Duration;

use ably_protocol::{ConnectionDetails, ErrorInfo, Str};

use crate::{Config, Instant, Now, OpId, Reply, TransportError, TransportInfo};

pub(crate) use attempt::backoff;
pub use fallback::BaseTransport;
pub(crate) use ping::Ping;
pub use recovery::RecoveryMark;
pub use state::{ConnectionEvent, ConnectionState, ConnectionStateChange};

/// What the connection hangs on at the moment.
#[derive(Debug, Default)]
pub(crate) enum Link {
    /// Nothing.
    #[default]
    None,
    /// A token is being fetched for the next attempt.
    Token(OpId),
    /// A host could not be reached; whether there is a network at all is being found out.
    Checking(OpId),
    /// A transport is being opened.
    Opening(OpId),
    /// A transport is open; CONNECTED has not come.
    Pending(OpId),
    /// Connected.
    Active(OpId),
}

impl Link {
    pub(crate) fn active(&self) -> Option<OpId> {
        match self {
            Self::Active(op) => Some(*op),
            _ => None,
        }
    }

    /// The transport, whatever its stage.
    pub(crate) fn transport(&self) -> Option<OpId> {
        match self {
            Self::Opening(op) | Self::Pending(op) | Self::Active(op) => Some(*op),
            Self::None | Self::Token(_) | Self::Checking(_) => None,
        }
    }
}

/// The connection's part of the engine.
pub(crate) struct Connection {
    pub(crate) state: ConnectionState,
    pub(crate) error_reason: Option<ErrorInfo>,
    pub(crate) id: Option<Str>,
    pub(crate) key: Option<Str>,
    pub(crate) details: Option<Box<ConnectionDetails>>,
    pub(crate) link: Link,
    pub(crate) pings: Vec<Ping>,
    /// The token that is being fetched because the server has asked for one.
    reauth: Option<OpId>,
    /// Calls of `authorize` that wait for their token to take effect.
    authorizing: Vec<Reply<()>>,
    /// Generation of the token that the current attempt or connection uses.
    generation: u64,
    /// Generation of the token that the server has last confirmed with CONNECTED.
    confirmed: u64,
    state_ttl: Duration,
    max_idle: Option<Duration>,
    last_activity: Option<Now>,
    /// The clocks when they were last looked at.
    clocks: Option<Now>,
    /// The id of the HEARTBEAT that is to show that the connection still stands.
    suspect: Option<Str>,
    /// Consecutive entries into `disconnected`, for the back-off.
    retries: u32,
    last_immediate_retry: Option<Instant>,
    /// connectionStateTtl has passed: failures lead to `suspended`.
    suspend_expired: bool,
    /// The last server refused with a status above 500: begin with a fallback.
    skip_primary: bool,
    /// Before the next host, find out whether there is a network. Spec: RTN17j.
    check_first: bool,
    /// Hosts that the current sequence of attempts has still to try, the next one last.
    hosts_left: Vec<Str>,
    /// The host of the current or last attempt.
    pub(crate) host: Option<Str>,
    /// Why the last transport that was tried could not be opened.
    pub(crate) last_failure: Option<TransportError>,
    /// The transport of the current or last attempt.
    transport: TransportInfo,
    fallback: fallback::Fallback,
    /// A recovery key that was not used yet.
    recover: Option<recovery::RecoveryKey>,
}

impl Connection {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            state: ConnectionState::Initialized,
            error_reason: None,
            id: None,
            key: None,
            details: None,
            link: Link::None,
            pings: Vec::new(),
            reauth: None,
            authorizing: Vec::new(),
            generation: 0,
            confirmed: 0,
            state_ttl: config.timeouts.connection_state_ttl,
            max_idle: None,
            last_activity: None,
            clocks: None,
            suspect: None,
            retries: 0,
            last_immediate_retry: None,
            suspend_expired: false,
            skip_primary: false,
            check_first: false,
            hosts_left: Vec::new(),
            host: None,
            last_failure: None,
            transport: config.transport,
            fallback: fallback::Fallback::default(),
            recover: config
                .recover
                .as_deref()
                .and_then(recovery::RecoveryKey::parse),
        }
    }

    /// Where a failed attempt leads.
    fn fail_state(&self) -> ConnectionState {
        if self.suspend_expired {
            ConnectionState::Suspended
        } else {
            ConnectionState::Disconnected
        }
    }

    pub(crate) fn recovery_serials(&self) -> Option<&recovery::RecoveryKey> {
        self.recover.as_ref()
    }
}
