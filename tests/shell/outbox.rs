//! What is published: its room, its size, its acknowledgement, and sending it again.

use crate::peer::*;

fn names(messages: &[Message]) -> Vec<&str> {
    messages
        .iter()
        .map(|m| m.name.as_deref().unwrap())
        .collect()
}

fn sent(list: &[(i64, &str)]) -> Vec<(i64, String)> {
    list.iter().map(|(n, s)| (*n, (*s).to_owned())).collect()
}

#[test]
fn try_publish_hands_the_messages_back_in_order_when_there_is_no_room() {
    let p = Peer::with(|o| o.max_queued_messages(2)).connect();
    let first = p.channel.try_publish(vec![Message::new("a", "1")]).unwrap();
    let _second = p.channel.try_publish(vec![Message::new("b", "2")]).unwrap();
    let three = || ["c", "d", "e"].map(|n| Message::new(n, n)).to_vec();
    let full = p.channel.try_publish(three()).unwrap_err();
    assert_eq!(full.0, three());
    assert_eq!(names(&full.0), ["c", "d", "e"]);
    p.rt.run_until_idle();
    assert_eq!(p.sent_on(1), sent(&[(0, "a"), (1, "b")]));

    p.ack(0, 1);
    p.rt.wait(first).unwrap();
    let _third = p.channel.try_publish(full.0).unwrap();
    p.rt.run_until_idle();
    assert_eq!(p.sent_on(1), sent(&[(0, "a"), (1, "b"), (2, "c")]));
    let frame = &p.ws.client_messages_of(action::MESSAGE)[2]["messages"];
    assert_eq!(frame[1]["name"], "d");
    assert_eq!(frame[2]["name"], "e");
}

#[test]
fn a_publish_given_up_while_it_waits_is_not_sent_and_lets_the_next_go() {
    let p = Peer::with(|o| o.max_queued_messages(1)).connect();
    p.publish("a");
    let mut b = p.channel.publish("b", "x");
    assert!(p.rt.poll_now(&mut b).is_none());
    p.publish("c");
    drop(b);
    p.ack(0, 1);
    p.rt.run_until_idle();
    assert_eq!(p.sent_on(1), sent(&[(0, "a"), (1, "c")]));
    p.ack(1, 1);
    assert_eq!(p.fates(), ["a ok", "c ok"]);
}

#[test]
fn rsl1i_the_limit_is_exact() {
    let p = Peer::new().connect();
    let of = |n: usize| vec![Message::new("four", "x".repeat(n))];
    assert!(p.verdict(of(65_532)).is_ok());
    let error = p.verdict(of(65_533)).unwrap_err();
    assert_eq!((error.code(), error.status_code()), (ErrorCode(40009), 400));
    // The messages of a publish count together.
    let two = |n: usize| {
        vec![
            Message::unnamed("x".repeat(65_000)),
            Message::unnamed("x".repeat(n)),
        ]
    };
    assert!(p.verdict(two(536)).is_ok());
    assert_eq!(p.verdict(two(537)).unwrap_err().code(), ErrorCode(40009));
    // What was refused has taken no serial.
    let frames = p.ws.client_messages_of(action::MESSAGE);
    let serials: Vec<_> = frames.iter().map(|m| m["msgSerial"].clone()).collect();
    assert_eq!(serials, [0, 1]);
}

#[test]
fn tm6_text_counts_in_utf16_units_and_data_in_bytes() {
    let p = Peer::with(|o| o.max_message_size(10)).connect();
    let fits = |m: Message| {
        let refused = p.verdict(vec![m]).err();
        let code = refused.map(|e| e.code());
        assert!(code.is_none_or(|code| code == ErrorCode(40009)), "{code:?}");
        code.is_none()
    };
    // Two units and four bytes each.
    assert!(fits(Message::new("💥💥💥💥💥", ())));
    assert!(!fits(Message::new("💥💥💥💥💥a", ())));
    assert!(fits(Message::unnamed("💥💥ab")));
    assert!(!fits(Message::unnamed("💥💥abc")));
    assert!(fits(Message::unnamed(&[0u8; 10])));
    assert!(!fits(Message::unnamed(&[0u8; 11])));
    assert!(fits(Message::new("n", "d").client_id("éééééééé")));
    assert!(!fits(Message::new("n", "d").client_id("ééééééééé")));
    let extras = |text: &str| Message::new("n", "d").extras(JsonText::new(text).unwrap());
    assert!(fits(extras(r#"{"é":42}"#)));
    assert!(!fits(extras(r#"{"é":421}"#)));
    let json = |text: &str| Message::unnamed(Data::Json(JsonText::new(text).unwrap()));
    assert!(fits(json(r#"{"é":123}"#)));
    assert!(!fits(json(r#"{"éé":12}"#)));
}

#[test]
fn the_limit_is_the_one_that_the_server_names() {
    let p = Peer::with(|o| o.max_message_size(10));
    p.ws.set_on_attempt(|a| {
        let mut message = connected("id", "key");
        message["connectionDetails"]["maxMessageSize"] = json!(20);
        a.respond_with_connected(message);
    });
    let p = p.connect();
    assert!(p.verdict(vec![Message::unnamed("x".repeat(20))]).is_ok());
    let error = p.verdict(vec![Message::unnamed("x".repeat(21))]);
    assert_eq!(error.unwrap_err().code(), ErrorCode(40009));
}

#[test]
fn rtn7b_an_ack_of_several_answers_them_in_order() {
    let p = Peer::new().connect();
    for name in ["a", "b", "c", "d"] {
        p.publish(name);
    }
    p.ack(0, 3);
    assert_eq!(p.fates(), ["a ok", "b ok", "c ok"]);
    // Again: nobody waits for it any more.
    p.ack(0, 3);
    assert_eq!(p.fates(), ["a ok", "b ok", "c ok"]);
    // One that is lost is made up for by the next, as in ably-js.
    p.ack(17, 2);
    assert_eq!(p.fates(), ["a ok", "b ok", "c ok", "d ok"]);
}

#[test]
fn rtn7b_a_nack_of_several_refuses_exactly_those() {
    let p = Peer::new().connect();
    for name in ["a", "b", "c", "d"] {
        p.publish(name);
    }
    p.ack(0, 1);
    p.send(json!({
        "action": action::NACK, "msgSerial": 1, "count": 2,
        "error": {"code": 40160, "statusCode": 401, "message": "no"},
    }));
    assert_eq!(p.fates(), ["a ok", "b 40160", "c 40160"]);
    p.ack(3, 1);
    assert_eq!(p.fates(), ["a ok", "b 40160", "c 40160", "d ok"]);
}

#[test]
fn a_nack_without_an_error_is_one_still() {
    let p = Peer::new().connect();
    p.publish("a");
    p.send(json!({"action": action::NACK, "msgSerial": 0, "count": 1}));
    assert_eq!(p.fates(), ["a 50001"]);
}

/// Two of three unacknowledged, one more published while disconnected, then a connection `id`.
fn after_a_cut(id: &'static str) -> Peer {
    let p = Peer::new().connect();
    for name in ["a", "b", "c"] {
        p.publish(name);
    }
    p.ack(0, 1);
    p.ws.set_on_attempt(move |a| drop(a.respond_with_connected(connected(id, "key-2"))));
    let (channel, slot) = (p.channel.clone(), Arc::new(Mutex::new(None)));
    let put = slot.clone();
    p.client
        .connection()
        .once(ConnectionState::Disconnected, move |_| {
            *put.lock().unwrap() = Some(channel.publish("d", "x"));
        });
    p.ws.active().simulate_disconnect();
    p.rt.run_until_idle();
    p.watch("d", slot.lock().unwrap().take().expect("disconnected"));
    assert_eq!(p.client.connection().state(), ConnectionState::Connected);
    assert_eq!(p.sent_on(1), sent(&[(0, "a"), (1, "b"), (2, "c")]));
    p
}

#[test]
fn rtn19a2_a_resumed_connection_goes_on_with_its_serials() {
    let p = after_a_cut("id");
    assert_eq!(p.sent_on(2), sent(&[(1, "b"), (2, "c"), (3, "d")]));
    p.publish("e");
    p.ack(1, 2);
    p.ack(3, 2);
    assert_eq!(p.fates(), ["a ok", "b ok", "c ok", "d ok", "e ok"]);
    assert_eq!(p.sent_on(2)[3], (4, "e".to_owned()));
}

#[test]
fn rtn19a2_another_connection_numbers_from_zero() {
    let p = after_a_cut("another");
    assert_eq!(p.sent_on(2), sent(&[(0, "b"), (1, "c"), (2, "d")]));
    p.publish("e");
    p.ack(0, 3);
    p.ack(3, 1);
    assert_eq!(p.fates(), ["a ok", "b ok", "c ok", "d ok", "e ok"]);
    assert_eq!(p.sent_on(2)[3], (3, "e".to_owned()));
}

#[test]
fn rtl6g3_another_client_id_is_refused_here() {
    let p = Peer::with(|o| o.client_id("me")).connect().attach();
    let of = |id: &str| Message::new("n", "d").client_id(id);
    for ids in [vec!["other"], vec!["me", "other"], vec!["*"], vec!["ME"]] {
        let error = p.verdict(ids.into_iter().map(of).collect()).unwrap_err();
        assert_eq!((error.code(), error.status_code()), (ErrorCode(40012), 400));
    }
    // Connection and channel can be used further.
    assert_eq!(p.client.connection().state(), ConnectionState::Connected);
    assert_eq!(p.channel.state(), ChannelState::Attached);
    assert!(p.verdict(vec![of("me")]).is_ok());
    assert!(p.verdict(vec![Message::new("n", "d")]).is_ok());
    let frames = p.ws.client_messages_of(action::MESSAGE);
    assert_eq!(frames[0]["messages"][0]["clientId"], "me");
    // RTL6g1a: the server knows who this is.
    assert_eq!(frames[1]["messages"][0].get("clientId"), None);
}

#[test]
fn rtl6g4_a_client_without_an_id_may_name_any() {
    let p = Peer::new().connect();
    let anyone = Message::new("n", "d").client_id("anyone");
    assert!(p.verdict(vec![anyone]).is_ok());
    let frames = p.ws.client_messages_of(action::MESSAGE);
    assert_eq!(frames[0]["messages"][0]["clientId"], "anyone");
}
