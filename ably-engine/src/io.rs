//! What goes into the engine and what comes out.

use alloc::{string::String, sync::Arc, vec::Vec};
use core::fmt;

use ably_protocol::{ErrorInfo, ErrorSource, Format, Messages, ProtocolMessage, Str};
use bytes::Bytes;

use crate::{
    AnyArc, AnyBox, ChannelId, ChannelStateChange, ConnectionStateChange, LogRecord, OpId,
};

/// Something that happened outside.
#[derive(Debug)]
#[non_exhaustive]
// A frame is moved once into here; boxing it would cost an allocation a message.
#[allow(clippy::large_enum_variant)]
pub enum Input {
    /// The last handle of the client was dropped: close politely.
    HandlesGone,
    /// [`crate::Engine::next_timeout`] has come.
    Timeout,
    /// A transport is open.
    Opened {
        /// Which one.
        op: OpId,
    },
    /// A frame came and was decoded, or could not be.
    Received {
        /// On which transport.
        op: OpId,
        /// What it says.
        message: Result<ProtocolMessage, ErrorInfo>,
    },
    /// The transport saw a sign of life that is not a frame, such as a WebSocket ping.
    Activity {
        /// Which one.
        op: OpId,
    },
    /// A message could not be encoded. Nothing may be sent after it on this transport, which the
    /// shell has dropped: `TransportClosed` follows.
    Unsendable {
        /// Which transport it was for.
        op: OpId,
        /// Its serial, when it is of an acknowledged action.
        serial: Option<i64>,
        /// What the codec says.
        error: ErrorInfo,
    },
    /// A transport could not be opened or was lost.
    TransportClosed {
        /// Which one.
        op: OpId,
        /// Why.
        error: TransportError,
    },
    /// A new token was taken into use with [`crate::AuthState::take_token`], or is not to be had.
    Token {
        /// Which fetch.
        op: OpId,
        /// How it ended.
        result: Result<(), ErrorInfo>,
    },
    /// It is known whether there is a network.
    Connectivity {
        /// Which check.
        op: OpId,
        /// There is.
        online: bool,
    },
    /// The network went or came back. Spec: RTN20.
    NetworkChanged {
        /// There is a network.
        online: bool,
    },
}

/// Something to do outside.
#[derive(Debug)]
#[non_exhaustive]
pub enum Output {
    /// Open a transport; answer with `Opened` or `TransportClosed`.
    OpenTransport {
        /// Its name from now on.
        op: OpId,
        /// Where to.
        target: Target,
    },
    /// Encode and send a message.
    Send {
        /// On which transport.
        op: OpId,
        /// What.
        message: Arc<ProtocolMessage>,
    },
    /// Send what is left, then close. Frames that still come are ignored.
    CloseTransport {
        /// Which one.
        op: OpId,
    },
    /// Get a token and take it into use; answer with `Token`.
    FetchToken {
        /// Its name.
        op: OpId,
        /// [`crate::AuthState::generation`] of the token that will not do. A newer one will.
        generation: u64,
    },
    /// Find out whether there is a network; answer with `Connectivity`.
    CheckConnectivity {
        /// The check's name.
        op: OpId,
    },
    /// Give up the work of this name; its answer is not awaited any more.
    Cancel {
        /// Which work.
        op: OpId,
    },
    /// Hand a `Result<T, ErrorInfo>` to the holder of the ticket.
    Reply {
        /// The ticket's id.
        id: OpId,
        /// The boxed result.
        value: AnyBox,
    },
    /// Tell listeners.
    Event(Event),
    /// Write a log line.
    Log(LogRecord),
    /// The engine has come to its end: the client is closed and no handle is left.
    Finished,
}

/// What listeners are told.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// The connection changed.
    Connection(ConnectionStateChange),
    /// A channel changed.
    Channel(ChannelId, ChannelStateChange),
    /// Messages came on a channel.
    Messages(ChannelId, Messages),
    /// A behaviour, named by its id, has something to say.
    Behaviour(ChannelId, &'static str, AnyArc),
}

/// Where a transport connects to. `Debug` leaves out the query: it holds credentials.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Target {
    /// Host name or address.
    pub host: Str,
    /// Port.
    pub port: u16,
    /// Over TLS.
    pub tls: bool,
    /// Path and query, beginning with `/`.
    pub path_and_query: String,
    /// The wire format of the frames.
    pub format: Format,
    /// The name of the transport that is to open it.
    pub transport: &'static str,
    /// Only to find out whether it opens: to be closed at once. The query holds no credential.
    pub is_probe: bool,
}

impl Target {
    /// A target of these parts, for the transport `web_socket`.
    pub fn new(host: Str, port: u16, tls: bool, path_and_query: String, format: Format) -> Self {
        Self {
            host,
            port,
            tls,
            path_and_query,
            format,
            transport: "web_socket",
            is_probe: false,
        }
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path_and_query.split('?').next().unwrap_or_default();
        write!(
            f,
            "Target({}://{}:{}{path}?[redacted])",
            if self.tls { "tls" } else { "tcp" },
            self.host,
            self.port
        )
    }
}

/// Why a transport failed, classified because what happens next depends on the class.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TransportError {
    /// The class.
    pub kind: FailureKind,
    /// The error behind it.
    pub source: Option<ErrorSource>,
}

impl TransportError {
    /// A failure of `kind`.
    pub fn new(kind: FailureKind) -> Self {
        Self { kind, source: None }
    }

    /// A failure of `kind` with the error behind it.
    pub fn with_source(kind: FailureKind, source: ErrorSource) -> Self {
        Self {
            kind,
            source: Some(source),
        }
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            FailureKind::Dns => f.write_str("the host name could not be resolved"),
            FailureKind::Refused => f.write_str("the connection was refused"),
            FailureKind::Unreachable => f.write_str("the network or host is unreachable"),
            FailureKind::Timeout => f.write_str("timeout: there was no answer in time"),
            FailureKind::Tls => f.write_str("the TLS handshake failed"),
            FailureKind::HttpStatus(s) => write!(f, "the server answered with HTTP status {s}"),
            FailureKind::Closed { code: Some(c), .. } => {
                write!(f, "the transport was closed with code {c}")
            }
            FailureKind::Closed { .. } => f.write_str("the transport was closed"),
            FailureKind::Protocol => f.write_str("the peer broke the transport's protocol"),
            FailureKind::Other => f.write_str("the transport failed"),
        }?;
        match &self.source {
            Some(s) => write!(f, ": {s}"),
            None => Ok(()),
        }
    }
}

impl core::error::Error for TransportError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        self.source.as_deref().map(|s| s as _)
    }
}

/// Classes of [`TransportError`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FailureKind {
    /// The name could not be resolved.
    Dns,
    /// Nothing listens there.
    Refused,
    /// No route.
    Unreachable,
    /// No answer in time.
    Timeout,
    /// TLS failed: wrong name, unknown authority, protocol.
    Tls,
    /// The upgrade was answered with an HTTP status.
    HttpStatus(u16),
    /// It was open and was closed.
    Closed {
        /// The close code.
        code: Option<u16>,
        /// The close reason.
        reason: String,
    },
    /// The peer broke the transport's own protocol, or a limit.
    Protocol,
    /// Anything else.
    Other,
}

/// An HTTP request. `Debug` leaves out path, query, headers and body: a path of comet holds a key.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HttpRequest {
    /// The method.
    pub method: &'static str,
    /// The absolute URL.
    pub url: String,
    /// The headers.
    pub headers: Vec<(String, String)>,
    /// The body; empty for none.
    pub body: Bytes,
}

impl HttpRequest {
    /// A request without headers or body.
    pub fn new(method: &'static str, url: String) -> Self {
        Self {
            method,
            url,
            headers: Vec::new(),
            body: Bytes::new(),
        }
    }
}

impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Path and query may hold a key.
        let host = self.url.find("://").map_or(0, |at| at + 3);
        let rest = self.url.get(host..).unwrap_or_default();
        let length = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let origin = self.url.get(..host + length).unwrap_or_default();
        write!(f, "HttpRequest({} {origin})", self.method)
    }
}

/// An HTTP response with its body collected. `Debug` leaves out headers and body: a token comes in
/// one.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HttpReply {
    /// The status.
    pub status: u16,
    /// The headers; names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
}

impl HttpReply {
    /// A response of these parts.
    pub fn new(status: u16, headers: Vec<(String, String)>, body: Bytes) -> Self {
        Self {
            status,
            headers,
            body,
        }
    }

    /// A header by its lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, v)| v.as_str())
    }
}

impl fmt::Debug for HttpReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HttpReply({}, {} bytes)", self.status, self.body.len())
    }
}
