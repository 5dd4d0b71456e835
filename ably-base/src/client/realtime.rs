//! [`BaseRealtime`].

use std::sync::{Arc, Weak};

use ably_engine::{
    Engine,
    protocol::{Codec, ErrorInfo, Format, Str, json::JsonCodec},
};

use super::{Channels, Connection};
use crate::{
    Auth, ClientOptions,
    auth::{Authority, warn_of_no_renewal},
    ext::{ConnectContext, Plugins, TracingSink},
    options::info,
    rest::{HasRest, RestCore},
    shell::{Driver, Handles, Shared},
};

/// A realtime client with exactly the plugins that its options hold.
///
/// Needs a transport and a runtime. Cheap to clone; when the last handle (client, channel,
/// subscription) is dropped, it closes politely in the background.
///
/// Spec: RTC1.
#[derive(Clone)]
pub struct BaseRealtime {
    pub(crate) handles: Arc<Handles>,
}

impl BaseRealtime {
    /// Makes a client, which begins to connect unless `auto_connect` is off.
    ///
    /// # Errors
    /// - `40019` no transport or runtime; TLS is wanted and no TLS plugin is there; there is
    ///   an authUrl, or a key that is to give tokens, and no plugin `token`.
    /// - `40106` no way to authenticate, or options that contradict each other.
    /// - `40400` the key is malformed. `40012` the clientId is `*`.
    /// - `40000` a transport is asked for that nobody knows; a recovery key is to be kept nowhere; a
    ///   fallback host is empty; a host has a scheme, port or path.
    /// - `40103` a key, no TLS, and another machine: see `allow_basic_auth_without_tls`.
    /// - what a plugin or the runtime says.
    ///
    /// Spec: RTC1, RTC12, RSC1.
    pub fn new(options: impl Into<ClientOptions>) -> Result<Self, ErrorInfo> {
        let options: ClientOptions = options.into();
        if let Some(error) = options.plugin_error.clone() {
            return Err(error);
        }
        let plugins = options.plugins.clone();
        let runtime = plugins.require_runtime()?;
        let (transports, base_transport) = match options.choose.or(plugins.choose()) {
            Some(choose) => choose(&options)?,
            None => (plugins.transports().to_vec(), None),
        };
        let Some(transport) = transports.first() else {
            return Err(ErrorInfo::missing_plugin("WebSocketTransport", "websocket"));
        };
        if options.tls && transports.iter().any(|t| t.uses_tls_provider()) {
            plugins.require_tls()?;
        }
        let format = options.format();
        let codec: Arc<dyn Codec> = match format {
            Format::Json => Arc::new(JsonCodec),
            other => plugins
                .codecs()
                .iter()
                .find(|c| c.format() == other)
                .cloned()
                .ok_or_else(|| ErrorInfo::missing_plugin("MsgPack", "msgpack"))?,
        };
        let mut config = options.engine.clone();
        config.transport = info(&**transport, &options);
        config.base_transport = base_transport;
        config.auth = options.auth_config()?;
        config.client_id = options.client_id.clone();
        let rest_config = options.rest_config()?;
        config.hosts = rest_config.hosts.clone();
        config.port = options.effective_port();
        config.tls = options.tls;
        config.format = format;
        config.agent = options.agent_string();
        let keeper = match &options.keeping {
            Some(keeping) => (keeping.open)(&options, &mut config, runtime.now())?,
            None => None,
        };
        let engine = Engine::new(
            config,
            plugins.encodings().to_vec(),
            plugins.behaviours().to_vec(),
            runtime.entropy(),
        )?;
        let mut context = ConnectContext::new();
        context.dial = plugins.dial().cloned();
        context.tls = plugins.tls().cloned();
        if transports.iter().any(|t| t.uses_http()) {
            context.http = Some(rest_config.transport_http(&plugins)?);
        }
        context.runtime = Some(runtime.clone());
        context.http_request_timeout = options.http_request_timeout;
        context.routes = rest_config.http.routes.clone();
        let log = options
            .log_handler
            .clone()
            .unwrap_or_else(|| Arc::new(TracingSink));
        warn_of_no_renewal(&options, &*log);
        let shared = Shared::new(
            engine,
            runtime.clone(),
            plugins,
            Authority::new(&options, runtime.clone()),
            log,
            rest_config,
        );
        runtime.spawn(Box::pin(Driver::new(
            shared.clone(),
            transports,
            codec,
            context,
            keeper,
        )));
        let client = Self {
            handles: Arc::new(Handles(shared)),
        };
        if options.auto_connect {
            client.connect();
        }
        Ok(client)
    }

    /// The connection. Spec: RTC2.
    pub fn connection(&self) -> Connection {
        Connection {
            handles: self.handles.clone(),
        }
    }

    /// The channels. Spec: RTC3.
    pub fn channels(&self) -> Channels {
        Channels {
            handles: self.handles.clone(),
        }
    }

    /// Authentication. Spec: RTC4.
    pub fn auth(&self) -> Auth {
        Auth::of_realtime(self.handles.clone())
    }

    /// The identity of this client as far as it is known; `*` means any. Spec: RTC17.
    pub fn client_id(&self) -> Option<Str> {
        self.handles.0.read(Engine::client_id)
    }

    /// Connects, unless connected or connecting. Spec: RTC15.
    pub fn connect(&self) {
        self.connection().connect();
    }

    /// Closes the connection. Spec: RTC16.
    pub fn close(&self) {
        self.connection().close();
    }

    /// The plugins of this client, for extensions that compose requests.
    pub fn plugins(&self) -> &Plugins {
        &self.handles.0.plugins
    }

    /// A handle that does not keep the client open: for callbacks that capture the client.
    pub fn downgrade(&self) -> WeakRealtime {
        WeakRealtime(Arc::downgrade(&self.handles))
    }
}

impl HasRest for BaseRealtime {
    /// The core shares options, plugins and credential with this client, and prefers the host that
    /// the connection uses.
    fn rest_core(&self) -> Result<RestCore, ErrorInfo> {
        self.handles.0.rest_core()
    }
}

impl std::fmt::Debug for BaseRealtime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let state = self.handles.0.read(Engine::connection_state);
        f.debug_struct("Realtime")
            .field("state", &state)
            .finish_non_exhaustive()
    }
}

/// A handle that does not keep the client open: what a callback captures that needs the client.
///
/// A callback is kept by the client. If it captured the client itself, neither would ever go.
///
/// ```no_run
/// # fn f(client: ably_base::BaseRealtime) {
/// let weak = client.downgrade();
/// let _attaching = client.channels().get("orders").subscribe_with("stop", move |_| {
///     if let Some(client) = weak.upgrade() {
///         client.close();
///     }
/// });
/// # }
/// ```
#[derive(Clone)]
pub struct WeakRealtime(Weak<Handles>);

impl WeakRealtime {
    /// The client, while another handle keeps it.
    pub fn upgrade(&self) -> Option<BaseRealtime> {
        self.0.upgrade().map(|handles| BaseRealtime { handles })
    }
}

impl std::fmt::Debug for WeakRealtime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("WeakRealtime")
    }
}
