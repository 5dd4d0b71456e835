//! Publishing and subscribing, in virtual time: what the universal test specs leave open.

use std::{
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
};

use ably_base::{
    BaseRealtime, Channel, ChannelOptions, ChannelState, ClientOptions, ConnectionState, Data,
    DecodeFailure, ErrorCode, ErrorInfo, JsonText, Lagged, LogLevel, Message, MessageMeta,
    PayloadEncoding, PayloadStep, Plugin, Plugins, Publish, Runtime, Subscription, engine::Entropy,
    protocol::Payload,
};
use ably_testkit::{
    LogCapture, MockConnection, MockWebSocket, VirtualRuntime, WsEvent, action, connected,
};
use serde_json::{Value, json};

/// A client with one channel and a peer that only does as told.
struct Peer {
    rt: VirtualRuntime,
    ws: MockWebSocket,
    client: BaseRealtime,
    channel: Channel,
    log: LogCapture,
    /// What became of publishes, in the order in which it was known.
    fates: Log,
}

type Log = Arc<Mutex<Vec<String>>>;

impl Peer {
    fn new() -> Self {
        Self::with(|o| o)
    }

    fn with(set: impl FnOnce(ClientOptions) -> ClientOptions) -> Self {
        let (rt, ws) = (VirtualRuntime::new(), MockWebSocket::new());
        ws.set_on_attempt(|a| drop(a.respond_with_connected(connected("id", "key"))));
        ws.set_on_message(confirm_attach);
        let log = LogCapture::default();
        let options = ClientOptions::with_key("app.key:secret")
            .auto_connect(false)
            .log_handler(log.clone())
            .plugin(rt.clone())
            .plugin(ws.clone());
        let client = BaseRealtime::new(set(options)).unwrap();
        let passive = ChannelOptions::new().attach_on_subscribe(false);
        let channel = client.channels().get_with("room", passive).unwrap();
        Self {
            rt,
            ws,
            client,
            channel,
            log,
            fates: Log::default(),
        }
    }

    fn connect(self) -> Self {
        self.client.connect();
        self.rt
            .await_state(&self.client, ConnectionState::Connected);
        self
    }

    fn attach(self) -> Self {
        self.rt.wait(self.channel.attach()).unwrap();
        self
    }

    /// Publishes in a task that notes what became of it.
    fn publish(&self, name: &str) {
        self.watch(name, self.channel.publish(name, "x"));
    }

    fn watch(&self, name: &str, publish: Publish) {
        let (fates, name) = (self.fates.clone(), name.to_owned());
        self.rt.spawn(Box::pin(async move {
            let fate = match publish.await {
                Ok(()) => format!("{name} ok"),
                Err(e) => format!("{name} {}", e.code().0),
            };
            fates.lock().unwrap().push(fate);
        }));
        self.rt.run_until_idle();
    }

    fn fates(&self) -> Vec<String> {
        self.fates.lock().unwrap().clone()
    }

    fn send(&self, message: Value) {
        self.ws.send_to_client(message);
        self.rt.run_until_idle();
    }

    fn ack(&self, serial: i64, count: u32) {
        self.send(json!({"action": action::ACK, "msgSerial": serial, "count": count}));
    }

    fn deliver(&self, messages: Value) {
        self.send(json!({"action": action::MESSAGE, "channel": "room", "messages": messages}));
    }

    /// Serial and first name of every MESSAGE of the `n`th connection.
    fn sent_on(&self, n: usize) -> Vec<(i64, String)> {
        let mut connection = 0;
        let mut sent = Vec::new();
        for event in self.ws.events() {
            match event {
                WsEvent::ConnectionAttempt(_) => connection += 1,
                WsEvent::MessageFromClient(m)
                    if connection == n && m["action"] == action::MESSAGE =>
                {
                    let name = m["messages"][0]["name"].as_str().unwrap();
                    sent.push((m["msgSerial"].as_i64().unwrap(), name.to_owned()));
                }
                _ => {}
            }
        }
        sent
    }

    /// What a publish that needs no answer comes to.
    fn verdict(&self, messages: Vec<Message>) -> Result<(), ErrorInfo> {
        let before = self.ws.client_messages_of(action::MESSAGE).len();
        let mut publish = self.channel.publish_messages(messages);
        let verdict = self.rt.poll_now(&mut publish);
        let sent = self.ws.client_messages_of(action::MESSAGE).len() - before;
        match verdict {
            None => {
                assert_eq!(sent, 1);
                let serial = self.ws.client_messages_of(action::MESSAGE)[before]["msgSerial"]
                    .as_i64()
                    .unwrap();
                self.ack(serial, 1);
                self.rt.wait(publish)
            }
            Some(refused) => {
                assert_eq!(sent, 0);
                refused
            }
        }
    }

    /// A callback that notes the data of its messages, and how to take it off.
    fn listen(&self, names: impl Into<ably_base::Names>) -> (ably_base::ListenerId, Log) {
        let log = Log::default();
        let sink = log.clone();
        let subscribed = self.channel.subscribe_with(names, move |m| {
            sink.lock()
                .unwrap()
                .push(m.data.as_text().expect("text").to_owned());
        });
        (subscribed.id().expect("a listener"), log)
    }
}

fn confirm_attach(m: &Value, conn: &MockConnection) {
    if m["action"] == action::ATTACH {
        conn.answer(m);
    }
}

fn names(messages: &[Message]) -> Vec<&str> {
    messages
        .iter()
        .map(|m| m.name.as_deref().unwrap())
        .collect()
}

fn sent(list: &[(i64, &str)]) -> Vec<(i64, String)> {
    list.iter().map(|(n, s)| (*n, (*s).to_owned())).collect()
}

fn heard(log: &Log) -> Vec<String> {
    log.lock().unwrap().clone()
}

// ---- room ------------------------------------------------------------------------------------

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
fn room_is_bounded_in_bytes_too() {
    let p = Peer::with(|o| o.max_queued_bytes(10)).connect();
    // 5 and 5 bytes fit; a further one does not.
    let four = |name: &str| vec![Message::new(name, "1234")];
    let _first = p.channel.try_publish(four("a")).unwrap();
    let _second = p.channel.try_publish(four("b")).unwrap();
    assert_eq!(p.channel.try_publish(four("c")).unwrap_err().0, four("c"));
    p.rt.run_until_idle();
    p.ack(0, 2);
    // What is larger than the bound goes alone.
    let large = vec![Message::new("large", "0123456789")];
    let _large = p.channel.try_publish(large).unwrap();
    assert_eq!(p.channel.try_publish(four("c")).unwrap_err().0, four("c"));
}

#[test]
fn publishes_that_wait_for_room_go_in_their_order() {
    let p = Peer::with(|o| o.max_queued_messages(1)).connect();
    for name in ["a", "b", "c", "d"] {
        p.publish(name);
    }
    assert_eq!(p.sent_on(1), sent(&[(0, "a")]));
    p.ack(0, 1);
    assert_eq!(p.fates(), ["a ok"]);
    assert_eq!(p.sent_on(1), sent(&[(0, "a"), (1, "b")]));
    // Who comes now comes after those who wait, though `try_publish` could be quicker.
    let e = vec![Message::new("e", "x")];
    assert_eq!(p.channel.try_publish(e.clone()).unwrap_err().0, e);
    p.ack(1, 1);
    p.ack(2, 1);
    p.ack(3, 1);
    assert_eq!(p.fates(), ["a ok", "b ok", "c ok", "d ok"]);
    assert_eq!(
        p.sent_on(1),
        sent(&[(0, "a"), (1, "b"), (2, "c"), (3, "d")])
    );
    let _e = p.channel.try_publish(e).unwrap();
}

#[test]
fn a_publish_given_up_while_it_waits_is_not_sent_and_lets_the_next_go() {
    let p = Peer::with(|o| o.max_queued_messages(1)).connect();
    p.publish("a");
    let mut b = p.channel.publish("b", "x");
    assert!(p.rt.poll_now(&mut b).is_none());
    p.publish("c");
    p.ack(0, 1);
    // `b` has been woken, and is dropped before it could go.
    drop(b);
    p.rt.run_until_idle();
    assert_eq!(p.sent_on(1), sent(&[(0, "a"), (1, "c")]));
    p.ack(1, 1);
    assert_eq!(p.fates(), ["a ok", "c ok"]);
}

#[test]
fn publishes_that_wait_for_room_fail_with_the_connection() {
    let p = Peer::with(|o| o.max_queued_messages(1)).connect();
    for name in ["a", "b", "c"] {
        p.publish(name);
    }
    p.send(json!({"action": action::ERROR, "error": {"code": 40400, "statusCode": 404}}));
    assert_eq!(p.client.connection().state(), ConnectionState::Failed);
    assert_eq!(p.fates(), ["a 40400", "b 40400", "c 40400"]);
    assert_eq!(p.sent_on(1), sent(&[(0, "a")]));
}

#[test]
fn publishes_that_wait_for_room_end_with_the_client() {
    let p = Peer::with(|o| o.max_queued_messages(1)).connect();
    let mut a = p.channel.publish("a", "x");
    let mut b = p.channel.publish("b", "x");
    assert!(p.rt.poll_now(&mut a).is_none());
    assert!(p.rt.poll_now(&mut b).is_none());
    p.rt.shut_down();
    for publish in [&mut a, &mut b] {
        let error = p.rt.poll_now(publish).unwrap().unwrap_err();
        assert_eq!(error.code(), ErrorCode(80017));
    }
}

// ---- size ------------------------------------------------------------------------------------

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
        let verdict = p.verdict(vec![m]);
        match verdict {
            Ok(()) => true,
            Err(e) => {
                assert_eq!(e.code(), ErrorCode(40009));
                false
            }
        }
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
    assert!(fits(json(r#"{"é":12}"#)));
    assert!(!fits(json(r#"{"éé":123}"#)));
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

// ---- acknowledgement -------------------------------------------------------------------------

#[test]
fn rtn7b_an_ack_of_several_answers_them_in_order() {
    let p = Peer::new().connect();
    for name in ["a", "b", "c", "d"] {
        p.publish(name);
    }
    p.ack(0, 3);
    assert_eq!(p.fates(), ["a ok", "b ok", "c ok"]);
    // Again, and what was never sent: nobody waits for it.
    p.ack(0, 3);
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

// ---- sent again ------------------------------------------------------------------------------

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

// ---- subscriptions ---------------------------------------------------------------------------

/// A message with a serial, as realtime sends it.
fn numbered(n: usize) -> Value {
    json!({"name": "n", "data": n.to_string(), "serial": format!("s{n}")})
}

fn data(item: Option<Result<Arc<Message>, Lagged>>) -> String {
    let message = item.expect("an item").expect("a message");
    message.data.as_text().expect("text").to_owned()
}

fn lagged(item: Option<Result<Arc<Message>, Lagged>>) -> (u64, Option<String>) {
    let lagged = item.expect("an item").expect_err("a gap");
    (lagged.missed, lagged.since_serial.map(|s| s.to_string()))
}

#[test]
fn a_slow_stream_is_told_how_many_it_missed_and_since_when() {
    let p = Peer::new().connect().attach();
    let mut slow = p.channel.subscribe(()).bounded(2, usize::MAX);
    let mut quick = p.channel.subscribe(());
    p.deliver((1..=5).map(numbered).collect());
    assert_eq!(data(slow.try_next()), "1");
    // The gap is in one place: nothing is kept until the reader was told of it.
    p.deliver(json!([numbered(6)]));
    assert_eq!(data(slow.try_next()), "2");
    p.deliver(json!([numbered(7)]));
    assert_eq!(lagged(slow.try_next()), (5, Some("s2".into())));
    assert_eq!(slow.try_next(), None);
    p.deliver((8..=10).map(numbered).collect());
    assert_eq!(data(slow.try_next()), "8");
    assert_eq!(data(slow.try_next()), "9");
    assert_eq!(lagged(slow.try_next()), (1, Some("s9".into())));
    let all: Vec<_> = std::iter::from_fn(|| quick.try_next()).collect();
    assert_eq!(all.len(), 10);
    assert!(all.iter().all(Result::is_ok));
}

#[test]
fn a_slow_stream_is_bounded_in_bytes_and_an_unbounded_one_is_not() {
    let p = Peer::new().connect().attach();
    let mut bounded = p.channel.subscribe(()).bounded(100, 10);
    let mut unbounded = p.channel.subscribe(()).bounded(1, 1).unbounded();
    let six = |name: &str| json!({"name": name, "data": "123456", "serial": name});
    let large = json!({"name": "large", "data": "0123456789ab", "serial": "large"});
    p.deliver(json!([large, six("a")]));
    assert_eq!(data(bounded.try_next()), "0123456789ab");
    assert_eq!(lagged(bounded.try_next()), (1, Some("large".into())));
    p.deliver(json!([six("b"), {"name": "c", "data": "1234", "serial": "c"}, six("d")]));
    assert_eq!(data(bounded.try_next()), "123456");
    assert_eq!(data(bounded.try_next()), "1234");
    assert_eq!(lagged(bounded.try_next()), (1, Some("c".into())));
    assert_eq!(std::iter::from_fn(|| unbounded.try_next()).count(), 5);
}

#[test]
fn a_stream_misses_only_what_it_wants() {
    let p = Peer::new().connect().attach();
    let mut stream = p.channel.subscribe("a").bounded(1, usize::MAX);
    let named = |name: &str| json!({"name": name, "data": name});
    p.deliver(json!([named("a"), named("b"), named("a"), named("b"), {"data": "nameless"}]));
    assert_eq!(data(stream.try_next()), "a");
    assert_eq!(lagged(stream.try_next()), (1, None));
}

#[test]
fn names_come_as_one_as_a_list_or_not_at_all() {
    let p = Peer::new().connect().attach();
    let (_, all) = p.listen(());
    let (_, one) = p.listen("a");
    let (_, two) = p.listen(["a", "b"]);
    let (_, owned) = p.listen(vec!["b".to_owned(), "c".to_owned()]);
    let (_, none) = p.listen(Vec::<String>::new());
    let (_, empty) = p.listen("");
    let named = |name: &str| json!({"name": name, "data": name});
    p.deliver(json!([named("a"), named("b"), named("c"), {"data": "nameless"}]));
    assert_eq!(heard(&all), ["a", "b", "c", "nameless"]);
    assert_eq!(heard(&one), ["a"]);
    assert_eq!(heard(&two), ["a", "b"]);
    assert_eq!(heard(&owned), ["b", "c"]);
    assert_eq!(heard(&none), [""; 0]);
    assert_eq!(heard(&empty), [""; 0]);
}

#[test]
fn every_form_of_unsubscribe() {
    let p = Peer::new().connect().attach();
    let (a, heard_a) = p.listen(["x", "y", "z"]);
    let (b, heard_b) = p.listen(());
    let (_, heard_c) = p.listen(["x", "y"]);
    let mut stream = p.channel.subscribe(["x", "z"]);
    let round = || {
        let named = |name: &str| json!({"name": name, "data": name});
        p.deliver(json!([named("x"), named("y"), named("z")]));
        let take = |log: &Log| std::mem::take(&mut *log.lock().unwrap()).concat();
        [take(&heard_a), take(&heard_b), take(&heard_c)]
    };
    assert_eq!(round(), ["xyz", "xyz", "xy"]);
    p.channel.unsubscribe_from("x", a);
    assert_eq!(round(), ["yz", "xyz", "xy"]);
    // One that listens to everything does not listen to a name.
    p.channel.unsubscribe_from("x", b);
    assert_eq!(round(), ["yz", "xyz", "xy"]);
    p.channel.unsubscribe_names(["y", "nobody"]);
    assert_eq!(round(), ["z", "xyz", "x"]);
    p.channel.unsubscribe(b);
    p.channel.unsubscribe(b);
    assert_eq!(round(), ["z", "", "x"]);
    p.channel.unsubscribe_all();
    assert_eq!(round(), ["", "", ""]);
    // Streams go on, until they are dropped.
    let streamed: Vec<_> = std::iter::from_fn(|| stream.try_next()).collect();
    assert_eq!(streamed.len(), 2 * 6);
    drop(stream);
    assert_eq!(round(), ["", "", ""]);
}

#[test]
fn a_stream_and_a_callback_share_the_messages() {
    let p = Peer::new().connect().attach();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let sink = seen.clone();
    drop(p.channel.subscribe_with((), move |m| {
        sink.lock().unwrap().push(m.clone());
    }));
    let mut stream = p.channel.subscribe(());
    p.deliver((1..=3).map(numbered).collect());
    let streamed: Vec<Message> = std::iter::from_fn(|| stream.try_next())
        .map(|item| (*item.unwrap()).clone())
        .collect();
    assert_eq!(streamed.len(), 3);
    assert_eq!(*seen.lock().unwrap(), streamed);
}

#[test]
fn a_stream_wakes_its_reader_and_ends_when_the_channel_is_released() {
    fn next(stream: &mut Subscription) -> Poll<Option<Result<Arc<Message>, Lagged>>> {
        futures_core::Stream::poll_next(Pin::new(stream), &mut Context::from_waker(Waker::noop()))
    }
    let p = Peer::new().connect().attach();
    let mut stream = p.channel.subscribe(());
    assert_eq!(next(&mut stream), Poll::Pending);
    let heard = Log::default();
    let (sink, mut reader) = (heard.clone(), p.channel.subscribe(()));
    p.rt.spawn(Box::pin(async move {
        while let Some(item) = reader.next().await {
            sink.lock().unwrap().push(data(Some(item)));
        }
        sink.lock().unwrap().push("end".into());
    }));
    p.rt.run_until_idle();
    p.deliver(json!([numbered(1)]));
    p.deliver(json!([numbered(2)]));
    assert_eq!(*heard.lock().unwrap(), ["1", "2"]);
    p.ws.set_on_message(|m, conn| conn.answer(m));
    p.rt.wait(p.channel.detach()).unwrap();
    p.client.channels().release("room").unwrap();
    p.rt.run_until_idle();
    assert_eq!(*heard.lock().unwrap(), ["1", "2", "end"]);
    // What was there already can still be read.
    let rest: Vec<_> = std::iter::from_fn(|| stream.try_next())
        .map(|i| data(Some(i)))
        .collect();
    assert_eq!(rest, ["1", "2"]);
    assert_eq!(next(&mut stream), Poll::Ready(None));
}

#[test]
fn rtl7_a_failed_channel_takes_no_listener() {
    let p = Peer::new().connect().attach();
    let error = json!({"code": 40160, "statusCode": 401, "message": "no"});
    p.send(json!({"action": action::ERROR, "channel": "room", "error": error}));
    assert_eq!(p.channel.state(), ChannelState::Failed);
    let subscribed = p.channel.subscribe_with((), |_| {});
    assert_eq!(subscribed.id(), None);
    let error = p.rt.wait(subscribed).unwrap_err();
    assert_eq!((error.code(), error.status_code()), (ErrorCode(90001), 400));
    let mut stream = p.channel.subscribe(());
    let error = p.rt.wait(stream.attached()).unwrap_err();
    assert_eq!((error.code(), error.status_code()), (ErrorCode(90001), 400));
}

// ---- decoding --------------------------------------------------------------------------------

/// What a message of this data and encoding comes out as.
fn decoded(p: &Peer, data: Value, encoding: &str) -> (Data, Option<String>) {
    let mut stream = p.channel.subscribe(());
    p.deliver(json!([{"name": "n", "data": data, "encoding": encoding}]));
    let message = stream.try_next().expect("delivered").expect("a message");
    let encoding = message.encoding.as_deref().map(str::to_owned);
    (message.data.clone(), encoding)
}

#[test]
fn rsl6b_what_cannot_be_decoded_is_delivered_with_what_is_left() {
    let p = Peer::new().connect().attach();
    let some = |s: &str| Some(s.to_owned());
    let text = |s: &str| Data::from(s);
    // "{bad" and [0xff] in base64
    let cases = [
        (("!!!", "base64"), (text("!!!"), some("base64"))),
        (("!!!", "json/base64"), (text("!!!"), some("json/base64"))),
        (
            ("/w==", "utf-8/base64"),
            (Data::from(&[0xff]), some("utf-8")),
        ),
        (
            ("/w==", "json/utf-8/base64"),
            (Data::from(&[0xff]), some("json/utf-8")),
        ),
        (("{bad", "json"), (text("{bad"), some("json"))),
        (
            ("e2JhZA==", "json/utf-8/base64"),
            (text("{bad"), some("json")),
        ),
        (
            ("AAEC", "utf-8/cipher+aes-256-cbc/base64"),
            (Data::from(&[0, 1, 2]), some("utf-8/cipher+aes-256-cbc")),
        ),
    ];
    for (n, ((data, encoding), expected)) in cases.into_iter().enumerate() {
        assert_eq!(decoded(&p, json!(data), encoding), expected, "{encoding}");
        let errors = p.log.records();
        let errors = errors.iter().filter(|r| r.level == LogLevel::Error);
        assert_eq!(errors.count(), n + 1, "{encoding} is logged");
    }
    assert_eq!(p.channel.state(), ChannelState::Attached);
    // And the next is not harmed.
    assert_eq!(
        decoded(&p, json!("aGk="), "utf-8/base64"),
        (text("hi"), None)
    );
}

#[test]
fn unknown_encodings_are_left_as_they_are() {
    let p = Peer::new().connect().attach();
    let some = |s: &str| Some(s.to_owned());
    let cases = [
        (("as is", "zip"), (Data::from("as is"), some("zip"))),
        (
            ("as is", "json/zip"),
            (Data::from("as is"), some("json/zip")),
        ),
        (
            ("AAEC", "zip/base64"),
            (Data::from(&[0, 1, 2]), some("zip")),
        ),
        (
            ("aGk=", "zip/utf-8/base64"),
            (Data::from("hi"), some("zip")),
        ),
    ];
    for ((data, encoding), expected) in cases {
        assert_eq!(decoded(&p, json!(data), encoding), expected, "{encoding}");
    }
}

#[test]
fn one_message_that_cannot_be_decoded_does_not_stop_its_neighbours() {
    let p = Peer::new().connect().attach();
    let mut stream = p.channel.subscribe(());
    p.deliver(json!([
        {"data": "{\"a\":1}", "encoding": "json"},
        {"data": "{bad", "encoding": "json"},
        {"data": "[2]", "encoding": "json"},
    ]));
    let all: Vec<_> = std::iter::from_fn(|| stream.try_next())
        .map(Result::unwrap)
        .collect();
    assert_eq!(all.len(), 3);
    assert_eq!(all[0].data.as_json().unwrap().as_str(), "{\"a\":1}");
    assert_eq!(all[1].data, "{bad");
    assert_eq!(all[1].encoding.as_deref(), Some("json"));
    assert_eq!(all[2].data.as_json().unwrap().as_str(), "[2]");
}

#[test]
fn what_is_published_comes_encoded() {
    let p = Peer::new().connect();
    let sent = |data: Data| {
        let _publish = p.channel.publish("n", data);
        p.rt.run_until_idle();
        let frames = p.ws.client_messages_of(action::MESSAGE);
        let message = &frames.last().unwrap()["messages"][0];
        (message["data"].clone(), message["encoding"].clone())
    };
    assert_eq!(sent("text".into()), (json!("text"), Value::Null));
    assert_eq!(
        sent(Data::from(&[0, 1, 2])),
        (json!("AAEC"), json!("base64"))
    );
    let array = Data::json(&[1, 2]).unwrap();
    assert_eq!(sent(array), (json!("[1,2]"), json!("json")));
    assert_eq!(sent(Data::None), (Value::Null, Value::Null));
    assert_eq!(sent("".into()), (json!(""), Value::Null));
    // RSL4a
    let number = Message::unnamed(Data::Json(JsonText::new("5").unwrap()));
    let error = p.verdict(vec![number]).unwrap_err();
    assert_eq!((error.code(), error.status_code()), (ErrorCode(40013), 400));
}

/// An encoding `fragile` that can only be understood after a message `hello`.
struct Fragile(bool);

impl Plugin for Fragile {
    fn id(&self) -> &'static str {
        "Fragile"
    }

    fn install(&self, into: &mut Plugins) -> Result<(), ErrorInfo> {
        into.add_encoding(Arc::new(Fragile(false)));
        Ok(())
    }
}

impl PayloadEncoding for Fragile {
    fn id(&self) -> &'static str {
        "Fragile"
    }

    fn handles(&self, step: &str) -> bool {
        step == "fragile"
    }

    fn open(&self, _: &ChannelOptions) -> Result<Option<Box<dyn PayloadStep>>, ErrorInfo> {
        Ok(Some(Box::new(Fragile(false))))
    }
}

impl PayloadStep for Fragile {
    fn decode(
        &mut self,
        _: &str,
        _: &mut Payload,
        _: &MessageMeta<'_>,
    ) -> Result<(), DecodeFailure> {
        let error = || ErrorInfo::new(ErrorCode(40018), 400, "no hello before");
        if self.0 {
            Ok(())
        } else {
            Err(DecodeFailure::Recover(error()))
        }
    }

    fn encode(
        &mut self,
        _: &Payload,
        _: &mut dyn Entropy,
    ) -> Result<Option<(Payload, String)>, ErrorInfo> {
        Ok(None)
    }

    fn observe(&mut self, wire: &Payload, _: &str, _: &MessageMeta<'_>) {
        self.0 |= wire.as_bytes() == b"hello";
    }

    fn keeps_state(&self) -> bool {
        true
    }

    fn reset(&mut self) {
        self.0 = false;
    }
}

/// A peer that attaches with these serials and flags, in turn.
fn attaching_at(serials: &'static [(&'static str, u32)]) -> Peer {
    let p = Peer::with(|o| o.plugin(Fragile(false)));
    let ws = p.ws.clone();
    p.ws.set_on_message(move |m, conn| {
        let n = ws.client_messages_of(action::ATTACH).len();
        if m["action"] == action::ATTACH {
            let (serial, flags) = serials[n - 1];
            conn.send_to_client(json!({
                "action": action::ATTACHED, "channel": "room",
                "channelSerial": serial, "flags": flags,
            }));
        }
    });
    p.connect().attach()
}

fn deliver_at(p: &Peer, serial: &str, data: &str, encoding: Value) {
    p.send(json!({
        "action": action::MESSAGE, "channel": "room", "channelSerial": serial,
        "messages": [{"data": data, "encoding": encoding}],
    }));
}

#[test]
fn rtl18c_decoding_starts_anew_where_continuity_began() {
    const RESUMED: u32 = 1 << 2;
    let p = attaching_at(&[("s0", 0), ("s0", RESUMED), ("s7", 0), ("s7", 0)]);
    let attached_from = || -> Vec<Value> {
        let attaches = p.ws.client_messages_of(action::ATTACH);
        attaches
            .iter()
            .map(|m| m["channelSerial"].clone())
            .collect()
    };
    let (_, heard_all) = p.listen(());
    // The first message already: from where the channel was attached.
    deliver_at(&p, "s1", "x", json!("fragile"));
    assert_eq!(p.channel.state(), ChannelState::Attached);
    assert_eq!(attached_from(), [Value::Null, json!("s0")]);
    // Understood, whatever comes after it with no serial of its own.
    deliver_at(&p, "s1", "hello", Value::Null);
    deliver_at(&p, "s2", "y", json!("fragile"));
    assert_eq!(heard(&heard_all), ["hello", "y"]);
    // Attached anew without continuity: not from a message before that.
    p.send(json!({"action": action::DETACHED, "channel": "room"}));
    assert_eq!(p.channel.state(), ChannelState::Attached);
    deliver_at(&p, "s8", "z", json!("fragile"));
    assert_eq!(heard(&heard_all), ["hello", "y"]);
    assert_eq!(
        attached_from(),
        [Value::Null, json!("s0"), json!("s2"), json!("s7")]
    );
}
