//! `realtime/unit/presence/realtime_presence_get.md`

use super::common::*;

// UTS: realtime/unit/RTP11a/get-returns-members-single-sync-0
#[test]
fn rtp11a_get_waits_for_a_sync_of_one_page() {
    let name = "test-RTP11a-single";
    let f = Fixture::anonymous(serving(name, HAS_PRESENCE, vec![]), name);
    f.connect_and_attach();
    let mut get = f.channel.presence().get(());
    assert_eq!(f.rt.poll_now(&mut get), None);
    f.ws.send_to_client(sync(
        name,
        "seq1:",
        &[
            wire_with_data(PRESENT, "alice", "c1", "c1:0:0", 100, "a"),
            wire_with_data(PRESENT, "bob", "c2", "c2:0:0", 100, "b"),
        ],
    ));
    let members = f.rt.wait(get).unwrap();
    assert_eq!(client_ids(&members), ["alice", "bob"]);
    f.close();
}

// UTS: realtime/unit/RTP11a/get-waits-for-multi-sync-1
#[test]
fn rtp11c1_get_waits_for_the_last_page() {
    let name = "test-RTP11c1-multi";
    let f = Fixture::anonymous(serving(name, HAS_PRESENCE, vec![]), name);
    f.connect_and_attach();
    let mut get = f.channel.presence().get(());
    assert_eq!(f.rt.poll_now(&mut get), None);
    f.send(sync(name, "seq1:cursor1", &[alice()]));
    assert_eq!(f.rt.poll_now(&mut get), None);
    f.send(sync(name, "seq1:", &[bob()]));
    let members = f.rt.wait(get).unwrap();
    assert_eq!(client_ids(&members), ["alice", "bob"]);
    f.close();
}

// UTS: realtime/unit/RTP11c1/get-no-wait-returns-immediately-0
#[test]
fn rtp11c1_get_without_waiting_gives_what_is_known() {
    let name = "test-RTP11c1-nowait";
    let f = Fixture::anonymous(
        serving(
            name,
            HAS_PRESENCE,
            vec![sync(name, "seq1:cursor1", &[alice()])],
        ),
        name,
    );
    f.connect_and_attach();
    f.rt.run_until_idle();
    let mut get = f.channel.presence().get(no_wait());
    let members = f.rt.poll_now(&mut get).unwrap().unwrap();
    assert_eq!(client_ids(&members), ["alice"]);
    assert!(!f.channel.presence().sync_complete());
    f.close();
}

fn with_members(name: &str, members: &[Value]) -> Fixture {
    let f = Fixture::anonymous(
        serving(name, HAS_PRESENCE, vec![sync(name, "seq1:", members)]),
        name,
    );
    f.connect_and_attach();
    f
}

// UTS: realtime/unit/RTP11c2/get-filtered-by-clientid-0
#[test]
fn rtp11c2_get_by_client_id() {
    let f = with_members(
        "test-RTP11c2",
        &[alice(), bob(), wire(PRESENT, "alice", "c3", "c3:0:0", 100)],
    );
    let params = RealtimePresenceParams::new().client_id("alice");
    let members = f.rt.wait(f.channel.presence().get(params)).unwrap();
    assert_eq!(client_ids(&members), ["alice", "alice"]);
    f.close();
}

// UTS: realtime/unit/RTP11c3/get-filtered-by-connectionid-0
#[test]
fn rtp11c3_get_by_connection_id() {
    let f = with_members(
        "test-RTP11c3",
        &[alice(), bob(), wire(PRESENT, "carol", "c1", "c1:0:1", 100)],
    );
    let params = RealtimePresenceParams::new().connection_id("c1");
    let members = f.rt.wait(f.channel.presence().get(params)).unwrap();
    assert_eq!(client_ids(&members), ["alice", "carol"]);
    assert!(
        members
            .iter()
            .all(|m| m.connection_id.as_deref() == Some("c1"))
    );
    f.close();
}

// UTS: realtime/unit/RTP11b/get-implicitly-attaches-0
#[test]
fn rtp11b_get_attaches() {
    let name = "test-RTP11b";
    let f = Fixture::anonymous(serving(name, 0, vec![]), name);
    f.connect();
    assert_eq!(f.channel.state(), ChannelState::Initialized);
    let members = f.rt.wait(f.channel.presence().get(no_wait())).unwrap();
    assert_eq!(f.channel.state(), ChannelState::Attached);
    assert_eq!(members, []);
    f.close();
}

// UTS: realtime/unit/RTP11d/get-suspended-errors-default-0
#[test]
fn rtp11d_get_fails_while_suspended() {
    let f = with_members("test-RTP11d", &[alice()]);
    f.suspend();
    let error = f.rt.wait(f.channel.presence().get(())).unwrap_err();
    assert_eq!(error.code(), ErrorCode::PRESENCE_OUT_OF_SYNC);
    assert_eq!(error.status_code(), 400);
}

// UTS: realtime/unit/RTP11d/get-suspended-no-wait-returns-1
#[test]
fn rtp11d_get_without_waiting_gives_members_while_suspended() {
    let f = with_members("test-RTP11d-nowait", &[alice()]);
    f.suspend();
    let members = f.rt.wait(f.channel.presence().get(no_wait())).unwrap();
    assert_eq!(client_ids(&members), ["alice"]);
}
