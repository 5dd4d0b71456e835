//! Push notifications over real sockets, against the sandbox.

use ably_base::{
    Data, JsonText, Plugin, Plugins,
    ext::PushPlatform,
    protocol,
    rest::{RestCore, RestPath, RestRequest},
};
use ably_push::{
    ChannelPush, DeviceDetails, DeviceFormFactor, DevicePlatform, DevicePushState,
    DeviceRegistrationQuery, PushApi, PushChannelSubscription, PushChannelSubscriptionQuery,
    PushChannelsQuery, PushRecipient,
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

/// What a device has stored: its id, and its token as JSON.
struct Stored(String, String);

struct Device(Arc<Stored>);

impl PushPlatform for Stored {
    fn load(&self, name: &str) -> Option<String> {
        match name {
            "ably.push.deviceId" => Some(self.0.clone()),
            "ably.push.deviceIdentityToken" => Some(self.1.clone()),
            _ => None,
        }
    }

    fn store(&self, _: &str, _: Option<&str>) {}
}

impl Plugin for Device {
    fn id(&self) -> &'static str {
        "Device"
    }

    fn install(&self, into: &mut Plugins) -> Result<(), ErrorInfo> {
        into.set_push(self.0.clone());
        Ok(())
    }
}

/// Posts an object past the plugin.
async fn post<'a>(
    core: &RestCore,
    path: impl IntoIterator<Item = &'a str>,
    body: Value,
) -> protocol::Item {
    let body = protocol::Value::from_json(&body.to_string()).unwrap();
    let mut bytes = bytes::BytesMut::new();
    let codec = core.codec(core.format()).unwrap();
    codec.encode_value(&body, &mut bytes).unwrap();
    let request = RestRequest::post(RestPath::of(path).unwrap(), bytes.freeze());
    let reply = core.request(request).await.unwrap();
    let codec = core.codec_of(&reply).unwrap();
    match codec.decode_value(&reply.body).unwrap() {
        protocol::Value::Map(fields) => protocol::Item::from_fields(fields),
        other => panic!("{other:?}"),
    }
}

/// A device that is registered as it would do it itself, with its token as it would store it.
async fn registered(core: &RestCore, id: &str) -> Device {
    let device = json!({
        "id": id, "clientId": "me", "deviceSecret": "secret", "platform": "ios",
        "formFactor": "phone",
        "push": {"recipient": {"transportType": "apns", "deviceToken": "t"}},
    });
    let reply = post(core, ["push", "deviceRegistrations"], device).await;
    let Some(protocol::Value::Map(token)) = reply.get("deviceIdentityToken") else {
        panic!("no token in {reply:?}")
    };
    let token = protocol::Item::from_fields(token.clone()).text("token");
    let token = json!(token.unwrap().as_str()).to_string();
    Device(Arc::new(Stored(id.into(), token)))
}

#[tokio::test]
async fn rsh7_the_sandbox_takes_a_device_for_what_its_token_says() {
    with_both_formats(async |sandbox, options| {
        let admin = BaseRest::new(options.clone()).unwrap();
        let core = admin.rest_core().unwrap();
        let device = registered(&core, "own").await;
        let _other = registered(&core, "other").await;
        let name = sandbox.key().split_once(':').unwrap().0;
        let wanted = json!({
            "keyName": name, "clientId": "me", "nonce": "0123456789abcdef",
            "timestamp": admin.time().await.unwrap(),
            "capability": r#"{"pushenabled:*":["push-subscribe"]}"#,
        });
        let token = post(&core, ["keys", name, "requestToken"], wanted).await;
        let token = token.text("token").unwrap();

        let mut limited = ClientOptions::with_token(token.as_str())
            .client_id("me")
            .endpoint(sandbox.host())
            .port(sandbox.port())
            .tls(false)
            .plugin(ably_tokio::Tokio)
            .plugin(ably_http::Http::new());
        if core.format() == ably_base::Format::MsgPack {
            limited = limited.plugin(ably_msgpack::MsgPack);
        }
        let elsewhere = BaseRest::new(limited.clone()).unwrap();
        let here = BaseRest::new(limited.plugin(device)).unwrap();
        let subscribed = async || {
            let all = PushChannelSubscriptionQuery::new();
            let push = admin.push();
            let page = push.admin().channel_subscriptions().list(all).await;
            page.unwrap().into_items()
        };

        let channel = here.channels().get("pushenabled:c").push();
        channel.subscribe_device().await.unwrap();
        let own = PushChannelSubscription::for_device("pushenabled:c", "own");
        assert_eq!(subscribed().await, std::slice::from_ref(&own));
        channel.unsubscribe_device().await.unwrap();
        assert!(subscribed().await.is_empty());

        // The same from somewhere else, or about another device, is refused.
        let (push, other) = (here.push(), elsewhere.push());
        let subscriptions = push.admin().channel_subscriptions();
        subscriptions.save(own.clone()).await.unwrap();
        let theirs = PushChannelSubscription::for_device("pushenabled:c", "other");
        let refused = [
            subscriptions.save(theirs.clone()).await.unwrap_err(),
            subscriptions.remove(theirs).await.unwrap_err(),
            other
                .admin()
                .channel_subscriptions()
                .remove(own.clone())
                .await
                .unwrap_err(),
            other
                .admin()
                .device_registrations()
                .get("own")
                .await
                .unwrap_err(),
            push.admin()
                .device_registrations()
                .get("other")
                .await
                .unwrap_err(),
        ];
        for error in refused {
            assert_eq!(
                (error.code(), error.status_code()),
                (ErrorCode::CAPABILITY, 401)
            );
        }
        let device = push
            .admin()
            .device_registrations()
            .get("own")
            .await
            .unwrap();
        assert_eq!(device.client_id.as_deref(), Some("me"));
        subscriptions.remove(own).await.unwrap();
        assert!(subscribed().await.is_empty());

        channel.subscribe_client().await.unwrap();
        let mine = PushChannelSubscription::for_client("pushenabled:c", "me");
        assert_eq!(subscribed().await, std::slice::from_ref(&mine));
        channel.unsubscribe_client().await.unwrap();
        assert!(subscribed().await.is_empty());
    })
    .await;
}
