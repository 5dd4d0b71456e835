//! `rest/integration/push_channels.md`
//!
//! The specs set `client.device`: see `push_channels`.

use super::common::{
    ChannelPush, DeviceDetails, DeviceFormFactor, DevicePlatform, LocalDevice, PushApi,
    PushChannelSubscriptionQuery, PushRecipient,
};
use crate::live::*;

// UTS: rest/integration/RSH7a/subscribe-unsubscribe-device-0
#[test]
fn rsh7a_a_device_subscribes_and_unsubscribes() {
    run(async {
        let app = TestApp::start().await;
        let id = unique("test-device-pushchan");
        let name = unique("pushenabled:test-rsh7a");
        let device = LocalDevice {
            id: id.clone().leak(),
            token: Some("test-device-identity-token"),
        };
        let options = app.with_key().use_binary_protocol(false).plugin(device);
        let client = rest(options);
        let push = client.push();
        let details = DeviceDetails::new(
            &*id,
            DevicePlatform::Ios,
            DeviceFormFactor::Phone,
            PushRecipient::apns(&unique("test-apns-token")),
        );
        push.admin()
            .device_registrations()
            .save(details)
            .await
            .unwrap();
        let channel = client.channels().get(&name);
        let query = PushChannelSubscriptionQuery::new()
            .channel(&name)
            .device_id(&id);
        let listed = async || {
            let subscriptions = push.admin().channel_subscriptions();
            subscriptions
                .list(query.clone())
                .await
                .unwrap()
                .into_items()
        };

        channel.push().subscribe_device().await.unwrap();
        let result = listed().await;
        assert!(!result.is_empty());
        let found = result
            .iter()
            .any(|s| s.device_id.as_deref() == Some(&*id) && s.channel == *name);
        assert!(found, "{result:?}");
        channel.push().unsubscribe_device().await.unwrap();
        assert_eq!(listed().await.len(), 0);
        push.admin()
            .device_registrations()
            .remove(id)
            .await
            .unwrap();
    });
}

// UTS: rest/integration/RSH7b/subscribe-unsubscribe-client-0
//
// DEVIATION: the clientId is the client's, as in ably-js 2.12.0, and not one that is the device's
// alone.
#[test]
fn rsh7b_a_client_subscribes_and_unsubscribes() {
    run(async {
        let app = TestApp::start().await;
        let client_id = unique("test-client-pushchan");
        let name = unique("pushenabled:test-rsh7b");
        let device = LocalDevice {
            id: "test-device",
            token: Some("test-device-identity-token"),
        };
        let options = app.with_key().use_binary_protocol(false);
        let client = rest(options.client_id(&*client_id).plugin(device));
        let push = client.push();
        let channel = client.channels().get(&name);
        let query = PushChannelSubscriptionQuery::new()
            .channel(&name)
            .client_id(&client_id);
        let listed = async || {
            let subscriptions = push.admin().channel_subscriptions();
            subscriptions
                .list(query.clone())
                .await
                .unwrap()
                .into_items()
        };

        channel.push().subscribe_client().await.unwrap();
        let result = listed().await;
        assert!(!result.is_empty());
        let found = result
            .iter()
            .any(|s| s.client_id.as_deref() == Some(&*client_id) && s.channel == *name);
        assert!(found, "{result:?}");
        channel.push().unsubscribe_client().await.unwrap();
        assert_eq!(listed().await.len(), 0);
    });
}
