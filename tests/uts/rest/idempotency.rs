//! `rest/unit/channel/idempotency.md`
//!
//! DEVIATION: the document wants the base64 to be URL-safe; the specification does not, and
//! ably-js 2.12.0 uses the standard alphabet.

use base64::{Engine as _, prelude::BASE64_STANDARD};

use super::common::*;

/// The ids that these messages were published with, by every request.
fn ids(
    replies: impl IntoIterator<Item = HttpMockReply>,
    set: impl FnOnce(ClientOptions) -> ClientOptions,
    publishes: Vec<Vec<Message>>,
) -> Vec<Vec<Option<String>>> {
    let http = MockHttp::replying(replies);
    let (rt, client) = rest_with(&http, set);
    let channel = client.channels().get("test-RSL1k");
    for messages in publishes {
        publish(&rt, channel.publish_messages(messages)).unwrap();
    }
    let id = |m: &Value| m.get("id").map(|id| id.as_str().unwrap().to_owned());
    let of = |r: &SentRequest| r.json().as_array().unwrap().iter().map(id).collect();
    http.requests().iter().map(of).collect()
}

fn message() -> Message {
    Message::new("event", "data")
}

fn enabled(options: ClientOptions) -> ClientOptions {
    options.idempotent_rest_publishing(true)
}

/// The random part and the serial of an id.
#[track_caller]
fn parts(id: &Option<String>) -> (String, u32) {
    let parts: Vec<_> = id.as_deref().expect("an id").split(':').collect();
    let [base, serial] = parts[..] else {
        panic!("{parts:?}")
    };
    assert!(base.len() >= 12);
    assert_eq!(BASE64_STANDARD.decode(base).expect("base64").len(), 9);
    (base.to_owned(), serial.parse().expect("a number"))
}

// UTS: rest/unit/RSL1k1/idempotent-default-true-0
#[test]
fn rsl1k1_on_by_default() {
    let ids = ids([created()], |o| o, vec![vec![message()]]);
    assert_eq!(parts(&ids[0][0]).1, 0);
}

// UTS: rest/unit/RSL1k2/message-id-format-0
#[test]
fn rsl1k2_format() {
    let ids = ids([created()], enabled, vec![vec![message()]]);
    assert_eq!(ids.len(), 1);
    assert_eq!(ids[0].len(), 1);
    let (base, serial) = parts(&ids[0][0]);
    assert_eq!(base.len(), 12);
    assert_eq!(serial, 0);
}

// UTS: rest/unit/RSL1k2/serial-increments-batch-1
#[test]
fn rsl1k2_serials_of_a_batch() {
    let batch = ["event1", "event2", "event3"].map(|name| Message::new(name, "data"));
    let ids = ids([created()], enabled, vec![batch.into()]);
    let parts: Vec<_> = ids[0].iter().map(parts).collect();
    assert!(parts.iter().all(|(base, _)| *base == parts[0].0));
    let serials: Vec<_> = parts.iter().map(|(_, serial)| *serial).collect();
    assert_eq!(serials, [0, 1, 2]);
}

// UTS: rest/unit/RSL1k3/unique-base-ids-0
#[test]
fn rsl1k3_unique_bases() {
    let publishes = vec![
        vec![Message::new("event1", "data1")],
        vec![Message::new("event2", "data2")],
    ];
    let ids = ids([created()], enabled, publishes);
    assert_eq!(ids.len(), 2);
    assert_ne!(parts(&ids[0][0]).0, parts(&ids[1][0]).0);
}

// UTS: rest/unit/RSL1k3/no-id-when-disabled-1
#[test]
fn rsl1k3_no_id_when_disabled() {
    let off = |o: ClientOptions| o.idempotent_rest_publishing(false);
    let ids = ids([created()], off, vec![vec![message()]]);
    assert_eq!(ids, [[None]]);
}

// UTS: rest/unit/RSL1k/client-id-preserved-0
#[test]
fn rsl1k_own_id_is_kept() {
    let ids = ids(
        [created()],
        enabled,
        vec![vec![message().id("my-custom-id")]],
    );
    assert_eq!(ids, [[Some(String::from("my-custom-id"))]]);
}

// UTS: rest/unit/RSL1k2/same-id-on-retry-2
#[test]
fn rsl1k2_same_id_on_retry() {
    let ids = ids([status(500), created()], enabled, vec![vec![message()]]);
    assert_eq!(ids.len(), 2);
    assert_eq!(parts(&ids[0][0]).1, 0);
    assert_eq!(ids[0], ids[1]);
}

// UTS: rest/unit/RSL1k/mixed-ids-in-batch-1
//
// DEVIATION: the document wants the message in the middle to get an id. The specification (RSL1k3)
// and ably-js 2.12.0 leave all ids as they are when one message has one.
#[test]
fn rsl1k_mixed_ids() {
    let batch = vec![
        Message::new("event1", "data1").id("client-id-1"),
        Message::new("event2", "data2"),
        Message::new("event3", "data3").id("client-id-2"),
    ];
    let ids = ids([created()], enabled, vec![batch]);
    let own = |id: &str| Some(String::from(id));
    assert_eq!(ids, [[own("client-id-1"), None, own("client-id-2")]]);
}
