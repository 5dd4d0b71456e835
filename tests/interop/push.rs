//! Push notifications administered by both.

use ably::{
    ErrorCode, JsonText, Rest,
    plugins::push::{
        DeviceDetails, DeviceFormFactor, DevicePlatform, DevicePushState, DeviceRegistrationQuery,
        PushChannelSubscription, PushChannelSubscriptionQuery,
    },
    prelude::*,
};
use ably_sandbox::Sandbox;
use serde_json::{Value, json};

use crate::{peer::Peer, support::*};

fn text(value: &Value) -> JsonText {
    JsonText::from_value(value).expect("JSON")
}

/// Where the sandbox can deliver to.
fn inbox(sandbox: &Sandbox) -> Value {
    json!({
        "transportType": "ablyChannel", "channel": "inbox", "ablyKey": sandbox.key(),
        "ablyUrl": format!("http://{}:{}", sandbox.host(), sandbox.port()),
    })
}

/// A client of each side.
async fn both(sandbox: &Sandbox, (ours, theirs): (bool, bool)) -> (Rest, Peer) {
    let peer = Peer::start(sandbox).await;
    peer.connect("js", sandbox.key(), theirs).await;
    let rest = Rest::new(options(sandbox, "rust", ours)).expect("the options are fine");
    (rest, peer)
}

async fn admin(peer: &Peer, of: &str, method: &str, args: Value) -> Result<Value, Value> {
    let request = json!({"client": "js", "of": of, "method": method, "args": args});
    peer.try_ask("push", request).await
}

#[test]
fn devices_saved_by_one_are_read_by_the_other() {
    run(async {
        for formats in FORMATS {
            let sandbox = Sandbox::start().await.expect("a sandbox");
            let (rest, peer) = both(&sandbox, formats).await;
            let push = rest.push();
            let devices = push.admin().device_registrations();
            let of = "deviceRegistrations";

            let ours = DeviceDetails::new(
                "from/rust ☃",
                DevicePlatform::Browser,
                DeviceFormFactor::Embedded,
                text(&inbox(&sandbox)),
            );
            let ours = ours
                .client_id("alice")
                .metadata(text(&json!({"model": "é"})));
            let saved = devices.save(ours).await.expect("saved");
            assert_eq!(saved.push.state, Some(DevicePushState::Active));
            let seen = admin(&peer, of, "get", json!(["from/rust ☃"]))
                .await
                .expect("got");
            assert_eq!(seen["id"], "from/rust ☃");
            assert_eq!(seen["clientId"], "alice");
            assert_eq!(seen["platform"], "browser");
            assert_eq!(seen["formFactor"], "embedded");
            assert_eq!(seen["metadata"], json!({"model": "é"}));
            assert_eq!(seen["push"]["state"], "ACTIVE");
            assert_eq!(seen["push"]["recipient"], inbox(&sandbox));

            let theirs = json!([{
                "id": "from/js ☃", "clientId": "alice", "platform": "ios", "formFactor": "watch",
                "deviceSecret": "secret", "metadata": {"model": ["ü", 1]},
                "push": {"recipient": {"transportType": "apns", "deviceToken": "token"}},
            }]);
            admin(&peer, of, "save", theirs).await.expect("saved");
            let got = devices.get("from/js ☃").await.expect("got");
            assert_eq!(got.client_id.as_deref(), Some("alice"));
            assert_eq!(got.platform, Some(DevicePlatform::Ios));
            assert_eq!(got.form_factor, Some(DeviceFormFactor::Watch));
            assert_eq!(got.device_secret, None);
            let metadata = got.metadata.expect("metadata").parse::<Value>();
            assert_eq!(metadata.expect("JSON"), json!({"model": ["ü", 1]}));
            let recipient = got.push.recipient.expect("a recipient");
            let address = recipient.as_json().parse::<Value>().expect("JSON");
            let expected = json!({"transportType": "apns", "deviceToken": "token"});
            assert_eq!(address, expected);

            let alice = DeviceRegistrationQuery::new().client_id("alice");
            let listed = devices.list(alice).await.expect("listed");
            let mut ids: Vec<_> = listed.items().iter().map(|d| d.id.to_string()).collect();
            let list = admin(&peer, of, "list", json!([{"clientId": "alice"}])).await;
            let list = list.expect("listed");
            let theirs = list.as_array().expect("a list").iter();
            let mut seen: Vec<_> = theirs.map(|d| d["id"].as_str().expect("an id")).collect();
            ids.sort();
            seen.sort_unstable();
            assert_eq!(ids, ["from/js ☃", "from/rust ☃"]);
            assert_eq!(seen, ids);

            devices.remove("from/js ☃").await.expect("removed");
            let error = admin(&peer, of, "get", json!(["from/js ☃"]))
                .await
                .unwrap_err();
            assert_eq!(error["code"], 40400);
            admin(&peer, of, "removeWhere", json!([{"clientId": "alice"}]))
                .await
                .expect("removed");
            let error = devices.get("from/rust ☃").await.unwrap_err();
            assert_eq!(error.code(), ErrorCode::NOT_FOUND);
        }
    });
}

#[test]
fn subscriptions_made_by_one_are_seen_and_ended_by_the_other() {
    run(async {
        for formats in FORMATS {
            let sandbox = Sandbox::start().await.expect("a sandbox");
            let (rest, peer) = both(&sandbox, formats).await;
            let push = rest.push();
            let subscriptions = push.admin().channel_subscriptions();
            let of = "channelSubscriptions";

            let ours = PushChannelSubscription::for_client("pushenabled:a/b ☃", "alice");
            subscriptions.save(ours.clone()).await.expect("saved");
            let seen = admin(&peer, of, "list", json!([{"clientId": "alice"}])).await;
            let plain = json!({"channel": "pushenabled:a/b ☃", "clientId": "alice"});
            assert_eq!(seen.expect("listed"), json!([plain]));
            // The channel's own way, for the clientId of the client.
            let channel = rest.channels().get("pushenabled:own");
            channel.push().subscribe_client().await.expect("subscribed");

            let theirs = json!([{"channel": "pushenabled:c", "clientId": "alice"}]);
            admin(&peer, of, "save", theirs).await.expect("saved");
            let channels = admin(&peer, of, "listChannels", json!([{}])).await;
            let names = ["pushenabled:a/b ☃", "pushenabled:c", "pushenabled:own"];
            assert_eq!(channels.expect("listed"), json!(names));
            let page = subscriptions.list_channels(()).await.expect("listed");
            assert_eq!(page.items(), names);
            let query = PushChannelSubscriptionQuery::new().channel("pushenabled:c");
            let listed = subscriptions.list(query).await.expect("listed");
            let expected = PushChannelSubscription::for_client("pushenabled:c", "alice");
            assert_eq!(listed.items(), std::slice::from_ref(&expected));
            let own = channel.push().list_subscriptions(()).await.expect("listed");
            let mine = PushChannelSubscription::for_client("pushenabled:own", "rust");
            assert_eq!(own.items(), [mine]);

            admin(&peer, of, "remove", json!([plain]))
                .await
                .expect("removed");
            subscriptions.remove(expected).await.expect("removed");
            channel
                .push()
                .unsubscribe_client()
                .await
                .expect("unsubscribed");
            let left = admin(&peer, of, "list", json!([{}])).await.expect("listed");
            assert_eq!(left, json!([]));
        }
    });
}

#[test]
fn notifications_of_both_arrive_alike() {
    run(async {
        for formats in FORMATS {
            let sandbox = Sandbox::start().await.expect("a sandbox");
            let (rest, peer) = both(&sandbox, formats).await;
            let push = rest.push();
            let at = json!({"client": "js", "channel": "inbox"});
            peer.ask("attach", at.clone()).await;
            peer.ask("subscribe", at).await;

            let payload = json!({
                "notification": {"title": "é ☃", "body": "b"}, "data": {"n": "1"},
            });
            let recipient = text(&inbox(&sandbox));
            let published = push.admin().publish(recipient, text(&payload));
            published.await.expect("published");
            let ours = peer.message().await;
            let args = json!([inbox(&sandbox), payload]);
            let request = json!({"client": "js", "method": "publish", "args": args});
            peer.ask("push", request).await;
            let theirs = peer.message().await;
            assert_eq!(ours["name"], "__ably_push__");
            assert_eq!(seen_by_peer(&ours), seen_by_peer(&theirs));
            let told = ours["data"]["value"].as_str().expect("a text");
            let told: Value = serde_json::from_str(told).expect("JSON");
            assert_eq!(told, payload);
        }
    });
}
