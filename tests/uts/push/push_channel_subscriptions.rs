//! `rest/unit/push/push_channel_subscriptions.md`

use ably_base::Str;

use super::common::*;

fn subscriptions(client: &BaseRest) -> PushChannelSubscriptions {
    client.push().admin().channel_subscriptions()
}

fn query() -> PushChannelSubscriptionQuery {
    PushChannelSubscriptionQuery::new()
}

fn of_device() -> PushChannelSubscription {
    PushChannelSubscription::for_device("my-channel", "device-001")
}

fn of_client() -> PushChannelSubscription {
    PushChannelSubscription::for_client("my-channel", "client-abc")
}

// UTS: rest/unit/RSH1c1/list-filtered-by-channel-0
#[test]
fn rsh1c1_list_by_channel() {
    let (http, rt, client) = answered(ok(json!([
        {"channel": "my-channel", "deviceId": "device-001"},
        {"channel": "my-channel", "clientId": "client-abc"},
    ])));
    let result: PaginatedResult<PushChannelSubscription> = rt
        .wait(subscriptions(&client).list(query().channel("my-channel")))
        .unwrap();
    let request = only(&http);
    assert_is(&request, "GET", "/push/channelSubscriptions");
    assert_eq!(request.query("channel"), Some("my-channel"));
    assert_eq!(result.items().len(), 2);
    let first: &PushChannelSubscription = &result.items()[0];
    assert_eq!(first.channel, "my-channel");
    assert_eq!(first.device_id.as_deref(), Some("device-001"));
    assert_eq!(result.items()[1].client_id.as_deref(), Some("client-abc"));
}

// UTS: rest/unit/RSH1c1/list-filtered-by-device-client-1
#[test]
fn rsh1c1_list_by_device_and_client() {
    let (http, rt, client) = answered(ok(
        json!([{"channel": "notifications", "deviceId": "device-001"}]),
    ));
    let query = query().device_id("device-001").client_id("client-abc");
    let result = rt.wait(subscriptions(&client).list(query)).unwrap();
    let request = http.last();
    assert_eq!(request.query("deviceId"), Some("device-001"));
    assert_eq!(request.query("clientId"), Some("client-abc"));
    assert_eq!(result.items().len(), 1);
}

// UTS: rest/unit/RSH1c1/list-with-limit-param-2
#[test]
fn rsh1c1_list_with_limit() {
    let (http, rt, client) = answered(ok(json!([{"channel": "ch-1", "deviceId": "device-001"}])));
    rt.wait(subscriptions(&client).list(query().limit(5)))
        .unwrap();
    assert_eq!(http.last().query("limit"), Some("5"));
}

// UTS: rest/unit/RSH1c2/list-channels-paginated-0
#[test]
fn rsh1c2_list_channels() {
    let (http, rt, client) = answered(ok(json!(["channel-1", "channel-2", "channel-3"])));
    let result: PaginatedResult<Str> = rt.wait(subscriptions(&client).list_channels(())).unwrap();
    assert_is(&only(&http), "GET", "/push/channels");
    assert_eq!(result.items().len(), 3);
    assert_eq!(result.items()[0], "channel-1");
    assert_eq!(result.items()[1], "channel-2");
    assert_eq!(result.items()[2], "channel-3");
}

// UTS: rest/unit/RSH1c2/list-channels-with-limit-1
#[test]
fn rsh1c2_list_channels_with_limit() {
    let (http, rt, client) = answered(ok(json!(["channel-1"])));
    let query = PushChannelsQuery::new().limit(1);
    let result = rt
        .wait(subscriptions(&client).list_channels(query))
        .unwrap();
    assert_eq!(http.last().query("limit"), Some("1"));
    assert_eq!(result.items().len(), 1);
}

// UTS: rest/unit/RSH1c3/save-post-subscription-0
#[test]
fn rsh1c3_save() {
    let saved = json!({"channel": "my-channel", "deviceId": "device-001"});
    let (http, rt, client) = answered(ok(saved));
    let result: PushChannelSubscription =
        rt.wait(subscriptions(&client).save(of_device())).unwrap();
    let request = only(&http);
    assert_is(&request, "POST", "/push/channelSubscriptions");
    let body = request.json();
    assert_eq!(body["channel"], "my-channel");
    assert_eq!(body["deviceId"], "device-001");
    assert_eq!(result.channel, "my-channel");
    assert_eq!(result.device_id.as_deref(), Some("device-001"));
}

// UTS: rest/unit/RSH1c3/save-updates-existing-1
#[test]
fn rsh1c3_save_updates() {
    let saved = json!({"channel": "my-channel", "clientId": "client-abc"});
    let http = MockHttp::replying([ok(saved.clone()), ok(saved)]);
    let (rt, client) = rest(&http);
    let result1 = rt.wait(subscriptions(&client).save(of_client())).unwrap();
    let result2 = rt.wait(subscriptions(&client).save(of_client())).unwrap();
    assert_eq!(http.requests().len(), 2);
    assert_eq!(result1.channel, "my-channel");
    assert_eq!(result2.channel, "my-channel");
}

// UTS: rest/unit/RSH1c3/save-error-propagated-2
#[test]
fn rsh1c3_save_error_propagated() {
    let (_, rt, client) = answered(refusal(400, "Invalid subscription"));
    let error = rt
        .wait(subscriptions(&client).save(of_device()))
        .unwrap_err();
    assert_eq!((error.code().0, error.status_code()), (40000, 400));
    assert_eq!(error.message(), "Invalid subscription");
}

// UTS: rest/unit/RSH1c4/remove-delete-clientid-0
#[test]
fn rsh1c4_remove_of_a_client() {
    let (http, rt, client) = answered(no_content());
    rt.wait(subscriptions(&client).remove(of_client())).unwrap();
    let request = only(&http);
    assert_is(&request, "DELETE", "/push/channelSubscriptions");
    assert_eq!(request.query("channel"), Some("my-channel"));
    assert_eq!(request.query("clientId"), Some("client-abc"));
}

// UTS: rest/unit/RSH1c4/remove-delete-deviceid-1
#[test]
fn rsh1c4_remove_of_a_device() {
    let (http, rt, client) = answered(no_content());
    rt.wait(subscriptions(&client).remove(of_device())).unwrap();
    let request = http.last();
    assert_is(&request, "DELETE", "/push/channelSubscriptions");
    assert_eq!(request.query("channel"), Some("my-channel"));
    assert_eq!(request.query("deviceId"), Some("device-001"));
}

// UTS: rest/unit/RSH1c4/remove-nonexistent-succeeds-2
#[test]
fn rsh1c4_remove_nonexistent() {
    let (_, rt, client) = answered(no_content());
    let nonexistent =
        PushChannelSubscription::for_client("nonexistent-channel", "nonexistent-client");
    let removed = rt.wait(subscriptions(&client).remove(nonexistent));
    assert_eq!(removed, Ok(()));
}

// UTS: rest/unit/RSH1c5/remove-where-clientid-0
#[test]
fn rsh1c5_remove_where_client_id() {
    let (http, rt, client) = answered(no_content());
    rt.wait(subscriptions(&client).remove_where(query().client_id("client-abc")))
        .unwrap();
    let request = only(&http);
    assert_is(&request, "DELETE", "/push/channelSubscriptions");
    assert_eq!(request.query("clientId"), Some("client-abc"));
}

// UTS: rest/unit/RSH1c5/remove-where-deviceid-1
#[test]
fn rsh1c5_remove_where_device_id() {
    let (http, rt, client) = answered(no_content());
    rt.wait(subscriptions(&client).remove_where(query().device_id("device-001")))
        .unwrap();
    let request = http.last();
    assert_is(&request, "DELETE", "/push/channelSubscriptions");
    assert_eq!(request.query("deviceId"), Some("device-001"));
}

// UTS: rest/unit/RSH1c5/remove-where-no-match-succeeds-2
#[test]
fn rsh1c5_remove_where_no_match() {
    let (_, rt, client) = answered(no_content());
    let query = query().client_id("nonexistent-client");
    let removed = rt.wait(subscriptions(&client).remove_where(query));
    assert_eq!(removed, Ok(()));
}
