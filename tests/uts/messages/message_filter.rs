//! `realtime/unit/channels/channel_subscribe.md`: RTL22.

use ably_filter::{MessageFilter, MessageInteractions};

use super::common::*;

/// A channel that is attached, and does so by itself.
fn case(name: &str) -> Case {
    Case::new(name, attaching()).connect().attach()
}

/// Records what comes for `filter`.
fn record(case: &Case, filter: MessageFilter) -> Recorder<Message> {
    let recorder = Recorder::new();
    let sink = recorder.clone();
    drop(
        case.channel
            .subscribe_filtered_with(filter, move |m| sink.push(m.clone())),
    );
    recorder
}

/// Sends each in a message of its own.
fn deliver<const N: usize>(case: &Case, messages: [Value; N]) {
    for message in messages {
        case.deliver(json!({"messages": [message]}));
    }
}

/// Extras of a message that refers to another one.
fn reference(timeserial: &str, r#type: &str) -> Value {
    json!({"ref": {"timeserial": timeserial, "type": r#type}})
}

// UTS: realtime/unit/RTL22a/filter-matching-name-0
#[test]
fn rtl22a_messages_of_a_name() {
    let c = case("test-RTL22a-name");
    let filtered = record(&c, MessageFilter::new().name("target-event"));
    deliver(
        &c,
        [
            json!({"name": "target-event", "data": "match-1"}),
            json!({"name": "other-event", "data": "no-match"}),
            json!({"name": "target-event", "data": "match-2"}),
            json!({"name": null, "data": "no-name"}),
        ],
    );
    assert_eq!(texts(&filtered), ["match-1", "match-2"]);
    for message in filtered.all() {
        assert_eq!(text(&message.name), Some("target-event"));
    }
    c.close();
}

// UTS: realtime/unit/RTL22a/filter-matching-ref-timeserial-1
#[test]
fn rtl22a_messages_that_refer_to_a_message() {
    let c = case("test-RTL22a-ref-timeserial");
    let serial = "abc123@1700000000000-0";
    let filtered = record(&c, MessageFilter::new().ref_timeserial(serial));
    let other = "xyz789@1700000000000-0";
    deliver(
        &c,
        [
            json!({
                "name": "reply", "data": "match", "extras": reference(serial, "com.ably.reply"),
            }),
            json!({
                "name": "reply", "data": "no-match", "extras": reference(other, "com.ably.reply"),
            }),
            json!({"name": "plain", "data": "no-ref"}),
            json!({
                "name": "reaction", "data": "match-2",
                "extras": reference(serial, "com.ably.reaction"),
            }),
        ],
    );
    assert_eq!(texts(&filtered), ["match", "match-2"]);
    c.close();
}

// UTS: realtime/unit/RTL22b/filter-isref-false-0
#[test]
fn rtl22b_messages_that_refer_to_none() {
    let c = case("test-RTL22b-isref-false");
    let filtered = record(&c, MessageFilter::new().is_ref(false));
    deliver(
        &c,
        [
            json!({"name": "plain", "data": "no-extras"}),
            json!({
                "name": "reply", "data": "has-ref",
                "extras": reference("abc123@1700000000000-0", "com.ably.reply"),
            }),
            json!({
                "name": "annotated", "data": "extras-no-ref",
                "extras": {"headers": {"custom-key": "custom-value"}},
            }),
            json!({
                "name": "reaction", "data": "also-has-ref",
                "extras": reference("xyz789@1700000000000-0", "com.ably.reaction"),
            }),
        ],
    );
    let told = filtered.all();
    assert_eq!(told.len(), 2);
    assert_eq!(text(&told[0].name), Some("plain"));
    assert_eq!(told[0].data, "no-extras");
    assert_eq!(text(&told[1].name), Some("annotated"));
    assert_eq!(told[1].data, "extras-no-ref");
    c.close();
}

// UTS: realtime/unit/RTL22c/filter-multiple-criteria-0
#[test]
fn rtl22c_messages_that_meet_all() {
    let c = case("test-RTL22c-multi");
    let filter = MessageFilter::new()
        .name("comment")
        .ref_type("com.ably.reply");
    let filtered = record(&c, filter);
    deliver(
        &c,
        [
            json!({
                "name": "comment", "data": "both-match",
                "extras": reference("abc@1700000000000-0", "com.ably.reply"),
            }),
            json!({
                "name": "comment", "data": "name-only",
                "extras": reference("def@1700000000000-0", "com.ably.reaction"),
            }),
            json!({
                "name": "update", "data": "type-only",
                "extras": reference("ghi@1700000000000-0", "com.ably.reply"),
            }),
            json!({"name": "update", "data": "neither"}),
            json!({
                "name": "comment", "data": "both-match-2",
                "extras": reference("jkl@1700000000000-0", "com.ably.reply"),
            }),
        ],
    );
    assert_eq!(texts(&filtered), ["both-match", "both-match-2"]);
    c.close();
}

// UTS: realtime/unit/RTL22a/filter-matching-clientid-2
#[test]
fn rtl22a_messages_of_a_client() {
    let c = case("test-RTL22a-clientid");
    let filtered = record(&c, MessageFilter::new().client_id("user-42"));
    deliver(
        &c,
        [
            json!({"name": "chat", "data": "hello", "clientId": "user-42"}),
            json!({"name": "chat", "data": "hi", "clientId": "user-99"}),
            json!({"name": "system", "data": "broadcast"}),
            json!({"name": "chat", "data": "world", "clientId": "user-42"}),
        ],
    );
    assert_eq!(texts(&filtered), ["hello", "world"]);
    for message in filtered.all() {
        assert_eq!(text(&message.client_id), Some("user-42"));
    }
    c.close();
}

// Beyond the cases.

#[test]
fn listeners_of_a_filter_are_taken_off_together() {
    let c = case("unsubscribe");
    let filter = |name: &str| MessageFilter::new().name(name);
    let [first, second, other] = ["a", "a", "b"].map(|name| record(&c, filter(name)));
    c.channel.unsubscribe_filtered(&filter("a"));
    deliver(
        &c,
        [
            json!({"name": "a", "data": "1"}),
            json!({"name": "b", "data": "2"}),
        ],
    );
    assert_eq!(texts(&first), [""; 0]);
    assert_eq!(texts(&second), [""; 0]);
    assert_eq!(texts(&other), ["2"]);
    c.close();
}

#[test]
fn a_listener_with_a_filter_is_taken_off_as_any_other() {
    let c = case("off");
    let told = Recorder::new();
    let sink = told.clone();
    let filter = MessageFilter::new().name("a");
    let subscribed = c
        .channel
        .subscribe_filtered_with(filter.clone(), move |m| sink.push(m.clone()));
    c.channel.unsubscribe(subscribed.id().expect("a listener"));
    let kept = record(&c, filter);
    deliver(&c, [json!({"name": "a", "data": "1"})]);
    assert_eq!(texts(&told), [""; 0]);
    assert_eq!(texts(&kept), ["1"]);
    c.close();
}

#[test]
fn a_stream_gives_what_matches() {
    let c = case("stream");
    let filter = MessageFilter::new().name("a");
    let mut stream = c.channel.subscribe_filtered(filter).bounded(3, 1_000);
    c.rt.wait(stream.attached()).unwrap();
    deliver(
        &c,
        [
            json!({"name": "b", "data": "1"}),
            json!({"name": "a", "data": "2"}),
            json!({"name": "b", "data": "3"}),
            json!({"name": "a", "data": "4"}),
        ],
    );
    let first = c.rt.wait(stream.next()).expect("one").expect("not missed");
    assert_eq!(first.data, "2");
    assert_eq!(stream.try_next().expect("a gap").unwrap_err().missed, 1);
    assert_eq!(stream.try_next(), None);
    c.close();
}
