//! `realtime/unit/channels/channel_publish.md`

use super::common::*;

/// Messages of the `n`th connection, from one on.
fn sent_on(ws: &MockWebSocket, n: usize, action: u8) -> Vec<Value> {
    let mut connection = 0;
    let mut found = Vec::new();
    for event in ws.events() {
        match event {
            WsEvent::ConnectionAttempt(_) => connection += 1,
            WsEvent::MessageFromClient(m) if connection == n && is(&m, action) => found.push(m),
            _ => {}
        }
    }
    found
}

// UTS: realtime/unit/RTL6i1/publish-name-and-data-0
#[test]
fn rtl6i1_name_and_data() {
    let c = Case::new("test-RTL6i1", attaching()).connect().attach();
    let _publish = c.publish("greeting", "hello");
    let sent = c.published();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0]["action"], action::MESSAGE);
    assert_eq!(sent[0]["channel"], "test-RTL6i1");
    assert_eq!(sent[0]["messages"].as_array().unwrap().len(), 1);
    assert_eq!(sent[0]["messages"][0]["name"], "greeting");
    assert_eq!(sent[0]["messages"][0]["data"], "hello");
}

// UTS: realtime/unit/RTL6i2/publish-message-array-0
#[test]
fn rtl6i2_messages_together() {
    let c = Case::new("test-RTL6i2", attaching()).connect().attach();
    let _publish = c.channel.publish_messages(vec![
        Message::new("event1", "data1"),
        Message::new("event2", "data2"),
        Message::new("event3", "data3"),
    ]);
    c.rt.run_until_idle();
    let sent = c.published();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0]["messages"].as_array().unwrap().len(), 3);
    assert_eq!(sent[0]["messages"][0]["name"], "event1");
    assert_eq!(sent[0]["messages"][1]["name"], "event2");
    assert_eq!(sent[0]["messages"][2]["name"], "event3");
}

// UTS: realtime/unit/RTL6i3/null-fields-json-0
#[test]
fn rtl6i3_json_leaves_out_what_is_null() {
    let c = Case::with(
        "test-RTL6i3-json",
        attaching(),
        |o| o.use_binary_protocol(false),
        passive(),
    );
    let c = c.connect().attach();
    let _publishes = [
        c.channel.publish("click", ()),
        c.channel.publish_message(Message::unnamed("payload")),
        c.channel.publish_message(Message::unnamed(())),
    ];
    c.rt.run_until_idle();
    let sent = c.published();
    assert_eq!(sent.len(), 3);
    let message = |i: usize| sent[i]["messages"][0].as_object().unwrap();
    assert_eq!(message(0)["name"], "click");
    assert!(!message(0).contains_key("data"));
    assert!(!message(1).contains_key("name"));
    assert_eq!(message(1)["data"], "payload");
    assert!(!message(2).contains_key("name"));
    assert!(!message(2).contains_key("data"));
}

// UTS: realtime/unit/RTL6i3/null-fields-msgpack-1
#[test]
fn rtl6i3_msgpack_leaves_out_what_is_null() {
    let binary = |m: &Value| -> Option<rmpv::Value> {
        let bytes = m["binary"].as_array()?.iter();
        let bytes: Vec<u8> = bytes.map(|b| b.as_u64().unwrap() as u8).collect();
        Some(rmpv::decode::read_value(&mut bytes.as_slice()).unwrap())
    };
    let ws = MockWebSocket::new().on_attempt(|a| {
        let mut frame = Vec::new();
        let text = |s: &str| rmpv::Value::from(s);
        let details = vec![(text("connectionKey"), text("connection-key"))];
        let message = rmpv::Value::Map(vec![
            (text("action"), action::CONNECTED.into()),
            (text("connectionId"), text("connection-id")),
            (text("connectionDetails"), rmpv::Value::Map(details)),
        ]);
        rmpv::encode::write_value(&mut frame, &message).unwrap();
        a.respond_with_success().send_binary(&frame);
    });
    ws.set_on_message(move |m, conn| {
        let message = binary(m).expect("a binary frame");
        if message["action"].as_u64() == Some(action::ATTACH.into()) {
            let mut frame = Vec::new();
            let fields = vec![
                (rmpv::Value::from("action"), action::ATTACHED.into()),
                (rmpv::Value::from("channel"), message["channel"].clone()),
            ];
            rmpv::encode::write_value(&mut frame, &rmpv::Value::Map(fields)).unwrap();
            conn.send_binary(&frame);
        }
    });
    let c = Case::with(
        "test-RTL6i3-msgpack",
        ws,
        |o| o.use_binary_protocol(true).plugin(ably_msgpack::MsgPack),
        passive(),
    );
    let c = c.connect().attach();
    let _publishes = [
        c.channel.publish("click", ()),
        c.channel.publish_message(Message::unnamed("payload")),
        c.channel.publish_message(Message::unnamed(())),
    ];
    c.rt.run_until_idle();
    let mut sent: Vec<_> = c.ws.client_messages().iter().filter_map(binary).collect();
    sent.retain(|m| m["action"].as_u64() == Some(action::MESSAGE.into()));
    assert_eq!(sent.len(), 3);
    let message = |i: usize| sent[i]["messages"][0].as_map().unwrap().clone();
    let field = |i: usize, name: &str| {
        let found = message(i)
            .into_iter()
            .find(|(k, _)| k.as_str() == Some(name));
        found.map(|(_, v)| v.as_str().map(str::to_owned))
    };
    let some = |s: &str| Some(Some(s.to_owned()));
    assert_eq!(field(0, "name"), some("click"));
    assert_eq!(field(0, "data"), None);
    assert_eq!(field(1, "name"), None);
    assert_eq!(field(1, "data"), some("payload"));
    assert_eq!(field(2, "name"), None);
    assert_eq!(field(2, "data"), None);
}

// UTS: realtime/unit/RTL6c1/publish-when-attached-0
#[test]
fn rtl6c1_at_once_when_attached() {
    let c = Case::new("test-RTL6c1", attaching()).connect().attach();
    assert_eq!(c.client.connection().state(), ConnectionState::Connected);
    assert_eq!(c.channel.state(), ChannelState::Attached);
    let _publish = c.publish("test", "immediate");
    let sent = c.published();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0]["messages"][0]["name"], "test");
    assert_eq!(sent[0]["messages"][0]["data"], "immediate");
}

// UTS: realtime/unit/RTL6c1/publish-when-attaching-1
#[test]
fn rtl6c1_at_once_when_attaching() {
    let c = Case::new("test-RTL6c1-attaching", MockWebSocket::accepting()).connect();
    let _attach = c.begin_attach();
    let _publish = c.publish("while-attaching", "data");
    let sent = c.published();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0]["messages"][0]["name"], "while-attaching");
    assert_eq!(c.channel.state(), ChannelState::Attaching);
}

// UTS: realtime/unit/RTL6c1/publish-when-initialized-2
#[test]
fn rtl6c1_at_once_when_initialized() {
    let c = Case::new("test-RTL6c1-init", attaching()).connect();
    assert_eq!(c.channel.state(), ChannelState::Initialized);
    let _publish = c.publish("before-attach", "data");
    let sent = c.published();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0]["messages"][0]["name"], "before-attach");
}

// UTS: realtime/unit/RTL6c2/queued-when-connecting-0
#[test]
fn rtl6c2_queued_when_connecting() {
    let c = Case::new("test-RTL6c2-connecting", MockWebSocket::new());
    c.client.connect();
    c.await_connection(ConnectionState::Connecting);
    let _publish = c.publish("queued", "waiting");
    assert_eq!(c.published().len(), 0);
    let attempt = c.ws.await_attempt(&c.rt);
    attempt.respond_with_connected(connected("connection-id", "connection-key"));
    c.await_connection(ConnectionState::Connected);
    let sent = c.published();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0]["messages"][0]["name"], "queued");
    assert_eq!(sent[0]["messages"][0]["data"], "waiting");
}

// UTS: realtime/unit/RTL6c2/queued-when-disconnected-1
#[test]
fn rtl6c2_queued_when_disconnected() {
    let c = Case::new("test-RTL6c2-disconnected", MockWebSocket::accepting()).connect();
    let before = Recorder::new();
    let (channel, ws, sink) = (c.channel.clone(), c.ws.clone(), before.clone());
    c.cut_then(move || {
        drop(channel.publish("during-disconnect", "queued"));
        sink.push(ws.client_messages_of(action::MESSAGE).len());
    });
    assert_eq!(before.all(), [0]);
    c.await_connection(ConnectionState::Connected);
    let sent = c.published();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0]["messages"][0]["name"], "during-disconnect");
    assert_eq!(sent_on(&c.ws, 2, action::MESSAGE), sent);
}

// UTS: realtime/unit/RTL6c2/queued-when-initialized-2
#[test]
fn rtl6c2_queued_when_initialized() {
    let c = Case::new("test-RTL6c2-init", MockWebSocket::accepting());
    assert_eq!(c.client.connection().state(), ConnectionState::Initialized);
    let _publish = c.publish("pre-connect", "early");
    assert_eq!(c.published().len(), 0);
    let c = c.connect();
    let sent = c.published();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0]["messages"][0]["name"], "pre-connect");
}

/// Options with which a connection is suspended soon.
fn impatient(o: ClientOptions) -> ClientOptions {
    o.disconnected_retry_timeout(s(1))
        .connection_state_ttl(s(5))
}

// UTS: realtime/unit/RTL6c4/fails-conn-suspended-0
#[test]
fn rtl6c4_refused_when_the_connection_is_suspended() {
    let ws = MockWebSocket::new().on_attempt(|a| a.respond_with_refused());
    let c = Case::with("test-RTL6c4-suspended", ws, impatient, passive());
    c.client.connect();
    c.suspend();
    assert_eq!(code(&c.refused()), (80002, 400));
}

// UTS: realtime/unit/RTL6c4/fails-conn-closed-1
#[test]
fn rtl6c4_refused_when_the_connection_is_closed() {
    let c = Case::new("test-RTL6c4-closed", MockWebSocket::serving()).connect();
    c.close();
    assert_eq!(code(&c.refused()), (80017, 400));
}

// UTS: realtime/unit/RTL6c4/fails-conn-failed-2
#[test]
fn rtl6c4_refused_when_the_connection_has_failed() {
    let ws = MockWebSocket::new().on_attempt(|a| {
        let error = json!({"code": 80000, "message": "Fatal error"});
        a.respond_with_error(json!({"action": action::ERROR, "error": error}));
    });
    let c = Case::new("test-RTL6c4-failed", ws);
    c.client.connect();
    c.await_connection(ConnectionState::Failed);
    let error = c.refused();
    assert_eq!(error.code(), ErrorCode(80000));
    assert_eq!(error.message(), "Fatal error");
}

// UTS: realtime/unit/RTL6c4/fails-channel-suspended-3
#[test]
fn rtl6c4_refused_when_the_channel_is_suspended() {
    let c = Case::with(
        "test-RTL6c4-ch-suspended",
        MockWebSocket::accepting(),
        |o| o.realtime_request_timeout(ms(100)),
        passive(),
    );
    let c = c.connect();
    let attach = c.begin_attach();
    c.rt.advance(ms(150));
    assert_eq!(code(&c.rt.wait(attach).unwrap_err()), (90007, 408));
    c.await_channel(ChannelState::Suspended);
    assert_eq!(code(&c.refused()), (90001, 400));
    assert_eq!(c.published().len(), 0);
}

// UTS: realtime/unit/RTL6c4/fails-channel-failed-4
#[test]
fn rtl6c4_refused_when_the_channel_has_failed() {
    let ws = MockWebSocket::accepting().on_message(|m, conn| {
        if is(m, action::ATTACH) {
            let error = error(40160, 401, "Not permitted");
            conn.send_to_client(
                json!({"action": action::ERROR, "channel": m["channel"], "error": error}),
            );
        }
    });
    let c = Case::new("test-RTL6c4-ch-failed", ws).connect();
    let error = c.rt.wait(c.channel.attach()).unwrap_err();
    assert_eq!(code(&error), (40160, 401));
    assert_eq!(c.channel.state(), ChannelState::Failed);
    assert_eq!(code(&c.refused()), (90001, 400));
    assert_eq!(c.published().len(), 0);
}

// UTS: realtime/unit/RTL6c2/fails-no-queue-messages-3
#[test]
fn rtl6c2_refused_without_queueing() {
    let c = Case::with(
        "test-RTL6c2-noqueue",
        MockWebSocket::new(),
        |o| o.queue_messages(false),
        passive(),
    );
    c.client.connect();
    c.await_connection(ConnectionState::Connecting);
    assert_eq!(code(&c.refused()), (90000, 400));
}

// UTS: realtime/unit/RTL6c5/no-implicit-attach-0
#[test]
fn rtl6c5_does_not_attach() {
    let c = Case::new("test-RTL6c5", attaching()).connect();
    assert_eq!(c.channel.state(), ChannelState::Initialized);
    let _publish = c.publish("no-attach", "test");
    assert_eq!(c.published().len(), 1);
    assert_eq!(c.channel.state(), ChannelState::Initialized);
    assert_eq!(c.attaches().len(), 0);
}

// UTS: realtime/unit/RTL6c2/queued-messages-order-4
#[test]
fn rtl6c2_queued_messages_keep_their_order() {
    let c = Case::new("test-RTL6c2-order", MockWebSocket::new());
    c.client.connect();
    c.await_connection(ConnectionState::Connecting);
    let _publishes = [
        c.publish("first", "1"),
        c.publish("second", "2"),
        c.publish("third", "3"),
    ];
    assert_eq!(c.published().len(), 0);
    let attempt = c.ws.await_attempt(&c.rt);
    attempt.respond_with_connected(connected("connection-id", "connection-key"));
    c.await_connection(ConnectionState::Connected);
    let sent = c.published();
    assert_eq!(sent.len(), 3);
    assert_eq!(sent[0]["messages"][0]["name"], "first");
    assert_eq!(sent[1]["messages"][0]["name"], "second");
    assert_eq!(sent[2]["messages"][0]["name"], "third");
}

// UTS: realtime/unit/RTL6i1/publish-message-object-1
#[test]
fn rtl6i1_a_message_with_json() {
    let c = Case::new("test-RTL6i1-obj", attaching()).connect().attach();
    let data = Data::json(&json!({"key": "value"})).unwrap();
    let _publish = c.channel.publish_message(Message::new("custom", data));
    c.rt.run_until_idle();
    let sent = c.published();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0]["messages"].as_array().unwrap().len(), 1);
    let message = &sent[0]["messages"][0];
    assert_eq!(message["name"], "custom");
    // On the wire JSON is a string that is marked as such (RSL4d3).
    assert_eq!(message["encoding"], "json");
    let data: Value = serde_json::from_str(message["data"].as_str().unwrap()).unwrap();
    assert_eq!(data, json!({"key": "value"}));
}

// UTS: realtime/unit/RTL6j/incrementing-msg-serial-2
#[test]
fn rtl6j_serials_increment() {
    let c = Case::new("test-RTL6j-serial", MockWebSocket::serving());
    let c = c.connect().attach();
    c.rt.wait(c.channel.publish("first", "1")).unwrap();
    c.rt.wait(c.channel.publish("second", "2")).unwrap();
    c.rt.wait(c.channel.publish("third", "3")).unwrap();
    let sent = c.published();
    assert_eq!(sent.len(), 3);
    assert_eq!(sent[0]["msgSerial"], 0);
    assert_eq!(sent[1]["msgSerial"], 1);
    assert_eq!(sent[2]["msgSerial"], 2);
}

// UTS: realtime/unit/RTL6j/nack-results-error-3
#[test]
fn rtl6j_nack_is_an_error() {
    let ws = MockWebSocket::accepting().on_message(|m, conn| {
        if is(m, action::MESSAGE) {
            conn.nack(m, error(40160, 401, "Publish rejected"));
        }
        confirm_attach(m, conn);
    });
    let c = Case::new("test-RTL6j-nack", ws).connect().attach();
    let error =
        c.rt.wait(c.channel.publish("rejected", "data"))
            .unwrap_err();
    assert_eq!(code(&error), (40160, 401));
    assert_eq!(error.message(), "Publish rejected");
}

// UTS: realtime/unit/RTN7e/pending-fail-suspended-0
#[test]
fn rtn7e_pending_publishes_fail_when_suspended() {
    let ws = MockWebSocket::new().on_message(confirm_attach);
    ws.set_on_attempt(|a| {
        let mut message = connected("connection-id", "connection-key");
        // What the server says overrides the option.
        message["connectionDetails"]["connectionStateTtl"] = json!(5000);
        a.respond_with_connected(message);
    });
    let c = Case::with("test-RTN7e-suspended", ws, impatient, passive());
    let c = c.connect().attach();
    let mut publish = c.publish("pending", "data");
    c.ws.set_on_attempt(|a| a.respond_with_refused());
    c.ws.active().simulate_disconnect();
    c.rt.run_until_idle();
    assert!(c.rt.poll_now(&mut publish).is_none());
    c.suspend();
    let error = c.rt.poll_now(&mut publish).expect("an answer").unwrap_err();
    assert_eq!(code(&error), (80002, 400));
}

// UTS: realtime/unit/RTN7e/pending-fail-closed-1
#[test]
fn rtn7e_pending_publishes_fail_when_closed() {
    let c = Case::new("test-RTN7e-closed", deaf_to_messages());
    let c = c.connect().attach();
    let mut publish = c.publish("pending", "data");
    c.close();
    let error = c.rt.poll_now(&mut publish).expect("an answer").unwrap_err();
    assert_eq!(code(&error), (80017, 400));
}

/// A peer that answers everything but messages.
fn deaf_to_messages() -> MockWebSocket {
    MockWebSocket::accepting().on_message(|m, conn| {
        if !is(m, action::MESSAGE) {
            conn.answer(m);
        }
    })
}

/// A peer that confirms attaching and answers a message with an ERROR.
fn failing(error: Value) -> MockWebSocket {
    MockWebSocket::accepting().on_message(move |m, conn| {
        if is(m, action::MESSAGE) {
            let error = json!({"action": action::ERROR, "error": error});
            conn.send_to_client_and_close(error);
        }
        confirm_attach(m, conn);
    })
}

// UTS: realtime/unit/RTN7e/pending-fail-failed-2
#[test]
fn rtn7e_pending_publishes_fail_when_failed() {
    let ws = failing(json!({"code": 80000, "message": "Fatal error"}));
    let c = Case::new("test-RTN7e-failed", ws).connect().attach();
    let mut publish = c.publish("pending", "data");
    c.await_connection(ConnectionState::Failed);
    let error = c.rt.poll_now(&mut publish).expect("an answer").unwrap_err();
    assert_eq!(error.code(), ErrorCode(80000));
    assert_eq!(error.message(), "Fatal error");
}

// UTS: realtime/unit/RTN7e/multiple-pending-fail-3
#[test]
fn rtn7e_all_pending_publishes_fail() {
    let c = Case::new("test-RTN7e-multi", deaf_to_messages());
    let c = c.connect().attach();
    let publishes = [
        c.publish("msg1", "data1"),
        c.publish("msg2", "data2"),
        c.publish("msg3", "data3"),
    ];
    c.close();
    for mut publish in publishes {
        let error = c.rt.poll_now(&mut publish).expect("an answer").unwrap_err();
        assert_eq!(code(&error), (80017, 400));
    }
}

// UTS: realtime/unit/RTN7e/error-represents-reason-4
#[test]
fn rtn7e_the_error_is_the_reason() {
    let reason = error(80019, 400, "Connection closed due to admin action");
    let c = Case::new("test-RTN7e-error-reason", failing(reason));
    let c = c.connect().attach();
    let mut publish = c.publish("pending", "data");
    c.await_connection(ConnectionState::Failed);
    let error = c.rt.poll_now(&mut publish).expect("an answer").unwrap_err();
    assert_eq!(code(&error), (80019, 400));
    assert_eq!(error.message(), "Connection closed due to admin action");
    let reason = c.client.connection().error_reason().expect("a reason");
    assert_eq!(code(&reason), (80019, 400));
}

// UTS: realtime/unit/RTN7d/fail-disconnected-no-queue-0
#[test]
fn rtn7d_pending_publishes_fail_when_disconnected_without_queueing() {
    let c = Case::with(
        "test-RTN7d",
        attaching(),
        |o| o.queue_messages(false),
        passive(),
    );
    let c = c.connect().attach();
    let mut publish = c.publish("pending", "data");
    // Only the first connection: what fails must not come with the second.
    c.ws.set_on_attempt(|_| {});
    c.cut_then(|| {});
    let error = c.rt.poll_now(&mut publish).expect("an answer").unwrap_err();
    assert_eq!(code(&error), (80003, 400));
}

// UTS: realtime/unit/RTN7d/survive-disconnected-queue-1
#[test]
fn rtn7d_pending_publishes_survive_with_queueing() {
    let ws = acknowledging_second(MockWebSocket::accepting());
    let c = Case::new("test-RTN7d-default", ws).connect().attach();
    let publish = c.publish("pending", "data");
    c.reconnect();
    c.rt.wait(publish).unwrap();
}

// UTS: realtime/unit/RTN19a/resent-on-new-transport-0
#[test]
fn rtn19a_pending_messages_are_sent_again() {
    let ws = acknowledging_second(MockWebSocket::accepting());
    let c = Case::new("test-RTN19a", ws).connect().attach();
    let publish = c.publish("resend-me", "data");
    assert_eq!(sent_on(&c.ws, 1, action::MESSAGE).len(), 1);
    c.reconnect();
    c.rt.wait(publish).unwrap();
    let second = sent_on(&c.ws, 2, action::MESSAGE);
    assert_eq!(second.len(), 1);
    assert_eq!(second[0]["messages"][0]["name"], "resend-me");
}

// UTS: realtime/unit/RTN19a2/same-serial-on-resume-0
#[test]
fn rtn19a2_serials_stay_on_resume() {
    let ws = MockWebSocket::new();
    let attempts = ws.clone();
    ws.set_on_attempt(move |a| {
        let key = format!("key-{}", attempts.attempts().len());
        a.respond_with_connected(connected("connection-abc", &key));
    });
    let c = Case::new("test-RTN19a2-resume", acknowledging_second(ws));
    let c = c.connect().attach();
    let publishes = [c.publish("msg1", "data1"), c.publish("msg2", "data2")];
    let first = sent_on(&c.ws, 1, action::MESSAGE);
    assert_eq!(first.len(), 2);
    c.reconnect();
    for publish in publishes {
        c.rt.wait(publish).unwrap();
    }
    let second = sent_on(&c.ws, 2, action::MESSAGE);
    assert_eq!(second.len(), 2);
    assert_eq!(second[0]["msgSerial"], first[0]["msgSerial"]);
    assert_eq!(second[1]["msgSerial"], first[1]["msgSerial"]);
    assert_eq!(second, first);
}

// UTS: realtime/unit/RTN19a2/new-serial-failed-resume-1
#[test]
fn rtn19a2_serials_begin_anew_when_the_resume_fails() {
    let ws = MockWebSocket::new();
    let attempts = ws.clone();
    ws.set_on_attempt(move |a| {
        if attempts.attempts().len() == 1 {
            a.respond_with_connected(connected("connection-first", "key-first"));
        } else {
            let mut message = connected("connection-new", "key-new");
            message["error"] = json!({"code": 80018, "message": "Connection not resumable"});
            a.respond_with_connected(message);
        }
    });
    let c = Case::new("test-RTN19a2-failed-resume", acknowledging_second(ws));
    let c = c.connect().attach();
    let publishes = [c.publish("msg1", "data1"), c.publish("msg2", "data2")];
    let first = sent_on(&c.ws, 1, action::MESSAGE);
    assert_eq!(first[0]["msgSerial"], 0);
    assert_eq!(first[1]["msgSerial"], 1);
    c.reconnect();
    for publish in publishes {
        c.rt.wait(publish).unwrap();
    }
    let second = sent_on(&c.ws, 2, action::MESSAGE);
    assert_eq!(second.len(), 2);
    assert_eq!(second[0]["msgSerial"], 0);
    assert_eq!(second[1]["msgSerial"], 1);
}

/// A peer that answers only on the second connection, and ATTACH always unless `holds` it.
fn answering_second(holds: u8) -> MockWebSocket {
    let ws = MockWebSocket::accepting();
    let attempts = ws.clone();
    ws.on_message(move |m, conn| {
        if !is(m, holds) || attempts.attempts().len() >= 2 {
            conn.answer(m);
        }
    })
}

// UTS: realtime/unit/RTN19b/attach-resent-on-reconnect-0
#[test]
fn rtn19b_attach_is_sent_again() {
    let c = Case::new("test-RTN19b-attach", answering_second(action::ATTACH)).connect();
    let attach = c.begin_attach();
    let first = sent_on(&c.ws, 1, action::ATTACH);
    assert_eq!(first.len(), 1);
    assert_eq!(first[0]["channel"], "test-RTN19b-attach");
    c.reconnect();
    c.rt.wait(attach).unwrap();
    assert_eq!(c.channel.state(), ChannelState::Attached);
    let second = sent_on(&c.ws, 2, action::ATTACH);
    assert_eq!(second.len(), 1);
    assert_eq!(second[0]["channel"], "test-RTN19b-attach");
}

// UTS: realtime/unit/RTN19b/detach-resent-on-reconnect-1
#[test]
fn rtn19b_detach_is_sent_again() {
    let c = Case::new("test-RTN19b-detach", answering_second(action::DETACH));
    let c = c.connect().attach();
    let detach = c.channel.detach();
    c.await_channel(ChannelState::Detaching);
    assert_eq!(sent_on(&c.ws, 1, action::DETACH).len(), 1);
    c.reconnect();
    c.rt.wait(detach).unwrap();
    assert_eq!(c.channel.state(), ChannelState::Detached);
    let second = sent_on(&c.ws, 2, action::DETACH);
    assert_eq!(second.len(), 1);
    assert_eq!(second[0]["channel"], "test-RTN19b-detach");
}
