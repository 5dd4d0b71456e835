//! `rest/unit/types/mutable_message_types.md`

use ably_base::{Annotation, AnnotationAction, FromEncoded, MessageAction, protocol};

use super::common::*;

// UTS: rest/unit/TM2j/action-and-serial-fields-0
#[test]
fn tm2j_action_and_serial() {
    let mut message = Message::new("test", "hello");
    message.serial = Some("serial-1".into());
    message.action = MessageAction::UPDATE;
    let stored = json!([{"serial": "serial-1", "action": 1}]);
    let http = MockHttp::replying([created(), ok(stored)]);
    let (rt, client) = rest(&http);
    let channel = client.channels().get("test-TM2j");
    publish(&rt, channel.publish_message(message)).unwrap();
    let sent = only_message(&http);
    assert_eq!(sent["serial"], "serial-1");
    assert_eq!(sent["action"], 1);
    assert_eq!(sent["name"], "test");
    assert_eq!(sent["data"], "hello");

    let page = rt.wait(channel.history(())).unwrap();
    assert_eq!(page.items()[0].serial.as_deref(), Some("serial-1"));
    assert_eq!(page.items()[0].action, MessageAction::UPDATE);
}

// UTS: rest/unit/TAN2/annotation-attributes-and-action-0
#[test]
fn tan2_annotation() {
    let wire = json!({
        "id": "ann-id-1",
        "action": 0,
        "clientId": "user-1",
        "name": "like",
        "count": 5,
        "data": "thumbs-up",
        "encoding": null,
        "timestamp": 1_700_000_000_000_i64,
        "serial": "ann-serial-1",
        "messageSerial": "msg-serial-1",
        "type": "com.example.reaction",
        "extras": {"custom": "metadata"},
    });
    let from_encoded = |wire: &Value| {
        let wire = protocol::Value::from_json(&wire.to_string()).unwrap();
        Annotation::from_encoded(wire, &ChannelOptions::new(), &[]).unwrap()
    };
    let annotation = from_encoded(&wire);
    assert_eq!(annotation.id.as_deref(), Some("ann-id-1"));
    assert_eq!(annotation.action, AnnotationAction::CREATE);
    assert_eq!(annotation.client_id.as_deref(), Some("user-1"));
    assert_eq!(annotation.name.as_deref(), Some("like"));
    assert_eq!(annotation.count, Some(5));
    assert_eq!(annotation.data, "thumbs-up");
    assert_eq!(annotation.encoding, None);
    assert_eq!(annotation.timestamp, Some(1_700_000_000_000));
    assert_eq!(annotation.serial.as_deref(), Some("ann-serial-1"));
    assert_eq!(annotation.message_serial.as_deref(), Some("msg-serial-1"));
    assert_eq!(annotation.r#type.as_deref(), Some("com.example.reaction"));
    let extras: Value = annotation.extras.unwrap().parse().unwrap();
    assert_eq!(extras["custom"], "metadata");

    for (number, action) in [(0, AnnotationAction::CREATE), (1, AnnotationAction::DELETE)] {
        assert_eq!(action.0, number);
        assert_eq!(from_encoded(&json!({ "action": number })).action, action);
    }
}
