//! [`BaseRest`].

use std::sync::{Arc, Mutex};

use ably_engine::{
    AuthConfig, AuthState, LogLevel,
    protocol::{ErrorInfo, Str},
};

use super::{Door, HasRest, Inner, RestChannels, RestCore};
use crate::{
    Auth, ClientOptions,
    auth::{Authority, warn_of_no_renewal},
    ext::{Plugins, TracingSink},
};

/// A client without a connection, with exactly the plugins that its options hold.
///
/// Needs an HTTP client and a runtime. Cheap to clone.
///
/// Spec: RSC1.
#[derive(Clone)]
pub struct BaseRest {
    core: RestCore,
    channels: RestChannels,
}

impl BaseRest {
    /// Makes a client. Sends nothing.
    ///
    /// # Errors
    /// - `40019` no HTTP client or runtime; TLS is wanted and the HTTP client has none; there
    ///   is an authUrl, or a key that is to give tokens, and no plugin `token`.
    /// - `40106` no way to authenticate, or options that contradict each other.
    /// - `40400` the key is malformed. `40012` the clientId is `*`.
    /// - `40000` a fallback host is empty; a host has a scheme, port or path.
    /// - `40103` a key, no TLS, and another machine: see `allow_basic_auth_without_tls`.
    /// - `40102` the token carries another clientId than the options.
    /// - what a plugin or the runtime says.
    ///
    /// Spec: RSC1, RSA15.
    pub fn new(options: impl Into<ClientOptions>) -> Result<Self, ErrorInfo> {
        let options: ClientOptions = options.into();
        if let Some(error) = options.plugin_error.clone() {
            return Err(error);
        }
        let mut auth_config = options.auth_config()?;
        let given = match &mut auth_config {
            AuthConfig::Token { token, .. } => token.take(),
            _ => None,
        };
        let mut auth = AuthState::new(auth_config, options.client_id.clone());
        if let Some(token) = given {
            auth.take_token(token)?;
        }
        let log = options
            .log_handler
            .clone()
            .unwrap_or_else(|| Arc::new(TracingSink));
        warn_of_no_renewal(&options, &*log);
        let authority = Authority::new(&options, options.plugins.require_runtime()?);
        let config = options.rest_config()?;
        let http = config.http_client(&options.plugins)?;
        let inner = Inner::new(config, http, options.plugins.clone(), authority, log)?;
        let core = RestCore::new(inner, Door::Own(Arc::new(Mutex::new(auth))));
        core.log(LogLevel::Minor, || {
            format!("client started, version {}", env!("CARGO_PKG_VERSION"))
        });
        Ok(Self {
            channels: RestChannels::new(core.clone()),
            core,
        })
    }

    /// Authentication. Spec: RSC5.
    pub fn auth(&self) -> Auth {
        Auth::of_rest(self.core.clone())
    }

    /// The channels. Spec: RSN1.
    pub fn channels(&self) -> &RestChannels {
        &self.channels
    }

    /// What sends requests, for extensions that compose them.
    pub fn core(&self) -> &RestCore {
        &self.core
    }

    /// The identity of this client as far as it is known; `*` means any. Spec: RSC17.
    pub fn client_id(&self) -> Option<Str> {
        self.core.client_id()
    }

    /// The plugins of this client.
    pub fn plugins(&self) -> &Plugins {
        self.core.plugins()
    }
}

impl HasRest for BaseRest {
    fn rest_core(&self) -> Result<RestCore, ErrorInfo> {
        Ok(self.core.clone())
    }
}

impl std::fmt::Debug for BaseRest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rest").finish_non_exhaustive()
    }
}
