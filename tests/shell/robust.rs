//! What must not hang, panic or pretend, whatever the peer, the codec and the options do.

use std::{
    sync::atomic::AtomicU64,
    task::{Context, Poll, Waker},
};

use ably_base::{
    ChannelOptions, ConnectContext, ErrorCode, FailureKind, Format, Frame, Runtime, Target,
    Transport, TransportError, TransportLink,
    engine::{BoxFuture, Entropy, Instant, Now},
    ext::Timer,
    protocol::{Codec, Messages, ProtocolMessage, Value as WireValue, json::JsonCodec},
};
use bytes::{Bytes, BytesMut};

use serde_json::Value;

use crate::world::*;

/// JSON under another name that cannot write a message called `bad`.
struct Picky;

impl Codec for Picky {
    fn format(&self) -> Format {
        Format::MsgPack
    }
    fn decode(&self, frame: &Frame) -> Result<ProtocolMessage, ErrorInfo> {
        JsonCodec.decode(frame)
    }
    fn encode(&self, m: &ProtocolMessage, into: &mut BytesMut) -> Result<(), ErrorInfo> {
        if m.messages.iter().any(|m| m.name.as_deref() == Some("bad")) {
            return Err(ErrorInfo::new(ErrorCode::INVALID_DATA, 400, "picky"));
        }
        JsonCodec.encode(m, into)
    }
    fn decode_messages(&self, body: &Bytes) -> Result<Messages, ErrorInfo> {
        JsonCodec.decode_messages(body)
    }
    fn encode_messages(&self, m: &[Arc<Message>], into: &mut BytesMut) -> Result<(), ErrorInfo> {
        JsonCodec.encode_messages(m, into)
    }
    fn decode_value(&self, body: &Bytes) -> Result<WireValue, ErrorInfo> {
        JsonCodec.decode_value(body)
    }
    fn encode_value(&self, value: &WireValue, into: &mut BytesMut) -> Result<(), ErrorInfo> {
        JsonCodec.encode_value(value, into)
    }
}

#[test]
fn what_cannot_be_encoded_fails_and_the_rest_is_sent_once() {
    let rt = VirtualRuntime::new();
    let attempts = Arc::new(AtomicU64::new(0));
    let ws = MockWebSocket::new()
        .on_attempt(move |a| {
            let n = attempts.fetch_add(1, Ordering::Relaxed);
            a.respond_with_connected(connected(&format!("id{n}"), &format!("key{n}")));
        })
        .on_message(|m, conn| conn.answer(m));
    let mut options = options(&rt, &ws);
    options.plugins_mut().add_codec(Arc::new(Picky));
    let client = connect(&rt, options);
    let channel = client.channels().get("c");
    rt.wait(channel.publish("good", "0")).unwrap();
    let bad = channel.publish("bad", "x");
    let after: Vec<_> = (1..4)
        .map(|i| channel.publish("good", i.to_string()))
        .collect();
    assert_eq!(rt.wait(bad).unwrap_err().code(), ErrorCode::INVALID_DATA);
    for publish in after {
        rt.wait(publish).unwrap();
    }
    let sent: Vec<(i64, String)> = ws
        .client_messages_of(action::MESSAGE)
        .iter()
        .map(|m| {
            let data = m["messages"][0]["data"].as_str().unwrap().to_owned();
            (m["msgSerial"].as_i64().unwrap(), data)
        })
        .collect();
    // Serials have no gap: the rest went out on a connection of its own.
    let expected = [(0, "0"), (0, "1"), (1, "2"), (2, "3")];
    assert_eq!(
        sent,
        expected.map(|(serial, data)| (serial, data.to_owned()))
    );
    assert_eq!(ws.attempts().len(), 2);
    assert_eq!(ws.attempts()[1].query("resume"), None);
}

/// A runtime whose clock moves a millisecond whenever it is read.
#[derive(Default)]
struct Ticking {
    now: AtomicU64,
    task: Mutex<Option<BoxFuture<()>>>,
}

struct TickingTimer(Arc<Ticking>);

impl Timer for TickingTimer {
    fn poll_until(&mut self, _: &mut Context<'_>, at: Instant) -> Poll<()> {
        if self.0.now.load(Ordering::Relaxed) * 1000 >= at.0 {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }
}

struct Zeros;

impl Entropy for Zeros {
    fn fill(&mut self, out: &mut [u8]) {
        out.fill(0);
    }
}

#[derive(Clone)]
struct TickingRuntime(Arc<Ticking>);

impl Runtime for TickingRuntime {
    fn now(&self) -> Now {
        let ms = self.0.now.fetch_add(1, Ordering::Relaxed);
        Now {
            mono: Instant(ms * 1000),
            unix_ms: ms as i64,
        }
    }
    fn spawn(&self, task: BoxFuture<()>) {
        *self.0.task.lock().unwrap() = Some(task);
    }
    fn timer(&self) -> Box<dyn Timer> {
        Box::new(TickingTimer(self.0.clone()))
    }
    fn entropy(&self) -> Box<dyn Entropy> {
        Box::new(Zeros)
    }
}

/// A link that always has a frame to read.
struct Flood(Option<String>);

impl TransportLink for Flood {
    fn poll_recv(&mut self, _: &mut Context<'_>) -> Poll<Option<Result<Frame, TransportError>>> {
        let text = self
            .0
            .take()
            .unwrap_or_else(|| r#"{"action":0}"#.to_owned());
        Poll::Ready(Some(Ok(Frame::Text(text.into()))))
    }
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Poll::Ready(Ok(()))
    }
    fn start_send(&mut self, _: Frame) -> Result<(), TransportError> {
        Ok(())
    }
    fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Poll::Ready(Ok(()))
    }
    fn poll_close(&mut self, _: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }
}

struct Flooding;

impl Transport for Flooding {
    fn id(&self) -> &'static str {
        "flood"
    }
    fn connect(
        &self,
        _: Target,
        _: ConnectContext,
    ) -> BoxFuture<Result<Box<dyn TransportLink>, TransportError>> {
        let link: Box<dyn TransportLink> =
            Box::new(Flood(Some(connected("id", "key").to_string())));
        Box::pin(std::future::ready(Ok(link)))
    }
}

#[test]
fn timers_fire_while_frames_never_end() {
    let runtime = TickingRuntime(Arc::default());
    let mut options = ClientOptions::with_key("appId.keyId:keySecret")
        .realtime_request_timeout(Duration::from_millis(200))
        .transport(Flooding);
    options.plugins_mut().set_runtime(Arc::new(runtime.clone()));
    let client = BaseRealtime::new(options).unwrap();
    let mut task = runtime.0.task.lock().unwrap().take().expect("a driver");
    let mut cx = Context::from_waker(Waker::noop());
    let mut drive = |n: usize| {
        for _ in 0..n {
            assert!(task.as_mut().poll(&mut cx).is_pending());
        }
    };
    drive(20);
    assert_eq!(client.connection().state(), S::Connected);
    let ping = client.connection().ping();
    let attach = client.channels().get("c").attach();
    drive(200);
    let rt = VirtualRuntime::new();
    assert_eq!(rt.wait(ping).unwrap_err().code(), ErrorCode::TIMEOUT);
    assert_eq!(
        rt.wait(attach).unwrap_err().code(),
        ErrorCode::CHANNEL_TIMEOUT
    );
}

#[test]
fn what_the_server_said_last_is_read_when_a_write_fails() {
    let rt = VirtualRuntime::new();
    // The link gives CONNECTED; the ATTACH that follows cannot be written, and the reason for
    // that is waiting to be read.
    struct Last(Vec<&'static str>, String);
    impl TransportLink for Last {
        fn poll_recv(
            &mut self,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame, TransportError>>> {
            let text = if self.1.is_empty() {
                // Unread until a write has failed.
                match self.0.pop() {
                    Some(text) => text.to_owned(),
                    None => return Poll::Pending,
                }
            } else {
                std::mem::take(&mut self.1)
            };
            Poll::Ready(Some(Ok(Frame::Text(text.into()))))
        }
        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
            Poll::Ready(Ok(()))
        }
        fn start_send(&mut self, _: Frame) -> Result<(), TransportError> {
            self.0
                .push(r#"{"action":9,"error":{"code":40101,"statusCode":401,"message":"no"}}"#);
            // More than is read in one turn, or in all of one poll.
            self.0.resize(5_001, r#"{"action":0}"#);
            Err(TransportError::new(FailureKind::Other))
        }
        fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
            Poll::Ready(Ok(()))
        }
        fn poll_close(&mut self, _: &mut Context<'_>) -> Poll<()> {
            Poll::Ready(())
        }
    }
    struct Lasting;
    impl Transport for Lasting {
        fn id(&self) -> &'static str {
            "last"
        }
        fn connect(
            &self,
            _: Target,
            _: ConnectContext,
        ) -> BoxFuture<Result<Box<dyn TransportLink>, TransportError>> {
            let link = Last(Vec::new(), connected("id", "key").to_string());
            let link: Box<dyn TransportLink> = Box::new(link);
            Box::pin(std::future::ready(Ok(link)))
        }
    }
    let client = BaseRealtime::new(
        ClientOptions::with_key("appId.keyId:keySecret")
            .plugin(rt.clone())
            .transport(Lasting),
    )
    .unwrap();
    rt.await_state(&client, S::Connected);
    let attach = client.channels().get("c").attach();
    rt.await_state(&client, S::Failed);
    assert_eq!(
        client.connection().error_reason().unwrap().code(),
        ErrorCode(40101)
    );
    assert_eq!(rt.wait(attach).unwrap_err().code(), ErrorCode(40101));
}

#[test]
fn attach_detach_attach_on_a_server_that_answers_in_order() {
    let rt = VirtualRuntime::new();
    let held: Arc<Mutex<Vec<Value>>> = Arc::default();
    let sink = held.clone();
    let ws =
        MockWebSocket::accepting().on_message(move |m, _| sink.lock().unwrap().push(m.clone()));
    let client = connect(&rt, options(&rt, &ws));
    let channel = client.channels().get("c");
    let answer = |n: usize| {
        let conn = ws.active();
        conn.answer(&held.lock().unwrap()[n]);
        rt.run_until_idle();
    };
    let first = channel.attach();
    let detach = channel.detach();
    rt.run_until_idle();
    answer(0);
    answer(1);
    rt.wait(detach).unwrap();
    assert_eq!(rt.wait(first).unwrap_err().status_code(), 409);
    let second = channel.attach();
    rt.run_until_idle();
    let sent = held.lock().unwrap().len();
    for n in 2..sent {
        answer(n);
    }
    let change = rt.wait(second).unwrap().expect("a change");
    assert_eq!(change.current, ChannelState::Attached);
    assert_eq!(channel.state(), ChannelState::Attached);
}

#[test]
fn a_publish_that_nobody_polls_does_not_hold_up_others() {
    let rt = VirtualRuntime::new();
    let ws = MockWebSocket::serving();
    let client = connect(&rt, options(&rt, &ws).max_queued_messages(2));
    let channel = client.channels().get("c");
    let publishes: Vec<_> = (0..6)
        .map(|i| channel.publish(i.to_string(), "x"))
        .collect();
    // Awaited in reverse: each is sent in its turn all the same.
    for publish in publishes.into_iter().rev() {
        rt.wait(publish).unwrap();
    }
    let names: Vec<String> = ws
        .client_messages_of(action::MESSAGE)
        .iter()
        .map(|m| m["messages"][0]["name"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(names, ["0", "1", "2", "3", "4", "5"]);
    rt.wait(
        channel
            .try_publish(vec![Message::new("6", "x")])
            .expect("room"),
    )
    .unwrap();
}

#[test]
fn waiting_publishes_fail_with_the_connection() {
    let rt = VirtualRuntime::new();
    let ws = MockWebSocket::accepting();
    let client = connect(&rt, options(&rt, &ws).max_queued_messages(1));
    let channel = client.channels().get("c");
    let publishes: Vec<_> = (0..3)
        .map(|i| channel.publish(i.to_string(), "x"))
        .collect();
    rt.run_until_idle();
    ws.active()
        .send_to_client_and_close(json!({"action": action::ERROR,
               "error": {"code": 40100, "statusCode": 401, "message": "no"}}));
    for publish in publishes {
        assert_eq!(rt.wait(publish).unwrap_err().code(), ErrorCode(40100));
    }
}

#[test]
fn durations_without_end_are_taken_as_that() {
    let forever = Duration::MAX;
    let rt = VirtualRuntime::new();
    let ws = MockWebSocket::serving();
    let patient = options(&rt, &ws)
        .realtime_request_timeout(forever)
        .web_socket_connect_timeout(forever)
        .connection_state_ttl(forever);
    let client = connect(&rt, patient);
    rt.advance(Duration::from_secs(100_000));
    assert_eq!(client.connection().state(), S::Connected);

    let refusing = MockWebSocket::new().on_attempt(|a| a.respond_with_refused());
    let client = BaseRealtime::new(
        options(&rt, &refusing)
            .disconnected_retry_timeout(forever)
            .connection_state_ttl(forever),
    )
    .unwrap();
    for _ in 0..3 {
        client.connect();
        rt.await_state(&client, S::Disconnected);
    }
}

#[test]
fn intervals_without_end_from_the_server_are_taken_as_that() {
    let rt = VirtualRuntime::new();
    let ws = MockWebSocket::new().on_attempt(|a| {
        let mut endless = connected("id", "key");
        endless["connectionDetails"]["maxIdleInterval"] = json!(u64::MAX);
        endless["connectionDetails"]["connectionStateTtl"] = json!(u64::MAX);
        a.respond_with_connected(endless);
    });
    let client = connect(&rt, options(&rt, &ws));
    ws.active().simulate_disconnect();
    rt.wait_until(Duration::from_secs(15), "a second connection", || {
        ws.attempts().len() == 2
    });
    rt.await_state(&client, S::Connected);
    assert_eq!(ws.attempts()[1].query("resume").as_deref(), Some("key"));
}

#[test]
fn changing_options_ends_in_time_when_the_server_is_silent() {
    let rt = VirtualRuntime::new();
    let ws = MockWebSocket::serving();
    let client = connect(&rt, options(&rt, &ws));
    let channel = client.channels().get("c");
    rt.wait(channel.attach()).unwrap();
    ws.set_on_message(|_, _| {});
    let change = channel.set_options(ChannelOptions::new().param("rewind", "1"));
    assert_eq!(
        rt.wait(change).unwrap_err().code(),
        ErrorCode::CHANNEL_TIMEOUT
    );
    assert_eq!(channel.state(), ChannelState::Attached);
}

#[test]
fn a_detach_without_answer_leads_back_to_where_the_channel_was() {
    let rt = VirtualRuntime::new();
    let ws = MockWebSocket::accepting();
    let client = connect(&rt, options(&rt, &ws));
    let channel = client.channels().get("c");
    // Never attached: it does not become so.
    let attach = channel.attach();
    let detach = channel.detach();
    assert_eq!(
        rt.wait(detach).unwrap_err().code(),
        ErrorCode::CHANNEL_TIMEOUT
    );
    assert_eq!(rt.wait(attach).unwrap_err().status_code(), 409);
    assert_eq!(channel.state(), ChannelState::Suspended);
}
