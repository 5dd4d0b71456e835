//! [`Realtime`] and [`Rest`].

use std::ops::Deref;

use ably_base::{BaseRealtime, BaseRest, ClientOptions, ErrorInfo, HasRest, RestCore};

use crate::default_plugins;

/// A realtime client with the plugins of the enabled features.
///
/// Everything else is [`BaseRealtime`]'s, which this dereferences to. Cheap to clone; when the last
/// handle is dropped, it closes politely in the background.
///
/// ```no_run
/// use ably::{Realtime, prelude::*};
///
/// # async fn f() -> Result<(), ably::ErrorInfo> {
/// let client = Realtime::new("appId.keyId:secret")?;
/// let channel = client.channels().get("news");
/// let mut messages = channel.subscribe("greeting");
/// channel.publish("greeting", "hello").await?;
/// if let Some(Ok(message)) = messages.next().await {
///     println!("{:?}", message.data);
/// }
/// # Ok(())
/// # }
/// ```
///
/// Spec: RTC1.
#[derive(Clone, Debug)]
pub struct Realtime(BaseRealtime);

impl Realtime {
    /// Makes a client, which begins to connect unless `auto_connect` is off.
    ///
    /// Installs what `options` hold, then what linked crates have registered, then what the
    /// enabled features bring; the first to fill a slot keeps it.
    ///
    /// # Errors
    /// - `40019` a plugin that is needed is missing; the message names the feature that brings it.
    /// - `40000` outside a runtime, or in one built without timers (`enable_all()` has them and the
    ///   sockets that it needs too); two plugins claim the same.
    /// - `80017` the runtime handed over was shut down.
    /// - `40106` no way to authenticate, or options that contradict each other.
    /// - `40400` the key is malformed. `40012` the clientId is `*`.
    /// - `40103` a key, no TLS, and another machine: see `allow_basic_auth_without_tls`.
    ///
    /// Spec: RTC1, RTC12, RSC1.
    pub fn new(options: impl Into<ClientOptions>) -> Result<Self, ErrorInfo> {
        BaseRealtime::new(with_plugins(options.into())?).map(Self)
    }
}

impl Deref for Realtime {
    type Target = BaseRealtime;

    fn deref(&self) -> &BaseRealtime {
        &self.0
    }
}

impl From<Realtime> for BaseRealtime {
    fn from(client: Realtime) -> Self {
        client.0
    }
}

impl HasRest for Realtime {
    fn rest_core(&self) -> Result<RestCore, ErrorInfo> {
        self.0.rest_core()
    }
}

/// A client without a connection, with the plugins of the enabled features.
///
/// Everything else is [`BaseRest`]'s, which this dereferences to, and that of the extension traits
/// in [`crate::prelude`]. Cheap to clone.
///
/// Spec: RSC1.
#[derive(Clone, Debug)]
pub struct Rest(BaseRest);

impl Rest {
    /// Makes a client. Sends nothing.
    ///
    /// Installs plugins as [`Realtime::new`] does.
    ///
    /// # Errors
    /// - `40019` a plugin that is needed is missing; the message names the feature that brings it.
    /// - `40000` outside a runtime, or in one built without timers (`enable_all()` has them and the
    ///   sockets that it needs too).
    /// - `80017` the runtime handed over was shut down.
    /// - `40106` no way to authenticate, or options that contradict each other.
    /// - `40400` the key is malformed. `40012` the clientId is `*`.
    /// - `40103` a key, no TLS, and another machine: see `allow_basic_auth_without_tls`.
    ///
    /// Spec: RSC1.
    pub fn new(options: impl Into<ClientOptions>) -> Result<Self, ErrorInfo> {
        BaseRest::new(with_plugins(options.into())?).map(Self)
    }
}

impl Deref for Rest {
    type Target = BaseRest;

    fn deref(&self) -> &BaseRest {
        &self.0
    }
}

impl From<Rest> for BaseRest {
    fn from(client: Rest) -> Self {
        client.0
    }
}

impl HasRest for Rest {
    fn rest_core(&self) -> Result<RestCore, ErrorInfo> {
        self.0.rest_core()
    }
}

/// Adds to explicit plugins the registered ones, then those of the features.
fn with_plugins(mut options: ClientOptions) -> Result<ClientOptions, ErrorInfo> {
    let plugins = options.plugins_mut();
    plugins.install_registered()?;
    plugins.install(&default_plugins())?;
    Ok(options)
}
