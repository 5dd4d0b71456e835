//! [`Channels`].

use std::sync::Arc;

use ably_engine::{
    ChannelOptions, Engine,
    protocol::{ErrorInfo, Params},
};

use super::{Channel, DeriveOptions};
use crate::shell::Handles;

/// The channels of a client, by name. Comes from
/// [`BaseRealtime::channels`](super::BaseRealtime::channels).
///
/// A channel is made when it is asked for, and kept until it is released or the client ends: asking
/// again gives the same one. Making it sends nothing.
///
/// Spec: RTS.
#[derive(Clone)]
pub struct Channels {
    pub(super) handles: Arc<Handles>,
}

impl Channels {
    /// The channel called `name`, made when it does not exist yet. Any name is taken; the server
    /// refuses an invalid one when the channel is attached. It stays until it is released.
    ///
    /// Spec: RTS3a.
    pub fn get(&self, name: &str) -> Channel {
        let id = self.handles.0.mutate(|l, _| l.engine.channel(name));
        Channel::new(self.handles.clone(), id, name)
    }

    /// The channel called `name` with these options.
    ///
    /// # Errors
    /// - `40000` the channel is attached or attaching and the options would attach it anew: use
    ///   [`Channel::set_options`].
    /// - `40019` an option is meant for a plugin that is not installed.
    ///
    /// Spec: RTS3b, RTS3c, RTS3c1.
    pub fn get_with(&self, name: &str, options: ChannelOptions) -> Result<Channel, ErrorInfo> {
        let id = self
            .handles
            .0
            .mutate(|l, _| l.engine.channel_with(name, options))?;
        Ok(Channel::new(self.handles.clone(), id, name))
    }

    /// The channel that `derive` makes of the one called `name`, whose name holds the filter, as
    /// `[filter=...]name`. Made when it does not exist yet.
    ///
    /// # Errors
    /// - `40010` the name is empty, or has a qualifier other than parameters (`[?rewind=1]name`).
    ///
    /// Spec: RTS5.
    pub fn get_derived(&self, name: &str, derive: &DeriveOptions) -> Result<Channel, ErrorInfo> {
        let name = derive.name(name, &Params::new())?;
        Ok(self.get(&name))
    }

    /// The same with these options, whose parameters are in its name too, unless `name` has some.
    ///
    /// # Errors
    /// - as [`Channels::get_derived`] and [`Channels::get_with`].
    ///
    /// Spec: RTS5a2.
    pub fn get_derived_with(
        &self,
        name: &str,
        derive: &DeriveOptions,
        options: ChannelOptions,
    ) -> Result<Channel, ErrorInfo> {
        let name = derive.name(name, options.params())?;
        self.get_with(&name, options)
    }

    /// True when a channel called `name` exists. Spec: RTS2.
    pub fn exists(&self, name: &str) -> bool {
        self.handles.0.read(|e| e.find_channel(name).is_some())
    }

    /// All channels, in the order of their names. Spec: RTS2.
    pub fn all(&self) -> Vec<Channel> {
        let ids = self.handles.0.read(|e: &Engine| {
            let ids = e.channel_ids().into_iter();
            ids.filter_map(|id| Some((id, e.channel_name(id)?)))
                .collect::<Vec<_>>()
        });
        ids.into_iter()
            .map(|(id, name)| Channel::new(self.handles.clone(), id, &name))
            .collect()
    }

    /// Removes the channel called `name`; its subscriptions end.
    ///
    /// # Errors
    /// - `90001` it could still get messages: detach it first.
    ///
    /// Spec: RTS4 as in 2.12.0.
    pub fn release(&self, name: &str) -> Result<(), ErrorInfo> {
        let Some(id) = self.handles.0.read(|e| e.find_channel(name)) else {
            return Ok(());
        };
        self.handles
            .0
            .mutate(|l, now| l.engine.release_channel(now, id))?;
        self.handles.0.forget_listeners(id);
        Ok(())
    }
}

impl std::fmt::Debug for Channels {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Channels")
    }
}
