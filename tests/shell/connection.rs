//! States, as handles and listeners see them.

use crate::world::*;

#[test]
fn the_state_is_connecting_when_connect_returns() {
    let rt = VirtualRuntime::new();
    let ws = MockWebSocket::accepting();
    let client = BaseRealtime::new(options(&rt, &ws)).unwrap();
    assert_eq!(client.connection().state(), S::Initialized);
    client.connect();
    assert_eq!(client.connection().state(), S::Connecting);
    assert_eq!(ws.attempts().len(), 0);
    rt.run_until_idle();
    assert_eq!(client.connection().state(), S::Connected);
}

#[test]
fn inside_a_listener_the_state_is_that_of_its_event() {
    let rt = VirtualRuntime::new();
    let attempts = AtomicUsize::new(0);
    let ws = MockWebSocket::serving();
    ws.set_on_attempt(move |a| match attempts.fetch_add(1, Ordering::Relaxed) {
        1 | 2 => a.respond_with_refused(),
        _ => drop(a.respond_with_connected(connected("id", "key"))),
    });
    let client = BaseRealtime::new(
        options(&rt, &ws)
            .fallback_hosts(Vec::<String>::new())
            .connection_state_ttl(Duration::from_secs(5)),
    )
    .unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let (sink, weak) = (seen.clone(), client.downgrade());
    client.connection().on((), move |change| {
        let state = weak.upgrade().unwrap().connection().state();
        sink.lock().unwrap().push((change.current, state));
    });
    let channel = client.channels().get("c");
    let channel_states = Arc::new(Mutex::new(Vec::new()));
    let (sink, weak) = (channel_states.clone(), client.downgrade());
    channel.on((), move |change| {
        let client = weak.upgrade().unwrap();
        let channel = client.channels().get("c");
        let mut seen = sink.lock().unwrap();
        seen.push((change.current, channel.state()));
    });
    client.connect();
    rt.wait(channel.attach()).unwrap();
    ws.active().simulate_disconnect();
    rt.run_until_idle();
    rt.await_state(&client, S::Disconnected);
    rt.wait_until(Duration::from_secs(60), "connected again", || {
        client.connection().state() == S::Connected
    });
    rt.run_until_idle();
    client.close();
    rt.await_state(&client, S::Closed);
    let seen = seen.lock().unwrap().clone();
    let states: Vec<S> = seen.iter().map(|(told, _)| *told).collect();
    assert_eq!(
        states,
        [
            S::Connecting,
            S::Connected,
            S::Disconnected,
            S::Connecting,
            S::Disconnected,
            S::Connecting,
            S::Disconnected,
            S::Connecting,
            S::Connected,
            S::Closing,
            S::Closed,
        ]
    );
    for (told, state) in seen {
        assert_eq!(told, state);
    }
    let channel_states = channel_states.lock().unwrap().clone();
    let told: Vec<_> = channel_states.iter().map(|(told, _)| *told).collect();
    assert_eq!(
        told,
        [
            ChannelState::Attaching,
            ChannelState::Attached,
            ChannelState::Attaching,
            ChannelState::Attached,
            ChannelState::Detached,
        ]
    );
    for (told, state) in channel_states {
        assert_eq!(told, state);
    }
}

#[test]
fn frames_that_come_together_are_told_one_by_one() {
    let rt = VirtualRuntime::new();
    let ws = MockWebSocket::new().on_attempt(|a| {
        let connection = a.respond_with_connected(connected("id", "key"));
        connection.send_to_client_and_close(json!({
            "action": action::ERROR,
            "error": {"code": 40400, "statusCode": 404, "message": "gone"},
        }));
    });
    let client = BaseRealtime::new(options(&rt, &ws)).unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let (sink, weak) = (seen.clone(), client.downgrade());
    client.connection().on((), move |change| {
        let connection = weak.upgrade().unwrap().connection();
        let mut seen = sink.lock().unwrap();
        seen.push((
            change.current,
            connection.state(),
            connection.id().is_some(),
        ));
    });
    client.connect();
    rt.run_until_idle();
    assert_eq!(
        *seen.lock().unwrap(),
        [
            (S::Connecting, S::Connecting, false),
            (S::Connected, S::Connected, true),
            (S::Failed, S::Failed, false),
        ]
    );
}

#[test]
fn closing_ends_in_closed_whatever_the_server_says() {
    let error = |code: u32, status: u16| json!({"code": code, "statusCode": status, "message": ""});
    for answer in [
        json!({"action": action::CLOSED}),
        json!({"action": action::DISCONNECTED, "error": error(50003, 503)}),
        json!({"action": action::DISCONNECTED, "error": error(40142, 401)}),
        json!({"action": action::ERROR, "error": error(40142, 401)}),
    ] {
        for token in [false, true] {
            let rt = VirtualRuntime::new();
            let ws = MockWebSocket::accepting();
            let mut options = options(&rt, &ws);
            if token {
                options = options.auth_callback(|_| {
                    std::future::ready(Ok(ably_base::Credential::Token(
                        ably_base::TokenDetails::new("a token"),
                    )))
                });
            }
            let client = connect(&rt, options);
            client.close();
            rt.run_until_idle();
            assert_eq!(ws.client_messages_of(action::CLOSE).len(), 1);
            ws.send_to_client(answer.clone());
            rt.run_until_idle();
            assert_eq!(client.connection().state(), S::Closed, "{answer} {token}");
            rt.advance(Duration::from_secs(60));
            assert_eq!(ws.attempts().len(), 1, "{answer}");
        }
    }
}

#[test]
fn connect_while_closing_is_a_new_connection() {
    let rt = VirtualRuntime::new();
    let ws = MockWebSocket::accepting().on_message(|m, conn| {
        if m["action"] == action::ATTACH {
            conn.answer(m);
        }
    });
    let client = connect(&rt, options(&rt, &ws));
    let channel = client.channels().get("c");
    rt.wait(channel.attach()).unwrap();
    let old = ws.active();
    let changes = Arc::new(Mutex::new(Vec::new()));
    let sink = changes.clone();
    client
        .connection()
        .on((), move |c| sink.lock().unwrap().push(c.current));
    client.close();
    rt.run_until_idle();
    assert_eq!(client.connection().state(), S::Closing);
    client.connect();
    assert_eq!(client.connection().state(), S::Connecting);
    rt.await_state(&client, S::Connected);
    assert!(old.is_closed());
    // The old server's word does not count.
    old.send_to_client(json!({"action": action::CLOSED}));
    rt.advance(Duration::from_secs(15));
    assert_eq!(client.connection().state(), S::Connected);
    assert_eq!(
        *changes.lock().unwrap(),
        [S::Closing, S::Closed, S::Connecting, S::Connected]
    );
    assert_eq!(channel.state(), ChannelState::Initialized);
    let attempts = ws.attempts();
    assert_eq!(attempts.len(), 2);
    assert_eq!(attempts[1].query("resume"), None);
}

#[test]
fn without_a_promised_interval_a_quiet_connection_is_still_resumed() {
    let rt = VirtualRuntime::new();
    let ws = MockWebSocket::new().on_attempt(|a| {
        let mut message = connected("id", "key");
        message["connectionDetails"]["maxIdleInterval"] = json!(0);
        a.respond_with_connected(message);
    });
    let client = connect(&rt, options(&rt, &ws));
    rt.advance(Duration::from_secs(3600));
    assert_eq!(client.connection().state(), S::Connected);
    ws.active().simulate_disconnect();
    rt.await_state(&client, S::Connected);
    let attempts = ws.attempts();
    assert_eq!(attempts.len(), 2);
    assert_eq!(attempts[1].query("resume").as_deref(), Some("key"));
}

#[test]
fn a_connection_that_slept_is_not_resumed() {
    let rt = VirtualRuntime::new();
    let ws = MockWebSocket::accepting();
    let client = connect(&rt, options(&rt, &ws));
    // The machine sleeps: only the wall clock goes on.
    rt.jump_wall_clock(3_600_000);
    ws.active().simulate_disconnect();
    rt.await_state(&client, S::Connected);
    let attempts = ws.attempts();
    assert_eq!(attempts.len(), 2);
    assert_eq!(attempts[1].query("resume"), None);
}

#[test]
fn a_weak_handle_does_not_keep_the_client() {
    let (rt, _ws, client) = serving();
    let weak = client.downgrade();
    let again = weak.upgrade().expect("the client is there");
    assert_eq!(again.connection().state(), S::Connected);
    drop(again);
    assert_eq!(client.connection().state(), S::Connected);
    drop(client);
    assert!(weak.upgrade().is_none());
    rt.run_until_idle();
    assert_eq!(rt.tasks(), 0);
}

#[test]
fn closed_ends_when_the_connection_is_over() {
    let (rt, ws, client) = serving();
    let closed = Box::pin({
        let connection = client.connection();
        async move { connection.closed().await }
    });
    let mut closed = closed;
    assert!(rt.poll_now(&mut closed).is_none());
    client.close();
    rt.wait(closed);
    assert_eq!(client.connection().state(), S::Closed);
    // Failing while closing is an end too.
    let client = connect(&rt, options(&rt, &ws));
    ws.set_on_message(|_, _| {});
    ws.active().send_to_client_and_close(json!({
        "action": action::ERROR,
        "error": {"code": 40100, "statusCode": 401, "message": "no"},
    }));
    rt.wait(client.connection().closed());
    assert_eq!(client.connection().state(), S::Failed);
}

#[test]
fn rtn11d_channels_begin_anew_with_a_connection_that_had_ended() {
    for failed in [false, true] {
        let (rt, ws, client) = serving();
        let attached = client.channels().get("attached");
        let refused = client.channels().get("refused");
        let untouched = client.channels().get("untouched");
        rt.wait(attached.attach()).unwrap();
        rt.wait(attached.publish("n", "d")).unwrap();
        ws.send_to_client(json!({
            "action": action::ERROR,
            "channel": "refused",
            "error": {"code": 40160, "statusCode": 401, "message": "no"},
        }));
        rt.run_until_idle();
        assert_eq!(refused.state(), ChannelState::Failed);
        if failed {
            ws.send_to_client(json!({
                "action": action::ERROR,
                "error": {"code": 40000, "statusCode": 400, "message": "no"},
            }));
            rt.await_state(&client, S::Failed);
            assert_eq!(attached.state(), ChannelState::Failed);
            assert_eq!(attached.error_reason().unwrap().code(), 40000);
        } else {
            client.close();
            rt.await_state(&client, S::Closed);
            assert_eq!(attached.state(), ChannelState::Detached);
        }

        let seen = Arc::new(Mutex::new(Vec::new()));
        for channel in [&attached, &refused, &untouched] {
            let (sink, name) = (seen.clone(), channel.name().to_owned());
            channel.on((), move |change| {
                let what = (name.clone(), change.current, change.reason.is_some());
                sink.lock().unwrap().push(what);
            });
        }
        let sink = seen.clone();
        client.connection().on(S::Connecting, move |_| {
            let what = (String::new(), ChannelState::Initialized, false);
            sink.lock().unwrap().push(what);
        });
        client.connect();
        for channel in [&attached, &refused, &untouched] {
            assert_eq!(channel.state(), ChannelState::Initialized);
            assert_eq!(channel.error_reason(), None);
        }
        assert_eq!(client.connection().error_reason(), None);
        rt.await_state(&client, S::Connected);
        let told: Vec<_> = ["attached", "refused", ""]
            .map(|name| (name.to_owned(), ChannelState::Initialized, false))
            .into();
        assert_eq!(*seen.lock().unwrap(), told);
        // They can be used, without a trace of what they were.
        ws.reset();
        rt.wait(refused.publish("n", "d")).unwrap();
        rt.wait(attached.attach()).unwrap();
        assert_eq!(ws.client_messages_of(action::MESSAGE)[0]["msgSerial"], 0);
        let attach = &ws.client_messages_of(action::ATTACH)[0];
        assert_eq!(attach["flags"].as_u64().unwrap_or(0) & 1 << 5, 0);
    }
}

#[test]
fn rtn11b_channels_are_detached_and_begin_anew_when_connecting_while_closing() {
    let (rt, _ws, client) = silent();
    let channel = client.channels().get("c");
    let _attach = channel.attach();
    rt.run_until_idle();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let sink = seen.clone();
    channel.on((), move |change| sink.lock().unwrap().push(change.current));
    client.close();
    rt.run_until_idle();
    assert_eq!(client.connection().state(), S::Closing);
    client.connect();
    assert_eq!(client.connection().error_reason(), None);
    rt.run_until_idle();
    use ChannelState as C;
    let seen = seen.lock().unwrap().clone();
    assert_eq!(seen[seen.len() - 2..], [C::Detached, C::Initialized]);
    assert_eq!(channel.state(), C::Initialized);
}
