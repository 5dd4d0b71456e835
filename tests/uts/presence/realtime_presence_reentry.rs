//! `realtime/unit/presence/realtime_presence_reentry.md`

use super::common::*;

/// A client `my-client` of an echoing server that has entered with `hello`.
fn entered(name: &'static str) -> (Fixture, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let f = Fixture::identified(echoing(name, &count), name);
    f.connect_and_attach();
    f.rt.wait(f.channel.presence().enter("hello")).unwrap();
    f.rt.run_until_idle();
    assert_eq!(f.captured().len(), 1);
    (f, count)
}

/// The connection goes and comes back with another id; gives what was sent about members since.
fn reconnect(f: &Fixture, count: &Arc<AtomicUsize>) -> Vec<Value> {
    let before = f.captured().len();
    let changes = record_connection(&f.client);
    f.ws.active().simulate_disconnect();
    f.rt.wait_until(s(15), "a second connection", || {
        count.load(Ordering::Relaxed) == 2
    });
    f.rt.await_state(&f.client, ConnectionState::Connected);
    assert_eq!(changes.all()[0].current, ConnectionState::Disconnected);
    f.rt.await_channel_state(&f.channel, ChannelState::Attached);
    f.rt.run_until_idle();
    f.captured().split_off(before)
}

// UTS: realtime/unit/RTP17i/auto-reentry-on-attached-0
#[test]
fn rtp17i_members_are_entered_again_when_attached_anew() {
    let (f, count) = entered("test-RTP17i");
    let sent = reconnect(&f, &count);
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0]["presence"][0]["action"], ENTER.0);
    f.close();
}

// UTS: realtime/unit/RTP17g/reentry-publishes-enter-with-data-0
#[test]
fn rtp17g_with_their_client_ids_and_data() {
    let name = "test-RTP17g";
    let count = Arc::new(AtomicUsize::new(0));
    let f = Fixture::new(echoing(name, &count), name, |o| o.client_id("admin"));
    f.connect_and_attach();
    f.rt.wait(f.channel.presence().enter_client("alice", "alice-data"))
        .unwrap();
    f.rt.wait(f.channel.presence().enter_client("bob", "bob-data"))
        .unwrap();
    f.rt.run_until_idle();
    assert_eq!(f.captured().len(), 2);
    let sent = reconnect(&f, &count);
    let items: Vec<&Value> = sent
        .iter()
        .flat_map(|m| m["presence"].as_array().unwrap())
        .collect();
    assert_eq!(items.len(), 2);
    for (client_id, data) in [("alice", "alice-data"), ("bob", "bob-data")] {
        let item = items.iter().find(|p| p["clientId"] == client_id).unwrap();
        assert_eq!(item["action"], ENTER.0);
        assert_eq!(item["data"], data);
    }
    f.close();
}

// UTS: realtime/unit/RTP17g1/reentry-omits-id-new-connid-0
#[test]
fn rtp17g1_without_an_id_of_another_connection() {
    let (f, count) = entered("test-RTP17g1");
    assert_eq!(count.load(Ordering::Relaxed), 1);
    let sent = reconnect(&f, &count);
    let item = &sent[0]["presence"][0];
    assert_eq!(item["action"], ENTER.0);
    assert_eq!(item.get("id"), None);
    assert_eq!(item["data"], "hello");
    f.close();
}

// UTS: realtime/unit/RTP17i/no-reentry-with-resumed-flag-1
#[test]
fn rtp17i_not_when_nothing_was_lost() {
    let name = "test-RTP17i-resumed";
    let (f, _) = entered(name);
    f.send(attached(name, RESUMED));
    assert_eq!(f.captured().len(), 1);
    // The same without RESUMED does, and with the id, as the connection is the same.
    f.send(attached(name, 0));
    let captured = f.captured();
    assert_eq!(captured.len(), 2);
    assert_eq!(captured[1]["presence"][0]["id"], "conn-1:0:0");
    f.close();
}

// UTS: realtime/unit/RTP17e/failed-reentry-emits-update-error-0
// DEVIATION: 2.12.0's message does not name the clientId.
#[test]
fn rtp17e_a_failure_is_an_update_of_the_channel() {
    let name = "test-RTP17e";
    let count = Arc::new(AtomicUsize::new(0));
    let number = count.clone();
    let ws = numbered(&count).on_message(move |m, conn| {
        if m["action"] != action::PRESENCE {
            conn.answer(m);
        } else if number.load(Ordering::Relaxed) == 1 {
            conn.ack(m);
            echo(name, "conn-1", m, conn);
        } else {
            conn.nack(m, error(40160, 401, "Presence denied"));
        }
    });
    let f = Fixture::identified(ws, name);
    f.connect_and_attach();
    f.rt.wait(f.channel.presence().enter("hello")).unwrap();
    f.rt.run_until_idle();
    let updates = Recorder::new();
    let sink = updates.clone();
    f.channel.on(ChannelEvent::Update, move |change| {
        if let Some(reason) = &change.reason {
            if reason.code() == ErrorCode::PRESENCE_REENTER {
                sink.push(change.clone());
            }
        }
    });
    reconnect(&f, &count);
    f.rt.wait_until(s(15), "the update", || !updates.all().is_empty());
    let update = &updates.all()[0];
    assert!(update.resumed);
    let reason = update.reason.as_ref().unwrap();
    assert_eq!(reason.code(), ErrorCode(91004));
    assert!(reason.message().contains("my-client"), "{reason}");
    assert_eq!(reason.cause().unwrap().code(), ErrorCode(40160));
    f.close();
}

// UTS: realtime/unit/RTP17a/server-publishes-without-subscribe-0
#[test]
fn rtp17a_our_own_member_is_known_without_presence_subscribe() {
    let name = "test-RTP17a";
    let ws = MockWebSocket::new()
        .on_attempt(|a| {
            a.respond_with_connected(connected("conn-1", "key-1"));
        })
        .on_message(move |m, conn| match m["action"].as_u64() {
            Some(a) if a == u64::from(action::ATTACH) => {
                // The mode PRESENCE and no other.
                conn.send_to_client(attached(name, 1 << 16));
            }
            Some(a) if a == u64::from(action::PRESENCE) => {
                conn.ack(m);
                conn.send_to_client(presence(
                    name,
                    &[wire(ENTER, "my-client", "conn-1", "conn-1:0:0", 1000)],
                ));
            }
            _ => conn.answer(m),
        });
    let f = Fixture::identified(ws, name);
    f.connect_and_attach();
    f.rt.wait(f.channel.presence().enter(())).unwrap();
    f.rt.run_until_idle();
    let members = f.rt.wait(f.channel.presence().get(no_wait())).unwrap();
    assert_eq!(client_ids(&members), ["my-client"]);
    f.close();
}
