//! `rest/unit/channel/rest_channel_attributes.md`

use super::common::*;

/// Status of a channel with these metrics.
fn details(channel: &str, is_active: bool, metrics: Value) -> Value {
    json!({
        "channelId": channel,
        "status": {"isActive": is_active, "occupancy": {"metrics": metrics}},
    })
}

/// An active channel with nobody on it.
fn nobody(channel: &str) -> Value {
    let metrics = json!({
        "connections": 0, "publishers": 0, "subscribers": 0, "presenceConnections": 0,
        "presenceMembers": 0, "presenceSubscribers": 0,
    });
    details(channel, true, metrics)
}

/// Asks for the status of this channel.
fn status(channel: &str, answer: Value) -> (SentRequest, ChannelDetails) {
    let http = always(200, answer);
    let (rt, client) = rest(&http);
    let result = rt.wait(client.channels().get(channel).status()).unwrap();
    (only(&http), result)
}

// UTS: rest/unit/RSL9/channel-name-attribute-0
#[test]
fn rsl9_channel_name_attribute() {
    let (_, client) = rest(&MockHttp::new());
    let channels = client.channels();
    assert_eq!(channels.get("my-channel").name(), "my-channel");
    let name = "namespace:channel-name";
    assert_eq!(channels.get(name).name(), name);
}

// UTS: rest/unit/RSL7/setoptions-updates-options-0
#[test]
fn rsl7_set_options_updates_options() {
    let (_, client) = rest(&MockHttp::new());
    let channel = client.channels().get("test-RSL7");
    assert_eq!(channel.set_options(ChannelOptions::default()), Ok(()));
}

// UTS: rest/unit/RSL7/setoptions-stores-options-1
#[test]
fn rsl7_set_options_stores_options() {
    use ably_crypto::{ChannelOptionsExt, CipherParamOptions, Crypto};

    let http = always(201, json!({}));
    let (rt, client) = rest_with(&http, |o| o.key(KEY).plugin(Crypto));
    let channel = client.channels().get("test-RSL7-store");
    // The case asks for this once there is encryption (RSL5).
    let key = CipherParamOptions::new([7u8; 16]);
    let options = ChannelOptions::default().cipher(key);
    assert_eq!(channel.set_options(options), Ok(()));
    rt.wait(channel.publish("n", "secret").into_future())
        .unwrap();
    let encoding = only(&http).json()[0]["encoding"].clone();
    assert_eq!(encoding, "utf-8/cipher+aes-128-cbc/base64");
    assert_eq!(channel.set_options(ChannelOptions::default()), Ok(()));
    rt.wait(channel.publish("n", "plain").into_future())
        .unwrap();
    assert_eq!(http.last().json()[0]["data"], "plain");
}

// UTS: rest/unit/RSL8/status-get-correct-endpoint-0
#[test]
fn rsl8_status_get_correct_endpoint() {
    let (request, _) = status("test-RSL8", nobody("test-RSL8"));
    assert_eq!(request.method, "GET");
    assert_eq!(request.path, "/channels/test-RSL8");
}

// UTS: rest/unit/RSL8/status-special-chars-encoded-1
#[test]
fn rsl8_status_special_chars_encoded() {
    let name = "namespace:my channel";
    let (request, _) = status(name, nobody(name));
    assert_eq!(request.method, "GET");
    assert_eq!(request.path, "/channels/namespace%3Amy%20channel");
}

// UTS: rest/unit/RSL8a/status-returns-channel-details-0
#[test]
fn rsl8a_status_returns_channel_details() {
    let metrics = json!({
        "connections": 5, "publishers": 2, "subscribers": 3, "presenceConnections": 1,
        "presenceMembers": 1, "presenceSubscribers": 0,
    });
    let (_, result) = status("test-RSL8a", details("test-RSL8a", true, metrics));
    let result: ChannelDetails = result;
    assert_eq!(result.channel_id, "test-RSL8a");
    assert!(result.status.is_active);
    let metrics = &result.status.occupancy.metrics;
    assert_eq!(metrics.connections, 5);
    assert_eq!(metrics.publishers, 2);
    assert_eq!(metrics.subscribers, 3);
}

// UTS: rest/unit/CHM2/parses-all-metrics-fields-0
#[test]
fn chm2_parses_all_metrics_fields() {
    let metrics = json!({
        "connections": 10, "presenceConnections": 7, "presenceMembers": 4,
        "presenceSubscribers": 3, "publishers": 6, "subscribers": 8, "objectPublishers": 2,
        "objectSubscribers": 5,
    });
    let name = "test-CHM2-all-fields";
    let (_, result) = status(name, details(name, true, metrics));
    assert_eq!(result.channel_id, name);
    assert!(result.status.is_active);
    let metrics = &result.status.occupancy.metrics;
    assert_eq!(metrics.connections, 10);
    assert_eq!(metrics.presence_connections, 7);
    assert_eq!(metrics.presence_members, 4);
    assert_eq!(metrics.presence_subscribers, 3);
    assert_eq!(metrics.publishers, 6);
    assert_eq!(metrics.subscribers, 8);
    assert_eq!(metrics.object_publishers, 2);
    assert_eq!(metrics.object_subscribers, 5);
}

// DEVIATION: CHM2 - 2.12.0 leaves out what the server does not tell.
// UTS: rest/unit/CHM2/zero-and-missing-metrics-1
#[test]
fn chm2_zero_and_missing_metrics() {
    let metrics = json!({
        "connections": 0, "presenceConnections": 0, "presenceMembers": 0,
        "presenceSubscribers": 0, "publishers": 0, "subscribers": 0,
    });
    let name = "test-CHM2-defaults";
    let (_, result) = status(name, details(name, false, metrics));
    assert_eq!(result.channel_id, name);
    assert!(!result.status.is_active);
    let metrics = &result.status.occupancy.metrics;
    assert_eq!(metrics.connections, 0);
    assert_eq!(metrics.presence_connections, 0);
    assert_eq!(metrics.presence_members, 0);
    assert_eq!(metrics.presence_subscribers, 0);
    assert_eq!(metrics.publishers, 0);
    assert_eq!(metrics.subscribers, 0);
    assert_eq!(metrics.object_publishers, 0);
    assert_eq!(metrics.object_subscribers, 0);
}
