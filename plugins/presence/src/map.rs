//! [`PresenceMap`]: the members of a channel, and what a sync makes of them.
//!
//! During a sync the members that were there before are *residual* until they are seen; those not
//! seen have left. A member that leaves during a sync stays as an `absent` witness until its end,
//! so that an older `present` that comes later does not bring it back.
//!
//! A map holds so many members and witnesses and no more. Who is in it is kept up to date even then.
//!
//! Spec: RTP2, RTP18, RTP19.

use std::{cmp::Ordering, collections::BTreeSet, sync::Arc};

use ably_base::{PresenceAction, PresenceMessage};

use crate::newness::is_newer;

/// Most members kept of one channel. Ably's own limits are far below; ably-js has none.
pub(crate) const MAX_MEMBERS: usize = 250_000;

/// A member, known and ordered by clientId and connectionId; its message is the only copy of them.
/// Spec: TP3h.
#[derive(Clone, Debug)]
struct Member(Arc<PresenceMessage>);

impl Member {
    fn key(&self) -> (&str, &str) {
        let Self(m) = self;
        (
            m.client_id.as_deref().unwrap_or_default(),
            m.connection_id.as_deref().unwrap_or_default(),
        )
    }
}

impl PartialEq for Member {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Member {}

impl PartialOrd for Member {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Member {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

/// The members of a channel.
#[derive(Clone, Debug)]
pub struct PresenceMap {
    members: BTreeSet<Member>,
    residual: Option<BTreeSet<Member>>,
    most: usize,
}

impl Default for PresenceMap {
    fn default() -> Self {
        Self {
            members: BTreeSet::new(),
            residual: None,
            most: MAX_MEMBERS,
        }
    }
}

/// What a leave came to.
#[derive(Debug)]
pub(crate) enum Leave {
    /// The member is gone.
    Removed,
    /// The member is absent; it goes at the end of the sync.
    Absent,
    /// There was no such member, or what is known of it is newer.
    Ignored,
}

impl PresenceMap {
    /// Takes an enter, update or present; gives it back to be told, unless it is stale or of somebody
    /// new to a full map.
    ///
    /// Spec: RTP2d.
    pub fn put(&mut self, message: Arc<PresenceMessage>) -> Option<Arc<PresenceMessage>> {
        let key = Member(message.clone());
        // Seen, even when it is stale (RTP19).
        if let Some(residual) = &mut self.residual {
            residual.remove(&key);
        }
        if !self.admits(&key) {
            return None;
        }
        let kept = with_action(&message, PresenceAction::PRESENT);
        if let Some(existing) = self.members.replace(Member(kept)) {
            if !is_newer(&message, &existing.0) {
                self.members.replace(existing);
                return None;
            }
        }
        Some(message)
    }

    /// Takes a leave; gives it back to be told when the member is gone with it.
    ///
    /// Spec: RTP2h.
    pub fn remove(&mut self, message: Arc<PresenceMessage>) -> Option<Arc<PresenceMessage>> {
        match self.leave(&message) {
            Leave::Removed => Some(message),
            Leave::Absent | Leave::Ignored => None,
        }
    }

    pub(crate) fn leave(&mut self, message: &Arc<PresenceMessage>) -> Leave {
        let key = Member(message.clone());
        let existing = self.members.get(&key);
        if existing.is_some_and(|existing| !is_newer(message, &existing.0)) {
            return Leave::Ignored;
        }
        let was_there = existing.is_some_and(|Member(m)| m.action != PresenceAction::ABSENT);
        match self.residual {
            None => {
                self.members.remove(&key);
                if was_there {
                    Leave::Removed
                } else {
                    Leave::Ignored
                }
            }
            Some(_) => {
                if self.admits(&key) {
                    let witness = with_action(message, PresenceAction::ABSENT);
                    self.members.replace(Member(witness));
                }
                if was_there {
                    Leave::Absent
                } else {
                    Leave::Ignored
                }
            }
        }
    }

    /// The member `client_id` of connection `connection_id`, or its `absent` witness.
    pub fn get(&self, client_id: &str, connection_id: &str) -> Option<&Arc<PresenceMessage>> {
        let mut probe = PresenceMessage::default();
        probe.client_id = Some(client_id.into());
        probe.connection_id = Some(connection_id.into());
        let member = self.members.get(&Member(Arc::new(probe)))?;
        Some(&member.0)
    }

    /// The members, in the order of their client ids, then connection ids.
    pub fn values(&self) -> Vec<Arc<PresenceMessage>> {
        self.present().cloned().collect()
    }

    /// The members.
    pub(crate) fn present(&self) -> impl Iterator<Item = &Arc<PresenceMessage>> {
        let members = self.members.iter().map(|Member(m)| m);
        members.filter(|m| m.action != PresenceAction::ABSENT)
    }

    /// True when the sender is in the map, or there is room for one more.
    pub(crate) fn has_room_for(&self, message: &Arc<PresenceMessage>) -> bool {
        self.admits(&Member(message.clone()))
    }

    fn admits(&self, key: &Member) -> bool {
        self.members.len() < self.most || self.members.contains(key)
    }

    /// Forgets everybody, and a sync.
    pub fn clear(&mut self) {
        self.members.clear();
        self.residual = None;
    }

    /// Begins a sync; one under way is given up. Spec: RTP18a.
    pub fn start_sync(&mut self) {
        let here = |Member(m): &&Member| m.action != PresenceAction::ABSENT;
        self.residual = Some(self.members.iter().filter(here).cloned().collect());
    }

    /// Ends a sync: removes whoever was not seen and gives back their leaves.
    ///
    /// Spec: RTP2h2b, RTP19.
    pub fn end_sync(&mut self, now_ms: i64) -> Vec<Arc<PresenceMessage>> {
        let Some(residual) = self.residual.take() else {
            return Vec::new();
        };
        self.members
            .retain(|Member(m)| m.action != PresenceAction::ABSENT);
        let gone = residual.iter().filter_map(|key| self.members.take(key));
        gone.map(|Member(m)| synthesized_leave(&m, now_ms))
            .collect()
    }

    /// Removes everybody and gives back their leaves. Spec: RTP19a.
    pub(crate) fn evict_all(&mut self, now_ms: i64) -> Vec<Arc<PresenceMessage>> {
        self.start_sync();
        self.end_sync(now_ms)
    }

    /// True between the beginning and the end of a sync.
    pub fn is_sync_in_progress(&self) -> bool {
        self.residual.is_some()
    }
}

/// The leave of a member of whom the server no longer knows. Spec: RTP19.
fn synthesized_leave(member: &PresenceMessage, now_ms: i64) -> Arc<PresenceMessage> {
    let mut leave = member.clone();
    leave.action = PresenceAction::LEAVE;
    leave.id = None;
    leave.timestamp = Some(now_ms);
    Arc::new(leave)
}

/// The message as it is kept.
pub(crate) fn with_action(
    message: &Arc<PresenceMessage>,
    action: PresenceAction,
) -> Arc<PresenceMessage> {
    if message.action == action {
        return message.clone();
    }
    let mut kept = PresenceMessage::clone(message);
    kept.action = action;
    Arc::new(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(action: PresenceAction, name: &'static str, serial: u32) -> Arc<PresenceMessage> {
        let mut m = PresenceMessage::default();
        m.action = action;
        m.client_id = Some(name.into());
        m.connection_id = Some(name.into());
        m.id = Some(format!("{name}:{serial}:0").into());
        Arc::new(m)
    }

    /// A map that is full with `a` and `b`.
    fn full() -> PresenceMap {
        let mut map = PresenceMap {
            most: 2,
            ..PresenceMap::default()
        };
        for name in ["a", "b"] {
            assert!(map.put(message(PresenceAction::ENTER, name, 1)).is_some());
        }
        map
    }

    #[test]
    fn a_full_map_takes_news_of_its_members_and_nobody_else() {
        let mut map = full();
        assert!(map.put(message(PresenceAction::ENTER, "c", 1)).is_none());
        let update = message(PresenceAction::UPDATE, "a", 2);
        assert!(map.has_room_for(&update));
        assert!(map.put(update).is_some());
        assert_eq!(map.get("a", "a").unwrap().id.as_deref(), Some("a:2:0"));
        assert!(map.remove(message(PresenceAction::LEAVE, "b", 2)).is_some());
        assert!(map.put(message(PresenceAction::ENTER, "c", 1)).is_some());
        assert_eq!(map.members.len(), 2);
    }

    #[test]
    fn witnesses_of_leaves_count_as_members() {
        let mut map = full();
        map.start_sync();
        for name in ["c", "d", "e"] {
            let leave = map.leave(&message(PresenceAction::LEAVE, name, 1));
            assert!(matches!(leave, Leave::Ignored), "{leave:?}");
        }
        assert_eq!(map.members.len(), 2);
        // One of a member takes its place.
        let leave = map.leave(&message(PresenceAction::LEAVE, "a", 2));
        assert!(matches!(leave, Leave::Absent), "{leave:?}");
        assert!(map.put(message(PresenceAction::PRESENT, "b", 1)).is_none());
        assert_eq!(map.members.len(), 2);
        assert!(map.end_sync(0).is_empty());
        assert_eq!(map.values().len(), 1);
    }
}
