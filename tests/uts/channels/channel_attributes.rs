//! `realtime/unit/channels/channel_attributes.md`

use super::common::*;

// UTS: realtime/unit/RTL23/name-attribute-0
#[test]
fn rtl23_a_channel_has_its_name() {
    let w = World::new(MockWebSocket::new());
    assert_eq!(w.channel("my-channel").name(), "my-channel");
    let name = "namespace:channel-name";
    assert_eq!(w.channel(name).name(), name);
}

// UTS: realtime/unit/RTL24/error-reason-channel-error-0
#[test]
fn rtl24_an_error_is_kept() {
    let w = World::connected(attaching());
    let channel = w.channel("test-RTL24-error");
    w.attach(&channel);
    assert_eq!(channel.error_reason(), None);
    let error = error(90001, 500, "Channel error occurred");
    w.send(channel_error("test-RTL24-error", error));
    w.await_channel(&channel, ChannelState::Failed);
    let reason = channel.error_reason().expect("a reason");
    assert_eq!(reason.code(), ErrorCode(90001));
    assert_eq!(reason.status_code(), 500);
    assert_eq!(reason.message(), "Channel error occurred");
}

// UTS: realtime/unit/RTL24/error-reason-attach-failure-1
#[test]
fn rtl24_the_reason_of_a_refused_attach_is_kept() {
    let ws = MockWebSocket::accepting().on_message(|m, conn| {
        if is(m, action::ATTACH) {
            let denied = error(40160, 401, "Permission denied");
            conn.send_to_client(detached_with("test-RTL24-attach-fail", denied));
        }
    });
    let w = World::connected(ws);
    let channel = w.channel("test-RTL24-attach-fail");
    let error = w.rt.wait(channel.attach()).unwrap_err();
    let reason = channel.error_reason().expect("a reason");
    assert_eq!(reason.code(), ErrorCode::CAPABILITY);
    assert_eq!(reason.status_code(), 401);
    assert_eq!(error, reason);
}
