//! `realtime/unit/channels/channel_annotations.md`

use ably_annotations::{Annotations, AnnotationsQuery, ChannelAnnotations, RealtimeAnnotations};
use ably_base::{Annotation, AnnotationAction, Events, ListenerId, LogLevel, Str};
use ably_rest::PaginatedResult;
use ably_testkit::http::{HttpMockReply, MockHttp};

use crate::support::*;

const TYPE: &str = "com.example.reaction";

/// PUBLISH
const PUBLISH: u64 = 1 << 17;
/// ANNOTATION_PUBLISH
const ANNOTATION_PUBLISH: u64 = 1 << 21;
/// ANNOTATION_SUBSCRIBE
const ANNOTATION_SUBSCRIBE: u64 = 1 << 22;

/// Of a channel that may publish annotations.
const PUBLISHING: u64 = PUBLISH | ANNOTATION_PUBLISH;
/// Of a channel that gets them too.
const SUBSCRIBING: u64 = PUBLISHING | ANNOTATION_SUBSCRIBE;

/// A client with annotations, and its channel.
struct Fixture {
    rt: VirtualRuntime,
    ws: MockWebSocket,
    log: LogCapture,
    client: BaseRealtime,
    channel: Channel,
}

impl Fixture {
    fn new(ws: MockWebSocket, name: &str, channel_options: ChannelOptions) -> Self {
        let (rt, log) = (VirtualRuntime::new(), LogCapture::default());
        let options = options(&rt, &ws).log_handler(log.clone());
        let client = client(options.plugin(Annotations));
        let channel = client.channels().get_with(name, channel_options).unwrap();
        Self {
            rt,
            ws,
            log,
            client,
            channel,
        }
    }

    /// A channel that may publish, attached, with a server that acknowledges.
    fn publishing(name: &str) -> Self {
        let f = Self::new(attaching(PUBLISHING), name, ChannelOptions::new());
        f.connect();
        f.attach();
        f
    }

    /// A channel that gets annotations, attached by itself and not by subscribing.
    fn subscribing(name: &str) -> Self {
        let f = Self::new(attaching(SUBSCRIBING), name, passive());
        f.connect();
        f.attach();
        f
    }

    #[track_caller]
    fn connect(&self) {
        self.client.connect();
        self.rt
            .await_state(&self.client, ConnectionState::Connected);
    }

    #[track_caller]
    fn attach(&self) {
        self.rt.wait(self.channel.attach()).unwrap();
        assert_eq!(self.channel.state(), ChannelState::Attached);
    }

    /// The one ANNOTATION that the client sent.
    #[track_caller]
    fn captured(&self) -> Value {
        let mut all = self.ws.client_messages_of(action::ANNOTATION);
        assert_eq!(all.len(), 1);
        all.remove(0)
    }

    /// Sends these annotations to the client.
    fn send(&self, annotations: Value) {
        self.ws.send_to_client(json!({
            "action": action::ANNOTATION, "channel": self.channel.name(),
            "annotations": annotations,
        }));
        self.rt.run_until_idle();
    }

    /// Records annotations of these types from now on.
    fn record(&self, types: impl Into<Events<Str>>) -> (Recorder<Annotation>, ListenerId) {
        let recorder = Recorder::new();
        let sink = recorder.clone();
        let annotations = self.channel.annotations();
        let subscribed = annotations.subscribe_with(types, move |a| sink.push(a.clone()));
        (recorder, subscribed.id().unwrap())
    }

    /// `CLOSE_CLIENT`
    fn close(self) {
        self.client.close();
        self.rt.await_state(&self.client, ConnectionState::Closed);
    }
}

/// A peer that answers ATTACH with these flags and agrees with everything else.
fn attaching(flags: u64) -> MockWebSocket {
    MockWebSocket::accepting().on_message(move |m, conn| {
        if m["action"] == action::ATTACH {
            conn.send_to_client(attached(m, flags));
        } else {
            conn.answer(m);
        }
    })
}

/// The answer to an ATTACH.
fn attached(attach: &Value, flags: u64) -> Value {
    json!({"action": action::ATTACHED, "channel": attach["channel"], "flags": flags})
}

fn passive() -> ChannelOptions {
    ChannelOptions::new().attach_on_subscribe(false)
}

fn like() -> Annotation {
    Annotation::new(TYPE).name("like")
}

/// An annotation on the wire.
fn wire(r#type: &str, name: &str, serial: &str, timestamp: i64) -> Value {
    json!({
        "action": 0, "type": r#type, "name": name, "messageSerial": "msg-serial-1",
        "serial": serial, "timestamp": timestamp,
    })
}

fn names(told: &Recorder<Annotation>) -> Vec<String> {
    let name = |a: &Annotation| a.name.as_deref().expect("a name").to_owned();
    told.all().iter().map(name).collect()
}

// UTS: realtime/unit/RTL26/annotations-attribute-type-0
#[test]
fn rtl26_annotations_attribute_type() {
    let f = Fixture::new(
        MockWebSocket::accepting(),
        "test-RTL26",
        ChannelOptions::new(),
    );
    let _: RealtimeAnnotations = f.channel.annotations();
    f.client.close();
}

// UTS: realtime/unit/RTAN1a/publish-sends-annotation-0
#[test]
fn rtan1a_publish_sends_annotation() {
    let name = "test-RTAN1-publish";
    let f = Fixture::publishing(name);
    f.rt.wait(f.channel.annotations().publish("msg-serial-1", like()))
        .unwrap();
    let message = f.captured();
    assert_eq!(message["channel"], name);
    let annotations = message["annotations"].as_array().expect("a list");
    assert_eq!(annotations.len(), 1);
    assert_eq!(annotations[0]["action"], 0);
    assert_eq!(annotations[0]["messageSerial"], "msg-serial-1");
    assert_eq!(annotations[0]["type"], TYPE);
    assert_eq!(annotations[0]["name"], "like");
    f.close();
}

// DEVIATION: RSAN1a3 - 2.12.0 leaves it to the server.
// UTS: realtime/unit/RTAN1a/validates-type-required-1
#[test]
fn rtan1a_publish_requires_a_type() {
    let f = Fixture::publishing("test-RTAN1a-validate");
    let annotation = Annotation::default().name("like");
    let publish = f.channel.annotations().publish("msg-serial-1", annotation);
    let error = f.rt.wait(publish).unwrap_err();
    assert_eq!((error.code().0, error.status_code()), (40003, 400));
    assert_eq!(f.ws.client_messages_of(action::ANNOTATION).len(), 0);
    f.close();
}

// UTS: realtime/unit/RTAN1a/encodes-data-json-2
#[test]
fn rtan1a_publish_encodes_data() {
    let f = Fixture::publishing("test-RTAN1a-encode");
    let data = json!({"key": "value", "nested": {"a": 1}});
    let annotation = Annotation::new("com.example.data").data(Data::json(&data).unwrap());
    f.rt.wait(f.channel.annotations().publish("msg-serial-1", annotation))
        .unwrap();
    let message = f.captured();
    let sent = &message["annotations"][0];
    assert_eq!(sent["encoding"], "json");
    let text = sent["data"].as_str().expect("a string");
    let parsed: Value = serde_json::from_str(text).expect("JSON");
    assert_eq!(parsed, data);
    f.close();
}

// UTS: realtime/unit/RTAN1b/publish-channel-state-0
#[test]
fn rtan1b_publish_on_a_failed_channel() {
    let name = "test-RTAN1b";
    let ws = MockWebSocket::accepting().on_message(move |m, conn| {
        if m["action"] == action::ATTACH {
            conn.send_to_client(json!({
                "action": action::ERROR, "channel": name,
                "error": error(40160, 401, "Not permitted"),
            }));
        } else {
            conn.answer(m);
        }
    });
    let f = Fixture::new(ws, name, ChannelOptions::new());
    f.connect();
    let refused = f.rt.wait(f.channel.attach()).unwrap_err();
    assert_eq!(refused.code().0, 40160);
    assert_eq!(f.channel.state(), ChannelState::Failed);
    let publish = f.channel.annotations().publish("msg-serial-1", like());
    let error = f.rt.wait(publish).unwrap_err();
    assert_eq!(error.code().0, 90001);
    assert_eq!(f.ws.client_messages_of(action::ANNOTATION).len(), 0);
    f.close();
}

// UTS: realtime/unit/RTAN1d/publish-ack-nack-0
#[test]
fn rtan1d_publish_is_acknowledged_or_refused() {
    let f = Fixture::publishing("test-RTAN1d-ack");
    f.rt.wait(f.channel.annotations().publish("msg-serial-1", like()))
        .unwrap();
    f.close();

    let ws = MockWebSocket::accepting().on_message(|m, conn| {
        if m["action"] == action::ATTACH {
            conn.send_to_client(attached(m, PUBLISHING));
        } else if m["action"] == action::ANNOTATION {
            conn.nack(m, error(40160, 401, "Not permitted"));
        } else {
            conn.answer(m);
        }
    });
    let f = Fixture::new(ws, "test-RTAN1d-nack", ChannelOptions::new());
    f.connect();
    f.attach();
    let publish = f.channel.annotations().publish("msg-serial-1", like());
    let error = f.rt.wait(publish).unwrap_err();
    assert_eq!(error.code().0, 40160);
    f.close();
}

// UTS: realtime/unit/RTAN2a/delete-sends-annotation-0
#[test]
fn rtan2a_delete_sends_annotation() {
    let f = Fixture::publishing("test-RTAN2-delete");
    f.rt.wait(f.channel.annotations().delete("msg-serial-1", like()))
        .unwrap();
    let message = f.captured();
    let sent = &message["annotations"][0];
    assert_eq!(sent["action"], 1);
    assert_eq!(sent["messageSerial"], "msg-serial-1");
    assert_eq!(sent["type"], TYPE);
    assert_eq!(sent["name"], "like");
    f.close();
}

/// The cases of RSAN3, on a realtime channel.
// UTS: (no-id) realtime/unit/channels/channel_annotations.md#L459
#[test]
fn rtan3a_get_is_that_of_rest() {
    let http = MockHttp::replying([HttpMockReply::json(
        200,
        json!([
            {
                "id": "ann-1", "action": 0, "type": TYPE, "name": "like", "clientId": "user-1",
                "count": 1, "data": "thumbs-up", "serial": "ann-serial-1",
                "messageSerial": "msg-serial-1", "timestamp": 1_700_000_000_000_i64,
                "extras": {"custom": "metadata"},
            },
            {
                "id": "ann-2", "action": 0, "type": TYPE, "name": "heart", "clientId": "user-2",
                "serial": "ann-serial-2", "messageSerial": "msg-serial-1",
                "timestamp": 1_700_000_001_000_i64,
            },
        ]),
    )]);
    let (rt, ws) = (VirtualRuntime::new(), MockWebSocket::accepting());
    let client = client(options(&rt, &ws).plugin(http.clone()).plugin(Annotations));
    let channel = client.channels().get("test-RSAN3");
    let query = AnnotationsQuery::new().limit(50);
    let result: PaginatedResult<Annotation> = rt
        .wait(channel.annotations().get("msg-serial-1", query))
        .unwrap();
    let requests = http.requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].method, "GET");
    assert_eq!(
        requests[0].path,
        "/channels/test-RSAN3/messages/msg-serial-1/annotations"
    );
    assert_eq!(requests[0].query("limit"), Some("50"));
    let [first, second] = result.items() else {
        panic!("two annotations")
    };
    assert_eq!(first.id.as_deref(), Some("ann-1"));
    assert_eq!(first.action, AnnotationAction::CREATE);
    assert_eq!(first.r#type.as_deref(), Some(TYPE));
    assert_eq!(first.name.as_deref(), Some("like"));
    assert_eq!(first.client_id.as_deref(), Some("user-1"));
    assert_eq!(first.count, Some(1));
    assert_eq!(first.data, "thumbs-up");
    assert_eq!(first.serial.as_deref(), Some("ann-serial-1"));
    assert_eq!(first.message_serial.as_deref(), Some("msg-serial-1"));
    assert_eq!(first.timestamp, Some(1_700_000_000_000));
    let extras: Value = first.extras.as_ref().unwrap().parse().unwrap();
    assert_eq!(extras["custom"], "metadata");
    assert_eq!(second.name.as_deref(), Some("heart"));
    assert_eq!(second.client_id.as_deref(), Some("user-2"));
}

// UTS: realtime/unit/RTAN4a/subscribe-delivers-annotations-0
#[test]
fn rtan4a_subscribe_delivers_annotations() {
    let f = Fixture::subscribing("test-RTAN4-subscribe");
    let (told, _) = f.record(());
    f.send(json!([
        {
            "id": "ann-1", "action": 0, "type": TYPE, "name": "like", "clientId": "user-1",
            "serial": "ann-serial-1", "messageSerial": "msg-serial-1",
            "timestamp": 1_700_000_000_000_i64,
        },
        {
            "id": "ann-2", "action": 0, "type": TYPE, "name": "heart", "clientId": "user-2",
            "serial": "ann-serial-2", "messageSerial": "msg-serial-1",
            "timestamp": 1_700_000_001_000_i64,
        },
    ]));
    let told = told.all();
    assert_eq!(told.len(), 2);
    assert_eq!(told[0].id.as_deref(), Some("ann-1"));
    assert_eq!(told[0].action, AnnotationAction::CREATE);
    assert_eq!(told[0].r#type.as_deref(), Some(TYPE));
    assert_eq!(told[0].name.as_deref(), Some("like"));
    assert_eq!(told[0].client_id.as_deref(), Some("user-1"));
    assert_eq!(told[0].serial.as_deref(), Some("ann-serial-1"));
    assert_eq!(told[0].message_serial.as_deref(), Some("msg-serial-1"));
    assert_eq!(told[0].timestamp, Some(1_700_000_000_000));
    assert_eq!(told[1].name.as_deref(), Some("heart"));
    assert_eq!(told[1].client_id.as_deref(), Some("user-2"));
    f.close();
}

// UTS: realtime/unit/RTAN4c/subscribe-type-filter-0
#[test]
fn rtan4c_subscribe_to_a_type() {
    let f = Fixture::subscribing("test-RTAN4c-filter");
    let (told, _) = f.record(TYPE);
    f.send(json!([
        wire(TYPE, "like", "ann-serial-1", 1_700_000_000_000),
        wire(
            "com.example.comment",
            "text",
            "ann-serial-2",
            1_700_000_001_000
        ),
        wire(TYPE, "heart", "ann-serial-3", 1_700_000_002_000),
    ]));
    assert_eq!(names(&told), ["like", "heart"]);
    f.close();
}

// UTS: realtime/unit/RTAN4d/subscribe-implicit-attach-0
#[test]
fn rtan4d_subscribing_attaches() {
    let f = Fixture::new(
        attaching(SUBSCRIBING),
        "test-RTAN4d-attach",
        ChannelOptions::new(),
    );
    f.connect();
    assert_eq!(f.channel.state(), ChannelState::Initialized);
    let subscribed = f.channel.annotations().subscribe_with((), |_| {});
    f.rt.await_channel_state(&f.channel, ChannelState::Attached);
    assert_eq!(f.channel.state(), ChannelState::Attached);
    f.rt.wait(subscribed).expect("attached with the mode");
    f.close();
}

// DEVIATION: RTAN4e - subscribing fails, as in ably-js, and what is logged is an error.
// UTS: realtime/unit/RTAN4e/subscribe-warns-no-mode-0
#[test]
fn rtan4e_subscribing_without_the_mode_fails() {
    let f = Fixture::new(attaching(PUBLISH), "test-RTAN4e-warn", passive());
    f.connect();
    f.attach();
    let subscribed = f.channel.annotations().subscribe_with((), |_| {});
    f.rt.run_until_idle();
    assert!(f.log.contains(LogLevel::Error, "ANNOTATION_SUBSCRIBE"));
    let error = f.rt.wait(subscribed).unwrap_err();
    assert_eq!((error.code().0, error.status_code()), (93001, 400));
    assert!(error.message().contains("ANNOTATION_SUBSCRIBE"));
    f.close();
}

// UTS: realtime/unit/RTAN4e1/no-warn-unattached-0
#[test]
fn rtan4e1_subscribing_unattached_is_fine() {
    let f = Fixture::new(MockWebSocket::accepting(), "test-RTAN4e1", passive());
    f.connect();
    assert_eq!(f.channel.state(), ChannelState::Initialized);
    let subscribed = f.channel.annotations().subscribe_with((), |_| {});
    f.rt.run_until_idle();
    let lines = f.log.records();
    assert!(
        lines
            .iter()
            .all(|l| !l.message.contains("ANNOTATION_SUBSCRIBE"))
    );
    f.rt.wait(subscribed).expect("nothing is wrong");
    f.client.close();
}

// UTS: realtime/unit/RTAN5a/unsubscribe-removes-listeners-0
#[test]
fn rtan5a_unsubscribe_removes_a_listener() {
    let f = Fixture::subscribing("test-RTAN5-unsub");
    let (told, listener) = f.record(());
    let like = wire(TYPE, "like", "ann-serial-1", 1_700_000_000_000);
    f.send(json!([like]));
    assert_eq!(told.all().len(), 1);
    f.channel.annotations().unsubscribe(listener);
    let heart = wire(TYPE, "heart", "ann-serial-2", 1_700_000_001_000);
    f.send(json!([heart]));
    assert_eq!(names(&told), ["like"]);
    f.close();
}

// UTS: realtime/unit/RTAN5a/unsubscribe-type-filter-1
#[test]
fn rtan5a_unsubscribe_from_a_type() {
    let f = Fixture::subscribing("test-RTAN5a-typed");
    let (reactions, listener) = f.record(TYPE);
    let (comments, _) = f.record("com.example.comment");
    f.channel.annotations().unsubscribe_from(TYPE, listener);
    f.send(json!([
        wire(TYPE, "like", "ann-serial-1", 1_700_000_000_000),
        wire(
            "com.example.comment",
            "text",
            "ann-serial-2",
            1_700_000_001_000
        ),
    ]));
    assert_eq!(reactions.all().len(), 0);
    let comments = comments.all();
    assert_eq!(comments.len(), 1);
    assert_eq!(comments[0].r#type.as_deref(), Some("com.example.comment"));
    f.close();
}

// Beyond the cases.

#[test]
fn without_the_plugin_operations_say_what_is_missing() {
    let (rt, ws) = (VirtualRuntime::new(), MockWebSocket::accepting());
    let client = client(options(&rt, &ws));
    let annotations = client.channels().get("none").annotations();
    let errors = [
        rt.wait(annotations.publish("msg-serial-1", like()))
            .unwrap_err(),
        rt.wait(annotations.subscribe_with((), |_| {})).unwrap_err(),
        rt.wait(annotations.subscribe(()).attached()).unwrap_err(),
    ];
    for error in errors {
        assert_eq!((error.code().0, error.status_code()), (40019, 400));
        assert!(
            error.message().contains("Annotations plugin not provided"),
            "{error}"
        );
    }
}

#[test]
fn a_stream_is_told_of_the_mode_once_it_is_attached() {
    let f = Fixture::new(attaching(PUBLISH), "mode", ChannelOptions::new());
    f.connect();
    let mut stream = f.channel.annotations().subscribe(());
    let error = f.rt.wait(stream.attached()).unwrap_err();
    assert_eq!(error.code().0, 93001);
    assert_eq!(f.channel.state(), ChannelState::Attached);
    f.close();
}

#[test]
fn a_stream_gives_annotations_of_its_types() {
    let f = Fixture::subscribing("stream");
    let mut stream = f
        .channel
        .annotations()
        .subscribe(TYPE)
        .bounded(1, usize::MAX);
    f.rt.wait(stream.attached()).unwrap();
    f.send(json!([
        wire("com.example.comment", "text", "ann-serial-1", 1),
        wire(TYPE, "like", "ann-serial-2", 2),
        wire(TYPE, "heart", "ann-serial-3", 3),
    ]));
    let first = stream.try_next().expect("one").expect("not missed");
    assert_eq!(first.name.as_deref(), Some("like"));
    assert_eq!(stream.try_next().expect("a gap").unwrap_err().missed, 1);
    assert_eq!(stream.try_next(), None);
    f.close();
}

#[test]
fn a_stream_is_bounded_by_bytes_too() {
    let f = Fixture::subscribing("bytes");
    let mut stream = f.channel.annotations().subscribe(());
    f.rt.wait(stream.attached()).unwrap();
    let mut stream = stream.bounded(usize::MAX, 10);
    for n in 1..=3 {
        let mut annotation = wire(TYPE, "like", &format!("ann-serial-{n}"), n);
        annotation["data"] = "123456".into();
        f.send(json!([annotation]));
    }
    assert!(stream.try_next().expect("one").is_ok());
    assert_eq!(stream.try_next().expect("a gap").unwrap_err().missed, 2);
    f.close();
}

#[test]
fn a_subscription_fails_with_the_attach() {
    let ws = MockWebSocket::accepting().on_message(|m, conn| {
        if m["action"] == action::ATTACH {
            conn.send_to_client(json!({
                "action": action::ERROR, "channel": m["channel"],
                "error": error(40160, 401, "Not permitted"),
            }));
        } else {
            conn.answer(m);
        }
    });
    let f = Fixture::new(ws, "refused", ChannelOptions::new());
    f.connect();
    let subscribed = f.channel.annotations().subscribe_with((), |_| {});
    assert_eq!(f.rt.wait(subscribed).unwrap_err().code().0, 40160);
    let again = f.channel.annotations().subscribe_with((), |_| {});
    assert_eq!(again.id(), None);
    assert_eq!(f.rt.wait(again).unwrap_err().code().0, 90001);
    f.close();
}
