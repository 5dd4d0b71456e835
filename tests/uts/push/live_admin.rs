//! `rest/integration/push_admin.md`

use super::common::{
    DeviceDetails, DeviceFormFactor, DevicePlatform, DeviceRegistrationQuery, PaginatedResult,
    PushApi, PushChannelSubscription, PushChannelSubscriptionQuery, PushChannelSubscriptions,
    PushChannelsQuery, PushDeviceRegistrations, PushRecipient, field, text,
};
use crate::live::*;

/// An app, and a client with its key.
async fn start() -> (TestApp, Rest) {
    let app = TestApp::start().await;
    let client = rest(app.with_key().use_binary_protocol(false));
    (app, client)
}

fn devices(client: &Rest) -> PushDeviceRegistrations {
    client.push().admin().device_registrations()
}

fn subscriptions(client: &Rest) -> PushChannelSubscriptions {
    client.push().admin().channel_subscriptions()
}

fn phone(id: &str, token: &str) -> DeviceDetails {
    let recipient = PushRecipient::apns(token);
    DeviceDetails::new(id, DevicePlatform::Ios, DeviceFormFactor::Phone, recipient)
}

fn address(device: &DeviceDetails, name: &str) -> Value {
    field(device.push.recipient.as_ref().unwrap().as_json(), name)
}

// UTS: rest/integration/RSH1a/push-publish-clientid-0
#[test]
fn rsh1a_publish_to_a_client() {
    run(async {
        let (_app, client) = start().await;
        let data = text(json!({
            "notification": {"title": "Integration Test", "body": "Hello from push admin"},
        }));
        let recipient = PushRecipient::client_id("test-client-push");
        let published = client.push().admin().publish(recipient, data).await;
        assert_eq!(published, Ok(()));
    });
}

// UTS: rest/integration/RSH1a/push-publish-invalid-recipient-1
//
// DEVIATION: it is refused before it is sent, as the unit cases want.
#[test]
fn rsh1a_an_invalid_recipient_is_refused() {
    run(async {
        let (_app, client) = start().await;
        let data = text(json!({"notification": {"title": "Test"}}));
        let published = client.push().admin().publish(text(json!({})), data).await;
        assert_eq!(published.unwrap_err().code(), 40000);
        // What the server does not like.
        let data = text(json!({"notification": {"title": "Test"}}));
        let nobody = text(json!({"transportType": "invalid"}));
        let published = client.push().admin().publish(nobody, data).await;
        assert_eq!(published.unwrap_err().code(), 40000);
    });
}

// UTS: rest/integration/RSH1b3/save-and-get-device-0
#[test]
fn rsh1b3_save_and_get() {
    run(async {
        let (_app, client) = start().await;
        let id = unique("test-device");
        let device = phone(&id, &unique("test-token"));
        let saved: DeviceDetails = devices(&client).save(device).await.unwrap();
        assert_eq!(saved.id, *id);
        assert_eq!(saved.platform, Some(DevicePlatform::Ios));
        assert_eq!(saved.form_factor, Some(DeviceFormFactor::Phone));
        assert_eq!(address(&saved, "transportType"), "apns");
        let retrieved: DeviceDetails = devices(&client).get(&*id).await.unwrap();
        assert_eq!(retrieved.id, *id);
        assert_eq!(retrieved.platform, Some(DevicePlatform::Ios));
        devices(&client).remove(id).await.unwrap();
    });
}

// UTS: rest/integration/RSH1b3/update-device-registration-1
#[test]
fn rsh1b3_save_updates() {
    run(async {
        let (_app, client) = start().await;
        let id = unique("test-device-update");
        let devices = devices(&client);
        devices.save(phone(&id, "token-v1")).await.unwrap();
        let updated = devices.save(phone(&id, "token-v2")).await.unwrap();
        assert_eq!(updated.id, *id);
        assert_eq!(address(&updated, "deviceToken"), "token-v2");
        let retrieved = devices.get(&*id).await.unwrap();
        assert_eq!(address(&retrieved, "deviceToken"), "token-v2");
        devices.remove(id).await.unwrap();
    });
}

// UTS: rest/integration/RSH1b1/get-unknown-device-error-0
#[test]
fn rsh1b1_get_unknown() {
    run(async {
        let (_app, client) = start().await;
        let got = devices(&client).get(unique("nonexistent-device")).await;
        let error = got.unwrap_err();
        assert_eq!((error.status_code(), error.code().0), (404, 40400));
    });
}

// UTS: rest/integration/RSH1b2/list-devices-filtered-0
#[test]
fn rsh1b2_list_with_filters() {
    run(async {
        let (_app, client) = start().await;
        let id = unique("test-device-list");
        let recipient = json!({"transportType": "gcm", "registrationToken": "test-token"});
        let device = DeviceDetails::new(
            &*id,
            DevicePlatform::Android,
            DeviceFormFactor::Tablet,
            text(recipient),
        );
        devices(&client).save(device).await.unwrap();
        let query = DeviceRegistrationQuery::new().device_id(&id);
        let result: PaginatedResult<DeviceDetails> = devices(&client).list(query).await.unwrap();
        assert_eq!(result.items().len(), 1);
        assert_eq!(result.items()[0].id, *id);
        assert_eq!(result.items()[0].platform, Some(DevicePlatform::Android));
        devices(&client).remove(id).await.unwrap();
    });
}

// UTS: rest/integration/RSH1b2/list-devices-pagination-1
#[test]
fn rsh1b2_list_with_limit() {
    run(async {
        let (_app, client) = start().await;
        let client_id = unique("test-client-list");
        let ids = [1, 2, 3].map(|i| unique(&format!("test-device-limit-{i}")));
        for (i, id) in ids.iter().enumerate() {
            let device = phone(id, &format!("token-{}", i + 1)).client_id(&*client_id);
            devices(&client).save(device).await.unwrap();
        }
        let query = DeviceRegistrationQuery::new()
            .client_id(&client_id)
            .limit(2);
        let result = devices(&client).list(query).await.unwrap();
        assert!(result.items().len() <= 2);
        assert!(result.has_next());
        for id in ids {
            devices(&client).remove(id).await.unwrap();
        }
    });
}

// UTS: rest/integration/RSH1b4/remove-device-0
#[test]
fn rsh1b4_remove() {
    run(async {
        let (_app, client) = start().await;
        let id = unique("test-device-remove");
        devices(&client)
            .save(phone(&id, "test-token"))
            .await
            .unwrap();
        devices(&client).remove(&*id).await.unwrap();
        let error = devices(&client).get(id).await.unwrap_err();
        assert_eq!(error.status_code(), 404);
    });
}

// UTS: rest/integration/RSH1b4/remove-nonexistent-device-1
#[test]
fn rsh1b4_remove_nonexistent() {
    run(async {
        let (_app, client) = start().await;
        let removed = devices(&client).remove(unique("nonexistent-device")).await;
        assert_eq!(removed, Ok(()));
    });
}

// UTS: rest/integration/RSH1b5/remove-where-clientid-0
#[test]
fn rsh1b5_remove_where_client_id() {
    run(async {
        let (_app, client) = start().await;
        let client_id = unique("test-client-removeWhere");
        for i in 1..=2 {
            let id = unique(&format!("test-device-rw-{i}"));
            let device = phone(&id, &format!("token-{i}")).client_id(&*client_id);
            devices(&client).save(device).await.unwrap();
        }
        let query = DeviceRegistrationQuery::new().client_id(&client_id);
        devices(&client).remove_where(query.clone()).await.unwrap();
        let result = devices(&client).list(query).await.unwrap();
        assert_eq!(result.items().len(), 0);
    });
}

// UTS: rest/integration/RSH1c3/save-and-list-subscriptions-0
#[test]
fn rsh1c3_save_and_list() {
    run(async {
        let (_app, client) = start().await;
        let id = unique("test-device-sub");
        let channel = unique("pushenabled:test-sub");
        devices(&client)
            .save(phone(&id, "test-token"))
            .await
            .unwrap();
        let subscription = PushChannelSubscription::for_device(&*channel, &*id);
        let saved: PushChannelSubscription = subscriptions(&client)
            .save(subscription.clone())
            .await
            .unwrap();
        assert_eq!(saved.channel, *channel);
        assert_eq!(saved.device_id.as_deref(), Some(&*id));
        let query = PushChannelSubscriptionQuery::new().channel(&channel);
        let result: PaginatedResult<PushChannelSubscription> =
            subscriptions(&client).list(query).await.unwrap();
        assert!(!result.items().is_empty());
        let of_device = |s: &&PushChannelSubscription| s.device_id.as_deref() == Some(&*id);
        let found: Vec<_> = result.items().iter().filter(of_device).collect();
        assert!(!found.is_empty());
        assert!(found.iter().all(|s| s.channel == *channel), "{found:?}");
        subscriptions(&client).remove(subscription).await.unwrap();
        devices(&client).remove(id).await.unwrap();
    });
}

// UTS: rest/integration/RSH1c3/save-subscription-clientid-1
#[test]
fn rsh1c3_save_of_a_client() {
    run(async {
        let (_app, client) = start().await;
        let client_id = unique("test-client-sub");
        let channel = unique("pushenabled:test-clientsub");
        let subscription = PushChannelSubscription::for_client(&*channel, &*client_id);
        let saved = subscriptions(&client)
            .save(subscription.clone())
            .await
            .unwrap();
        assert_eq!(saved.channel, *channel);
        assert_eq!(saved.client_id.as_deref(), Some(&*client_id));
        subscriptions(&client).remove(subscription).await.unwrap();
    });
}

// UTS: rest/integration/RSH1c2/list-channels-with-subscriptions-0
#[test]
fn rsh1c2_list_channels() {
    run(async {
        let (_app, client) = start().await;
        let client_id = unique("test-client-lc");
        let channel = unique("pushenabled:test-listch");
        let subscription = PushChannelSubscription::for_client(&*channel, &*client_id);
        subscriptions(&client)
            .save(subscription.clone())
            .await
            .unwrap();
        let result = subscriptions(&client)
            .list_channels(PushChannelsQuery::new())
            .await;
        let result: PaginatedResult<ably_base::Str> = result.unwrap();
        assert!(!result.items().is_empty());
        assert!(result.items().iter().any(|name| *name == *channel));
        subscriptions(&client).remove(subscription).await.unwrap();
    });
}

// UTS: rest/integration/RSH1c4/remove-channel-subscription-0
#[test]
fn rsh1c4_remove() {
    run(async {
        let (_app, client) = start().await;
        let client_id = unique("test-client-rm");
        let channel = unique("pushenabled:test-remove");
        let subscription = PushChannelSubscription::for_client(&*channel, &*client_id);
        subscriptions(&client)
            .save(subscription.clone())
            .await
            .unwrap();
        subscriptions(&client).remove(subscription).await.unwrap();
        let query = PushChannelSubscriptionQuery::new()
            .channel(channel)
            .client_id(client_id);
        let result = subscriptions(&client).list(query).await.unwrap();
        assert_eq!(result.items().len(), 0);
    });
}

// UTS: rest/integration/RSH1c4/remove-nonexistent-subscription-1
#[test]
fn rsh1c4_remove_nonexistent() {
    run(async {
        let (_app, client) = start().await;
        let channel = unique("pushenabled:nonexistent");
        let nonexistent = PushChannelSubscription::for_client(channel, "nonexistent-client");
        let removed = subscriptions(&client).remove(nonexistent).await;
        assert_eq!(removed, Ok(()));
    });
}

// UTS: rest/integration/RSH1c5/remove-where-subscriptions-0
#[test]
fn rsh1c5_remove_where_client_id() {
    run(async {
        let (_app, client) = start().await;
        let client_id = unique("test-client-rwsub");
        for i in 1..=2 {
            let channel = unique(&format!("pushenabled:test-rwsub-{i}"));
            let subscription = PushChannelSubscription::for_client(channel, &*client_id);
            subscriptions(&client).save(subscription).await.unwrap();
        }
        let query = PushChannelSubscriptionQuery::new().client_id(client_id);
        subscriptions(&client)
            .remove_where(query.clone())
            .await
            .unwrap();
        let result = subscriptions(&client).list(query).await.unwrap();
        assert_eq!(result.items().len(), 0);
    });
}
