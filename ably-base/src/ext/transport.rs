//! [`Transport`]: how frames get to Ably and back.

use std::{
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use ably_engine::{BoxFuture, MaybeSend, MaybeSync, Target, TransportError, protocol::Frame};

use super::{Dial, HttpClient, Routes, Runtime, TlsProvider};

/// Opens links to Ably. One per client and kind; `connect` is called once an attempt.
///
/// # Behaviour
/// - Dropping the future of `connect` abandons the attempt and closes what it opened.
/// - Errors are classified ([`ably_engine::FailureKind`]): fallback depends on the class.
/// - It does not retry and does not time out: the engine does.
pub trait Transport: MaybeSend + MaybeSync {
    /// Its name, for example `web_socket`. No two of a client have the same.
    fn id(&self) -> &'static str;

    /// True when it sees a sign of life that is not a frame, such as WebSocket pings, and reports
    /// it with [`TransportLink::saw_activity`]: the server then need not send HEARTBEATs (RTN23b).
    fn sees_pings(&self) -> bool {
        false
    }

    /// True when it needs [`ConnectContext::tls`] for a target over TLS.
    fn uses_tls_provider(&self) -> bool {
        false
    }

    /// True when it needs [`ConnectContext::http`].
    fn uses_http(&self) -> bool {
        false
    }

    /// True when its links carry JSON whatever the format of the client, such as those of long
    /// polling: the query then names no format.
    fn json_only(&self) -> bool {
        false
    }

    /// Opens a link.
    ///
    /// # Errors
    /// A classified failure.
    fn connect(
        &self,
        target: Target,
        cx: ConnectContext,
    ) -> BoxFuture<Result<Box<dyn TransportLink>, TransportError>>;
}

/// What a transport may build on.
#[derive(Clone)]
#[non_exhaustive]
pub struct ConnectContext {
    /// The dialler that the application handed over; `None`: the transport's own.
    pub dial: Option<Arc<dyn Dial>>,
    /// What wraps a stream in TLS.
    pub tls: Option<Arc<dyn TlsProvider>>,
    /// The client's HTTP client, set up, with connections that are not those of REST; `None`
    /// unless a transport of the client [uses it](Transport::uses_http).
    pub http: Option<Arc<dyn HttpClient>>,
    /// The client's runtime, for timers; the client's shell always hands it over.
    pub runtime: Option<Arc<dyn Runtime>>,
    /// The ways out, by the transport's own dialler or the application's; `None`: directly.
    pub routes: Option<Arc<dyn Routes>>,
    /// The largest frame that may come in, in bytes; a larger one fails the link.
    pub max_frame_size: usize,
    /// How long a transport over HTTP waits for the answer to what it sends. Spec: TO3l4.
    pub http_request_timeout: Duration,
}

impl ConnectContext {
    /// A context with nothing to build on, with frames up to 16 MiB, and 10 s for an answer.
    pub fn new() -> Self {
        Self {
            dial: None,
            tls: None,
            http: None,
            runtime: None,
            routes: None,
            max_frame_size: 16 * 1024 * 1024,
            http_request_timeout: Duration::from_secs(10),
        }
    }
}

impl Default for ConnectContext {
    fn default() -> Self {
        Self::new()
    }
}

/// One open link. Polled, not async: cancel safe by construction, no allocation a frame.
///
/// # Behaviour
/// - Waker rules are those of `Stream` and `Sink`.
/// - Dropping it closes abruptly.
pub trait TransportLink: MaybeSend {
    /// The next frame; `None` when the peer closed without an error.
    fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, TransportError>>>;

    /// Waits until a frame can be taken.
    ///
    /// After an error of this, `start_send` or `poll_flush` nothing is written any more, but
    /// `poll_recv` is called until it has nothing: what arrived before is not lost.
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>>;

    /// Takes a frame; only after `poll_ready` was ready.
    ///
    /// # Errors
    /// The link has failed.
    fn start_send(&mut self, frame: Frame) -> Result<(), TransportError>;

    /// Pushes taken frames out.
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>>;

    /// Closes politely: what was taken goes out first.
    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<()>;

    /// True when something other than a frame came since the last call.
    fn saw_activity(&mut self) -> bool {
        false
    }
}
