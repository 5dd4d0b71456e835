//! `rest/unit/push/push_channels.md`
//!
//! The specs set `client.device`. Here id and token of the device are what a platform has stored,
//! and its clientId is the client's, as in ably-js 2.12.0.

use super::common::*;

const CHANNEL: &str = "my-channel";
const PATH: &str = "/push/channelSubscriptions";

/// A registered device.
const REGISTERED: LocalDevice = LocalDevice {
    id: "test-device-001",
    token: Some("test-device-identity-token"),
};

/// One that is not registered yet.
const UNREGISTERED: LocalDevice = LocalDevice {
    token: None,
    ..REGISTERED
};

/// A client on this device with this clientId, whose server always answers so.
fn on(
    device: LocalDevice,
    client_id: Option<&str>,
    reply: HttpMockReply,
) -> (MockHttp, VirtualRuntime, BaseRest) {
    let http = MockHttp::replying([reply]);
    let rt = VirtualRuntime::new();
    let mut options = ClientOptions::with_key(KEY)
        .plugin(rt.clone())
        .plugin(http.clone())
        .plugin(device);
    if let Some(id) = client_id {
        options = options.client_id(id);
    }
    let client = BaseRest::new(options).expect("the options are fine");
    (http, rt, client)
}

// UTS: rest/unit/RSH7a2/subscribe-device-post-0
#[test]
fn rsh7a2_subscribe_device() {
    let saved = json!({"channel": CHANNEL, "deviceId": "test-device-001"});
    let (http, rt, client) = on(REGISTERED, Some("test-client"), ok(saved));
    let channel = client.channels().get(CHANNEL);
    rt.wait(channel.push().subscribe_device()).unwrap();
    let request = only(&http);
    assert_is(&request, "POST", PATH);
    let body = request.json();
    assert_eq!(body["channel"], CHANNEL);
    assert_eq!(body["deviceId"], "test-device-001");
    assert_eq!(
        request.header("x-ably-devicetoken"),
        Some("test-device-identity-token")
    );
}

// UTS: rest/unit/RSH7a1/subscribe-device-no-token-fails-0
#[test]
fn rsh7a1_subscribe_device_without_token() {
    let (http, rt, client) = on(UNREGISTERED, Some("test-client"), ok(json!({})));
    let channel = client.channels().get(CHANNEL);
    let error = rt.wait(channel.push().subscribe_device()).unwrap_err();
    assert_eq!((error.code().0, error.status_code()), (50000, 500));
    assert!(error.message().contains("deviceIdentityToken"), "{error}");
    assert_eq!(http.requests().len(), 0);
}

// UTS: rest/unit/RSH7b2/subscribe-client-post-0
//
// DEVIATION: the clientId is the client's, as in ably-js 2.12.0, and not one that is the device's
// alone.
#[test]
fn rsh7b2_subscribe_client() {
    let saved = json!({"channel": CHANNEL, "clientId": "test-client"});
    let (http, rt, client) = on(REGISTERED, Some("test-client"), ok(saved));
    let channel = client.channels().get(CHANNEL);
    rt.wait(channel.push().subscribe_client()).unwrap();
    let request = only(&http);
    assert_is(&request, "POST", PATH);
    let body = request.json();
    assert_eq!(body["channel"], CHANNEL);
    assert_eq!(body["clientId"], "test-client");
}

// UTS: rest/unit/RSH7b1/subscribe-client-no-clientid-fails-0
//
// DEVIATION: as for subscribing.
#[test]
fn rsh7b1_subscribe_client_without_client_id() {
    let (http, rt, client) = on(REGISTERED, None, ok(json!({})));
    let channel = client.channels().get(CHANNEL);
    let error = rt.wait(channel.push().subscribe_client()).unwrap_err();
    assert_eq!((error.code().0, error.status_code()), (50000, 500));
    assert!(error.message().contains("clientId"), "{error}");
    assert_eq!(http.requests().len(), 0);
}

// UTS: rest/unit/RSH7c2/unsubscribe-device-delete-0
#[test]
fn rsh7c2_unsubscribe_device() {
    let (http, rt, client) = on(REGISTERED, Some("test-client"), no_content());
    let channel = client.channels().get(CHANNEL);
    rt.wait(channel.push().unsubscribe_device()).unwrap();
    let request = only(&http);
    assert_is(&request, "DELETE", PATH);
    assert_eq!(request.query("channel"), Some(CHANNEL));
    assert_eq!(request.query("deviceId"), Some("test-device-001"));
    assert_eq!(
        request.header("x-ably-devicetoken"),
        Some("test-device-identity-token")
    );
}

// UTS: rest/unit/RSH7c1/unsubscribe-device-no-token-fails-0
#[test]
fn rsh7c1_unsubscribe_device_without_token() {
    let (http, rt, client) = on(UNREGISTERED, Some("test-client"), no_content());
    let channel = client.channels().get(CHANNEL);
    let error = rt.wait(channel.push().unsubscribe_device()).unwrap_err();
    assert_eq!((error.code().0, error.status_code()), (50000, 500));
    assert!(error.message().contains("deviceIdentityToken"), "{error}");
    assert_eq!(http.requests().len(), 0);
}

// UTS: rest/unit/RSH7d2/unsubscribe-client-delete-0
//
// DEVIATION: as for subscribing.
#[test]
fn rsh7d2_unsubscribe_client() {
    let (http, rt, client) = on(REGISTERED, Some("test-client"), no_content());
    let channel = client.channels().get(CHANNEL);
    rt.wait(channel.push().unsubscribe_client()).unwrap();
    let request = only(&http);
    assert_is(&request, "DELETE", PATH);
    assert_eq!(request.query("channel"), Some(CHANNEL));
    assert_eq!(request.query("clientId"), Some("test-client"));
}

// UTS: rest/unit/RSH7d1/unsubscribe-client-no-clientid-fails-0
//
// DEVIATION: as for subscribing.
#[test]
fn rsh7d1_unsubscribe_client_without_client_id() {
    let (http, rt, client) = on(REGISTERED, None, no_content());
    let channel = client.channels().get(CHANNEL);
    let error = rt.wait(channel.push().unsubscribe_client()).unwrap_err();
    assert_eq!((error.code().0, error.status_code()), (50000, 500));
    assert!(error.message().contains("clientId"), "{error}");
    assert_eq!(http.requests().len(), 0);
}

// UTS: rest/unit/RSH7e/list-subscriptions-with-filters-0
//
// DEVIATION: ably-js 2.12.0 sends the channel, `concatFilters` and what the caller gives, no more.
#[test]
fn rsh7e_list_subscriptions() {
    let reply = ok(json!([
        {"channel": CHANNEL, "deviceId": "test-device-001"},
        {"channel": CHANNEL, "clientId": "test-client"},
    ]));
    let (http, rt, client) = on(REGISTERED, Some("test-client"), reply);
    let channel = client.channels().get(CHANNEL);
    let query = PushChannelSubscriptionQuery::new().limit(10);
    let result: PaginatedResult<PushChannelSubscription> =
        rt.wait(channel.push().list_subscriptions(query)).unwrap();
    let request = only(&http);
    assert_is(&request, "GET", PATH);
    assert_eq!(request.query("channel"), Some(CHANNEL));
    assert_eq!(request.query("deviceId"), Some("test-device-001"));
    assert_eq!(request.query("clientId"), Some("test-client"));
    assert_eq!(request.query("concatFilters"), Some("true"));
    assert_eq!(request.query("limit"), Some("10"));
    assert_eq!(result.items().len(), 2);
    let first: &PushChannelSubscription = &result.items()[0];
    assert_eq!(first.channel, CHANNEL);
    assert_eq!(first.device_id.as_deref(), Some("test-device-001"));
    assert_eq!(result.items()[1].client_id.as_deref(), Some("test-client"));
}

// UTS: rest/unit/RSH7e/list-subscriptions-omits-clientid-1
//
// DEVIATION: as above.
#[test]
fn rsh7e_list_subscriptions_without_client_id() {
    let reply = ok(json!([{"channel": CHANNEL, "deviceId": "test-device-001"}]));
    let (http, rt, client) = on(REGISTERED, None, reply);
    let channel = client.channels().get(CHANNEL);
    let result = rt.wait(channel.push().list_subscriptions(())).unwrap();
    let request = http.last();
    assert_eq!(request.query("channel"), Some(CHANNEL));
    assert_eq!(request.query("deviceId"), Some("test-device-001"));
    assert_eq!(request.query("concatFilters"), Some("true"));
    assert_eq!(request.query("clientId"), None);
    assert_eq!(result.items().len(), 1);
}
