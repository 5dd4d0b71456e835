//! [`Plugins`]: the slots of a client, and the two doors by which plugins come in.

use std::{fmt, sync::Arc};

use ably_engine::{
    BehaviourFactory, PayloadEncoding,
    protocol::{Codec, ErrorCode, ErrorInfo},
};

use crate::{
    auth::{ObtainFn, obtain},
    options::{ChooseFn, choose},
};

use super::{
    Dial, HttpClient, ProxyProvider, PushPlatform, Runtime, TlsProvider, TokenSigner, Transport,
};

/// Something that can be installed into a client: `options.plugin(…)`.
pub trait Plugin {
    /// ably-js's name of the plugin where it has one.
    fn id(&self) -> &'static str;

    /// Puts the plugin into its slots.
    ///
    /// # Errors
    /// - `40000` a slot that only one can have is taken by another plugin.
    fn install(&self, into: &mut Plugins) -> Result<(), ErrorInfo>;
}

/// A plugin that is linked in, submitted with [`crate::register_plugin!`]. Only the facade's
/// clients look at these; explicit plugins come before them.
pub struct Registered {
    /// ably-js's name of the plugin where it has one.
    pub id: &'static str,
    /// Lower is installed first.
    pub priority: i32,
    /// Puts the plugin into its slots.
    pub install: fn(&mut Plugins) -> Result<(), ErrorInfo>,
}

inventory::collect!(Registered);

/// Submits a plugin to the registry: `register_plugin!("Crypto", 0, |p| MyPlugin.install(p));`.
#[macro_export]
macro_rules! register_plugin {
    ($id:expr, $priority:expr, $install:expr) => {
        $crate::inventory::submit! {
            $crate::Registered { id: $id, priority: $priority, install: $install }
        }
    };
}

/// The plugins of one client, by slot.
#[derive(Clone, Default)]
pub struct Plugins {
    installed: Vec<&'static str>,
    transports: Vec<Arc<dyn Transport>>,
    /// Comes with a base transport: a client without one does not carry the code.
    choose: Option<ChooseFn>,
    codecs: Vec<Arc<dyn Codec>>,
    encodings: Vec<Arc<dyn PayloadEncoding>>,
    behaviours: Vec<Arc<dyn BehaviourFactory>>,
    http: Option<Arc<dyn HttpClient>>,
    runtime: Option<Arc<dyn Runtime>>,
    dial: Option<Arc<dyn Dial>>,
    proxy: Option<Arc<dyn ProxyProvider>>,
    tls_providers: Vec<Arc<dyn TlsProvider>>,
    tls_backend: Option<String>,
    signer: Option<Arc<dyn TokenSigner>>,
    /// Comes with the signer: a client without it does not carry the code.
    obtain: Option<ObtainFn>,
    push: Option<Arc<dyn PushPlatform>>,
}

macro_rules! slot {
    ($(#[$doc:meta])* $name:ident, $set:ident, $t:ty) => {
        $(#[$doc])*
        pub fn $name(&self) -> Option<&Arc<$t>> {
            self.$name.as_ref()
        }

        /// Fills the slot unless an earlier plugin has: explicit comes before registered.
        pub fn $set(&mut self, value: Arc<$t>) {
            self.$name.get_or_insert(value);
        }
    };
}

macro_rules! list {
    ($(#[$doc:meta])* $name:ident, $add:ident, $t:ty, $id:expr) => {
        $(#[$doc])*
        pub fn $name(&self) -> &[Arc<$t>] {
            &self.$name
        }

        /// Adds one unless an earlier plugin of the same id is there.
        pub fn $add(&mut self, value: Arc<$t>) {
            let id = $id;
            if !self.$name.iter().any(|v| id(v) == id(&value)) {
                self.$name.push(value);
            }
        }
    };
}

impl Plugins {
    /// No plugins.
    pub fn none() -> Self {
        Self::default()
    }

    /// Installs `plugin`, unless one of the same id is installed already.
    ///
    /// # Errors
    /// What the plugin says.
    pub fn install(&mut self, plugin: &dyn Plugin) -> Result<(), ErrorInfo> {
        if self.has(plugin.id()) {
            return Ok(());
        }
        self.installed.push(plugin.id());
        plugin.install(self)
    }

    /// Installs what is linked in and registered, in order of priority, then id.
    ///
    /// # Errors
    /// What a plugin says.
    pub fn install_registered(&mut self) -> Result<(), ErrorInfo> {
        let mut all: Vec<&Registered> = inventory::iter::<Registered>.into_iter().collect();
        all.sort_by_key(|r| (r.priority, r.id));
        for r in all {
            if !self.has(r.id) {
                self.installed.push(r.id);
                (r.install)(self)?;
            }
        }
        Ok(())
    }

    /// True when a plugin of this id is installed.
    pub fn has(&self, id: &str) -> bool {
        self.installed.contains(&id)
    }

    /// The ids of the installed plugins, in order.
    pub fn ids(&self) -> &[&'static str] {
        &self.installed
    }

    list!(
        /// Transports, the preferred one first.
        transports, add_transport, dyn Transport, |t: &Arc<dyn Transport>| t.id()
    );
    list!(
        /// Wire formats beside JSON.
        codecs, add_codec, dyn Codec, |c: &Arc<dyn Codec>| c.format()
    );
    list!(
        /// Payload encodings.
        encodings, add_encoding, dyn PayloadEncoding, |e: &Arc<dyn PayloadEncoding>| e.id()
    );
    list!(
        /// Behaviours of channels.
        behaviours, add_behaviour, dyn BehaviourFactory, |b: &Arc<dyn BehaviourFactory>| b.id()
    );
    list!(
        /// What wraps streams in TLS, the preferred one first.
        tls_providers, add_tls, dyn TlsProvider, |t: &Arc<dyn TlsProvider>| t.id()
    );
    slot!(
        /// The HTTP client.
        http, set_http, dyn HttpClient
    );
    slot!(
        /// The runtime.
        runtime, set_runtime, dyn Runtime
    );
    slot!(
        /// The dialler that transports and HTTP clients use instead of their own.
        dial, set_dial, dyn Dial
    );
    slot!(
        /// What knows proxies.
        proxy, set_proxy, dyn ProxyProvider
    );
    slot!(
        /// The device's side of push notifications.
        push, set_push, dyn PushPlatform
    );

    /// The transport of this name.
    pub fn transport(&self, id: &str) -> Option<&Arc<dyn Transport>> {
        self.transports.iter().find(|t| t.id() == id)
    }

    /// Adds a transport that works where the preferred one does not: ably-js's "base transport".
    /// It is tried when WebSockets do not get through. Not added when an earlier plugin has added
    /// one of the same id.
    pub fn add_base_transport(&mut self, value: Arc<dyn Transport>) {
        self.add_transport(value);
        self.choose = Some(choose);
    }

    pub(crate) fn choose(&self) -> Option<ChooseFn> {
        self.choose
    }

    /// What signs token requests.
    pub fn signer(&self) -> Option<&Arc<dyn TokenSigner>> {
        self.signer.as_ref()
    }

    /// Fills the slot unless an earlier plugin has. With it come authUrl and the exchange of token
    /// requests.
    pub fn set_signer(&mut self, value: Arc<dyn TokenSigner>) {
        self.signer.get_or_insert(value);
        self.obtain = Some(obtain);
    }

    pub(crate) fn obtain(&self) -> Option<ObtainFn> {
        self.obtain
    }

    /// What wraps streams in TLS: the one of the chosen id, else the preferred one.
    pub fn tls(&self) -> Option<&Arc<dyn TlsProvider>> {
        let chosen = self.tls_backend.as_deref();
        let mut all = self.tls_providers.iter();
        all.find(|tls| chosen.is_none_or(|id| tls.id() == id))
    }

    /// Chooses a TLS provider by its id.
    pub fn set_tls_backend(&mut self, id: impl Into<String>) {
        self.tls_backend = Some(id.into());
    }

    /// What wraps streams in TLS, or the error that says how to get it.
    ///
    /// # Errors
    /// - `40019` there is none, or not the chosen one.
    pub fn require_tls(&self) -> Result<&Arc<dyn TlsProvider>, ErrorInfo> {
        let features = self.tls_backend.as_deref();
        let features = features.unwrap_or("rustls` or `native-tls");
        self.tls()
            .ok_or_else(|| ErrorInfo::missing_plugin("TLS", features))
    }

    /// The runtime, or the error that says how to get one.
    ///
    /// # Errors
    /// - `40019` there is none.
    /// - what the runtime says when it cannot work here.
    pub fn require_runtime(&self) -> Result<Arc<dyn Runtime>, ErrorInfo> {
        let runtime = self
            .runtime
            .clone()
            .ok_or_else(|| ErrorInfo::missing_plugin("Runtime", "tokio"))?;
        runtime.check()?;
        Ok(runtime)
    }

    /// The HTTP client, or the error that says how to get one.
    ///
    /// # Errors
    /// - `40019` there is none.
    pub fn require_http(&self) -> Result<Arc<dyn HttpClient>, ErrorInfo> {
        self.http
            .clone()
            .ok_or_else(|| ErrorInfo::missing_plugin("FetchRequest", "http"))
    }

    /// `40000` for a plugin that finds its slot taken.
    pub fn conflict(slot: &str, plugin: &str) -> ErrorInfo {
        ErrorInfo::new(
            ErrorCode::BAD_REQUEST,
            400,
            format!("the plugin {plugin} cannot be installed: the slot {slot} is taken"),
        )
    }
}

impl fmt::Debug for Plugins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Plugins").field(&self.installed).finish()
    }
}
