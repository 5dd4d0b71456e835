//! [`RealtimePresence`], the plugin.

use std::sync::Arc;

use ably_base::{
    BehaviourFactory, ChannelBehaviour, ErrorInfo, Plugin, Plugins, Str, protocol::Action,
};

use crate::machine::Machine;

/// ably-js's name of the plugin.
pub(crate) const ID: &str = "RealtimePresence";

/// The plugin: gives every channel of a client its presence. Without it all of
/// [`crate::Presence`] fails with `40019`.
#[derive(Clone, Copy, Debug, Default)]
pub struct RealtimePresence;

impl Plugin for RealtimePresence {
    fn id(&self) -> &'static str {
        ID
    }

    fn install(&self, into: &mut Plugins) -> Result<(), ErrorInfo> {
        into.add_behaviour(Arc::new(Self));
        Ok(())
    }
}

impl BehaviourFactory for RealtimePresence {
    fn id(&self) -> &'static str {
        ID
    }

    fn actions(&self) -> &'static [Action] {
        &[Action::PRESENCE, Action::SYNC]
    }

    fn create(&self, _: &Str) -> Box<dyn ChannelBehaviour> {
        Box::new(Machine::default())
    }
}

/// `40019`: the client has no presence.
pub(crate) fn missing() -> ErrorInfo {
    ErrorInfo::missing_plugin(ID, "presence")
}
