//! `realtime/unit/channels/channel_delta_decoding.md`
//!
//! The frames are JSON, so deltas come as `vcdiff/base64`, and as `utf-8/vcdiff/base64` where the
//! case wants a string; the document says so.

use ably_delta::Vcdiff;

use super::{
    common::*,
    mock_vcdiff::{MockVcdiff, base64, decode, encode},
};

/// A case with this plugin, attached, that records its messages since before it was connected.
#[track_caller]
fn subscribed(name: &str, ws: MockWebSocket, plugin: Vcdiff) -> (Case, Recorder<Message>) {
    let c = Case::with(name, ws, |o| o.plugin(plugin), ChannelOptions::new());
    let received = c.record(());
    (c.connect().attach(), received)
}

/// A message that is not a delta.
fn whole(id: &str, data: &str) -> Value {
    json!({"id": id, "data": data, "encoding": null})
}

/// A delta of strings.
fn delta(id: &str, from: &str, base: &str, value: &str) -> Value {
    raw_delta(id, from, "utf-8/vcdiff/base64", &encode(base, value))
}

fn raw_delta(id: &str, from: &str, encoding: &str, delta: &[u8]) -> Value {
    json!({
        "id": id,
        "data": base64(delta),
        "encoding": encoding,
        "extras": {"delta": {"from": from, "format": "vcdiff"}},
    })
}

/// A MESSAGE with one message, of the same id.
fn single(message: Value) -> Value {
    json!({"id": message["id"], "messages": [message]})
}

/// As [`single`], with a serial.
fn single_at(serial: &str, message: Value) -> Value {
    json!({"id": message["id"], "channelSerial": serial, "messages": [message]})
}

/// The states that the changes led to.
fn states(changes: &[ChannelStateChange]) -> Vec<ChannelState> {
    changes.iter().map(|c| c.current).collect()
}

/// Code and status of why a change came.
#[track_caller]
fn reason(change: &ChannelStateChange) -> (u32, u16) {
    code(change.reason.as_ref().expect("a reason"))
}

// UTS: realtime/unit/RTL21/ascending-index-order-0
#[test]
fn rtl21_messages_are_decoded_in_order() {
    let (c, received) = subscribed("test-RTL21-order", attaching(), MockVcdiff::plugin());
    c.deliver(json!({"id": "serial:0", "messages": [
        whole("serial:0", "first message"),
        delta("serial:1", "serial:0", "first message", "second message"),
        delta("serial:2", "serial:1", "second message", "third message"),
    ]}));
    let expected = ["first message", "second message", "third message"];
    assert_eq!(texts(&received), expected);
}

// UTS: realtime/unit/RTL19b/stores-base-payload-0
#[test]
fn rtl19b_a_whole_message_is_the_base() {
    let (c, received) = subscribed("test-RTL19b-base", attaching(), MockVcdiff::plugin());
    c.deliver(single(whole("msg-1:0", "base payload")));
    assert_eq!(received.all().len(), 1);
    let next = delta("msg-2:0", "msg-1:0", "base payload", "updated payload");
    c.deliver(single(next));
    assert_eq!(texts(&received), ["base payload", "updated payload"]);
}

// UTS: realtime/unit/RTL19b/json-wire-form-base-1
#[test]
fn rtl19b_the_base_of_json_is_its_text() {
    let (c, received) = subscribed("test-RTL19b-json-base", attaching(), MockVcdiff::plugin());
    let first = r#"{"foo":"bar","count":1}"#;
    let second = r#"{"foo":"baz","count":2}"#;
    c.deliver(single(
        json!({"id": "msg-1:0", "data": first, "encoding": "json"}),
    ));
    assert_eq!(received.all().len(), 1);
    c.deliver(single(delta("msg-2:0", "msg-1:0", first, second)));
    let received = received.all();
    assert_eq!(received.len(), 2);
    let parsed: Value = received[0].data.as_json().expect("JSON").parse().unwrap();
    assert_eq!(parsed, json!({"foo": "bar", "count": 1}));
    assert_eq!(received[1].data, second);
}

// UTS: realtime/unit/RTL19a/base64-decoded-before-store-0
#[test]
fn rtl19a_the_base_is_decoded_from_base64() {
    let (c, received) = subscribed("test-RTL19a-base64", attaching(), MockVcdiff::plugin());
    let base = [0x48, 0x65, 0x6C, 0x6C, 0x6F];
    let value = [0x57, 0x6F, 0x72, 0x6C, 0x64];
    c.deliver(single(
        json!({"id": "msg-1:0", "data": "SGVsbG8=", "encoding": "base64"}),
    ));
    assert_eq!(received.all().len(), 1);
    let delta = encode(base, value);
    assert_eq!(delta, b"SGVsbG8/V29ybGQ");
    c.deliver(single(raw_delta(
        "msg-2:0",
        "msg-1:0",
        "vcdiff/base64",
        &delta,
    )));
    let received = received.all();
    assert_eq!(received.len(), 2);
    assert_eq!(received[0].data, Data::from(&base));
    assert_eq!(received[1].data, Data::from(&value));
}

// UTS: realtime/unit/RTL19c/delta-result-becomes-base-0
#[test]
fn rtl19c_the_result_of_a_delta_is_the_next_base() {
    let (c, received) = subscribed("test-RTL19c-chain", attaching(), MockVcdiff::plugin());
    c.deliver(single(whole("msg-1:0", "value-A")));
    assert_eq!(received.all().len(), 1);
    c.deliver(single(delta("msg-2:0", "msg-1:0", "value-A", "value-B")));
    assert_eq!(received.all().len(), 2);
    c.deliver(single(delta("msg-3:0", "msg-2:0", "value-B", "value-C")));
    assert_eq!(texts(&received), ["value-A", "value-B", "value-C"]);
}

// UTS: realtime/unit/RTL20/mismatched-id-triggers-recovery-0
#[test]
fn rtl20_a_delta_of_another_message_starts_recovery() {
    let c = Case::with(
        "test-RTL20-mismatch",
        attaching(),
        |o| o.plugin(MockVcdiff::plugin()),
        ChannelOptions::new(),
    );
    let c = c.connect().attach();
    c.deliver(single_at("serial-1", whole("msg-1:0", "base payload")));
    let changes = record_channel(&c.channel);
    assert_eq!(c.attaches().len(), 1);
    let delta = delta("msg-2:0", "msg-999:0", "base payload", "new payload");
    c.deliver(single(delta));
    let changes = changes.all();
    assert_eq!(
        states(&changes),
        [ChannelState::Attaching, ChannelState::Attached]
    );
    let attaches = c.attaches();
    assert_eq!(attaches.len(), 2);
    assert_eq!(attaches[1]["channelSerial"], "serial-1");
    assert_eq!(reason(&changes[0]), (40018, 400));
}

// UTS: realtime/unit/RTL20/last-id-updated-on-decode-1
#[test]
fn rtl20_the_last_id_of_a_protocol_message_counts() {
    let (c, received) = subscribed("test-RTL20-id-update", attaching(), MockVcdiff::plugin());
    c.deliver(json!({
        "id": "serial:0",
        "messages": [whole("serial:0", "first"), whole("serial:1", "second")],
    }));
    assert_eq!(received.all().len(), 2);
    c.deliver(single(delta("msg-2:0", "serial:1", "second", "third")));
    assert_eq!(texts(&received), ["first", "second", "third"]);
}

// UTS: realtime/unit/PC3/vcdiff-plugin-decodes-0
#[test]
fn pc3_the_plugin_decodes() {
    let calls = Recorder::new();
    let sink = calls.clone();
    let plugin = MockVcdiff::with(move |delta, base| {
        sink.push((delta.to_vec(), base.to_vec()));
        decode(delta, base)
    });
    let (c, received) = subscribed("test-PC3-decode", attaching(), plugin);
    c.deliver(single(whole("msg-1:0", "hello world")));
    assert_eq!(received.all().len(), 1);
    let next = delta("msg-2:0", "msg-1:0", "hello world", "goodbye world");
    c.deliver(single(next));
    let calls = calls.all();
    assert_eq!(calls.len(), 1);
    let (delta, base) = &calls[0];
    assert_eq!(base, b"hello world");
    assert_eq!(*delta, encode("hello world", "goodbye world"));
    assert_eq!(texts(&received), ["hello world", "goodbye world"]);
}

// UTS: realtime/unit/PC3/no-plugin-fails-1
#[test]
fn pc3_without_the_plugin_the_channel_fails() {
    let c = Case::with(
        "test-PC3-no-plugin",
        attaching(),
        |o| o,
        ChannelOptions::new(),
    );
    let c = c.connect().attach();
    c.deliver(single(json!({
        "id": "msg-1:0",
        "data": "some-delta-data",
        "encoding": "vcdiff",
        "extras": {"delta": {"from": "msg-0:0", "format": "vcdiff"}},
    })));
    c.await_channel(ChannelState::Failed);
    let error = c.channel.error_reason().expect("a reason");
    assert_eq!(code(&error), (40019, 400));
    assert!(error.message().starts_with("vcdiff plugin not provided"));
}

// UTS: realtime/unit/RTL18/decode-failure-recovery-0
#[test]
fn rtl18_a_delta_that_fails_starts_recovery() {
    let log = LogCapture::default();
    let c = Case::with(
        "test-RTL18-recovery",
        attaching(),
        |o| o.plugin(MockVcdiff::failing()).log_handler(log.clone()),
        ChannelOptions::new(),
    );
    let received = c.record(());
    let c = c.connect().attach();
    c.deliver(single_at("serial-100", whole("msg-1:0", "base payload")));
    assert_eq!(received.all().len(), 1);
    let changes = record_channel(&c.channel);
    assert_eq!(c.attaches().len(), 1);
    c.deliver(single_at(
        "serial-200",
        raw_delta("msg-2:0", "msg-1:0", "vcdiff/base64", b"fake-delta-payload"),
    ));
    let changes = changes.all();
    assert_eq!(
        states(&changes),
        [ChannelState::Attaching, ChannelState::Attached]
    );
    // RTL18b
    assert_eq!(texts(&received), ["base payload"]);
    // RTL18c
    let attaches = c.attaches();
    assert_eq!(attaches.len(), 2);
    assert_eq!(attaches[1]["channelSerial"], "serial-100");
    assert_eq!(reason(&changes[0]), (40018, 400));
    // RTL18a
    assert!(log.contains(ably_base::LogLevel::Error, "code 40018"));
}

// UTS: realtime/unit/RTL18c/recovery-completes-on-attached-0
#[test]
fn rtl18c_recovery_ends_with_attached() {
    let attempts = AtomicUsize::new(0);
    let plugin = MockVcdiff::with(move |delta, base| {
        if attempts.fetch_add(1, Ordering::Relaxed) == 0 {
            return Err("Simulated decode failure".into());
        }
        decode(delta, base)
    });
    let (c, received) = subscribed("test-RTL18c-complete", attaching(), plugin);
    c.deliver(single_at("serial-1", whole("msg-1:0", "original base")));
    assert_eq!(received.all().len(), 1);
    let changes = record_channel(&c.channel);
    c.deliver(single_at(
        "serial-2",
        raw_delta("msg-2:0", "msg-1:0", "vcdiff/base64", b"bad-delta"),
    ));
    c.await_channel(ChannelState::Attached);
    assert_eq!(
        states(&changes.all()),
        [ChannelState::Attaching, ChannelState::Attached]
    );
    c.deliver(single_at(
        "serial-3",
        whole("msg-3:0", "fresh after recovery"),
    ));
    assert_eq!(c.channel.state(), ChannelState::Attached);
    assert_eq!(texts(&received), ["original base", "fresh after recovery"]);
}

// UTS: realtime/unit/RTL18/single-recovery-at-time-1
#[test]
fn rtl18_one_recovery_at_a_time() {
    let ws = MockWebSocket::accepting();
    let sent = ws.clone();
    ws.set_on_message(move |m, conn| {
        if sent.client_messages_of(action::ATTACH).len() == 1 {
            confirm_attach(m, conn);
        }
    });
    let c = Case::with(
        "test-RTL18-single-recovery",
        ws,
        |o| o.plugin(MockVcdiff::failing()),
        ChannelOptions::new(),
    );
    let c = c.connect().attach();
    assert_eq!(c.attaches().len(), 1);
    c.deliver(single_at("serial-1", whole("msg-1:0", "base")));
    let bad = |id: &str, from: &str, delta: &str| {
        single(raw_delta(id, from, "vcdiff/base64", delta.as_bytes()))
    };
    c.deliver(bad("msg-2:0", "msg-1:0", "bad-delta-1"));
    c.await_channel(ChannelState::Attaching);
    assert_eq!(c.attaches().len(), 2);
    c.deliver(bad("msg-3:0", "msg-2:0", "bad-delta-2"));
    assert_eq!(c.channel.state(), ChannelState::Attaching);
    assert_eq!(c.attaches().len(), 2);
}
