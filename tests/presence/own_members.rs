//! Members of this connection, and entering them again.

use crate::support::*;

/// Gives connections the ids `c1`, `c2`, … and echoes what is said about members.
fn echoing() -> MockWebSocket {
    let count = Arc::new(AtomicUsize::new(0));
    let number = count.clone();
    MockWebSocket::new()
        .on_attempt(move |a| {
            let n = count.fetch_add(1, Ordering::Relaxed) + 1;
            a.respond_with_connected(connected(&format!("c{n}"), &format!("key{n}")));
        })
        .on_message(move |m, conn| {
            conn.answer(m);
            if m["action"] == action::PRESENCE {
                echo(m, number.load(Ordering::Relaxed), conn);
            }
        })
}

fn echo(m: &Value, connection: usize, conn: &MockConnection) {
    let mut presence = m["presence"].clone();
    for (index, p) in presence.as_array_mut().unwrap().iter_mut().enumerate() {
        if p["clientId"].is_null() {
            p["clientId"] = json!("me");
        }
        p["connectionId"] = json!(format!("c{connection}"));
        p["id"] = json!(format!("c{connection}:{}:{index}", m["msgSerial"]));
    }
    conn.send_to_client(json!({
        "action": action::PRESENCE, "channel": "room", "presence": presence, "timestamp": 1,
    }));
}

fn reconnect(w: &World) -> Vec<Value> {
    let (before, old) = (w.sent().len(), w.client.connection().id());
    w.ws.active().simulate_disconnect();
    w.rt.wait_until(Duration::from_secs(15), "another connection", || {
        let id = w.client.connection().id();
        id.is_some() && id != old
    });
    w.rt.await_channel_state(&w.channel, ChannelState::Attached);
    w.sent().split_off(before)
}

#[test]
fn rtp17_who_left_on_a_later_connection_is_not_entered_again() {
    let w = World::with(echoing(), |o| o.client_id("me"));
    w.attach();
    // Serials run up, then begin at 0 on the next connection.
    for data in ["a", "b", "c"] {
        w.rt.wait(w.presence().update(data)).unwrap();
    }
    let again = reconnect(&w);
    assert_eq!(again.len(), 1);
    assert_eq!(again[0]["presence"][0]["data"], "c");
    w.rt.wait(w.presence().leave(())).unwrap();
    assert_eq!(reconnect(&w), Vec::<Value>::new());
}

#[test]
fn rtp17h_only_the_last_data_is_entered_again() {
    let w = World::with(echoing(), |o| o.client_id("me"));
    w.attach();
    w.rt.wait(w.presence().enter("a")).unwrap();
    for _ in 0..2 {
        let again = reconnect(&w);
        assert_eq!(again.len(), 1);
        assert_eq!(again[0]["presence"].as_array().unwrap().len(), 1);
        assert_eq!(again[0]["presence"][0]["clientId"], "me");
        assert_eq!(again[0]["presence"][0]["data"], "a");
    }
}

#[test]
fn rtp17b_members_of_others_are_not_ours() {
    let w = World::attached();
    w.send_presence(&[member(ENTER, "alice", 1)]);
    w.send_attached(0);
    assert_eq!(w.sent(), Vec::<Value>::new());
}

#[test]
fn rtp17b_a_leave_that_the_server_made_up_is_answered_by_entering_again() {
    let w = World::with(echoing(), |o| o.client_id("me"));
    w.attach();
    w.rt.wait(w.presence().enter("a")).unwrap();
    w.rt.run_until_idle();
    w.send_presence(&[json!({
        "action": LEAVE, "clientId": "me", "connectionId": "c1", "id": "made-up:0:0",
        "timestamp": 99,
    })]);
    assert_eq!(w.names(), Vec::<String>::new());
    w.send_attached(0);
    assert_eq!(w.sent().len(), 2);
    w.rt.run_until_idle();
    assert_eq!(w.names(), ["me"]);
}

#[test]
fn rtp5a_detached_members_are_not_entered_again() {
    let w = World::with(echoing(), |o| o.client_id("me"));
    w.attach();
    w.rt.wait(w.presence().enter("a")).unwrap();
    w.rt.run_until_idle();
    w.rt.wait(w.channel.detach()).unwrap();
    w.rt.wait(w.channel.attach()).unwrap();
    assert_eq!(w.sent().len(), 1);
}

#[test]
fn entering_again_comes_before_what_was_queued() {
    let w = World::with(echoing(), |o| o.client_id("me"));
    w.attach();
    w.rt.wait(w.presence().enter("a")).unwrap();
    w.ws.set_on_message(|m, conn| {
        if m["action"] != action::ATTACH {
            conn.answer(m);
        }
    });
    w.ws.active().simulate_disconnect();
    w.rt.await_channel_state(&w.channel, ChannelState::Attaching);
    let update = w.presence().update("b");
    w.rt.await_state(&w.client, ConnectionState::Connected);
    w.send_attached(0);
    w.rt.wait(update).unwrap();
    let data: Vec<_> = w
        .sent()
        .iter()
        .map(|m| m["presence"][0]["data"].clone())
        .collect();
    assert_eq!(data, ["a", "a", "b"]);
}

#[test]
fn rtp17g_more_members_than_the_outbox_holds_are_all_entered_again() {
    const MEMBERS: usize = 1_000;
    let w = World::with(echoing(), |o| o.max_queued_messages(10));
    let updates = Arc::new(Mutex::new(Vec::new()));
    let seen = updates.clone();
    w.channel
        .on(ably_base::ChannelEvent::Update, move |change| {
            seen.lock().unwrap().push(format!("{:?}", change.reason));
        });
    w.attach();
    for i in 0..MEMBERS {
        let entered = w.presence().enter_client(format!("m{i}"), i.to_string());
        w.rt.wait(entered).unwrap();
    }
    // Continuity is lost: the server knows none of them.
    updates.lock().unwrap().clear();
    let again = reconnect(&w);
    w.rt.run_until_idle();
    assert_eq!(*updates.lock().unwrap(), Vec::<String>::new());
    let before = w.sent().len() - MEMBERS;
    assert!(again.len() <= MEMBERS && before == MEMBERS, "{before}");
    let mut ids: Vec<String> = w.sent()[before..]
        .iter()
        .map(|m| {
            assert_eq!(m["presence"].as_array().unwrap().len(), 1);
            m["presence"][0]["clientId"].as_str().unwrap().to_owned()
        })
        .collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), MEMBERS);
}

#[test]
fn rtp17g_members_enter_again_a_few_at_a_time() {
    // Answers nothing that is said about members after the first connection.
    let connections = Arc::new(AtomicUsize::new(0));
    let number = connections.clone();
    let ws = MockWebSocket::new()
        .on_attempt(move |a| {
            let n = connections.fetch_add(1, Ordering::Relaxed) + 1;
            a.respond_with_connected(connected(&format!("c{n}"), &format!("key{n}")));
        })
        .on_message(move |m, conn| {
            let n = number.load(Ordering::Relaxed);
            if m["action"] != action::PRESENCE || n == 1 {
                conn.answer(m);
            }
            if m["action"] == action::PRESENCE && n == 1 {
                echo(m, n, conn);
            }
        });
    let w = World::with(ws, |o| o);
    w.attach();
    for i in 0..600 {
        let entered = w.presence().enter_client(format!("m{i}"), ());
        w.rt.wait(entered).unwrap();
    }
    let again = reconnect(&w);
    assert_eq!(again.len(), 256);
    // What is said meanwhile about one that has not had its turn: its turn comes first.
    let updated = w.presence().update_client("m599", "now");
    // And one that the server tells gone has none.
    w.send_presence(&[json!({
        "action": LEAVE, "clientId": "m598", "id": "c2:9999:0", "connectionId": "c2",
    })]);
    let about = |id: &str| {
        let said = w.sent().split_off(600);
        let said = said.into_iter().map(|mut m| m["presence"][0].take());
        let said = said.filter(|p| p["clientId"] == id);
        said.map(|p| (p["action"].as_u64(), p["data"].clone()))
            .collect::<Vec<_>>()
    };
    let (enter, update) = (Some(u64::from(ENTER)), Some(4));
    assert_eq!(
        about("m599"),
        [(enter, Value::Null), (update, json!("now"))]
    );
    // Acknowledgements let more go.
    assert_eq!(w.sent().len(), 600 + 256 + 2);
    let first = again[0]["msgSerial"].as_u64().unwrap();
    let acknowledge = |serial: u64, count: u64| {
        w.send(json!({"action": action::ACK, "msgSerial": serial, "count": count}));
    };
    acknowledge(first, 256 + 2);
    w.rt.wait(updated).unwrap();
    assert_eq!(w.sent().len(), 600 + 256 + 2 + 256);
    acknowledge(first + 258, 256);
    let rest = 600 - 2 - 256 - 256;
    assert_eq!(w.sent().len(), 600 + 256 + 2 + 256 + rest);
    assert_eq!(about("m597").len(), 1);
    assert_eq!(about("m598"), []);
    assert_eq!(about("m599").len(), 2);
}
