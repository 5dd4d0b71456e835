//! `realtime/integration/channels/channel_publish_test.md`

use crate::live::*;

/// Publishes a message on one connection and returns what came of it on another, and the ids of
/// both.
async fn roundtrip(
    options: ClientOptions,
    name: &str,
    message: Message,
) -> (Vec<Message>, [String; 2]) {
    let (publisher, subscriber) = (realtime(options.clone()), realtime(options));
    connect(&publisher).await;
    connect(&subscriber).await;
    let (published, subscribed) = (channel(&publisher, name), channel(&subscriber, name));
    let ids = [&publisher, &subscriber].map(|c| c.connection().id().expect("an id").to_string());
    let received = Heard::new();
    let attached = subscribed.subscribe_with((), received.listener());
    attached.await.expect("attached");
    attach(&published).await;
    let publish = published.publish_message(message);
    publish.await.expect("acknowledged");
    let received = received.until(s(10), |all| !all.is_empty()).await;
    close(&publisher).await;
    close(&subscriber).await;
    (received, ids)
}

#[track_caller]
fn only(received: Vec<Message>) -> Message {
    let [message] = &received[..] else {
        panic!("one message: {received:?}")
    };
    message.clone()
}

// UTS: realtime/integration/RTL6/string-data-roundtrip-0
#[test]
fn rtl6_a_string_arrives_as_it_was() {
    run_protocols(async |_, options| {
        let name = unique("publish-string");
        let message = Message::new("string-event", "hello world");
        let message = only(roundtrip(options, &name, message).await.0);
        assert_eq!(message.name.as_deref(), Some("string-event"));
        assert_eq!(message.data.as_text(), Some("hello world"));
    });
}

// UTS: realtime/integration/RTL6/json-data-roundtrip-1
#[test]
fn rtl6_json_arrives_as_it_was() {
    run_protocols(async |_, options| {
        let name = unique("publish-json");
        let data = json!({"key": "value", "nested": {"count": 42}, "list": [1, 2, 3]});
        let message = Message::new("json-event", Data::json(&data).expect("JSON"));
        let message = only(roundtrip(options, &name, message).await.0);
        assert_eq!(message.name.as_deref(), Some("json-event"));
        let data = json_of(&message.data);
        assert_eq!(data["key"], "value");
        assert_eq!(data["nested"]["count"], 42);
        assert_eq!(data["list"], json!([1, 2, 3]));
    });
}

// UTS: realtime/integration/RTL6/binary-data-roundtrip-2
#[test]
fn rtl6_bytes_arrive_as_they_were() {
    run_protocols(async |_, options| {
        let name = unique("publish-binary");
        let bytes = [0, 1, 2, 255, 128, 64];
        let message = Message::new("binary-event", bytes.to_vec());
        let message = only(roundtrip(options, &name, message).await.0);
        assert_eq!(message.name.as_deref(), Some("binary-event"));
        assert_eq!(message.data.as_binary().expect("bytes")[..], bytes);
    });
}

// UTS: realtime/integration/RTL6f/connectionid-matches-publisher-0
#[test]
fn rtl6f_a_message_names_the_connection_of_its_publisher() {
    run_protocols(async |_, options| {
        let name = unique("publish-connid");
        let message = Message::new("connid-test", "data");
        let (received, [publisher, subscriber]) = roundtrip(options, &name, message).await;
        let id = received[0].connection_id.as_deref();
        assert_eq!(id, Some(&*publisher));
        assert_ne!(id, Some(&*subscriber));
    });
}

// UTS: realtime/integration/RSL6a2/message-extras-roundtrip-0
#[test]
fn rsl6a2_extras_arrive_as_they_were() {
    run_protocols(async |_, options| {
        let name = unique("pushenabled:publish-extras");
        let extras = json!({"push": {"notification": {"title": "Testing"}}});
        let extras = JsonText::from_value(&extras).expect("JSON");
        let message = Message::new("extras-test", "payload").extras(extras);
        let (received, _) = roundtrip(options, &name, message).await;
        let extras = received[0].extras.as_ref().expect("extras");
        let extras: Value = extras.parse().expect("JSON");
        assert_eq!(extras["push"]["notification"]["title"], "Testing");
    });
}
