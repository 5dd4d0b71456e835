//! [`RestChannels`] and [`RestChannel`].
//!
//! Spec: RSN, RSL.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use ably_engine::{
    ChannelOptions,
    protocol::{ErrorInfo, Str},
};

use super::RestCore;

/// The channels of a REST client.
///
/// Spec: RSN.
#[derive(Clone)]
pub struct RestChannels {
    core: RestCore,
    all: Arc<Mutex<BTreeMap<Str, RestChannel>>>,
}

impl RestChannels {
    pub(super) fn new(core: RestCore) -> Self {
        Self {
            core,
            all: Arc::default(),
        }
    }

    /// The channel called `name`, made when it does not exist yet. Spec: RSN3a.
    pub fn get(&self, name: &str) -> RestChannel {
        let mut all = self.lock();
        if let Some(channel) = all.get(name) {
            return channel.clone();
        }
        let channel = RestChannel {
            core: self.core.clone(),
            name: Str::new(name),
            options: Arc::default(),
        };
        all.insert(channel.name.clone(), channel.clone());
        channel
    }

    /// The channel called `name` with these options, which replace those it had.
    ///
    /// # Errors
    /// - `40019` an option is meant for a plugin that is not installed.
    /// - what a plugin says about its options.
    ///
    /// Spec: RSN3b, RSN3c.
    pub fn get_with(&self, name: &str, options: ChannelOptions) -> Result<RestChannel, ErrorInfo> {
        drop(self.core.open_chain(&options)?);
        let channel = self.get(name);
        channel.set_options(options)?;
        Ok(channel)
    }

    /// True when a channel called `name` exists. Spec: RSN2.
    pub fn exists(&self, name: &str) -> bool {
        self.lock().contains_key(name)
    }

    /// All channels, in the order of their names. Spec: RSN2.
    pub fn all(&self) -> Vec<RestChannel> {
        self.lock().values().cloned().collect()
    }

    /// Forgets the channel called `name`. Spec: RSN4.
    pub fn release(&self, name: &str) {
        let gone = self.lock().remove(name);
        drop(gone);
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Str, RestChannel>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for RestChannels {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RestChannels")
    }
}

/// A channel of a REST client. What can be done with it is in plugins.
///
/// Spec: RSL.
#[derive(Clone)]
pub struct RestChannel {
    core: RestCore,
    name: Str,
    options: Arc<Mutex<ChannelOptions>>,
}

impl RestChannel {
    /// The name. Spec: RSL9.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The options.
    pub fn options(&self) -> ChannelOptions {
        self.lock().clone()
    }

    /// Replaces the options, for requests made from now on.
    ///
    /// # Errors
    /// - `40019` an option is meant for a plugin that is not installed.
    /// - what a plugin says about its options.
    ///
    /// Spec: RSL7.
    pub fn set_options(&self, options: ChannelOptions) -> Result<(), ErrorInfo> {
        drop(self.core.open_chain(&options)?);
        let old = std::mem::replace(&mut *self.lock(), options);
        drop(old);
        Ok(())
    }

    /// What sends requests, for extensions that compose them.
    pub fn core(&self) -> &RestCore {
        &self.core
    }

    fn lock(&self) -> MutexGuard<'_, ChannelOptions> {
        self.options.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Two handles are equal when they are of one channel of one client. A channel that was released
/// is not equal to the one that takes its name.
impl PartialEq for RestChannel {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.options, &other.options)
    }
}

impl Eq for RestChannel {}

impl std::fmt::Debug for RestChannel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("RestChannel").field(&self.name).finish()
    }
}
