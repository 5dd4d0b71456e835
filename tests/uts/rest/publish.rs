//! `rest/unit/channel/publish.md`

use super::common::*;

fn server() -> MockHttp {
    MockHttp::replying([created()])
}

// UTS: rest/unit/RSL1a/publish-name-and-data-0
#[test]
fn rsl1a_name_and_data() {
    let http = server();
    let (rt, client) = rest(&http);
    let channel = client.channels().get("test-RSL1a/1");
    publish(&rt, channel.publish("greeting", "hello")).unwrap();
    let request = only(&http);
    assert_eq!(request.method, "POST");
    assert_eq!(request.path, "/channels/test-RSL1a%2F1/messages");
    let message = only_message(&http);
    assert_eq!(message["name"], "greeting");
    assert_eq!(message["data"], "hello");
}

// UTS: rest/unit/RSL1a/publish-message-array-1
//
// The document has JSON stand in the body as such; RSL4d3 wants it as text.
#[test]
fn rsl1c_messages_together() {
    let http = server();
    let (rt, client) = rest(&http);
    let channel = client.channels().get("test-RSL1c");
    let messages = vec![
        Message::new("event1", "data1"),
        Message::new("event2", Data::json(&json!({"key": "value"})).unwrap()),
        Message::new("event3", &[1, 2, 3]),
    ];
    publish(&rt, channel.publish_messages(messages)).unwrap();
    let body = only(&http).json();
    assert_eq!(body.as_array().unwrap().len(), 3);
    assert_eq!(body[0]["name"], "event1");
    assert_eq!(body[0]["data"], "data1");
    assert_eq!(body[1]["name"], "event2");
    assert_eq!(body[1]["data"], r#"{"key":"value"}"#);
    assert_eq!(body[1]["encoding"], "json");
    assert_eq!(body[2]["name"], "event3");
}

// UTS: rest/unit/RSL1e/null-name-and-data-0
//
// DEVIATION: ably-js 2.12.0 writes what is null (ably-js#2199). As there, the action is written,
// which the document does not know.
#[test]
fn rsl1e_what_is_null_is_left_out() {
    for (message, body) in [
        (
            Message::unnamed("hello"),
            json!([{"action": 0, "data": "hello"}]),
        ),
        (
            Message::new("event", ()),
            json!([{"action": 0, "name": "event"}]),
        ),
        (Message::default(), json!([{"action": 0}])),
    ] {
        let http = server();
        // Without ids, which would stand in the body as well.
        let (rt, client) = rest_with(&http, |o| o.idempotent_rest_publishing(false));
        let channel = client.channels().get("test-RSL1e");
        publish(&rt, channel.publish_message(message)).unwrap();
        assert_eq!(only(&http).json(), body);
    }
}

// UTS: rest/unit/RSL1h/publish-signature-0
#[test]
fn rsl1h_two_arguments() {
    let http = server();
    let (rt, client) = rest(&http);
    let channel = client.channels().get("test-RSL1h");
    publish(&rt, channel.publish("event", "payload")).unwrap();
    let message = only_message(&http);
    assert_eq!(message["name"], "event");
    assert_eq!(message["data"], "payload");
}

// UTS: rest/unit/RSL1i/message-size-limit-0
//
// The document counts the data alone; the name counts as well (TM6).
#[test]
fn rsl1i_size_limit() {
    const NAME: &str = "event";
    for (size, fits) in [(1000, true), (1024, true), (1025, false), (10_000, false)] {
        let http = server();
        let (rt, client) = rest_with(&http, |o| o.max_message_size(1024));
        let channel = client.channels().get("test-RSL1i");
        let result = publish(&rt, channel.publish(NAME, "x".repeat(size - NAME.len())));
        if fits {
            assert_eq!(result, Ok(()), "{size}");
            assert_eq!(http.requests().len(), 1);
        } else {
            assert_eq!(code(&result.unwrap_err()), (40009, 400), "{size}");
            assert_eq!(http.requests().len(), 0);
        }
    }
}

// UTS: rest/unit/RSL1j/all-attributes-transmitted-0
#[test]
fn rsl1j_all_attributes() {
    let http = server();
    let (rt, client) = rest(&http);
    let channel = client.channels().get("test-RSL1j");
    let extras = json!({"push": {"notification": {"title": "Test"}}});
    let message = Message::new("test-event", "test-data")
        .client_id("explicit-client-id")
        .id("custom-message-id")
        .extras(JsonText::from_value(&extras).unwrap());
    publish(&rt, channel.publish_message(message)).unwrap();
    let message = only_message(&http);
    assert_eq!(message["name"], "test-event");
    assert_eq!(message["data"], "test-data");
    assert_eq!(message["id"], "custom-message-id");
    assert_eq!(message["clientId"], "explicit-client-id");
    assert_eq!(message["extras"]["push"]["notification"]["title"], "Test");
}

// UTS: rest/unit/RSL1l/params-as-querystring-0
#[test]
fn rsl1l_params() {
    let http = server();
    let (rt, client) = rest(&http);
    let channel = client.channels().get("test-RSL1l");
    let sending = channel
        .publish_message(Message::new("event", "data"))
        .param("customParam", "customValue")
        .param("anotherParam", "123");
    publish(&rt, sending).unwrap();
    let request = only(&http);
    assert_eq!(request.query("customParam"), Some("customValue"));
    assert_eq!(request.query("anotherParam"), Some("123"));
}

// UTS: rest/unit/RSL1m/clientid-not-injected-0
#[test]
fn rsl1m_client_id_is_as_given() {
    let sent = |own: Option<&str>, message: Message| {
        let http = server();
        let (rt, client) = rest_with(&http, |o| match own {
            Some(id) => o.client_id(id),
            None => o,
        });
        let channel = client.channels().get("test-RSL1m");
        publish(&rt, channel.publish_message(message)).unwrap();
        only_message(&http).get("clientId").cloned()
    };
    let plain = || Message::new("e", "d");
    let own = Some("lib-client");
    assert_eq!(sent(own, plain()), None);
    let same = plain().client_id("lib-client");
    assert_eq!(sent(own, same), Some(json!("lib-client")));
    let other = plain().client_id("msg-client");
    assert_eq!(sent(None, other), Some(json!("msg-client")));
}
