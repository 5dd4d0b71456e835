//! `realtime/unit/presence/presence_map.md`

use super::common::*;

/// `client-1` of `conn-1`.
fn one(action: PresenceAction, id: &str, timestamp: i64) -> Arc<PresenceMessage> {
    message(action, "client-1", "conn-1", id, timestamp)
}

fn one_with(action: PresenceAction, id: &str, timestamp: i64, data: &str) -> Arc<PresenceMessage> {
    with_data(action, "client-1", "conn-1", id, timestamp, data)
}

fn stored(map: &PresenceMap) -> &PresenceMessage {
    map.get("client-1", "conn-1").unwrap()
}

// UTS: realtime/unit/RTP2/basic-put-and-get-0
#[test]
fn rtp2_put_and_get() {
    let mut map = PresenceMap::default();
    let put = map.put(one(ENTER, "conn-1:0:0", 1000)).unwrap();
    assert_eq!(put.client_id.as_deref(), Some("client-1"));
    assert_eq!(stored(&map).client_id.as_deref(), Some("client-1"));
    assert_eq!(stored(&map).connection_id.as_deref(), Some("conn-1"));
}

// UTS: realtime/unit/RTP2d2/enter-stored-as-present-0
#[test]
fn rtp2d2_enter_is_stored_as_present() {
    let mut map = PresenceMap::default();
    map.put(one_with(ENTER, "conn-1:0:0", 1000, "entered"));
    assert_eq!(stored(&map).action, PRESENT);
    assert_eq!(stored(&map).data, "entered");
}

// UTS: realtime/unit/RTP2d2/update-stored-as-present-1
#[test]
fn rtp2d2_update_is_stored_as_present() {
    let mut map = PresenceMap::default();
    map.put(one_with(ENTER, "conn-1:0:0", 1000, "initial"));
    map.put(one_with(UPDATE, "conn-1:1:0", 2000, "updated"));
    assert_eq!(stored(&map).action, PRESENT);
    assert_eq!(stored(&map).data, "updated");
}

// UTS: realtime/unit/RTP2d2/present-stored-as-present-2
#[test]
fn rtp2d2_present_is_stored_as_present() {
    let mut map = PresenceMap::default();
    map.put(one(PRESENT, "conn-1:0:0", 1000));
    assert_eq!(stored(&map).action, PRESENT);
}

// UTS: realtime/unit/RTP2d1/put-returns-original-action-0
#[test]
fn rtp2d1_put_gives_the_action_that_came() {
    let mut map = PresenceMap::default();
    let enter = map.put(one(ENTER, "conn-1:0:0", 1000)).unwrap();
    let update = map
        .put(one_with(UPDATE, "conn-1:1:0", 2000, "updated"))
        .unwrap();
    assert_eq!(enter.action, ENTER);
    assert_eq!(update.action, UPDATE);
}

// UTS: realtime/unit/RTP2h1/leave-outside-sync-removes-0
#[test]
fn rtp2h1_a_leave_outside_a_sync_removes() {
    let mut map = PresenceMap::default();
    map.put(one(ENTER, "conn-1:0:0", 1000));
    let told = map.remove(one(LEAVE, "conn-1:1:0", 2000)).unwrap();
    assert_eq!(told.action, LEAVE);
    assert_eq!(map.get("client-1", "conn-1"), None);
    assert_eq!(map.values().len(), 0);
}

// UTS: realtime/unit/RTP2h1/leave-nonexistent-returns-null-1
#[test]
fn rtp2h1_a_leave_of_nobody_is_nothing() {
    let mut map = PresenceMap::default();
    let told = map.remove(message(LEAVE, "unknown", "conn-x", "conn-x:0:0", 1000));
    assert_eq!(told, None);
}

// UTS: realtime/unit/RTP2h2a/leave-during-sync-stores-absent-0
#[test]
fn rtp2h2a_a_leave_during_a_sync_is_stored_as_absent() {
    let mut map = PresenceMap::default();
    map.put(one(ENTER, "conn-1:0:0", 1000));
    map.start_sync();
    assert_eq!(map.remove(one(LEAVE, "conn-1:1:0", 2000)), None);
    assert_eq!(stored(&map).action, ABSENT);
}

// UTS: realtime/unit/RTP2h2b/absent-deleted-on-endsync-0
#[test]
fn rtp2h2b_absent_members_go_at_the_end_of_the_sync() {
    let mut map = PresenceMap::default();
    map.put(message(ENTER, "alice", "c1", "c1:0:0", 100));
    map.put(message(ENTER, "bob", "c2", "c2:0:0", 100));
    map.start_sync();
    map.put(message(PRESENT, "alice", "c1", "c1:1:0", 200));
    map.remove(message(LEAVE, "bob", "c2", "c2:1:0", 200));
    map.end_sync(0);
    assert_eq!(map.get("bob", "c2"), None);
    assert_eq!(map.get("alice", "c1").unwrap().action, PRESENT);
    assert_eq!(map.values().len(), 1);
}

// UTS: realtime/unit/RTP2b2/newness-by-msgserial-index-0
#[test]
fn rtp2b2_the_larger_serial_is_newer() {
    let mut map = PresenceMap::default();
    map.put(one_with(ENTER, "conn-1:5:0", 1000, "first"));
    let stale = map.put(one_with(UPDATE, "conn-1:3:0", 2000, "stale"));
    assert_eq!(stale, None);
    assert_eq!(stored(&map).data, "first");
    let newer = map.put(one_with(UPDATE, "conn-1:7:0", 500, "newer"));
    assert_eq!(newer.unwrap().data, "newer");
    assert_eq!(stored(&map).data, "newer");
}

// UTS: realtime/unit/RTP2b2/newness-by-index-same-serial-1
#[test]
fn rtp2b2_of_equal_serials_the_larger_index_is_newer() {
    let mut map = PresenceMap::default();
    map.put(one_with(ENTER, "conn-1:5:2", 1000, "index-2"));
    let stale = map.put(one_with(UPDATE, "conn-1:5:1", 2000, "index-1"));
    let newer = map.put(one_with(UPDATE, "conn-1:5:5", 500, "index-5"));
    assert_eq!(stale, None);
    assert_eq!(newer.unwrap().data, "index-5");
    assert_eq!(stored(&map).data, "index-5");
}

// UTS: realtime/unit/RTP2b1/newness-by-timestamp-0
#[test]
fn rtp2b1_synthesized_leaves_compare_by_timestamp() {
    let mut map = PresenceMap::default();
    map.put(one_with(ENTER, "conn-1:0:0", 1000, "entered"));
    let told = map
        .remove(one(LEAVE, "synthesized-leave-id", 2000))
        .unwrap();
    assert_eq!(told.action, LEAVE);
    assert_eq!(map.get("client-1", "conn-1"), None);
}

// UTS: realtime/unit/RTP2b1/older-synth-leave-rejected-1
#[test]
fn rtp2b1_an_older_synthesized_leave_is_stale() {
    let mut map = PresenceMap::default();
    map.put(one_with(ENTER, "conn-1:0:0", 5000, "entered"));
    assert_eq!(map.remove(one(LEAVE, "synthesized-leave-id", 3000)), None);
    assert_eq!(stored(&map).data, "entered");
}

// UTS: realtime/unit/RTP2b1a/equal-timestamps-incoming-wins-0
#[test]
fn rtp2b1a_of_equal_timestamps_the_later_to_come_wins() {
    let mut map = PresenceMap::default();
    map.put(one_with(ENTER, "synthesized-id-1", 1000, "first"));
    let put = map.put(one_with(UPDATE, "synthesized-id-2", 1000, "second"));
    assert_eq!(put.unwrap().data, "second");
    assert_eq!(stored(&map).data, "second");
}

// UTS: realtime/unit/RTP2c/sync-uses-same-newness-0
#[test]
fn rtp2c_a_sync_compares_likewise() {
    let mut map = PresenceMap::default();
    map.start_sync();
    map.put(one_with(PRESENT, "conn-1:5:0", 1000, "sync-first"));
    let stale = map.put(one_with(PRESENT, "conn-1:3:0", 2000, "sync-stale"));
    let newer = map.put(one_with(PRESENT, "conn-1:8:0", 500, "sync-newer"));
    assert_eq!(stale, None);
    assert_eq!(newer.unwrap().data, "sync-newer");
    assert_eq!(stored(&map).data, "sync-newer");
}

// UTS: realtime/unit/RTP2/multiple-members-coexist-1
#[test]
fn rtp2_members_coexist() {
    let mut map = PresenceMap::default();
    map.put(message(ENTER, "alice", "c1", "c1:0:0", 100));
    map.put(message(ENTER, "bob", "c2", "c2:0:0", 100));
    map.put(message(ENTER, "alice", "c3", "c3:0:0", 100));
    assert_eq!(map.values().len(), 3);
    for (client_id, connection_id) in [("alice", "c1"), ("bob", "c2"), ("alice", "c3")] {
        let member = map.get(client_id, connection_id).unwrap();
        assert_eq!(member.connection_id.as_deref(), Some(connection_id));
    }
}

// UTS: realtime/unit/RTP2/values-excludes-absent-2
#[test]
fn rtp2_values_leave_out_who_is_absent() {
    let mut map = PresenceMap::default();
    map.put(message(ENTER, "alice", "c1", "c1:0:0", 100));
    map.put(message(ENTER, "bob", "c2", "c2:0:0", 100));
    map.start_sync();
    map.remove(message(LEAVE, "bob", "c2", "c2:1:0", 200));
    assert_eq!(map.get("bob", "c2").unwrap().action, ABSENT);
    let members = map.values();
    assert_eq!(client_ids(&members), ["alice"]);
}

// UTS: realtime/unit/RTP2/clear-resets-state-3
#[test]
fn rtp2_clear_forgets_everything() {
    let mut map = PresenceMap::default();
    map.put(message(ENTER, "alice", "c1", "c1:0:0", 100));
    map.start_sync();
    map.clear();
    assert_eq!(map.values().len(), 0);
    assert_eq!(map.get("alice", "c1"), None);
    assert!(!map.is_sync_in_progress());
}
