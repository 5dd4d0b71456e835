//! `rest/unit/push/push_admin_publish.md`

use ably_push::{Push, PushAdmin};

use super::common::*;

/// The body of a publish, and whether it is the only request.
fn published(recipient: Value, data: Value) -> SentRequest {
    let (http, rt, client) = answered(HttpMockReply::json(201, json!({})));
    let push = client.push();
    rt.wait(push.admin().publish(text(recipient), text(data)))
        .unwrap();
    only(&http)
}

/// The code of a publish that is refused, and how many requests were made.
fn refused(recipient: Value, data: Value) -> (u32, usize) {
    let (http, rt, client) = answered(HttpMockReply::json(201, json!({})));
    let push = client.push();
    let published = rt.wait(push.admin().publish(text(recipient), text(data)));
    (published.unwrap_err().code().0, http.requests().len())
}

// UTS: rest/unit/RSH1/push-admin-accessible-0
#[test]
fn rsh1_push_admin_is_there() {
    let (http, _, client) = answered(ok(json!({})));
    let push: Push = client.push();
    let admin: PushAdmin = push.admin();
    let _: PushDeviceRegistrations = admin.device_registrations();
    let _: PushChannelSubscriptions = admin.channel_subscriptions();
    assert_eq!(http.requests().len(), 0);
}

// UTS: rest/unit/RSH1a/publish-post-push-publish-0
#[test]
fn rsh1a_publish() {
    let request = published(
        json!({"transportType": "apns", "deviceToken": "foo"}),
        json!({"notification": {"title": "Test", "body": "Hello"}}),
    );
    assert_is(&request, "POST", "/push/publish");
    let body = request.json();
    assert_eq!(body["recipient"]["transportType"], "apns");
    assert_eq!(body["recipient"]["deviceToken"], "foo");
    assert_eq!(body["notification"]["title"], "Test");
    assert_eq!(body["notification"]["body"], "Hello");
}

// UTS: rest/unit/RSH1a/publish-clientid-recipient-1
#[test]
fn rsh1a_to_a_client() {
    let body = published(
        json!({"clientId": "user-123"}),
        json!({"data": {"key": "value"}}),
    )
    .json();
    assert_eq!(body["recipient"]["clientId"], "user-123");
    assert_eq!(body["data"]["key"], "value");
}

// UTS: rest/unit/RSH1a/publish-deviceid-recipient-2
#[test]
fn rsh1a_to_a_device() {
    let body = published(
        json!({"deviceId": "device-abc"}),
        json!({"notification": {"title": "Device Push"}}),
    )
    .json();
    assert_eq!(body["recipient"]["deviceId"], "device-abc");
    assert_eq!(body["notification"]["title"], "Device Push");
}

// UTS: rest/unit/RSH1a/rejects-empty-recipient-3
//
// DEVIATION: ably-js 2.12.0 sends it.
#[test]
fn rsh1a_rejects_an_empty_recipient() {
    let data = json!({"notification": {"title": "Test"}});
    assert_eq!(refused(json!({}), data), (40000, 0));
}

// UTS: rest/unit/RSH1a/rejects-empty-data-4
//
// DEVIATION: ably-js 2.12.0 sends it.
#[test]
fn rsh1a_rejects_empty_data() {
    assert_eq!(
        refused(json!({"clientId": "user-123"}), json!({})),
        (40000, 0)
    );
}

// UTS: rest/unit/RSH1a/rejects-null-recipient-5
//
// DEVIATION: ably-js 2.12.0 sends it.
#[test]
fn rsh1a_rejects_a_null_recipient() {
    let data = json!({"notification": {"title": "Test"}});
    assert_eq!(refused(Value::Null, data), (40000, 0));
}

// UTS: rest/unit/RSH1a/server-error-propagated-6
#[test]
fn rsh1a_error_propagated() {
    let (_, rt, client) = answered(HttpMockReply::json(
        400,
        json!({"error": error(40000, 400, "Invalid recipient")}),
    ));
    let push = client.push();
    let recipient = text(json!({"transportType": "invalid"}));
    let data = text(json!({"notification": {"title": "Test"}}));
    let error = rt.wait(push.admin().publish(recipient, data)).unwrap_err();
    assert_eq!((error.code().0, error.status_code()), (40000, 400));
    assert_eq!(error.message(), "Invalid recipient");
}
