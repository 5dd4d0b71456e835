//! [`LocalPresenceMap`]: the members that this connection has entered, as the server confirmed
//! them, to be entered again when the channel is attached anew.
//!
//! Spec: RTP17, RTP17b, RTP17h.

use std::{collections::BTreeMap, sync::Arc};

use ably_base::{PresenceAction, PresenceMessage, Str};

use crate::{
    map::with_action,
    newness::{is_newer, is_synthesized},
};

/// The own members, by client id.
#[derive(Clone, Debug, Default)]
pub struct LocalPresenceMap {
    members: BTreeMap<Str, Arc<PresenceMessage>>,
}

impl LocalPresenceMap {
    /// Takes an enter, update or present of this connection.
    pub fn put(&mut self, message: &Arc<PresenceMessage>) {
        let key = message.client_id.clone().unwrap_or_default();
        if !self.outdates(&key, message) {
            self.members
                .insert(key, with_action(message, PresenceAction::PRESENT));
        }
    }

    /// Takes a leave of this connection; true when a member is gone with it. A leave that the
    /// server made up for a lost connection changes nothing.
    pub fn remove(&mut self, message: &PresenceMessage) -> bool {
        let key = message.client_id.clone().unwrap_or_default();
        !is_synthesized(message)
            && !self.outdates(&key, message)
            && self.members.remove(&key).is_some()
    }

    /// True when what is known is newer. Serials of different connections do not compare; the
    /// present connection's are given here, so they win.
    fn outdates(&self, key: &Str, message: &PresenceMessage) -> bool {
        self.members.get(key).is_some_and(|existing| {
            existing.connection_id == message.connection_id && !is_newer(message, existing)
        })
    }

    /// The member called `client_id`.
    pub fn get(&self, client_id: &str) -> Option<&Arc<PresenceMessage>> {
        self.members.get(client_id)
    }

    /// The members, in the order of their client ids.
    pub fn values(&self) -> Vec<Arc<PresenceMessage>> {
        self.members.values().cloned().collect()
    }

    /// Forgets everybody.
    pub fn clear(&mut self) {
        self.members.clear();
    }
}
