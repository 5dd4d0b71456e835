//! [`Config`]: what the engine is told once.

use alloc::{string::String, vec::Vec};
use core::{fmt, time::Duration};

use ably_protocol::{Format, Str};

use crate::{AuthConfig, BaseTransport, LogLevel};

/// The engine's configuration, worked out from the client's options by the shell. `Debug` leaves out
/// the recovery key and the values of `transport_params`, which may be credentials.
#[derive(Clone)]
#[non_exhaustive]
pub struct Config {
    /// How to authenticate.
    pub auth: AuthConfig,
    /// The identity that the client claims.
    pub client_id: Option<Str>,
    /// Where to connect.
    pub hosts: Hosts,
    /// The port.
    pub port: u16,
    /// Over TLS.
    pub tls: bool,
    /// The wire format.
    pub format: Format,
    /// Deliver this connection's own messages to it. Spec: RTC1a.
    pub echo_messages: bool,
    /// The transport that is tried.
    pub transport: TransportInfo,
    /// The one that is tried when that does not get through.
    pub base_transport: Option<BaseTransport>,
    /// The agent string. Spec: RSC7d.
    pub agent: String,
    /// Further parameters of the connection URL; they override. Spec: RTC1f.
    pub transport_params: Vec<(String, String)>,
    /// A recovery key to start from. Spec: RTN16.
    pub recover: Option<String>,
    /// Queue what is published while there is no connection. Spec: RTL6c2.
    pub queue_messages: bool,
    /// The largest publish in bytes until the server says otherwise.
    pub max_message_size: u64,
    /// Most protocol messages that wait for a connection or an acknowledgement.
    pub max_outbox_messages: usize,
    /// Most bytes of data in them.
    pub max_outbox_bytes: usize,
    /// Delays.
    pub timeouts: Timeouts,
    /// How much to log.
    pub log_level: LogLevel,
}

impl Config {
    /// ably-js's defaults for everything but the credential.
    pub fn new(auth: AuthConfig) -> Self {
        Self {
            auth,
            client_id: None,
            hosts: Hosts::default(),
            port: 443,
            tls: true,
            format: Format::Json,
            echo_messages: true,
            transport: TransportInfo::new("web_socket"),
            base_transport: None,
            agent: String::new(),
            transport_params: Vec::new(),
            recover: None,
            queue_messages: true,
            max_message_size: 65_536,
            max_outbox_messages: 10_000,
            max_outbox_bytes: 16 * 1024 * 1024,
            timeouts: Timeouts::default(),
            log_level: LogLevel::Error,
        }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let params: Vec<&str> = self
            .transport_params
            .iter()
            .map(|(name, _)| &**name)
            .collect();
        f.debug_struct("Config")
            .field("auth", &self.auth)
            .field("client_id", &self.client_id)
            .field("hosts", &self.hosts)
            .field("port", &self.port)
            .field("tls", &self.tls)
            .field("format", &self.format)
            .field("transport_params", &params)
            .field("recovers", &self.recover.is_some())
            .field("timeouts", &self.timeouts)
            .finish_non_exhaustive()
    }
}

/// What the engine has to know of a transport.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TransportInfo {
    /// Its name, such as `web_socket`.
    pub id: &'static str,
    /// Ask for HEARTBEAT messages: it cannot see pings. Spec: RTN23b.
    pub heartbeats: bool,
    /// It carries JSON, whatever the client's format.
    pub json_only: bool,
    /// How long a message may wait for those before it (0 s).
    pub send_delay: Duration,
}

impl TransportInfo {
    /// A transport that sees pings and carries any format.
    pub const fn new(id: &'static str) -> Self {
        Self {
            id,
            heartbeats: false,
            json_only: false,
            send_delay: Duration::ZERO,
        }
    }
}

/// The primary host and what to fall back to.
///
/// Spec: REC1, REC2.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Hosts {
    /// Tried first, always.
    pub primary: Str,
    /// Tried in random order when the primary cannot be reached.
    pub fallbacks: Vec<Str>,
}

impl Hosts {
    /// These hosts.
    pub fn new(primary: impl Into<Str>, fallbacks: Vec<Str>) -> Self {
        Self {
            primary: primary.into(),
            fallbacks,
        }
    }
}

impl Default for Hosts {
    fn default() -> Self {
        Self {
            primary: Str::from_static("main.realtime.ably.net"),
            fallbacks: ["a", "b", "c", "d", "e"]
                .map(|x| Str::concat(&["main.", x, ".fallback.ably-realtime.com"]))
                .into(),
        }
    }
}

/// Delays, with ably-js's defaults.
///
/// Spec: TO3l, DF1, RTN14.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Timeouts {
    /// Until the next attempt from `disconnected` (15 s), with back-off and jitter.
    pub disconnected_retry: Duration,
    /// Until the next attempt from `suspended` (30 s).
    pub suspended_retry: Duration,
    /// Until a suspended channel is attached again (15 s), with back-off and jitter.
    pub channel_retry: Duration,
    /// For one attempt, attach, detach, ping, close or token (10 s).
    pub realtime_request: Duration,
    /// Until it is found out why a WebSocket does not open (4 s), when there is a base transport.
    pub web_socket_slow: Duration,
    /// Until a WebSocket that does not open is given up (10 s), when there is a base transport.
    pub web_socket_connect: Duration,
    /// How long the server keeps a lost connection (120 s), until it says otherwise.
    pub connection_state_ttl: Duration,
    /// Most fallback hosts tried in one go (3).
    pub http_max_retry_count: u32,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            disconnected_retry: Duration::from_secs(15),
            suspended_retry: Duration::from_secs(30),
            channel_retry: Duration::from_secs(15),
            realtime_request: Duration::from_secs(10),
            web_socket_slow: Duration::from_secs(4),
            web_socket_connect: Duration::from_secs(10),
            connection_state_ttl: Duration::from_secs(120),
            http_max_retry_count: 3,
        }
    }
}
