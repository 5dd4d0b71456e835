//! [`ClientOptions`]: everything a client can be told.

use std::{sync::Arc, time::Duration};

use ably_engine::{
    AuthConfig, Config, LogLevel, TokenDetails, TokenParams,
    protocol::{ErrorCode, ErrorInfo, Format, Secret, Str},
};

use super::{ChooseFn, Keeping};
use crate::{
    Plugin, Plugins, Transport,
    auth::{AuthMethod, AuthOptions},
    ext::{Dial, HttpContext, LogSink, ProxyOptions, RestAgentOptions, Routes, TokenSource},
    rest::Connectivity,
};

/// Options of a client, with ably-js's defaults.
///
/// ```
/// use ably_base::ClientOptions;
/// let options = ClientOptions::with_key("appId.keyId:secret").client_id("me");
/// ```
///
/// A plain string is a key when it contains a `:`, else a token.
///
/// Spec: TO3.
#[derive(Clone)]
#[must_use]
pub struct ClientOptions {
    pub(crate) auth: AuthOptions,
    pub(crate) default_token_params: Option<TokenParams>,
    pub(crate) allow_basic_auth_without_tls: bool,
    pub(crate) client_id: Option<Str>,
    pub(crate) endpoint: Option<String>,
    pub(crate) environment: Option<String>,
    pub(crate) rest_host: Option<String>,
    pub(crate) realtime_host: Option<String>,
    pub(crate) fallback_hosts: Option<Vec<String>>,
    pub(crate) port: Option<u16>,
    pub(crate) tls_port: Option<u16>,
    pub(crate) tls: bool,
    pub(crate) use_binary_protocol: bool,
    pub(crate) auto_connect: bool,
    pub(crate) idempotent_rest_publishing: bool,
    pub(crate) push_full_wait: bool,
    pub(crate) add_request_ids: bool,
    pub(crate) agents: Vec<(String, String)>,
    pub(crate) log_handler: Option<Arc<dyn LogSink>>,
    pub(crate) http_request_timeout: Duration,
    pub(crate) http_max_retry_duration: Duration,
    pub(crate) fallback_retry_timeout: Duration,
    pub(crate) connectivity: Connectivity,
    pub(crate) proxy: ProxyOptions,
    pub(crate) rest_agent_options: RestAgentOptions,
    pub(crate) transports: Option<Vec<String>>,
    pub(crate) choose: Option<ChooseFn>,
    pub(crate) ws_connectivity_check_url: Option<String>,
    pub(crate) keeping: Option<Box<Keeping>>,
    pub(crate) plugins: Plugins,
    pub(crate) plugin_error: Option<ErrorInfo>,
    /// What goes to the engine as it is.
    pub(crate) engine: Config,
}

impl Default for ClientOptions {
    fn default() -> Self {
        let nothing = AuthConfig::Token {
            token: None,
            renewable: false,
        };
        Self {
            auth: AuthOptions::new(),
            default_token_params: None,
            allow_basic_auth_without_tls: false,
            client_id: None,
            endpoint: None,
            environment: None,
            rest_host: None,
            realtime_host: None,
            fallback_hosts: None,
            port: None,
            tls_port: None,
            tls: true,
            use_binary_protocol: true,
            auto_connect: true,
            idempotent_rest_publishing: true,
            push_full_wait: false,
            add_request_ids: false,
            agents: Vec::new(),
            log_handler: None,
            http_request_timeout: Duration::from_secs(10),
            http_max_retry_duration: Duration::from_secs(15),
            fallback_retry_timeout: Duration::from_secs(600),
            connectivity: Connectivity::default(),
            proxy: ProxyOptions::new(),
            rest_agent_options: RestAgentOptions::new(),
            transports: None,
            choose: None,
            ws_connectivity_check_url: None,
            keeping: None,
            plugins: Plugins::none(),
            plugin_error: None,
            engine: Config::new(nothing),
        }
    }
}

macro_rules! setters {
    ($($(#[$doc:meta])* $name:ident($arg:ident: $t:ty) => $($place:ident).+ = $value:expr;)*) => {
        impl ClientOptions {
            $($(#[$doc])* pub fn $name(mut self, $arg: $t) -> Self {
                self.$($place).+ = $value;
                self
            })*
        }
    };
}

setters! {
    /// The API key, `appId.keyId:secret`. Spec: TO3j1.
    key(key: impl Into<String>) => auth.key = Some(Secret::new(key.into()));
    /// A token, of which nothing else is known. Spec: TO3j2.
    token(token: impl Into<String>) => auth.token = Some(TokenDetails::new(token.into()));
    /// A token and what is known about it. Spec: TO3j3.
    token_details(details: TokenDetails) => auth.token = Some(details);
    /// How to get tokens: ably-js's `authCallback`. Spec: TO3j5.
    auth_callback(source: impl TokenSource + 'static) => auth.callback = Some(Arc::new(source));
    /// A URL that answers with a token, token details or a token request. Needs the plugins `token`
    /// and `http`. Spec: TO3j6.
    auth_url(url: impl Into<String>) => auth.url = Some(url.into());
    /// How to ask the authUrl, default GET. Spec: TO3j7.
    auth_method(method: AuthMethod) => auth.method = method;
    /// Headers for the authUrl, in place of those set before. Spec: TO3j8.
    auth_headers(headers: impl IntoIterator<Item = (impl Into<String>, impl Into<String>)>) =>
        auth.headers = headers.into_iter().map(|(n, v)| (n.into(), v.into())).collect();
    /// Parameters for the authUrl, in place of those set before. Spec: TO3j9.
    auth_params(params: impl IntoIterator<Item = (impl Into<String>, impl Into<String>)>) =>
        auth.params = params.into_iter().map(|(n, v)| (n.into(), v.into())).collect();
    /// Use tokens although there is a key, or the key although there is another way. Default:
    /// tokens when there is a way to get one other than the key. Spec: TO3j4.
    use_token_auth(yes: bool) => auth.use_token_auth = Some(yes);
    /// Ask the server for its time before a token request is signed, default no. Spec: TO3j10.
    query_time(yes: bool) => auth.query_time = yes;
    /// What tokens are wanted for, unless a call says otherwise. Spec: TO3j11.
    default_token_params(params: TokenParams) => default_token_params = Some(params);
    /// Send the key over plain connections too, where anyone on the way can read it. Default no: a
    /// key without TLS is refused, except to this machine (`localhost` and the like). Not in
    /// ably-js, which sends it anywhere.
    allow_basic_auth_without_tls(yes: bool) => allow_basic_auth_without_tls = yes;
    /// The identity of this client. Spec: TO3a.
    client_id(id: impl Into<Str>) => client_id = Some(id.into());
    /// Where to connect: a host name or address, a routing policy id, or `nonprod:` and an id;
    /// without scheme, port or path. Default `main`, also for an empty text. Spec: REC1b.
    endpoint(endpoint: impl Into<String>) => endpoint = Some(endpoint.into());
    /// Deprecated: use [`ClientOptions::endpoint`]. Spec: REC1c.
    environment(name: impl Into<String>) => environment = Some(name.into());
    /// Deprecated: use [`ClientOptions::endpoint`]. Spec: REC1d1.
    rest_host(host: impl Into<String>) => rest_host = Some(host.into());
    /// Deprecated: use [`ClientOptions::endpoint`]. Spec: REC1d2.
    realtime_host(host: impl Into<String>) => realtime_host = Some(host.into());
    /// Hosts to try when the primary one cannot be reached; none for an empty list, and none of
    /// them empty. Spec: REC2a.
    fallback_hosts(hosts: impl IntoIterator<Item = impl Into<String>>) =>
        fallback_hosts = Some(hosts.into_iter().map(Into::into).collect());
    /// The port without TLS, default 80. Spec: TO3k4.
    port(port: u16) => port = Some(port);
    /// The port with TLS, default 443. Spec: TO3k5.
    tls_port(port: u16) => tls_port = Some(port);
    /// Use TLS, default yes. Spec: TO3d.
    tls(yes: bool) => tls = yes;
    /// Use MessagePack when the `msgpack` plugin is installed, default yes. Spec: TO3f.
    use_binary_protocol(yes: bool) => use_binary_protocol = yes;
    /// Connect when the client is made, default yes. Spec: TO3e.
    auto_connect(yes: bool) => auto_connect = yes;
    /// Deliver this client's own messages to it, default yes. Spec: TO3h.
    echo_messages(yes: bool) => engine.echo_messages = yes;
    /// Queue what is published while there is no connection, default yes. Spec: TO3g.
    queue_messages(yes: bool) => engine.queue_messages = yes;
    /// Go on from a recovery key of another client: see also [`ClientOptions::recover_if`]. Spec: TO3i,
    /// RTN16.
    recover(key: impl Into<String>) => engine.recover = Some(key.into());
    /// Give REST publishes ids so that a retry cannot publish twice, default yes. Spec: TO3n, RSL1k1.
    idempotent_rest_publishing(yes: bool) => idempotent_rest_publishing = yes;
    /// Have the server answer requests of the push plugin only when all is done, default no: for
    /// tests. ably-js's `pushFullWait`. Not in spec.
    push_full_wait(yes: bool) => push_full_wait = yes;
    /// Give every REST request a random id that its retries keep, in the parameter `request_id`, and
    /// its error as [`ErrorInfo::request_id`]: what Ably's support can look for. Default no. Not in
    /// ably-js 2.12.0. Spec: TO3p, RSC7c.
    add_request_ids(yes: bool) => add_request_ids = yes;
    /// How much to log, default errors. Spec: TO3b.
    log_level(level: LogLevel) => engine.log_level = level;
    /// Where log lines go, default `tracing`. Spec: TO3c.
    log_handler(handler: impl LogSink + 'static) => log_handler = Some(Arc::new(handler));
    /// Until the next attempt from `disconnected`, default 15 s. Spec: TO3l1.
    disconnected_retry_timeout(d: Duration) => engine.timeouts.disconnected_retry = d;
    /// Until the next attempt from `suspended`, default 30 s. Spec: TO3l2.
    suspended_retry_timeout(d: Duration) => engine.timeouts.suspended_retry = d;
    /// Until a suspended channel is attached again, default 15 s. Spec: TO3l7.
    channel_retry_timeout(d: Duration) => engine.timeouts.channel_retry = d;
    /// For one attempt, attach, detach, ping, close or token, default 10 s. Spec: TO3l11.
    realtime_request_timeout(d: Duration) => engine.timeouts.realtime_request = d;
    /// How long the server keeps a lost connection, default 120 s, until the server says otherwise.
    /// Spec: DF1a.
    connection_state_ttl(d: Duration) => engine.timeouts.connection_state_ttl = d;
    /// Until it is found out why a WebSocket does not open, default 4 s. Only with a transport to fall
    /// back to: see [`Plugins::add_base_transport`].
    web_socket_slow_timeout(d: Duration) => engine.timeouts.web_socket_slow = d;
    /// Until a WebSocket that does not open is given up and the transport to fall back to is tried,
    /// default 10 s. All in all an attempt takes at most this and
    /// [`ClientOptions::realtime_request_timeout`].
    web_socket_connect_timeout(d: Duration) => engine.timeouts.web_socket_connect = d;
    /// For one REST request, default 10 s. Spec: TO3l4.
    http_request_timeout(d: Duration) => http_request_timeout = d;
    /// Most fallback hosts tried in one go, default 3. Spec: TO3l5.
    http_max_retry_count(n: u32) => engine.timeouts.http_max_retry_count = n;
    /// For a REST request with all its retries, default 15 s. Spec: TO3l6.
    http_max_retry_duration(d: Duration) => http_max_retry_duration = d;
    /// How long a fallback host that worked is preferred, default 10 minutes. Spec: TO3l10.
    fallback_retry_timeout(d: Duration) => fallback_retry_timeout = d;
    /// Goes out through a proxy, realtime and REST alike, whatever the environment says:
    /// `http`, `https` or `socks5`, such as `http://user:password@proxy.example:3128`. Needs the
    /// plugin `proxy`; a dialler of the application's reaches the proxy. Not in ably-js.
    proxy(url: impl Into<String>) => proxy.url = Some(Secret::new(url.into()));
    /// Whether the plugin `proxy` takes the proxies of the environment, default yes. It does not
    /// when the application brings its own dialler. Not in ably-js, which leaves proxies to its
    /// platform.
    proxy_from_environment(yes: bool) => proxy.from_environment = yes;
    /// How HTTP connections are used. ably-js's `restAgentOptions`.
    rest_agent_options(options: RestAgentOptions) => rest_agent_options = options;
    /// What is asked whether there is a network, before a fallback host is tried: an HTTP(S) URL
    /// that answers with a status of 200 to 399; redirects are not followed. Default: a file of
    /// Ably's that says `yes`. Spec: REC3b.
    connectivity_check_url(url: impl Into<String>) => connectivity.url = Some(url.into());
    /// What is opened to find out whether WebSockets get through, when one is slow to open and there
    /// is a transport to fall back to: a WebSocket URL, by default one of Ably's. No credential is
    /// sent. ably-js's `wsConnectivityCheckUrl`.
    ws_connectivity_check_url(url: impl Into<String>) =>
        ws_connectivity_check_url = Some(url.into());
    /// Take it that there is a network, default no. It does not keep a client from finding out
    /// whether WebSockets get through. ably-js's `disableConnectivityCheck`.
    disable_connectivity_check(yes: bool) => connectivity.is_disabled = yes;
    /// The largest publish in bytes, default 65,536, until the server says otherwise. Spec: TO3l8.
    max_message_size(bytes: u64) => engine.max_message_size = bytes;
    /// Most publishes that wait for a connection or an acknowledgement, default 10,000. More wait
    /// in `publish`, and `try_publish` hands them back. Not in ably-js, which has no bound.
    max_queued_messages(n: usize) => engine.max_outbox_messages = n;
    /// Most bytes of data in them, default 16 MiB. Not in ably-js, which has no bound.
    max_queued_bytes(n: usize) => engine.max_outbox_bytes = n;
}

impl ClientOptions {
    /// Options with defaults, and no way to authenticate yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Options that authenticate with an API key.
    pub fn with_key(key: impl Into<String>) -> Self {
        Self::new().key(key)
    }

    /// Options that authenticate with a token that cannot be renewed.
    pub fn with_token(token: impl Into<String>) -> Self {
        Self::new().token(token)
    }

    /// Adds a parameter to the connection URL: text, a number or a boolean. It overrides one of the
    /// client's own. Spec: RTC1f.
    pub fn transport_param(mut self, name: impl Into<String>, value: impl ToString) -> Self {
        self.engine
            .transport_params
            .push((name.into(), value.to_string()));
        self
    }

    /// One more header for the authUrl. Spec: TO3j8.
    pub fn auth_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.auth = self.auth.auth_header(name, value);
        self
    }

    /// One more parameter for the authUrl. Spec: TO3j9.
    pub fn auth_param(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.auth = self.auth.auth_param(name, value);
        self
    }

    /// Names a library on top of this one in the agent string. Spec: RSC7d6.
    pub fn agent(mut self, name: impl Into<String>, version: impl Into<String>) -> Self {
        self.agents.push((name.into(), version.into()));
        self
    }

    /// Installs a plugin. A mistake, such as two plugins of one id, shows when the client is made.
    pub fn plugin(mut self, plugin: impl Plugin) -> Self {
        let installed = match self.plugins.has(plugin.id()) {
            true => Err(ErrorInfo::new(
                ErrorCode::BAD_REQUEST,
                400,
                format!(
                    "two plugins are called {}: install one of them",
                    plugin.id()
                ),
            )),
            false => self.plugins.install(&plugin),
        };
        if let Err(error) = installed {
            self.plugin_error.get_or_insert(error);
        }
        self
    }

    /// Uses a transport of your own. The first one added is preferred.
    pub fn transport(mut self, transport: impl Transport + 'static) -> Self {
        self.plugins.add_transport(Arc::new(transport));
        self
    }

    /// Opens sockets through `dial` instead of directly: a proxy, a Unix socket, a resolver. Those
    /// of connections and those of requests.
    pub fn dial(mut self, dial: impl Dial + 'static) -> Self {
        self.plugins.set_dial(Arc::new(dial));
        self
    }

    /// Chooses among the installed TLS plugins by its id, such as `native-tls`. Default: one that
    /// was handed over, else `rustls`. Not in ably-js.
    pub fn tls_backend(mut self, id: impl Into<String>) -> Self {
        self.plugins.set_tls_backend(id);
        self
    }

    /// The plugins, for those who install them by other means.
    pub fn plugins_mut(&mut self) -> &mut Plugins {
        &mut self.plugins
    }

    /// The plugins.
    pub fn plugins(&self) -> &Plugins {
        &self.plugins
    }

    /// Which credential is used. Spec: RSA4.
    ///
    /// # Errors
    /// - `40106` there is none. `40400` the key is malformed. `40012` the clientId is `*`.
    /// - `40103` a key would be sent over a plain connection to another machine.
    /// - `40019` tokens are to come from the authUrl or to be signed with the key, and the plugin
    ///   for that is missing.
    pub(crate) fn auth_config(&self) -> Result<AuthConfig, ErrorInfo> {
        if self.client_id.as_deref() == Some("*") {
            return Err(ErrorInfo::new(
                ErrorCode::INVALID_CLIENT_ID,
                400,
                "the clientId must not be `*`; a wildcard belongs into a token",
            ));
        }
        let auth = &self.auth;
        let key = auth.parsed_key()?;
        // An empty text is no token.
        let token = auth.token.clone().filter(|t| !t.token.expose().is_empty());
        let has_other = token.is_some() || auth.callback.is_some() || auth.url.is_some();
        if auth.use_token_auth.unwrap_or(has_other) {
            let renewable = auth.is_renewable();
            if token.is_none() && !renewable {
                return Err(no_method());
            }
            let asks_or_signs = auth.callback.is_none() && (auth.url.is_some() || key.is_some());
            if asks_or_signs && self.plugins.obtain().is_none() {
                return Err(ErrorInfo::missing_plugin("Token", "token"));
            }
            return Ok(AuthConfig::Token { token, renewable });
        }
        let key = key.ok_or_else(no_method)?;
        if !self.tls && !self.allow_basic_auth_without_tls {
            let hosts = self.hosts()?;
            let mut all = std::iter::once(&hosts.primary).chain(&hosts.fallbacks);
            if !all.all(|host| is_this_machine(host)) {
                return Err(ErrorInfo::new(
                    ErrorCode::BASIC_AUTH_WITHOUT_TLS,
                    401,
                    "a key is not sent over a plain connection: use TLS, tokens, or \
                     `allow_basic_auth_without_tls`",
                ));
            }
        }
        Ok(AuthConfig::Basic(key))
    }

    /// The ways out.
    ///
    /// # Errors
    /// - `40019` a proxy is named, and the plugin for that is missing.
    /// - `40000` a proxy's URL cannot be read.
    pub(crate) fn routes(&self) -> Result<Option<Arc<dyn Routes>>, ErrorInfo> {
        match self.plugins.proxy() {
            Some(provider) => provider.routes(&self.proxy),
            None if self.proxy.url.is_some() => Err(ErrorInfo::missing_plugin("Proxy", "proxy")),
            None => Ok(None),
        }
    }

    /// What the HTTP client builds on.
    ///
    /// # Errors
    /// Those of [`ClientOptions::routes`].
    pub(crate) fn http_context(&self) -> Result<HttpContext, ErrorInfo> {
        let mut context = HttpContext::new();
        context.dial = self.plugins.dial().cloned();
        context.tls = self.plugins.tls().cloned();
        let routes = self.routes()?;
        // An application that dials by itself knows its way.
        if context.dial.is_none() || self.proxy.url.is_some() {
            context.routes = routes;
        }
        context.agent = self.rest_agent_options;
        Ok(context)
    }

    /// The wire format: MessagePack when wanted and installed. Spec: TO3f.
    pub(crate) fn format(&self) -> Format {
        let installed = self
            .plugins
            .codecs()
            .iter()
            .any(|c| c.format() == Format::MsgPack);
        if self.use_binary_protocol && installed {
            Format::MsgPack
        } else {
            Format::Json
        }
    }

    /// The agent string. Spec: RSC7d.
    pub(crate) fn agent_string(&self) -> String {
        let mut s = format!("ably-rust/{} rust", env!("CARGO_PKG_VERSION"));
        for (name, version) in &self.agents {
            s.push(' ');
            s.push_str(name);
            if !version.is_empty() {
                s.push('/');
                s.push_str(version);
            }
        }
        s
    }
}

fn no_method() -> ErrorInfo {
    ErrorInfo::new(
        ErrorCode::NO_AUTH_METHOD,
        401,
        "no way to authenticate: give the client a key, a token, an authCallback or an authUrl",
    )
}

/// What is sent there does not leave this machine.
fn is_this_machine(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare.eq_ignore_ascii_case("localhost")
        || bare
            .parse()
            .is_ok_and(|address: std::net::IpAddr| address.is_loopback())
}

impl From<&str> for ClientOptions {
    fn from(key_or_token: &str) -> Self {
        if key_or_token.contains(':') {
            Self::with_key(key_or_token)
        } else {
            Self::with_token(key_or_token)
        }
    }
}

impl From<String> for ClientOptions {
    fn from(key_or_token: String) -> Self {
        Self::from(key_or_token.as_str())
    }
}

impl std::fmt::Debug for ClientOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientOptions")
            .field("client_id", &self.client_id)
            .field("endpoint", &self.endpoint)
            .field("tls", &self.tls)
            .field("plugins", &self.plugins)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use ably_engine::{BoxFuture, TransportError};

    use super::*;
    use crate::ext::{ByteStream, Forwarding, Journey, NoDial, ProxyProvider};

    /// Leads everywhere, whatever the options say.
    struct Everywhere;

    impl ProxyProvider for Everywhere {
        fn routes(&self, _: &ProxyOptions) -> Result<Option<Arc<dyn Routes>>, ErrorInfo> {
            Ok(Some(Arc::new(Everywhere)))
        }
    }

    impl Routes for Everywhere {
        fn forwarding(&self, _: &str) -> Option<Forwarding> {
            None
        }

        fn open(&self, to: Journey) -> BoxFuture<Result<Box<dyn ByteStream>, TransportError>> {
            to.dial.dial(to.host, to.port)
        }
    }

    #[test]
    fn a_dialler_of_the_applications_passes_over_the_environments_proxies() {
        let mut options = ClientOptions::with_key("appId.keyId:secret");
        options.plugins.set_proxy(Arc::new(Everywhere));
        let has = |options: &ClientOptions| {
            let context = options.http_context().unwrap();
            (context.dial.is_some(), context.routes.is_some())
        };
        assert_eq!(has(&options), (false, true));
        let options = options.dial(NoDial);
        assert_eq!(has(&options), (true, false));
        // But not over the one that the options name.
        assert_eq!(has(&options.proxy("http://proxy.test")), (true, true));
    }
}
