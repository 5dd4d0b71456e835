//! The handle of a running sandbox.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::sync::{mpsc, watch};

use crate::core::{ConnectionInfo, Selector};
use crate::shell::accept::Slots;
use crate::shell::builder::{Builder, StartError};
use crate::shell::hub::Hub;

/// A running server. Dropping it stops it.
///
/// ```no_run
/// # async fn example() -> Result<(), ably_sandbox::StartError> {
/// let sandbox = ably_sandbox::Sandbox::start().await?;
/// println!("key {} at {}", sandbox.key(), sandbox.url());
/// sandbox.stop().await;
/// # Ok(())
/// # }
/// ```
pub struct Sandbox {
    parts: Parts,
    thread: Option<JoinHandle<()>>,
}

/// What a started sandbox is made of.
pub(crate) struct Parts {
    pub(crate) hub: Arc<Hub>,
    pub(crate) slots: Slots,
    pub(crate) address: SocketAddr,
    pub(crate) key: String,
    pub(crate) is_tls: bool,
    pub(crate) stop: watch::Sender<bool>,
    pub(crate) done: mpsc::Receiver<()>,
    pub(crate) failure: watch::Receiver<Option<String>>,
}

impl Sandbox {
    pub(crate) fn new(parts: Parts) -> Sandbox {
        Sandbox {
            parts,
            thread: None,
        }
    }

    pub(crate) fn on_thread(mut self, thread: JoinHandle<()>) -> Sandbox {
        self.thread = Some(thread);
        self
    }

    /// Completes when the sandbox was told to stop.
    pub(crate) fn ended(&self) -> impl Future<Output = ()> + Send + 'static {
        let hub = Arc::clone(&self.parts.hub);
        async move { hub.stopped().await }
    }

    /// Starts a sandbox on a free port of 127.0.0.1, with an app and a key of its own.
    ///
    /// # Errors
    /// See [`StartError`].
    ///
    /// # Cancel safety
    /// If the future is dropped, nothing is left running.
    pub async fn start() -> Result<Sandbox, StartError> {
        Sandbox::builder().start().await
    }

    /// Starts to say how a sandbox is to be.
    pub fn builder() -> Builder {
        Builder::new()
    }

    /// Returns where the sandbox listens, as `http://host:port` or `https://host:port`.
    pub fn url(&self) -> String {
        let scheme = if self.parts.is_tls { "https" } else { "http" };
        format!("{scheme}://{}", self.parts.address)
    }

    /// Returns the host, for a client's `endpoint`.
    pub fn host(&self) -> String {
        self.parts.address.ip().to_string()
    }

    /// Returns the port, for a client's `port`, or `tlsPort` with TLS.
    pub fn port(&self) -> u16 {
        self.parts.address.port()
    }

    /// Says whether the sandbox speaks TLS, for a client's `tls`.
    pub fn is_tls(&self) -> bool {
        self.parts.is_tls
    }

    /// Returns a key: the first given, else the first of the app, which unless an app
    /// specification says otherwise has every capability.
    pub fn key(&self) -> &str {
        &self.parts.key
    }

    /// Lists the connections, those waiting to be resumed included.
    pub fn connections(&self) -> Vec<ConnectionInfo> {
        self.parts.hub.with(|core, _| core.connections())
    }

    /// Returns how many sockets are open, of WebSockets and of HTTP.
    pub fn open_sockets(&self) -> usize {
        self.parts.slots.taken()
    }

    /// Drops the sockets of clients without a word, as a broken network would, and returns how
    /// many there were. They may come back, and resume, at once; see [`Sandbox::refuse`].
    pub fn cut(&self, clients: impl Into<Selector>) -> usize {
        let clients = clients.into();
        self.parts.hub.with(|core, now| core.cut(&clients, now))
    }

    /// Keeps clients out until [`Sandbox::restore`]: their new sockets are dropped before they are
    /// told anything. A client is known by its connection if it resumes one, by its token, and by
    /// the clientId it gives. Sockets that are open stay so; see [`Sandbox::cut`].
    pub fn refuse(&self, clients: impl Into<Selector>) {
        let clients = clients.into();
        self.parts.hub.with(|core, _| core.refuse(clients));
    }

    /// Lets clients in again that [`Sandbox::refuse`] keeps out.
    pub fn restore(&self, clients: impl Into<Selector>) {
        let clients = clients.into();
        self.parts.hub.with(|core, _| core.restore(&clients));
    }

    /// Completes when the sandbox had to stop by itself, with the reason: its disk failed.
    ///
    /// # Cancel safety
    /// Dropping the future has no effect.
    pub async fn failed(&self) -> String {
        let mut failure = self.parts.failure.clone();
        let failed = failure.wait_for(Option::is_some).await;
        let reason = failed.ok().and_then(|reason| reason.clone());
        match reason {
            Some(reason) => reason,
            None => std::future::pending().await,
        }
    }

    /// Drops all sockets, stops listening, and returns when nothing of the sandbox runs any more.
    ///
    /// # Cancel safety
    /// If the future is dropped, the sandbox still stops.
    pub async fn stop(mut self) {
        self.parts.stop.send_replace(true);
        while self.parts.done.recv().await.is_some() {}
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.parts.stop.send_replace(true);
        if let Some(thread) = self.thread.take() {
            // The thread runs nothing but the sandbox, so it ends as soon as it is told.
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox")
            .field("url", &self.url())
            .finish_non_exhaustive()
    }
}
