//! HTTP for the Ably client, over hyper: [`Http`].
//!
//! Needed for everything of REST, for authUrl and the exchange of token requests, and for the check
//! whether there is a network at all. A connection alone does without.
//!
//! ```no_run
//! use ably_base::{BaseRest, ClientOptions, ErrorInfo, RestAgentOptions};
//! use ably_http::Http;
//!
//! # fn f() -> Result<(), ErrorInfo> {
//! let options = ClientOptions::with_key("appId.keyId:secret")
//!     .plugin(Http::new())
//!     .rest_agent_options(RestAgentOptions::new().max_sockets(8));
//! // … and plugins for TLS and the runtime.
//! let rest = BaseRest::new(options)?;
//! # let _ = rest;
//! # Ok(())
//! # }
//! ```
//!
//! HTTP/1.1 with connections kept for the next request. Follows no redirects, retries nothing and
//! has no timeouts: the client's request machine does what is to be done. One thing it does do: a
//! request that finds a kept connection closed before it is sent goes over another one.
//!
//! Connections are opened as those of transports are: by the client's dialler or [`TcpDialer`],
//! through the proxies of its `proxy` plugin, with its TLS plugin. [`TokioStream`] and
//! [`AsyncStream`] are for those who write diallers.
//!
//! URLs are taken as they are, but for characters that must not stand in one, which are encoded; a
//! host of letters beyond ASCII must be given as `xn--…`.
//!
//! ably-js: the `FetchRequest` plugin. Needs tokio.

mod address;
mod body;
mod client;
mod connector;
mod error;

use std::{sync::Arc, time::Duration};

use ably_base::{ErrorInfo, Plugin, Plugins, ext::HttpContext};
pub use ably_tokio_net::{AsyncStream, TcpDialer, TokioStream};

/// The HTTP plugin.
///
/// ```
/// use ably_base::ClientOptions;
/// let options = ClientOptions::with_key("appId.keyId:secret").plugin(ably_http::Http::new());
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Http {
    pool_idle_timeout: Duration,
    pool_max_idle_per_host: usize,
}

impl Http {
    /// HTTP with defaults.
    pub fn new() -> Self {
        Self {
            pool_idle_timeout: Duration::from_secs(90),
            pool_max_idle_per_host: usize::MAX,
        }
    }

    /// How long a connection is kept for the next request, default 90 s.
    pub fn pool_idle_timeout(mut self, d: Duration) -> Self {
        self.pool_idle_timeout = d;
        self
    }

    /// How many connections to one host are kept for the next request, default as many as there
    /// are. `ClientOptions::rest_agent_options` can switch keeping off altogether.
    pub fn pool_max_idle_per_host(mut self, n: usize) -> Self {
        self.pool_max_idle_per_host = n;
        self
    }
}

impl Default for Http {
    fn default() -> Self {
        Self::new()
    }
}

impl Plugin for Http {
    fn id(&self) -> &'static str {
        "FetchRequest"
    }

    fn install(&self, into: &mut Plugins) -> Result<(), ErrorInfo> {
        let client = client::Client::new(self.clone(), HttpContext::new());
        into.set_http(Arc::new(client));
        Ok(())
    }
}
