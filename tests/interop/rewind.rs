//! Channels that begin in the past, for both.

use ably::{ChannelOptions, Subscription};
use ably_sandbox::Sandbox;
use serde_json::{Value, json};

use crate::{peer::Peer, support::*};

async fn names(messages: &mut Subscription, count: usize) -> Vec<String> {
    let mut names = Vec::new();
    for _ in 0..count {
        let message = next(messages).await;
        names.push(message.name.as_deref().expect("a name").to_owned());
    }
    names
}

#[test]
fn who_rewinds_gets_the_last_messages_first() {
    run(async {
        for (ours, theirs) in FORMATS {
            let sandbox = Sandbox::start().await.expect("a sandbox");
            let peer = Peer::start(&sandbox).await;
            peer.connect("js", sandbox.key(), theirs).await;
            let client = connect(options(&sandbox, "rust", ours)).await;
            let other = connect(options(&sandbox, "other", ours)).await;
            let rewind = || ChannelOptions::new().param("rewind", "2");

            // What ably-js has published.
            let published: Vec<Value> = ["j1", "j2", "j3"]
                .iter()
                .map(|name| json!({"name": name, "data": {"type": "text", "value": "x"}}))
                .collect();
            let request = json!({"client": "js", "channel": "theirs", "messages": published});
            peer.ask("publish", request).await;
            let channel = client.channels().get_with("theirs", rewind());
            let channel = channel.expect("a channel");
            let mut messages = subscribe(&channel).await;
            other
                .channels()
                .get("theirs")
                .publish("live", "x")
                .await
                .expect("published");
            assert_eq!(names(&mut messages, 3).await, ["j2", "j3", "live"]);
            assert_eq!(channel.params().get("rewind").map(|v| &**v), Some("2"));

            // What we have published.
            let channel = client.channels().get("ours");
            for name in ["r1", "r2", "r3"] {
                channel.publish(name, "x").await.expect("published");
            }
            let at = json!({"client": "js", "channel": "ours", "params": {"rewind": "2"}});
            peer.ask("subscribe", at).await;
            channel.publish("live", "x").await.expect("published");
            for expected in ["r2", "r3", "live"] {
                assert_eq!(peer.message().await["name"], expected);
            }
        }
    });
}
