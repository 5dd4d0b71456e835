//! Enter, update and leave: states, queueing, bounds.

use crate::support::*;

#[test]
fn pc1_without_the_plugin_operations_name_it_and_getters_do_not_fail() {
    let rt = VirtualRuntime::new();
    let ws = MockWebSocket::serving();
    let options = ClientOptions::with_key("app.key:secret")
        .client_id("me")
        .plugin(rt.clone())
        .plugin(ws.clone());
    let client = BaseRealtime::new(options).unwrap();
    let channel = client.channels().get("room");
    let presence = channel.presence();
    assert!(!presence.sync_complete());
    let errors = [
        rt.wait(presence.enter(())).unwrap_err(),
        rt.wait(presence.update(())).unwrap_err(),
        rt.wait(presence.leave(())).unwrap_err(),
        rt.wait(presence.enter_client("a", ())).unwrap_err(),
        rt.wait(presence.update_client("a", ())).unwrap_err(),
        rt.wait(presence.leave_client("a", ())).unwrap_err(),
        rt.wait(presence.get(())).map(|_| ()).unwrap_err(),
        rt.wait(presence.subscribe_with((), |_| {})).unwrap_err(),
        rt.wait(presence.subscribe(()).attached()).unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.code(), ErrorCode::MISSING_PLUGIN);
        assert!(
            error
                .message()
                .starts_with("RealtimePresence plugin not provided"),
            "{error}"
        );
    }
    assert_eq!(channel.state(), ChannelState::Initialized);
}

#[test]
fn what_is_asked_for_while_attaching_goes_in_messages_that_the_server_takes() {
    const MOST: u64 = 65_536;
    let w = World::with(silent_about(action::ATTACH), |o| o);
    let data = "x".repeat(100);
    let mut asked = Vec::new();
    for i in 0..1_500 {
        asked.push(w.presence().enter_client(format!("m{i}"), data.clone()));
    }
    // More than a message may have: the server refuses it, and nothing else.
    asked.push(w.presence().enter_client("huge", "x".repeat(70_000)));
    asked.push(w.presence().enter_client("last", "x"));
    w.connect();
    w.send_attached(0);
    let sent = w.sent();
    let size = |p: &Value| {
        let length = |name: &str| p[name].as_str().map_or(0, str::len) as u64;
        length("data") + length("clientId")
    };
    let mut ids = Vec::new();
    for message in &sent {
        let members = message["presence"].as_array().unwrap();
        let bytes: u64 = members.iter().map(size).sum();
        assert!(bytes <= MOST || members.len() == 1, "{bytes}");
        ids.extend(members.iter().map(|p| p["clientId"].as_str().unwrap()));
    }
    let mut expected: Vec<String> = (0..1_500).map(|i| format!("m{i}")).collect();
    expected.extend(["huge".into(), "last".into()]);
    assert_eq!(ids, expected);
    // As few as can be.
    assert_eq!(sent.len(), 5);
    for operation in asked {
        w.rt.wait(operation).unwrap();
    }
}

#[test]
fn what_is_asked_for_while_attaching_goes_in_one_message_in_order() {
    let w = World::with(silent_about(action::ATTACH), |o| o.client_id("me"));
    // Not even connected: the channel waits for the connection, the operations for the channel.
    let enter = w.presence().enter("a");
    let update = w.presence().update("b");
    let other = w.presence().enter_client("other", "c");
    let leave = w.presence().leave("d");
    assert_eq!(w.channel.state(), ChannelState::Attaching);
    w.connect();
    assert_eq!(w.sent().len(), 0);
    w.send_attached(0);
    let sent = w.sent();
    assert_eq!(sent.len(), 1);
    let items: Vec<_> = sent[0]["presence"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| (p["action"].as_u64().unwrap(), p["data"].as_str().unwrap()))
        .collect();
    assert_eq!(items, [(2, "a"), (4, "b"), (2, "c"), (3, "d")]);
    for done in [enter, update, other, leave] {
        w.rt.wait(done).unwrap();
    }
}

#[test]
fn one_refusal_of_what_was_sent_together_is_everyones() {
    let ws = MockWebSocket::accepting().on_message(|m, conn| match m["action"].as_u64() {
        Some(14) => conn.nack(
            m,
            json!({"code": 40160, "statusCode": 401, "message": "no"}),
        ),
        Some(10) => {}
        _ => conn.answer(m),
    });
    let w = World::with(ws, |o| o.client_id("me"));
    w.connect();
    let (a, b) = (w.presence().enter(()), w.presence().update(()));
    w.send_attached(0);
    assert_eq!(code(w.rt.wait(a)), 40160);
    assert_eq!(code(w.rt.wait(b)), 40160);
}

#[test]
fn rtp10_leaving_never_attaches() {
    let w = World::with(MockWebSocket::serving(), |o| o.client_id("me"));
    w.connect();
    assert_eq!(code(w.rt.wait(w.presence().leave(()))), 90001);
    assert_eq!(w.channel.state(), ChannelState::Initialized);
    assert_eq!(w.ws.client_messages_of(action::ATTACH).len(), 0);
}

#[test]
fn rtp16c_detaching_takes_no_operations() {
    let w = World::with(silent_about(action::DETACH), |o| o.client_id("me"));
    w.attach();
    let _detach = w.channel.detach();
    assert_eq!(w.channel.state(), ChannelState::Detaching);
    assert_eq!(code(w.rt.wait(w.presence().enter(()))), 90001);
    assert_eq!(code(w.rt.wait(w.presence().leave(()))), 90001);
    assert_eq!(w.sent().len(), 0);
}

#[test]
fn a_connection_that_is_closed_is_named_before_the_channel() {
    let w = World::attached();
    w.client.close();
    w.rt.await_state(&w.client, ConnectionState::Closed);
    assert_eq!(w.channel.state(), ChannelState::Detached);
    assert_eq!(code(w.rt.wait(w.presence().enter(()))), 80017);
    let fresh = w.client.channels().get("fresh");
    assert_eq!(code(w.rt.wait(fresh.presence().get(()))), 80017);
}

#[test]
fn rtp8j_who_is_not_connected_may_yet_have_a_client_id() {
    let ws = MockWebSocket::serving();
    ws.set_on_attempt(|a| {
        let mut m = connected("connection-id", "key");
        m["connectionDetails"]["clientId"] = json!("told-by-the-server");
        a.respond_with_connected(m);
    });
    let w = World::with(ws, |o| o);
    let enter = w.presence().enter(());
    w.connect();
    w.rt.wait(enter).unwrap();
    assert_eq!(w.sent()[0]["presence"][0].get("clientId"), None);
}

#[test]
fn an_empty_client_id_is_not_taken_for_our_own() {
    let w = World::attached();
    assert_eq!(code(w.rt.wait(w.presence().enter_client("", ()))), 40012);
    assert_eq!(w.sent().len(), 0);
}

#[test]
fn rtp16a_what_is_sent_while_disconnected_goes_out_on_the_next_connection() {
    let w = World::attached();
    w.ws.set_on_attempt(|a| a.respond_with_refused());
    w.ws.active().simulate_disconnect();
    w.rt.await_state(&w.client, ConnectionState::Disconnected);
    w.ws.set_on_attempt(|a| {
        a.respond_with_connected(connected("connection-id", "connection-key"));
    });
    let enter = w.presence().enter("later");
    assert_eq!(w.sent().len(), 0);
    w.rt.await_state_for(
        Duration::from_secs(60),
        &w.client,
        ConnectionState::Connected,
    );
    w.rt.wait(enter).unwrap();
    let sent = w.sent();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0]["presence"][0]["data"], "later");
}

#[test]
fn operations_that_wait_for_the_channel_are_bounded() {
    let w = World::with(silent_about(action::ATTACH), |o| o.client_id("me"));
    w.connect();
    let waiting: Vec<_> = (0..10_000).map(|_| w.presence().update(())).collect();
    assert_eq!(code(w.rt.wait(w.presence().update(()))), 40000);
    w.send_attached(0);
    let sent = w.sent();
    let count = |m: &Value| m["presence"].as_array().unwrap().len();
    assert_eq!(sent.iter().map(count).sum::<usize>(), 10_000);
    for done in waiting {
        w.rt.wait(done).unwrap();
    }
    w.rt.wait(w.presence().update(())).unwrap();
}

#[test]
fn a_dropped_future_does_not_take_the_operation_back() {
    let w = World::attached();
    drop(w.presence().enter("x"));
    assert_eq!(w.sent()[0]["presence"][0]["data"], "x");
}

#[test]
fn who_waits_for_an_answer_is_told_that_the_channel_was_released() {
    let w = World::with(silent_about(action::PRESENCE), |o| o.client_id("me"));
    w.attach();
    let mut enter = w.presence().enter(());
    let sent = w.sent();
    w.rt.wait(w.channel.detach()).unwrap();
    assert_eq!(w.rt.poll_now(&mut enter), None);
    w.client.channels().release("room").unwrap();
    assert_eq!(code(w.rt.wait(enter)), 90001);
    assert_eq!(code(w.rt.wait(w.presence().enter(()))), 90001);
    assert_eq!(code(w.rt.wait(w.presence().get(()))), 90001);
    // The answer that comes later concerns nobody.
    w.ws.active().ack(&sent[0]);
    w.rt.run_until_idle();
    assert_eq!(w.client.connection().state(), ConnectionState::Connected);
}

#[test]
fn data_of_members_takes_room_among_what_waits_for_an_answer() {
    let w = World::with(silent_about(action::PRESENCE), |o| {
        o.client_id("me").max_queued_bytes(1_000)
    });
    w.attach();
    let _first = w.presence().enter("x".repeat(600));
    assert_eq!(code(w.rt.wait(w.presence().update("y".repeat(600)))), 40000);
    let message = vec![ably_base::Message::unnamed("z".repeat(600))];
    assert!(w.channel.try_publish(message).is_err());
    let second = w.presence().update("z".repeat(300));
    let sent = w.sent();
    assert_eq!(sent.len(), 2);
    for m in &sent {
        w.ws.active().ack(m);
    }
    w.rt.wait(second).unwrap();
    let _third = w.presence().update("y".repeat(900));
    assert_eq!(w.sent().len(), 3);
}

#[test]
fn data_that_waits_for_the_channel_is_bounded_in_bytes() {
    let w = World::with(silent_about(action::ATTACH), |o| o.client_id("me"));
    w.connect();
    let megabytes = |n: usize| "x".repeat(n << 20);
    let first = w.presence().enter(megabytes(10));
    assert_eq!(code(w.rt.wait(w.presence().update(megabytes(7)))), 40000);
    let second = w.presence().update(megabytes(5));
    w.send_attached(0);
    w.rt.wait(first).unwrap();
    w.rt.wait(second).unwrap();
    w.rt.wait(w.presence().update(megabytes(7))).unwrap();
}
