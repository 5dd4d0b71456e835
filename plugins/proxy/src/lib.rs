//! Outbound proxies for the Ably client: [`Proxy`].
//!
//! Which proxy is for which host comes from `ClientOptions::proxy` or from the environment, and
//! holds for the connection and for REST alike. This speaks HTTP CONNECT or SOCKS 5 with
//! the proxy; requests without TLS are sent whole to an HTTP proxy.
//!
//! | variable, in lower or upper case | names the proxy for |
//! |---|---|
//! | `https_proxy` | hosts with TLS |
//! | `http_proxy` | hosts without; the upper case does not count in a CGI program, where a request can set it |
//! | `all_proxy` | what the two do not name |
//! | `no_proxy` | what goes directly: names with what is below them, addresses, networks such as `10.0.0.0/8`, or `*` |
//!
//! Loopback addresses are never reached through a proxy of the environment. Names are resolved by
//! the proxy, also with `socks5`.
//!
//! Not in spec and not in ably-js, which leaves proxies to its platform.

mod address;
mod connect;
mod rules;

use std::sync::Arc;

use ably_base::{
    ErrorInfo, Plugin, Plugins,
    ext::{ProxyOptions, ProxyProvider, Routes},
};

use crate::{address::Address, rules::Rules};

/// Proxies, and the plugin that installs them: the feature `proxy` of `ably`.
///
/// ```
/// use ably_base::ClientOptions;
/// let options = ClientOptions::with_key("appId.keyId:secret")
///     .plugin(ably_proxy::Proxy)
///     .proxy("http://user:password@proxy.example:3128");
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Proxy;

impl ProxyProvider for Proxy {
    fn routes(&self, options: &ProxyOptions) -> Result<Option<Arc<dyn Routes>>, ErrorInfo> {
        let rules = match &options.url {
            Some(url) => Rules::all(Address::parse(url.expose())?),
            None if options.from_environment => Rules::from_environment()?,
            None => return Ok(None),
        };
        Ok((!rules.is_empty()).then(|| Arc::new(rules) as Arc<dyn Routes>))
    }
}

impl Plugin for Proxy {
    fn id(&self) -> &'static str {
        "Proxy"
    }

    fn install(&self, into: &mut Plugins) -> Result<(), ErrorInfo> {
        into.set_proxy(Arc::new(*self));
        Ok(())
    }
}
