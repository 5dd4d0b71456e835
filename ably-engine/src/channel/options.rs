//! [`ChannelOptions`].

use alloc::{sync::Arc, vec::Vec};
use core::fmt;

use ably_protocol::{ChannelMode, Params, Str};

use crate::AnyArc;

/// Options of a channel. Options of plugins, such as a cipher, are added through extension traits
/// of those plugins.
///
/// Spec: TB1–TB4.
#[derive(Clone, Default)]
pub struct ChannelOptions {
    params: Params,
    modes: Option<Vec<ChannelMode>>,
    attach_on_subscribe: Option<bool>,
    plugins: Vec<PluginOption>,
}

impl ChannelOptions {
    /// Options with defaults: no parameters, the server's default modes, attach on subscribe.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a channel parameter such as `rewind` or `delta`. Spec: TB2c.
    #[must_use]
    pub fn param(mut self, name: impl Into<Str>, value: impl Into<Str>) -> Self {
        self.params.insert(name.into(), value.into());
        self
    }

    /// Sets all channel parameters.
    #[must_use]
    pub fn with_params(mut self, params: Params) -> Self {
        self.params = params;
        self
    }

    /// Asks for these modes instead of the default ones. Spec: TB2d.
    #[must_use]
    pub fn with_modes(mut self, modes: impl IntoIterator<Item = ChannelMode>) -> Self {
        self.modes = Some(modes.into_iter().collect());
        self
    }

    /// Whether subscribing attaches the channel (the default) or not. Spec: TB4.
    #[must_use]
    pub fn attach_on_subscribe(mut self, yes: bool) -> Self {
        self.attach_on_subscribe = Some(yes);
        self
    }

    /// Adds an option for a plugin, replacing one of the same plugin.
    #[must_use]
    pub fn plugin_option(mut self, option: PluginOption) -> Self {
        self.plugins.retain(|o| o.plugin != option.plugin);
        self.plugins.push(option);
        self
    }

    /// The parameters.
    pub fn params(&self) -> &Params {
        &self.params
    }

    /// The modes asked for.
    pub fn modes(&self) -> Option<&[ChannelMode]> {
        self.modes.as_deref()
    }

    /// Whether subscribing attaches.
    pub fn attaches_on_subscribe(&self) -> bool {
        self.attach_on_subscribe.unwrap_or(true)
    }

    /// The options for plugins.
    pub fn plugin_options(&self) -> &[PluginOption] {
        &self.plugins
    }

    /// The option of the plugin called `plugin`, if it is a `T`.
    pub fn plugin<T: Send + Sync + 'static>(&self, plugin: &str) -> Option<Arc<T>> {
        let option = self.plugins.iter().find(|o| o.plugin == plugin)?;
        option.value.clone().downcast().ok()
    }

    /// True when changing to `new` means attaching again: other parameters (but `agent`), or other
    /// modes. Spec: RTL16a, RTS3c1.
    pub fn needs_reattach(&self, new: &Self) -> bool {
        let visible = |p: &Params| {
            p.iter()
                .filter(|(k, _)| *k != "agent")
                .map(|(k, v)| (k.clone(), v.clone()))
                .collect::<Vec<_>>()
        };
        (!new.params.is_empty() && visible(&new.params) != visible(&self.params))
            || (new.modes.is_some() && new.modes != self.modes)
    }
}

impl fmt::Debug for ChannelOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChannelOptions")
            .field("params", &self.params)
            .field("modes", &self.modes)
            .field("attach_on_subscribe", &self.attaches_on_subscribe())
            .field("plugins", &self.plugins)
            .finish()
    }
}

/// A channel option that belongs to a plugin. Its value is not printed.
#[derive(Clone)]
pub struct PluginOption {
    plugin: &'static str,
    feature: &'static str,
    value: AnyArc,
}

impl PluginOption {
    /// An option for `plugin` (ably-js's name of it), which the Cargo feature `feature` brings.
    pub fn new<T: Send + Sync + 'static>(
        plugin: &'static str,
        feature: &'static str,
        value: T,
    ) -> Self {
        Self {
            plugin,
            feature,
            value: Arc::new(value),
        }
    }

    /// The plugin it is for.
    pub fn plugin(&self) -> &'static str {
        self.plugin
    }

    /// The Cargo feature that brings the plugin.
    pub fn feature(&self) -> &'static str {
        self.feature
    }
}

impl fmt::Debug for PluginOption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PluginOption({})", self.plugin)
    }
}
