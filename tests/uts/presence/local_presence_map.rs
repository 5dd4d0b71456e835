//! `realtime/unit/presence/local_presence_map.md`

use super::common::*;

// UTS: realtime/unit/RTP17h/keyed-by-clientid-0
#[test]
fn rtp17h_keyed_by_client_id() {
    let mut map = LocalPresenceMap::default();
    map.put(&with_data(
        ENTER,
        "user-1",
        "conn-A",
        "conn-A:0:0",
        1000,
        "first",
    ));
    map.put(&with_data(
        ENTER,
        "user-1",
        "conn-B",
        "conn-B:0:0",
        2000,
        "second",
    ));
    assert_eq!(map.values().len(), 1);
    let member = map.get("user-1").unwrap();
    assert_eq!(member.data, "second");
    assert_eq!(member.connection_id.as_deref(), Some("conn-B"));
}

// UTS: realtime/unit/RTP17b/enter-adds-to-map-0
#[test]
fn rtp17b_enter_adds() {
    let mut map = LocalPresenceMap::default();
    map.put(&with_data(
        ENTER,
        "client-1",
        "conn-1",
        "conn-1:0:0",
        1000,
        "hello",
    ));
    let member = map.get("client-1").unwrap();
    assert_eq!(member.action, PRESENT);
    assert_eq!(member.data, "hello");
    assert_eq!(map.values().len(), 1);
}

// UTS: realtime/unit/RTP17b/update-adds-to-map-1
#[test]
fn rtp17b_update_adds() {
    let mut map = LocalPresenceMap::default();
    map.put(&with_data(
        UPDATE,
        "client-1",
        "conn-1",
        "conn-1:0:0",
        1000,
        "from-update",
    ));
    let member = map.get("client-1").unwrap();
    assert_eq!(member.action, PRESENT);
    assert_eq!(member.data, "from-update");
    assert_eq!(map.values().len(), 1);
}

// UTS: realtime/unit/RTP17b/enter-overwrites-enter-2
#[test]
fn rtp17b_enter_overwrites_enter() {
    let mut map = LocalPresenceMap::default();
    map.put(&with_data(
        ENTER,
        "client-1",
        "conn-1",
        "conn-1:0:0",
        1000,
        "first",
    ));
    map.put(&with_data(
        ENTER,
        "client-1",
        "conn-1",
        "conn-1:1:0",
        2000,
        "second",
    ));
    assert_eq!(map.values().len(), 1);
    let member = map.get("client-1").unwrap();
    assert_eq!(member.action, PRESENT);
    assert_eq!(member.data, "second");
}

// UTS: realtime/unit/RTP17b/update-overwrites-enter-3
#[test]
fn rtp17b_update_overwrites_enter() {
    let mut map = LocalPresenceMap::default();
    map.put(&with_data(
        ENTER,
        "client-1",
        "conn-1",
        "conn-1:0:0",
        1000,
        "initial",
    ));
    map.put(&with_data(
        UPDATE,
        "client-1",
        "conn-1",
        "conn-1:1:0",
        2000,
        "updated",
    ));
    assert_eq!(map.values().len(), 1);
    let member = map.get("client-1").unwrap();
    assert_eq!(member.action, PRESENT);
    assert_eq!(member.data, "updated");
}

// UTS: realtime/unit/RTP17b/present-adds-to-map-4
#[test]
fn rtp17b_present_adds() {
    let mut map = LocalPresenceMap::default();
    map.put(&with_data(
        PRESENT,
        "client-1",
        "conn-1",
        "conn-1:0:0",
        1000,
        "present",
    ));
    let member = map.get("client-1").unwrap();
    assert_eq!(member.action, PRESENT);
    assert_eq!(member.data, "present");
}

// UTS: realtime/unit/RTP17b/non-synthesized-leave-removes-5
#[test]
fn rtp17b_a_leave_removes() {
    let mut map = LocalPresenceMap::default();
    map.put(&message(ENTER, "client-1", "conn-1", "conn-1:0:0", 1000));
    assert_eq!(map.get("client-1").unwrap().action, PRESENT);
    let removed = map.remove(&message(LEAVE, "client-1", "conn-1", "conn-1:1:0", 2000));
    assert!(removed);
    assert_eq!(map.get("client-1"), None);
    assert_eq!(map.values().len(), 0);
}

// UTS: realtime/unit/RTP17b/synthesized-leave-ignored-6
#[test]
fn rtp17b_a_synthesized_leave_is_ignored() {
    let mut map = LocalPresenceMap::default();
    map.put(&with_data(
        ENTER,
        "client-1",
        "conn-1",
        "conn-1:0:0",
        1000,
        "entered",
    ));
    let removed = map.remove(&message(
        LEAVE,
        "client-1",
        "conn-1",
        "synthesized-leave-id",
        2000,
    ));
    assert!(!removed);
    assert_eq!(map.get("client-1").unwrap().data, "entered");
    assert_eq!(map.values().len(), 1);
}

fn three() -> LocalPresenceMap {
    let mut map = LocalPresenceMap::default();
    for (index, name) in ["alice", "bob", "carol"].into_iter().enumerate() {
        let id = format!("conn-1:0:{index}");
        map.put(&with_data(
            ENTER,
            name,
            "conn-1",
            &id,
            100,
            format!("{name}-data"),
        ));
    }
    map
}

// UTS: realtime/unit/RTP17/multiple-clientids-coexist-0
#[test]
fn rtp17_several_client_ids_coexist() {
    let map = three();
    assert_eq!(map.values().len(), 3);
    assert_eq!(map.get("alice").unwrap().data, "alice-data");
    assert_eq!(map.get("bob").unwrap().data, "bob-data");
    assert_eq!(map.get("carol").unwrap().data, "carol-data");
}

// UTS: realtime/unit/RTP17/remove-one-of-multiple-1
#[test]
fn rtp17_one_of_several_is_removed() {
    let mut map = LocalPresenceMap::default();
    map.put(&message(ENTER, "alice", "conn-1", "conn-1:0:0", 100));
    map.put(&message(ENTER, "bob", "conn-1", "conn-1:0:1", 100));
    map.remove(&message(LEAVE, "alice", "conn-1", "conn-1:1:0", 200));
    assert_eq!(map.get("alice"), None);
    assert_eq!(map.get("bob").unwrap().client_id.as_deref(), Some("bob"));
    assert_eq!(map.values().len(), 1);
}

// UTS: realtime/unit/RTP17/clear-resets-state-2
#[test]
fn rtp5a_clear_forgets_everybody() {
    let mut map = LocalPresenceMap::default();
    map.put(&message(ENTER, "alice", "conn-1", "conn-1:0:0", 100));
    map.put(&message(ENTER, "bob", "conn-1", "conn-1:0:1", 100));
    assert_eq!(map.values().len(), 2);
    map.clear();
    assert_eq!(map.values().len(), 0);
    assert_eq!(map.get("alice"), None);
    assert_eq!(map.get("bob"), None);
}

// UTS: realtime/unit/RTP17/get-null-unknown-clientid-3
#[test]
fn rtp17_an_unknown_client_id_is_not_there() {
    assert_eq!(LocalPresenceMap::default().get("nonexistent"), None);
}

// UTS: realtime/unit/RTP17/remove-unknown-noop-4
#[test]
fn rtp17_removing_an_unknown_client_id_changes_nothing() {
    let mut map = LocalPresenceMap::default();
    map.put(&message(ENTER, "alice", "conn-1", "conn-1:0:0", 100));
    map.remove(&message(LEAVE, "nonexistent", "conn-1", "conn-1:1:0", 200));
    assert_eq!(
        map.get("alice").unwrap().client_id.as_deref(),
        Some("alice")
    );
    assert_eq!(map.values().len(), 1);
}
