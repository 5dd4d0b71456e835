//! HTTP for the Ably client, over reqwest: [`Http`].
//!
//! HTTP/1.1 with connections kept for the next request. Follows no redirects, retries nothing and
//! has no timeouts: the client's request machine does what is to be done. Proxies of the
//! environment (`https_proxy` and the like) are used unless [`Http::no_proxy`] is set.
//!
//! TLS is a Cargo feature, as reqwest cannot take the client's TLS plugin: `rustls` (with ring,
//! never process-global, and Mozilla's roots) or `native-tls`; with both, rustls is used.
//!
//! ably-js: the `FetchRequest` plugin. Needs tokio.

mod body;
mod client;
mod error;
mod tls;

use std::sync::Arc;

use ably_base::{ErrorInfo, Plugin, Plugins};

/// The HTTP plugin.
///
/// ```
/// use ably_base::ClientOptions;
/// let options = ClientOptions::with_key("appId.keyId:secret").plugin(ably_http::Http::new());
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Http {
    roots: Vec<Vec<u8>>,
    ignores_proxies: bool,
}

impl Http {
    /// HTTP with defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Trusts a further certificate authority, in DER: that of a server of one's own.
    pub fn root_certificate(mut self, der: impl Into<Vec<u8>>) -> Self {
        self.roots.push(der.into());
        self
    }

    /// Uses no proxy, whatever the environment says.
    pub fn no_proxy(mut self) -> Self {
        self.ignores_proxies = true;
        self
    }
}

impl Plugin for Http {
    fn id(&self) -> &'static str {
        "FetchRequest"
    }

    fn install(&self, into: &mut Plugins) -> Result<(), ErrorInfo> {
        into.set_http(Arc::new(client::Client::new(self)?));
        Ok(())
    }
}
