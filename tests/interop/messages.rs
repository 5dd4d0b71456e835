//! Messages of every kind, in every format, both ways.

use ably::{ChannelOptions, prelude::*};
use ably_sandbox::Sandbox;
use serde_json::json;

use crate::{peer::Peer, support::*};

/// 256 bits, base64.
const CIPHER_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
/// 128 bits, base64.
const SHORT_CIPHER_KEY: &str = "AAECAwQFBgcICQoLDA0ODw==";

async fn both_ways(ours: bool, theirs: bool, cipher: Option<&str>) {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let peer = Peer::start(&sandbox).await;
    peer.connect("js", sandbox.key(), theirs).await;
    let client = connect(options(&sandbox, "rust", ours)).await;
    let mut channel_options = ChannelOptions::new();
    let mut at_peer = json!({"client": "js", "channel": "interop"});
    if let Some(key) = cipher {
        channel_options = channel_options.cipher(key);
        at_peer["cipherKey"] = key.into();
    }
    let channel = client
        .channels()
        .get_with("interop", channel_options)
        .expect("a channel");
    let mut messages = subscribe(&channel).await;
    peer.ask("subscribe", at_peer.clone()).await;

    for sample in samples() {
        let expected = seen(&sample);
        channel
            .publish_message(sample.clone())
            .await
            .expect("published");
        assert_eq!(seen(&*next(&mut messages).await), expected, "our own echo");
        let at = peer.message().await;
        assert_eq!(seen_by_peer(&at), expected, "from us to ably-js");
        assert_eq!(at["clientId"], "rust");

        let mut request = at_peer.clone();
        request["messages"] = json!([for_peer(&sample)]);
        peer.ask("publish", request).await;
        let mut expected = expected;
        if cipher.is_some() && sample.data.is_none() {
            // ably-js 2.12.0 encrypts the word for absent data; see docs/deviations.md.
            expected["data"] = json!({"type": "text", "value": "undefined"});
        }
        let got = next(&mut messages).await;
        assert_eq!(seen(&got), expected, "from ably-js to us");
        assert_eq!(got.client_id.as_deref(), Some("js"));
        let echo = peer.message().await;
        assert_eq!(seen_by_peer(&echo), expected, "their own echo");
        assert_eq!(
            echo["id"],
            got.id.as_deref().expect("an id"),
            "the same id for everybody"
        );
    }
}

#[test]
fn plain_in_all_formats() {
    run(async {
        for (ours, theirs) in FORMATS {
            both_ways(ours, theirs, None).await;
        }
    });
}

#[test]
fn encrypted_with_256_bits_in_all_formats() {
    run(async {
        for (ours, theirs) in FORMATS {
            both_ways(ours, theirs, Some(CIPHER_KEY)).await;
        }
    });
}

#[test]
fn encrypted_with_128_bits() {
    run(both_ways(true, false, Some(SHORT_CIPHER_KEY)));
}

#[test]
fn encrypted_data_is_not_readable_without_the_key() {
    run(async {
        let sandbox = Sandbox::start().await.expect("a sandbox");
        let peer = Peer::start(&sandbox).await;
        peer.connect("js", sandbox.key(), false).await;
        let client = connect(options(&sandbox, "rust", true)).await;
        let channel = client
            .channels()
            .get_with("interop", ChannelOptions::new().cipher(CIPHER_KEY))
            .expect("a channel");
        peer.ask("subscribe", json!({"client": "js", "channel": "interop"}))
            .await;
        channel
            .publish("secret", "attack at dawn")
            .await
            .expect("published");
        let m = peer.message().await;
        assert_eq!(m["encoding"], "utf-8/cipher+aes-256-cbc");
        assert_eq!(m["data"]["type"], "bytes");
        assert!(!m.to_string().contains("dawn"));
    });
}

#[test]
fn a_thousand_messages_in_order_both_ways() {
    run(async {
        for binary in [false, true] {
            let sandbox = Sandbox::start().await.expect("a sandbox");
            let peer = Peer::start(&sandbox).await;
            peer.connect("js", sandbox.key(), binary).await;
            let client = connect(options(&sandbox, "rust", binary).echo_messages(false)).await;
            let channel = client.channels().get("order");
            let mut messages = subscribe(&channel).await;
            peer.ask("subscribe", json!({"client": "js", "channel": "order"}))
                .await;

            let publishes: Vec<_> = (0..1000)
                .map(|i| channel.publish("n", i.to_string()))
                .collect();
            for p in publishes {
                p.await.expect("published");
            }
            for i in 0..1000 {
                assert_eq!(peer.message().await["data"]["value"], i.to_string());
            }
            let burst = json!({"client": "js", "channel": "order", "count": 1000, "prefix": "n"});
            peer.ask("burst", burst).await;
            for i in 0..1000 {
                assert_eq!(next(&mut messages).await.data, format!("n{i}").as_str());
            }
        }
    });
}

#[test]
fn no_echo_when_it_is_switched_off() {
    run(async {
        let sandbox = Sandbox::start().await.expect("a sandbox");
        let peer = Peer::start(&sandbox).await;
        peer.client(
            "js",
            sandbox.key(),
            true,
            json!({"clientId": "js", "echoMessages": false}),
        )
        .await;
        peer.ask("connected", json!({"client": "js"})).await;
        let client = connect(options(&sandbox, "rust", false).echo_messages(false)).await;
        let channel = client.channels().get("echo");
        let mut messages = subscribe(&channel).await;
        peer.ask("subscribe", json!({"client": "js", "channel": "echo"}))
            .await;

        channel.publish("a", "from rust").await.expect("published");
        let request = json!({
            "client": "js", "channel": "echo",
            "messages": [{"name": "b", "data": {"type": "text", "value": "from js"}}],
        });
        peer.ask("publish", request).await;
        // Each sees only the other's: had there been an echo, it would have come first.
        assert_eq!(next(&mut messages).await.data, "from js");
        assert_eq!(peer.message().await["data"]["value"], "from rust");
        assert_eq!(messages.try_next(), None);
    });
}

#[test]
fn two_clients_of_ably_js() {
    run(async {
        for (a, b) in FORMATS {
            let sandbox = Sandbox::start().await.expect("a sandbox");
            let peer = Peer::start(&sandbox).await;
            peer.connect("one", sandbox.key(), a).await;
            peer.connect("two", sandbox.key(), b).await;
            peer.ask("subscribe", json!({"client": "two", "channel": "js"}))
                .await;
            for sample in samples() {
                let request =
                    json!({"client": "one", "channel": "js", "messages": [for_peer(&sample)]});
                peer.ask("publish", request).await;
                assert_eq!(seen_by_peer(&peer.message().await), seen(&sample));
            }
        }
    });
}

#[test]
fn several_messages_published_together_stay_together() {
    run(async {
        let sandbox = Sandbox::start().await.expect("a sandbox");
        let peer = Peer::start(&sandbox).await;
        peer.connect("js", sandbox.key(), true).await;
        let client = connect(options(&sandbox, "rust", true)).await;
        let channel = client.channels().get("batch");
        let mut messages = subscribe(&channel).await;
        peer.ask("subscribe", json!({"client": "js", "channel": "batch"}))
            .await;
        channel
            .publish_messages(samples())
            .await
            .expect("published");
        for sample in samples() {
            let (own, at) = (next(&mut messages).await, peer.message().await);
            assert_eq!(seen(&own), seen(&sample));
            assert_eq!(seen_by_peer(&at), seen(&sample));
            assert_eq!(at["id"], own.id.as_deref().expect("an id"));
        }
    });
}
