//! A connection whose process died, recovered by another client: nothing lost, nothing twice.

use ably::{Channel, Realtime};
use ably_sandbox::Sandbox;
use serde_json::{Value, json};

use crate::{peer::Peer, support::*};

const CHANNEL: &str = "recovered";

async fn publish(channel: &Channel, names: &[&str]) {
    for name in names {
        channel.publish(*name, "x").await.expect("published");
    }
}

/// Somebody else, who publishes.
async fn publisher(sandbox: &Sandbox) -> (Realtime, Channel) {
    let client = connect(options(sandbox, "publisher", true)).await;
    let channel = client.channels().get(CHANNEL);
    (client, channel)
}

/// Runs a client of ours in a process-like world of its own that ends at once, without a word to
/// the server, and gives the recovery key that it left.
fn dies_with_a_key(options: ably::ClientOptions, publisher: &Channel) -> (String, String) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let left = runtime.block_on(async {
        let client = connect(options).await;
        let channel = client.channels().get(CHANNEL);
        let mut messages = subscribe(&channel).await;
        publish(publisher, &["seen"]).await;
        assert_eq!(next(&mut messages).await.name.as_deref(), Some("seen"));
        let key = client.connection().create_recovery_key().expect("a key");
        let id = client.connection().id().expect("an id");
        // The handles outlive the runtime: dropping them would say goodbye.
        std::mem::forget((client, channel, messages));
        (key, String::from(&*id))
    });
    runtime.shutdown_background();
    left
}

#[test]
fn we_recover_what_ably_js_left() {
    run(async {
        for (ours, theirs) in FORMATS {
            let sandbox = Sandbox::start().await.expect("a sandbox");
            let (_publisher, channel) = publisher(&sandbox).await;
            let peer = Peer::start(&sandbox).await;
            peer.connect("recoverable", sandbox.key(), theirs).await;
            let at = json!({"client": "recoverable", "channel": CHANNEL});
            peer.ask("subscribe", at.clone()).await;
            publish(&channel, &["seen"]).await;
            assert_eq!(peer.message().await["name"], "seen");
            let key = peer.ask("recoveryKey", at.clone()).await;
            let id = peer.ask("connected", at).await;
            // Its process is killed.
            drop(peer);
            publish(&channel, &["missed 1", "missed 2"]).await;

            let options = options(&sandbox, "recoverable", ours);
            let client = connect(options.recover(key.as_str().expect("a key"))).await;
            assert_eq!(client.connection().id().as_deref(), id.as_str());
            let mut messages = subscribe(&client.channels().get(CHANNEL)).await;
            publish(&channel, &["live"]).await;
            for expected in ["missed 1", "missed 2", "live"] {
                assert_eq!(next(&mut messages).await.name.as_deref(), Some(expected));
            }
            assert_eq!(messages.try_next(), None);
        }
    });
}

#[test]
fn ably_js_recovers_what_we_left() {
    run(async {
        for (ours, theirs) in FORMATS {
            let sandbox = Sandbox::start().await.expect("a sandbox");
            let (_publisher, channel) = publisher(&sandbox).await;
            let peer = Peer::start(&sandbox).await;
            let (options, publisher) = (options(&sandbox, "recoverable", ours), channel.clone());
            let died =
                tokio::task::spawn_blocking(move || dies_with_a_key(options, &publisher)).await;
            let (key, id) = died.expect("no panic");
            publish(&channel, &["missed 1", "missed 2"]).await;

            let options = json!({"clientId": "recoverable", "recover": key});
            peer.client("js", sandbox.key(), theirs, options).await;
            let at = json!({"client": "js", "channel": CHANNEL});
            assert_eq!(peer.ask("connected", at.clone()).await, Value::from(id));
            peer.ask("subscribe", at).await;
            publish(&channel, &["live"]).await;
            for expected in ["missed 1", "missed 2", "live"] {
                assert_eq!(peer.message().await["name"], expected);
            }
        }
    });
}

#[test]
fn a_key_of_nobody_gives_a_new_connection_to_both() {
    run(async {
        let sandbox = Sandbox::start().await.expect("a sandbox");
        let peer = Peer::start(&sandbox).await;
        let key = r#"{"connectionKey":"nobody","msgSerial":7,"channelSerials":{}}"#;
        let options_js = json!({"clientId": "js", "recover": key});
        peer.client("js", sandbox.key(), true, options_js).await;
        let theirs = peer.event("connection").await;
        let theirs = match theirs["state"].as_str() {
            Some("connecting") => peer.event("connection").await,
            _ => theirs,
        };
        assert_eq!(theirs["state"], "connected");

        let client = connect(options(&sandbox, "rust", true).recover(key)).await;
        let reason = client.connection().error_reason().expect("a reason");
        assert_eq!(theirs["error"]["code"], reason.code().0);
        // Both begin to number anew, or the acknowledgement would not come.
        let channel = client.channels().get("new");
        publish(&channel, &["ours"]).await;
        let message = json!({"name": "theirs", "data": {"type": "text", "value": "x"}});
        let request = json!({"client": "js", "channel": "new", "messages": [message]});
        peer.ask("publish", request).await;
    });
}
