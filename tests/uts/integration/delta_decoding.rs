//! `realtime/integration/delta_decoding_test.md`

use ably::plugins::{
    msgpack::MsgPack, rustls::Rustls, tokio::Tokio, websocket::WebSocketTransport,
};
use ably_base::{
    DecodeFailure, MessageMeta, PayloadEncoding, PayloadStep, Plugin, Plugins, engine::Entropy,
    protocol::Payload,
};

use crate::live::*;

/// What a decoder is to do with the delta of this number, the first being 0.
type Judge = dyn Fn(usize) -> Result<(), ErrorInfo> + Send + Sync;

/// The plugin with its calls counted, or refused: `VCDiffDecoder(onDecode)`.
#[derive(Clone)]
struct Counting {
    plugin: ably_delta::Vcdiff,
    count: Arc<AtomicUsize>,
    judge: Arc<Judge>,
}

impl Counting {
    fn new(judge: impl Fn(usize) -> Result<(), ErrorInfo> + Send + Sync + 'static) -> Self {
        Self {
            plugin: ably_delta::Vcdiff::new(),
            count: Arc::default(),
            judge: Arc::new(judge),
        }
    }

    fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }
}

impl Plugin for Counting {
    fn id(&self) -> &'static str {
        "vcdiff"
    }

    fn install(&self, into: &mut Plugins) -> Result<(), ErrorInfo> {
        into.add_encoding(Arc::new(self.clone()));
        Ok(())
    }
}

impl PayloadEncoding for Counting {
    fn id(&self) -> &'static str {
        "vcdiff"
    }

    fn handles(&self, step: &str) -> bool {
        self.plugin.handles(step)
    }

    fn open(&self, options: &ChannelOptions) -> Result<Option<Box<dyn PayloadStep>>, ErrorInfo> {
        let step = self.plugin.open(options)?.expect("it takes every channel");
        Ok(Some(Box::new(Step {
            step,
            counting: self.clone(),
        })))
    }
}

struct Step {
    step: Box<dyn PayloadStep>,
    counting: Counting,
}

impl PayloadStep for Step {
    fn decode(
        &mut self,
        step: &str,
        data: &mut Payload,
        message: &MessageMeta<'_>,
    ) -> Result<(), DecodeFailure> {
        let number = self.counting.count.fetch_add(1, Ordering::Relaxed);
        (self.counting.judge)(number).map_err(DecodeFailure::Recover)?;
        self.step.decode(step, data, message)
    }

    fn encode(
        &mut self,
        data: &Payload,
        entropy: &mut dyn Entropy,
    ) -> Result<Option<(Payload, String)>, ErrorInfo> {
        self.step.encode(data, entropy)
    }

    fn observe(&mut self, wire: &Payload, encoding: &str, message: &MessageMeta<'_>) {
        self.step.observe(wire, encoding, message);
    }

    fn keeps_state(&self) -> bool {
        self.step.keeps_state()
    }

    fn reset(&mut self) {
        self.step.reset();
    }
}

fn test_data() -> Vec<Value> {
    vec![
        json!({"foo": "bar", "count": 1, "status": "active"}),
        json!({"foo": "bar", "count": 2, "status": "active"}),
        json!({"foo": "bar", "count": 2, "status": "inactive"}),
        json!({"foo": "bar", "count": 3, "status": "inactive"}),
        json!({"foo": "bar", "count": 3, "status": "active"}),
    ]
}

fn json_text(value: &Value) -> Data {
    Data::Json(JsonText::new(value.to_string()).expect("JSON"))
}

/// A connected client, and its attached channel with or without deltas.
async fn attached(options: ClientOptions, name: &str, deltas: bool) -> (Realtime, Channel) {
    let client = realtime(options);
    connect(&client).await;
    let options = match deltas {
        true => ChannelOptions::new().param("delta", "vcdiff"),
        false => ChannelOptions::new(),
    };
    let channels = client.channels();
    let channel = channels.get_with(name, options).expect("a channel");
    attach(&channel).await;
    (client, channel)
}

/// What comes on a channel, and why it attached again.
async fn listen(channel: &Channel) -> (Heard<Message>, Heard<ChannelStateChange>) {
    let (messages, attaching) = (Heard::new(), Heard::new());
    channel.on(ChannelState::Attaching, attaching.listener());
    let subscribed = channel.subscribe_with((), messages.listener());
    subscribed.await.expect("attached");
    (messages, attaching)
}

async fn publish(channel: &Channel, data: &[Data], from: usize) {
    for (n, data) in data.iter().enumerate().skip(from) {
        let publish = channel.publish(n.to_string(), data.clone());
        publish.await.expect("acknowledged");
    }
}

/// Every message of these names has its data; some may have come twice.
#[track_caller]
fn assert_all(received: &[Message], data: &[Value]) {
    for (n, data) in data.iter().enumerate() {
        let name = n.to_string();
        let found = received.iter().find(|m| m.name.as_deref() == Some(&*name));
        assert_eq!(json_of(&found.expect("received").data), *data, "{n}");
    }
}

fn has_names(received: &[Message], count: usize) -> bool {
    (0..count).all(|n| {
        let name = n.to_string();
        received.iter().any(|m| m.name.as_deref() == Some(&*name))
    })
}

// UTS: realtime/integration/PC3/delta-decode-end-to-end-0
#[test]
fn pc3_deltas_are_decoded() {
    run_protocols(async |_, options| {
        let decoder = Counting::new(|_| Ok(()));
        let options = options.plugin(decoder.clone());
        let (client, channel) = attached(options, &unique("delta-PC3"), true).await;
        let (messages, attaching) = listen(&channel).await;
        let data = test_data();
        let payloads: Vec<_> = data.iter().map(json_text).collect();
        publish(&channel, &payloads, 0).await;
        let received = messages.until(s(15), |all| all.len() == data.len()).await;
        for (n, (message, data)) in received.iter().zip(&data).enumerate() {
            assert_eq!(message.name.as_deref(), Some(&*n.to_string()));
            assert_eq!(json_of(&message.data), *data);
        }
        assert_eq!(decoder.count(), data.len() - 1);
        assert!(attaching.all().is_empty());
        close(&client).await;
    });
}

// UTS: realtime/integration/RTL19b/dissimilar-payloads-no-delta-0
#[test]
fn rtl19b_dissimilar_payloads_come_whole_or_not() {
    run_protocols(async |_, options| {
        let decoder = Counting::new(|_| Ok(()));
        let options = options.plugin(decoder.clone());
        let (client, channel) = attached(options, &unique("delta-dissimilar"), true).await;
        let (messages, attaching) = listen(&channel).await;
        let mut state = 1u32;
        let mut byte = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        let payloads: Vec<Data> = (0..5)
            .map(|_| Data::from((0..1024).map(|_| byte()).collect::<Vec<u8>>()))
            .collect();
        publish(&channel, &payloads, 0).await;
        let received = messages.until(s(15), |all| all.len() == 5).await;
        for (n, (message, data)) in received.iter().zip(&payloads).enumerate() {
            assert_eq!(message.name.as_deref(), Some(&*n.to_string()));
            assert_eq!(message.data, *data);
        }
        assert!(attaching.all().is_empty());
        close(&client).await;
    });
}

// UTS: realtime/integration/PC3/no-deltas-without-param-1
#[test]
fn pc3_without_the_param_there_are_no_deltas() {
    run_protocols(async |_, options| {
        let decoder = Counting::new(|_| Ok(()));
        let options = options.plugin(decoder.clone());
        let (client, channel) = attached(options, &unique("delta-no-param"), false).await;
        let (messages, _) = listen(&channel).await;
        let data = test_data();
        let payloads: Vec<_> = data.iter().map(json_text).collect();
        publish(&channel, &payloads, 0).await;
        let received = messages.until(s(15), |all| all.len() == data.len()).await;
        for (n, (message, data)) in received.iter().zip(&data).enumerate() {
            assert_eq!(message.name.as_deref(), Some(&*n.to_string()));
            assert_eq!(json_of(&message.data), *data);
        }
        assert_eq!(decoder.count(), 0);
        close(&client).await;
    });
}

// UTS: realtime/integration/RTL18/recovery-message-id-mismatch-0
//
// The stored id cannot be reached from outside: a proxy loses a message instead, which is the gap
// that the case simulates. The proxy reads JSON.
#[test]
fn rtl18_a_missing_message_is_recovered_from() {
    run(async {
        let app = TestApp::start().await;
        let session = app.proxy(json!([])).await;
        let decoder = Counting::new(|_| Ok(()));
        let options = app.through_with_key(&session).plugin(decoder.clone());
        let name = unique("delta-recovery-mismatch");
        let (client, channel) = attached(options, &name, true).await;
        let (messages, attaching) = listen(&channel).await;
        let data = test_data();
        let payloads: Vec<_> = data.iter().map(json_text).collect();
        publish(&channel, &payloads[..3], 0).await;
        messages.until(s(15), |all| all.len() >= 3).await;
        let rules = json!([{
            "match": {"type": "ws_frame_to_client", "action": "MESSAGE", "channel": name},
            "action": {"type": "suppress"},
            "times": 1,
        }]);
        session.add_rules(rules, Position::Prepend).unwrap();
        publish(&channel, &payloads, 3).await;
        let received = messages
            .until(s(30), |all| has_names(all, data.len()))
            .await;
        assert_all(&received, &data);
        let attaching = attaching.all();
        assert_eq!(attaching.len(), 1);
        let reason = attaching[0].reason.as_ref().expect("a reason");
        assert_eq!(reason.code(), ErrorCode::DELTA_FAILED);
        // Two before the gap and the one after the first that was sent again.
        assert_eq!(decoder.count(), 3);
        close(&client).await;
        session.close().await;
    });
}

// UTS: realtime/integration/RTL18/recovery-decode-failure-1
#[test]
fn rtl18_a_decoder_that_fails_is_recovered_from() {
    run_protocols(async |_, options| {
        let failed = |_| Err(ErrorInfo::new(ErrorCode::DELTA_FAILED, 400, "no"));
        let options = options.plugin(Counting::new(failed));
        let (client, channel) = attached(options, &unique("delta-recovery-decode"), true).await;
        let (messages, attaching) = listen(&channel).await;
        let data = test_data();
        let payloads: Vec<_> = data.iter().map(json_text).collect();
        publish(&channel, &payloads, 0).await;
        let received = messages
            .until(s(30), |all| has_names(all, data.len()))
            .await;
        assert_all(&received, &data);
        let attaching = attaching.all();
        assert!(!attaching.is_empty());
        let reason = attaching[0].reason.as_ref().expect("a reason");
        assert_eq!(reason.code(), ErrorCode::DELTA_FAILED);
        close(&client).await;
    });
}

// UTS: realtime/integration/PC3/no-plugin-causes-failed-2
#[test]
fn pc3_without_the_plugin_the_channel_fails() {
    run_protocols(async |_, options| {
        let name = unique("delta-no-plugin");
        // Whatever features this was built with.
        let plain = options.clone();
        let plain = plain.plugin(Tokio).plugin(WebSocketTransport);
        let plain = plain.plugin(Rustls::new()).plugin(MsgPack);
        let subscriber = BaseRealtime::new(plain).expect("the options are fine");
        subscriber.connect();
        let connected = subscriber
            .connection()
            .when_state(ConnectionState::Connected);
        within(s(15), connected).await.expect("the client lives");
        let deltas = ChannelOptions::new().param("delta", "vcdiff");
        let subscribed = subscriber.channels().get_with(&name, deltas);
        let subscribed = subscribed.expect("a channel");
        attach(&subscribed).await;
        let (publisher, published) = attached(options, &name, false).await;
        let payloads: Vec<_> = test_data().iter().map(json_text).collect();
        publish(&published, &payloads, 0).await;
        await_channel(&subscribed, ChannelState::Failed, s(15)).await;
        let reason = subscribed.error_reason().expect("a reason");
        assert_eq!(reason.code(), ErrorCode::MISSING_PLUGIN);
        subscriber.close();
        close(&publisher).await;
    });
}
