//! `realtime/unit/presence/presence_sync.md`

use super::common::*;

/// The time at which a sync ends.
const NOW: i64 = 9_000;

/// `alice` of `c1` and `bob` of `c2`.
fn two() -> PresenceMap {
    let mut map = PresenceMap::default();
    map.put(message(ENTER, "alice", "c1", "c1:0:0", 100));
    map.put(message(ENTER, "bob", "c2", "c2:0:0", 100));
    assert_eq!(map.values().len(), 2);
    map
}

fn names(map: &PresenceMap) -> Vec<String> {
    let members = map.values();
    client_ids(&members).into_iter().map(String::from).collect()
}

// UTS: realtime/unit/RTP18a/startsync-sets-flag-0
#[test]
fn rtp18a_a_sync_is_in_progress_once_begun() {
    let mut map = PresenceMap::default();
    assert!(!map.is_sync_in_progress());
    map.start_sync();
    assert!(map.is_sync_in_progress());
}

// UTS: realtime/unit/RTP18b/endsync-clears-flag-0
#[test]
fn rtp18b_a_sync_is_not_in_progress_once_ended() {
    let mut map = PresenceMap::default();
    map.start_sync();
    assert!(map.is_sync_in_progress());
    map.end_sync(NOW);
    assert!(!map.is_sync_in_progress());
}

// UTS: realtime/unit/RTP19/stale-members-leave-after-sync-0
#[test]
fn rtp19_members_not_seen_leave_after_the_sync() {
    let mut map = two();
    map.start_sync();
    map.put(message(PRESENT, "alice", "c1", "c1:1:0", 200));
    let leaves = map.end_sync(NOW);
    assert_eq!(client_ids(&leaves), ["bob"]);
    assert_eq!(leaves[0].action, LEAVE);
    assert_eq!(names(&map), ["alice"]);
    assert_eq!(map.get("bob", "c2"), None);
}

// UTS: realtime/unit/RTP19/synth-leave-null-id-timestamp-1
#[test]
fn rtp19_a_leave_made_up_has_no_id_and_the_present_time() {
    let mut map = PresenceMap::default();
    map.put(with_data(ENTER, "bob", "c2", "c2:0:0", 100, "bob-data"));
    map.start_sync();
    let leaves = map.end_sync(NOW);
    assert_eq!(leaves.len(), 1);
    let leave = &leaves[0];
    assert_eq!(leave.action, LEAVE);
    assert_eq!(leave.client_id.as_deref(), Some("bob"));
    assert_eq!(leave.connection_id.as_deref(), Some("c2"));
    assert_eq!(leave.data, "bob-data");
    assert_eq!(leave.id, None);
    assert_eq!(leave.timestamp, Some(NOW));
}

// UTS: realtime/unit/RTP19/updated-members-survive-sync-2
#[test]
fn rtp19_members_seen_stay() {
    let mut map = two();
    map.put(message(ENTER, "carol", "c3", "c3:0:0", 100));
    map.start_sync();
    map.put(message(PRESENT, "alice", "c1", "c1:1:0", 200));
    map.put(with_data(UPDATE, "bob", "c2", "c2:1:0", 200, "new-data"));
    let leaves = map.end_sync(NOW);
    assert_eq!(client_ids(&leaves), ["carol"]);
    assert_eq!(names(&map), ["alice", "bob"]);
    assert_eq!(map.get("bob", "c2").unwrap().data, "new-data");
}

// UTS: realtime/unit/RTP18a/new-sync-discards-previous-1
#[test]
fn rtp18a_a_new_sync_takes_the_place_of_one_under_way() {
    let mut map = two();
    map.start_sync();
    map.put(message(PRESENT, "alice", "c1", "c1:1:0", 200));
    map.start_sync();
    map.put(message(PRESENT, "alice", "c1", "c1:2:0", 300));
    map.put(message(PRESENT, "bob", "c2", "c2:1:0", 300));
    assert_eq!(map.end_sync(NOW), []);
    assert_eq!(names(&map), ["alice", "bob"]);
}

// UTS: realtime/unit/RTP18c/single-message-sync-0
#[test]
fn rtp18c_a_sync_in_one_message() {
    let mut map = two();
    map.start_sync();
    map.put(message(PRESENT, "alice", "c1", "c1:1:0", 200));
    let leaves = map.end_sync(NOW);
    assert_eq!(client_ids(&leaves), ["bob"]);
    assert_eq!(leaves[0].action, LEAVE);
    assert_eq!(names(&map), ["alice"]);
    assert!(!map.is_sync_in_progress());
}

// UTS: realtime/unit/RTP19a/no-has-presence-clears-members-0
#[test]
fn rtp19a_a_sync_without_members_leaves_nobody() {
    let mut map = PresenceMap::default();
    map.put(with_data(ENTER, "alice", "c1", "c1:0:0", 100, "a"));
    map.put(with_data(ENTER, "bob", "c2", "c2:0:0", 100, "b"));
    map.put(with_data(ENTER, "carol", "c3", "c3:0:0", 100, "c"));
    map.start_sync();
    let leaves = map.end_sync(NOW);
    assert_eq!(leaves.len(), 3);
    for (name, data) in [("alice", "a"), ("bob", "b"), ("carol", "c")] {
        let leave = leaves.iter().find(|l| l.client_id.as_deref() == Some(name));
        let leave = leave.unwrap();
        assert_eq!(leave.action, LEAVE);
        assert_eq!(leave.data, data);
        assert_eq!(leave.id, None);
    }
    assert_eq!(map.values().len(), 0);
}

// UTS: realtime/unit/RTP2h2a/leave-during-sync-absent-cleanup-0
// DEVIATION: 2.12.0 makes up a second leave at the end of the sync.
#[test]
fn rtp2h2a_who_left_during_the_sync_goes_without_another_leave() {
    let mut map = two();
    map.start_sync();
    map.put(message(PRESENT, "alice", "c1", "c1:1:0", 200));
    let left = map.remove(message(LEAVE, "bob", "c2", "c2:1:0", 200));
    assert_eq!(left, None);
    assert_eq!(map.get("bob", "c2").unwrap().action, ABSENT);
    assert_eq!(map.end_sync(NOW), []);
    assert_eq!(map.get("bob", "c2"), None);
    assert_eq!(names(&map), ["alice"]);
}

// UTS: realtime/unit/RTP19/empty-map-sync-no-leaves-3
#[test]
fn rtp19_where_nobody_was_nobody_leaves() {
    let mut map = PresenceMap::default();
    map.start_sync();
    map.put(message(PRESENT, "alice", "c1", "c1:0:0", 100));
    assert_eq!(map.end_sync(NOW), []);
    assert_eq!(names(&map), ["alice"]);
}

// UTS: realtime/unit/RTP18/endsync-without-startsync-noop-0
#[test]
fn rtp18_ending_what_was_not_begun_changes_nothing() {
    let mut map = PresenceMap::default();
    map.put(message(ENTER, "alice", "c1", "c1:0:0", 100));
    assert_eq!(map.end_sync(NOW), []);
    assert_eq!(names(&map), ["alice"]);
    assert!(!map.is_sync_in_progress());
}

// UTS: realtime/unit/RTP19/stale-sync-removes-from-residuals-4
#[test]
fn rtp19_a_stale_message_of_the_sync_shows_that_the_member_is_there() {
    let mut map = PresenceMap::default();
    map.put(with_data(ENTER, "alice", "c1", "c1:5:0", 500, "original"));
    map.start_sync();
    let put = map.put(with_data(PRESENT, "alice", "c1", "c1:3:0", 300, "stale"));
    let leaves = map.end_sync(NOW);
    assert_eq!(put, None);
    assert_eq!(leaves, []);
    assert_eq!(names(&map), ["alice"]);
    assert_eq!(map.get("alice", "c1").unwrap().data, "original");
}

// UTS: realtime/unit/RTP19/presence-echoes-then-sync-preserves-5
#[test]
fn rtp19_a_sync_of_what_was_told_already_changes_nothing() {
    let mut map = PresenceMap::default();
    let user = |action, i: usize| {
        let (name, id, data) = (
            format!("user-{i}"),
            format!("c1:{i}:0"),
            format!("data-{i}"),
        );
        with_data(action, &name, "c1", &id, 100, data)
    };
    for i in 0..3 {
        map.put(user(ENTER, i));
    }
    assert_eq!(map.values().len(), 3);
    map.start_sync();
    for i in 0..3 {
        map.put(user(PRESENT, i));
    }
    assert_eq!(map.end_sync(NOW), []);
    assert_eq!(map.values().len(), 3);
    for i in 0..3 {
        let member = map.get(&format!("user-{i}"), "c1").unwrap();
        assert_eq!(member.data, format!("data-{i}").as_str());
    }
}

// UTS: realtime/unit/RTP19/new-member-during-sync-survives-6
#[test]
fn rtp19_who_enters_during_the_sync_stays() {
    let mut map = PresenceMap::default();
    map.put(message(ENTER, "alice", "c1", "c1:0:0", 100));
    map.start_sync();
    map.put(message(PRESENT, "alice", "c1", "c1:1:0", 200));
    map.put(message(ENTER, "bob", "c2", "c2:0:0", 200));
    assert_eq!(map.end_sync(NOW), []);
    assert_eq!(names(&map), ["alice", "bob"]);
}
