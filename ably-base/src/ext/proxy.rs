//! [`ProxyProvider`]: the way out of networks that have no direct one.

use std::sync::Arc;

use ably_engine::{
    BoxFuture, MaybeSend, MaybeSync, TransportError,
    protocol::{ErrorInfo, Secret},
};

use super::{ByteStream, Dial, TlsProvider};

/// What a client's options say about proxies.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ProxyOptions {
    /// The URL of the one proxy for everything; it may hold credentials.
    pub url: Option<Secret<String>>,
    /// Whether the environment is asked when there is no URL.
    pub from_environment: bool,
}

impl ProxyOptions {
    /// What the environment says.
    pub fn new() -> Self {
        Self {
            url: None,
            from_environment: true,
        }
    }
}

impl Default for ProxyOptions {
    fn default() -> Self {
        Self::new()
    }
}

/// Knows proxies.
pub trait ProxyProvider: MaybeSend + MaybeSync {
    /// The ways that a client's options mean; `None`: everything goes directly. Called when a
    /// client is made.
    ///
    /// # Errors
    /// - `40000` a proxy's URL cannot be read.
    fn routes(&self, options: &ProxyOptions) -> Result<Option<Arc<dyn Routes>>, ErrorInfo>;
}

/// The ways to hosts: one for all of a client's traffic.
pub trait Routes: MaybeSend + MaybeSync {
    /// Whether requests to `host` without TLS are to be sent whole to a proxy, with the absolute
    /// URL, as HTTP proxies want them: many lead to no port but 443. `None`: they go to the host
    /// over what [`Routes::open`] opens.
    ///
    /// RFC 9112, section 3.2.2.
    fn forwarding(&self, host: &str) -> Option<Forwarding>;

    /// Opens a stream to the host, through a proxy or directly; or to the proxy that
    /// [`Routes::forwarding`] means, if the journey ends there. TLS with the host, if wanted, is
    /// still to come.
    ///
    /// # Errors
    /// A classified failure. It names no credentials.
    ///
    /// # Cancel safety
    /// Dropping the future must close what it has opened: the client does so when it gives up.
    fn open(&self, journey: Journey) -> BoxFuture<Result<Box<dyn ByteStream>, TransportError>>;
}

/// What a proxy wants that takes requests whole.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Forwarding {
    /// The value of `Proxy-Authorization`.
    pub authorization: Option<Secret<String>>,
}

/// Where to, and by what means.
#[derive(Clone)]
#[non_exhaustive]
pub struct Journey {
    /// The host to reach.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Whether TLS will be spoken with it: proxies may differ.
    pub tls: bool,
    /// What opens sockets.
    pub dial: Arc<dyn Dial>,
    /// For proxies that speak TLS themselves.
    pub tls_provider: Option<Arc<dyn TlsProvider>>,
    /// Whether it ends at the proxy: see [`Routes::forwarding`].
    pub to_proxy: bool,
}

impl Journey {
    /// To `host:port`, where TLS will be spoken if `tls`.
    pub fn new(host: String, port: u16, tls: bool, dial: Arc<dyn Dial>) -> Self {
        Self {
            host,
            port,
            tls,
            dial,
            tls_provider: None,
            to_proxy: false,
        }
    }
}
