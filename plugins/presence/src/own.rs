//! [`LocalPresenceMap`]: the members that this connection has entered, as the server confirmed
//! them, to be entered again when the channel is attached anew.
//!
//! Spec: RTP17, RTP17b, RTP17h.

use std::{collections::BTreeMap, sync::Arc};

use ably_base::{PresenceAction, PresenceMessage, Str};

use crate::{
    map::{MAX_MEMBERS, with_action},
    newness::{is_newer, is_synthesized},
};

/// The own members, by client id. As many as a channel may have, then no more new ones.
#[derive(Clone, Debug)]
pub struct LocalPresenceMap {
    members: BTreeMap<Str, Arc<PresenceMessage>>,
    most: usize,
}

impl Default for LocalPresenceMap {
    fn default() -> Self {
        Self {
            members: BTreeMap::new(),
            most: MAX_MEMBERS,
        }
    }
}

impl LocalPresenceMap {
    /// Takes an enter, update or present of this connection.
    pub fn put(&mut self, message: &Arc<PresenceMessage>) {
        let key = message.client_id.clone().unwrap_or_default();
        let admitted = self.members.len() < self.most || self.members.contains_key(&key);
        if admitted && !self.outdates(&key, message) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_map_takes_news_of_its_members_and_nobody_else() {
        let mut own = LocalPresenceMap {
            most: 1,
            ..LocalPresenceMap::default()
        };
        for (name, id) in [("a", "c:1:0"), ("b", "c:2:0"), ("a", "c:3:0")] {
            let mut m = PresenceMessage::default();
            m.client_id = Some(name.into());
            m.connection_id = Some("c".into());
            m.id = Some(id.into());
            own.put(&Arc::new(m));
        }
        let ids: Vec<_> = own.values().iter().map(|m| m.id.clone()).collect();
        assert_eq!(ids, [Some("c:3:0".into())]);
    }
}
