//! Push notifications over real sockets, against the sandbox.

use ably_base::{Data, JsonText};
use ably_push::{
    DeviceDetails, DeviceFormFactor, DevicePlatform, DevicePushState, DeviceRegistrationQuery,
    PushApi, PushChannelSubscription, PushChannelSubscriptionQuery, PushChannelsQuery,
    PushRecipient,
};

use crate::{sandbox::with_both_formats, support::*};

fn text(value: &Value) -> JsonText {
    JsonText::from_value(value).unwrap()
}

/// A device that gets its notifications on this channel of the sandbox.
fn on_channel(id: &str, channel: &str, key: &str) -> DeviceDetails {
    let recipient = json!({
        "transportType": "ablyChannel", "channel": channel, "ablyKey": key,
        "ablyUrl": "http://localhost",
    });
    let recipient = text(&recipient);
    DeviceDetails::new(
        id,
        DevicePlatform::Android,
        DeviceFormFactor::Phone,
        recipient,
    )
}

#[tokio::test]
async fn the_sandbox_registers_devices() {
    with_both_formats(async |sandbox, options| {
        let rest = BaseRest::new(options.push_full_wait(true)).unwrap();
        let push = rest.push();
        let devices = push.admin().device_registrations();
        for (id, client) in [("a/1", "alice"), ("a 2", "alice"), ("b", "bob")] {
            let device = on_channel(id, "inbox", sandbox.key())
                .client_id(client)
                .device_secret("secret")
                .metadata(text(&json!({"model": "é"})));
            let saved = devices.save(device.clone()).await.unwrap();
            assert_eq!(
                (&saved.id, &saved.client_id),
                (&device.id, &device.client_id)
            );
            assert_eq!(saved.device_secret, None);
            assert_eq!(saved.push.state, Some(DevicePushState::Active));
        }
        let got = devices.get("a/1").await.unwrap();
        assert_eq!(got.metadata.unwrap().as_str(), r#"{"model":"é"}"#);
        assert_eq!(got.platform, Some(DevicePlatform::Android));
        assert_eq!(got.form_factor, Some(DeviceFormFactor::Phone));
        let kind = got.push.recipient.unwrap().transport_type();
        assert_eq!(kind.as_deref(), Some("ablyChannel"));
        let query = DeviceRegistrationQuery::new().client_id("alice").limit(1);
        let first = devices.list(query).await.unwrap();
        let second = first.next().await.unwrap().unwrap();
        let ids = [&first, &second].map(|page| page.items()[0].id.clone());
        assert!(second.is_last() && ids[0] != ids[1], "{ids:?}");
        let error = devices.get("nobody").await.unwrap_err();
        assert_eq!(
            (error.code(), error.status_code()),
            (ErrorCode::NOT_FOUND, 404)
        );
        devices.remove("b").await.unwrap();
        devices.remove("b").await.unwrap();
        assert_eq!(devices.get("b").await.unwrap_err().status_code(), 404);
        let alice = DeviceRegistrationQuery::new().client_id("alice");
        devices.remove_where(alice).await.unwrap();
        assert!(devices.list(()).await.unwrap().items().is_empty());
        let unknown = DeviceDetails::new(
            "d",
            DevicePlatform::Unknown("toaster".into()),
            DeviceFormFactor::Other,
            PushRecipient::fcm("t"),
        );
        let error = devices.save(unknown).await.unwrap_err();
        assert_eq!(
            (error.code(), error.status_code()),
            (ErrorCode::BAD_REQUEST, 400)
        );
    })
    .await;
}

#[tokio::test]
async fn the_sandbox_subscribes_to_channels() {
    with_both_formats(async |sandbox, options| {
        let rest = BaseRest::new(options).unwrap();
        let push = rest.push();
        let subscriptions = push.admin().channel_subscriptions();
        let devices = push.admin().device_registrations();
        devices
            .save(on_channel("d", "inbox", sandbox.key()))
            .await
            .unwrap();
        let device = PushChannelSubscription::for_device("pushenabled:a/b", "d");
        let client = PushChannelSubscription::for_client("pushenabled:a/b", "alice");
        let other = PushChannelSubscription::for_client("pushenabled:c", "alice");
        for subscription in [&device, &client, &other] {
            let saved = subscriptions.save(subscription.clone()).await.unwrap();
            assert_eq!(&saved, subscription);
        }
        let query = PushChannelSubscriptionQuery::new;
        let listed = async |query| {
            let page = subscriptions.list(query).await.unwrap();
            let mut all = page.into_items();
            all.sort_by(|a, b| (&a.channel, &a.client_id).cmp(&(&b.channel, &b.client_id)));
            all
        };
        assert_eq!(
            listed(query().channel("pushenabled:a/b")).await,
            [device.clone(), client.clone()]
        );
        assert_eq!(
            listed(query().client_id("alice")).await,
            [client.clone(), other.clone()]
        );
        assert_eq!(listed(query().device_id("d")).await, vec![device.clone()]);
        let first = subscriptions
            .list_channels(PushChannelsQuery::new().limit(1))
            .await
            .unwrap();
        let second = first.next().await.unwrap().unwrap();
        let mut names = [first.items()[0].clone(), second.items()[0].clone()];
        names.sort();
        assert_eq!(names, ["pushenabled:a/b", "pushenabled:c"]);
        subscriptions.remove(device.clone()).await.unwrap();
        subscriptions.remove(device).await.unwrap();
        subscriptions
            .remove_where(query().client_id("alice"))
            .await
            .unwrap();
        assert!(listed(query()).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn the_sandbox_delivers_notifications() {
    with_both_formats(async |sandbox, options| {
        let rest = BaseRest::new(options).unwrap();
        let push = rest.push();
        let device = on_channel("d", "inbox", sandbox.key()).client_id("alice");
        push.admin()
            .device_registrations()
            .save(device.clone())
            .await
            .unwrap();
        let recipients = [
            PushRecipient::client_id("alice"),
            PushRecipient::device_id("d"),
            device.push.recipient.unwrap(),
        ];
        let payload = json!({"notification": {"title": "é"}, "data": {"n": "1"}});
        for recipient in recipients {
            push.admin()
                .publish(recipient, text(&payload))
                .await
                .unwrap();
        }
        let page = rest.channels().get("inbox").history(()).await.unwrap();
        assert_eq!(page.items().len(), 3);
        for message in page.items() {
            assert_eq!(message.name.as_deref(), Some("__ably_push__"));
            let told = match &message.data {
                Data::Text(text) => serde_json::from_str(text).unwrap(),
                Data::Json(json) => json.parse::<Value>().unwrap(),
                other => panic!("{other:?}"),
            };
            assert_eq!(told, payload);
        }
        let nowhere = text(&json!({"transportType": "carrierPigeon"}));
        let error = push
            .admin()
            .publish(nowhere, text(&payload))
            .await
            .unwrap_err();
        assert_eq!(
            (error.code(), error.status_code()),
            (ErrorCode::BAD_REQUEST, 400)
        );
    })
    .await;
}
