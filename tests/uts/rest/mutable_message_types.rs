//! `rest/unit/types/mutable_message_types.md`

use ably_base::MessageAction;

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
