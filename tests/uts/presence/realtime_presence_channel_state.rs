//! `realtime/unit/presence/realtime_presence_channel_state.md`

use super::common::*;

// UTS: realtime/unit/RTP1/has-presence-triggers-sync-0
#[test]
fn rtp1_has_presence_means_a_sync() {
    let name = "test-RTP1";
    let f = Fixture::anonymous(
        serving(name, HAS_PRESENCE, vec![sync(name, "seq1:", &[alice()])]),
        name,
    );
    f.connect_and_attach();
    let members = f.rt.wait(f.channel.presence().get(())).unwrap();
    assert_eq!(client_ids(&members), ["alice"]);
    assert!(f.channel.presence().sync_complete());
    f.close();
}

// UTS: realtime/unit/RTP1/no-has-presence-empty-1
#[test]
fn rtp1_without_has_presence_nobody_is_there() {
    let name = "test-RTP1-empty";
    let f = Fixture::anonymous(serving(name, 0, vec![]), name);
    assert!(!f.channel.presence().sync_complete());
    f.connect_and_attach();
    let members = f.rt.wait(f.channel.presence().get(())).unwrap();
    assert_eq!(members.len(), 0);
    assert!(f.channel.presence().sync_complete());
    f.close();
}

// UTS: realtime/unit/RTP1/no-has-presence-clears-existing-2
#[test]
fn rtp19a_attached_without_has_presence_means_that_all_have_left() {
    let name = "test-RTP19a";
    let count = Arc::new(AtomicUsize::new(0));
    let number = count.clone();
    let ws = numbered(&count).on_message(move |m, conn| {
        if m["action"] != action::ATTACH {
            conn.answer(m);
        } else if number.load(Ordering::Relaxed) == 1 {
            conn.send_to_client(attached(name, HAS_PRESENCE));
            conn.send_to_client(sync(name, "seq1:", &[alice(), bob()]));
        } else {
            conn.send_to_client(attached(name, 0));
        }
    });
    let f = Fixture::anonymous(ws, name);
    f.connect_and_attach();
    let members = f.rt.wait(f.channel.presence().get(())).unwrap();
    assert_eq!(members.len(), 2);
    let (leaves, _) = record(&f.channel, LEAVE);

    let changes = record_connection(&f.client);
    f.ws.active().simulate_disconnect();
    f.rt.wait_until(s(15), "a second connection", || {
        count.load(Ordering::Relaxed) == 2
    });
    f.rt.await_state(&f.client, ConnectionState::Connected);
    f.rt.await_channel_state(&f.channel, ChannelState::Attached);
    assert_eq!(changes.all()[0].current, ConnectionState::Disconnected);

    let members = f.rt.wait(f.channel.presence().get(())).unwrap();
    assert_eq!(members.len(), 0);
    let leaves = leaves.all();
    assert_eq!(leaves.len(), 2);
    for name in ["alice", "bob"] {
        assert!(leaves.iter().any(|l| l.client_id.as_deref() == Some(name)));
    }
    assert!(leaves.iter().all(|l| l.id.is_none()));
    f.close();
}

// UTS: realtime/unit/RTP5a/detached-clears-presence-maps-0
#[test]
fn rtp5a_detached_forgets_members_without_a_word() {
    let name = "test-RTP5a-detached";
    let f = Fixture::anonymous(
        serving(name, HAS_PRESENCE, vec![sync(name, "seq1:", &[alice()])]),
        name,
    );
    f.connect_and_attach();
    let members = f.rt.wait(f.channel.presence().get(())).unwrap();
    assert_eq!(members.len(), 1);
    let (leaves, _) = record(&f.channel, LEAVE);

    f.rt.wait(f.channel.detach()).unwrap();
    assert_eq!(f.channel.state(), ChannelState::Detached);
    assert_eq!(leaves.all(), []);
    // As in 2.12.0, asking attaches again; nobody is known yet when that has succeeded.
    let members = f.rt.wait(f.channel.presence().get(no_wait())).unwrap();
    assert_eq!(members.len(), 0);
    f.close();
}

// UTS: realtime/unit/RTP5a/failed-clears-presence-maps-1
#[test]
fn rtp5a_failed_forgets_members_without_a_word() {
    let name = "test-RTP5a-failed";
    let f = Fixture::anonymous(
        serving(name, HAS_PRESENCE, vec![sync(name, "seq1:", &[alice()])]),
        name,
    );
    f.connect_and_attach();
    let members = f.rt.wait(f.channel.presence().get(())).unwrap();
    assert_eq!(members.len(), 1);
    let (leaves, _) = record(&f.channel, LEAVE);
    f.ws.send_to_client(json!({
        "action": action::ERROR, "channel": name, "error": error(90001, 400, "Channel failed"),
    }));
    f.rt.await_channel_state(&f.channel, ChannelState::Failed);
    assert_eq!(leaves.all(), []);
    // Both maps: when it is attached again, nobody leaves and nobody is entered again.
    f.rt.wait(f.channel.attach()).unwrap();
    f.send(sync(name, "seq2:", &[]));
    let gone: Vec<_> = leaves.all().into_iter().filter_map(|l| l.id).collect();
    assert_eq!(gone, Vec::<ably_base::Str>::new());
    f.close();
}

/// Accepts, leaves ATTACH without an answer, and acknowledges the rest.
fn silent_about_attach() -> MockWebSocket {
    MockWebSocket::accepting().on_message(|m, conn| {
        if m["action"] != action::ATTACH {
            conn.answer(m);
        }
    })
}

// UTS: realtime/unit/RTP5b/attached-sends-queued-presence-0
#[test]
fn rtp5b_attached_sends_what_was_queued() {
    let name = "test-RTP5b";
    let f = Fixture::identified(silent_about_attach(), name);
    f.connect();
    let _attach = f.channel.attach();
    f.rt.await_channel_state(&f.channel, ChannelState::Attaching);
    let mut enter = f.channel.presence().enter("queued");
    assert_eq!(f.rt.poll_now(&mut enter), None);
    assert_eq!(f.captured().len(), 0);
    f.ws.send_to_client(attached(name, 0));
    f.rt.wait(enter).unwrap();
    let captured = f.captured();
    assert_eq!(captured.len(), 1);
    assert_eq!(captured[0]["presence"][0]["action"], ENTER.0);
    assert_eq!(captured[0]["presence"][0]["data"], "queued");
    f.close();
}

// UTS: realtime/unit/RTP5f/suspended-maintains-presence-map-0
#[test]
fn rtp5f_suspended_keeps_members() {
    let name = "test-RTP5f";
    let f = Fixture::anonymous(
        serving(
            name,
            HAS_PRESENCE,
            vec![sync(name, "seq1:", &[alice(), bob()])],
        ),
        name,
    );
    f.connect_and_attach();
    let members = f.rt.wait(f.channel.presence().get(())).unwrap();
    assert_eq!(members.len(), 2);
    f.suspend();
    let members = f.rt.wait(f.channel.presence().get(no_wait())).unwrap();
    assert_eq!(members.len(), 2);
}

// UTS: realtime/unit/RTP13/sync-complete-attribute-0
#[test]
fn rtp13_sync_complete() {
    let name = "test-RTP13";
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
    assert!(!f.channel.presence().sync_complete());
    f.send(sync(name, "seq1:", &[bob()]));
    assert!(f.channel.presence().sync_complete());
    f.close();
}

// UTS: realtime/unit/RTL9/presence-attribute-0
#[test]
fn rtl9_a_channel_has_one_presence() {
    let name = "test-RTL9a";
    let f = Fixture::anonymous(serving(name, 0, vec![]), name);
    // Handles are values here; that they are of one presence shows in what they do.
    let (told, id) = record(&f.channel, ());
    f.connect_and_attach();
    f.send(presence(name, &[wire(ENTER, "a", "c1", "c1:0:0", 1)]));
    assert_eq!(told.all().len(), 1);
    f.client.channels().get(name).presence().unsubscribe(id);
    f.send(presence(name, &[wire(ENTER, "b", "c1", "c1:1:0", 1)]));
    assert_eq!(told.all().len(), 1);
    f.close();
}

// UTS: realtime/unit/RTL11/queued-presence-fail-detached-0
// DEVIATION: 2.12.0 attaches the channel again and enters.
#[test]
fn rtl11_presence_of_a_detached_channel_fails() {
    let name = "test-RTL11-detached";
    let f = Fixture::identified(serving(name, 0, vec![]), name);
    f.connect_and_attach();
    f.rt.wait(f.channel.detach()).unwrap();
    assert_eq!(f.channel.state(), ChannelState::Detached);
    let error =
        f.rt.wait(f.channel.presence().enter("queued-enter"))
            .unwrap_err();
    assert_eq!(f.captured().len(), 0);
    assert_eq!(error.code(), ErrorCode::CHANNEL_STATE);
    assert_eq!(f.channel.state(), ChannelState::Detached);
    f.close();
}

// UTS: realtime/unit/RTL11/queued-presence-fail-suspended-1
#[test]
fn rtl11_queued_presence_fails_when_suspended() {
    let f = Fixture::identified(silent_about_attach(), "test-RTL11-suspended");
    f.connect();
    let _attach = f.channel.attach();
    f.rt.await_channel_state(&f.channel, ChannelState::Attaching);
    let enter = f.channel.presence().enter("queued-enter");
    let update = f.channel.presence().update("queued-update");
    f.rt.run_until_idle();
    assert_eq!(f.captured().len(), 0);
    f.suspend();
    assert_eq!(f.captured().len(), 0);
    let reason = f.channel.error_reason().unwrap();
    assert_eq!(f.rt.wait(enter).unwrap_err(), reason);
    assert_eq!(f.rt.wait(update).unwrap_err(), reason);
}

// UTS: realtime/unit/RTL11/queued-presence-fail-failed-2
#[test]
fn rtl11_queued_presence_fails_when_failed() {
    let name = "test-RTL11-failed";
    let f = Fixture::identified(silent_about_attach(), name);
    f.connect();
    let _attach = f.channel.attach();
    f.rt.await_channel_state(&f.channel, ChannelState::Attaching);
    let enter = f.channel.presence().enter("queued-enter");
    f.rt.run_until_idle();
    assert_eq!(f.captured().len(), 0);
    f.ws.send_to_client(json!({
        "action": action::ERROR, "channel": name, "error": error(90001, 400, "Channel failed"),
    }));
    f.rt.await_channel_state(&f.channel, ChannelState::Failed);
    assert_eq!(f.captured().len(), 0);
    let error = f.rt.wait(enter).unwrap_err();
    assert_eq!(error.code(), ErrorCode::CHANNEL_STATE);
    assert_eq!(error.message(), "Channel failed");
    f.close();
}

// UTS: realtime/unit/RTL11a/ack-nack-unaffected-by-state-0
#[test]
fn rtl11a_an_acknowledgement_counts_whatever_the_channel_does() {
    let ws = MockWebSocket::accepting().on_message(|m, conn| {
        if m["action"] != action::PRESENCE {
            conn.answer(m);
        }
    });
    let f = Fixture::identified(ws, "test-RTL11a");
    f.connect_and_attach();
    let mut enter = f.channel.presence().enter("awaiting-ack");
    f.rt.run_until_idle();
    let captured = f.captured();
    assert_eq!(captured.len(), 1);
    let _detach = f.channel.detach();
    f.rt.await_channel_state(&f.channel, ChannelState::Detached);
    assert_eq!(f.rt.poll_now(&mut enter), None);
    f.ws.active().ack(&captured[0]);
    f.rt.wait(enter).unwrap();
    f.close();
}
