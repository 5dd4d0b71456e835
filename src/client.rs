//! [`Realtime`].

use std::ops::Deref;

use ably_base::{BaseRealtime, ClientOptions, ErrorInfo};

use crate::default_plugins;

/// A realtime client with the plugins of the enabled features.
///
/// Everything else is [`BaseRealtime`]'s, which this dereferences to. Cheap to clone; when the last
/// handle is dropped, it closes politely in the background.
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
    /// - `40000` outside a runtime, or two plugins claim the same.
    /// - `40106` no way to authenticate, or options that contradict each other.
    /// - `40400` the key is malformed. `40012` the clientId is `*`.
    ///
    /// Spec: RTC1, RTC12, RSC1.
    pub fn new(options: impl Into<ClientOptions>) -> Result<Self, ErrorInfo> {
        let mut options: ClientOptions = options.into();
        let plugins = options.plugins_mut();
        plugins.install_registered()?;
        plugins.install(&default_plugins())?;
        BaseRealtime::new(options).map(Self)
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
