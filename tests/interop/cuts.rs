//! Sockets cut in the middle of a burst: nothing lost, nothing twice.

use std::collections::BTreeMap;

use ably::{Channel, Subscription};
use ably_sandbox::Sandbox;
use serde_json::json;

use crate::{peer::Peer, support::*};

const BURST: usize = 600;

/// Every message of a burst came exactly once, and in order.
fn check(received: &[String], prefix: &str) {
    let expected: Vec<String> = (0..BURST).map(|i| format!("{prefix}{i}")).collect();
    if received != expected {
        let mut count = BTreeMap::<&String, usize>::new();
        for r in received {
            *count.entry(r).or_default() += 1;
        }
        let twice: Vec<_> = count
            .iter()
            .filter(|(_, n)| **n > 1)
            .map(|(r, _)| *r)
            .collect();
        let lost: Vec<_> = expected.iter().filter(|e| !count.contains_key(e)).collect();
        panic!("lost {lost:?}, twice {twice:?}, or out of order");
    }
}

/// Asks ably-js for one more message, which must be the very next that we get: nothing of the burst
/// comes again.
async fn check_end(peer: &Peer, messages: &mut Subscription) {
    let end = json!({"name": "end", "data": {"type": "text", "value": "end"}});
    let request = json!({"client": "js", "channel": "burst", "messages": [end]});
    peer.ask("publish", request).await;
    assert_eq!(next(messages).await.data, "end");
    assert_eq!(messages.try_next(), None);
}

/// Publishes one more message, which must be the very next that ably-js gets.
async fn check_their_end(peer: &Peer, channel: &Channel) {
    channel.publish("end", "end").await.expect("published");
    assert_eq!(peer.message().await["data"]["value"], "end");
}

#[test]
fn our_socket_is_cut_while_ably_js_publishes() {
    run(async {
        for (ours, theirs) in [(false, true), (true, false)] {
            let sandbox = Sandbox::start().await.expect("a sandbox");
            let peer = Peer::start(&sandbox).await;
            peer.connect("js", sandbox.key(), theirs).await;
            let client = connect(options(&sandbox, "rust", ours)).await;
            let channel = client.channels().get("burst");
            let mut messages = subscribe(&channel).await;
            let id = client.connection().id();
            let request = json!({
                "client": "js", "channel": "burst", "count": BURST, "prefix": "j", "pause": 5,
            });
            let burst = peer.ask("burst", request);
            let read = async {
                let mut received = Vec::new();
                while received.len() < BURST {
                    received.push(
                        next(&mut messages)
                            .await
                            .data
                            .as_text()
                            .expect("text")
                            .into(),
                    );
                    if [50, 300].contains(&received.len()) {
                        assert_eq!(sandbox.cut("rust"), 1);
                    }
                }
                received
            };
            let (received, _) = tokio::join!(read, burst);
            check(&received, "j");
            check_end(&peer, &mut messages).await;
            assert_eq!(client.connection().id(), id, "resumed, not made anew");
        }
    });
}

#[test]
fn our_socket_is_cut_while_we_publish() {
    run(async {
        for (ours, theirs) in [(false, true), (true, false)] {
            let sandbox = Sandbox::start().await.expect("a sandbox");
            let peer = Peer::start(&sandbox).await;
            peer.connect("js", sandbox.key(), theirs).await;
            peer.ask("subscribe", json!({"client": "js", "channel": "burst"}))
                .await;
            let client = connect(options(&sandbox, "rust", ours)).await;
            let channel = client.channels().get("burst");
            let mut publishes = Vec::new();
            for i in 0..BURST {
                publishes.push(channel.publish("burst", format!("r{i}")));
                // Up to here all is acknowledged; the rest of the burst is under way when the cut
                // comes.
                if [100, 400].contains(&i) {
                    publishes
                        .pop()
                        .expect("the latest")
                        .await
                        .expect("published");
                }
                if [160, 460].contains(&i) {
                    assert_eq!(sandbox.cut("rust"), 1);
                }
            }
            for p in publishes {
                p.await.expect("published");
            }
            let mut received = Vec::new();
            while received.len() < BURST {
                let m = peer.message().await;
                received.push(m["data"]["value"].as_str().expect("text").to_owned());
            }
            check(&received, "r");
            check_their_end(&peer, &channel).await;
        }
    });
}

#[test]
fn their_socket_is_cut_while_we_publish() {
    run(async {
        let sandbox = Sandbox::start().await.expect("a sandbox");
        let peer = Peer::start(&sandbox).await;
        peer.connect("js", sandbox.key(), true).await;
        peer.ask("subscribe", json!({"client": "js", "channel": "burst"}))
            .await;
        let client = connect(options(&sandbox, "rust", true)).await;
        let channel = client.channels().get("burst");
        let mut received = Vec::new();
        for i in 0..BURST {
            channel
                .publish("burst", format!("r{i}"))
                .await
                .expect("published");
            if [100, 400].contains(&i) {
                peer.ask("cut", json!({"client": "js"})).await;
            }
        }
        while received.len() < BURST {
            let m = peer.message().await;
            received.push(m["data"]["value"].as_str().expect("text").to_owned());
        }
        check(&received, "r");
        check_their_end(&peer, &channel).await;
    });
}

#[test]
fn their_socket_is_cut_while_they_publish() {
    run(async {
        let sandbox = Sandbox::start().await.expect("a sandbox");
        let peer = Peer::start(&sandbox).await;
        peer.connect("js", sandbox.key(), false).await;
        let client = connect(options(&sandbox, "rust", true)).await;
        let channel = client.channels().get("burst");
        let mut messages = subscribe(&channel).await;
        let request = json!({
            "client": "js", "channel": "burst", "count": BURST, "prefix": "j", "pause": 5,
        });
        let burst = peer.ask("burst", request);
        let read = async {
            let mut received = Vec::new();
            while received.len() < BURST {
                received.push(
                    next(&mut messages)
                        .await
                        .data
                        .as_text()
                        .expect("text")
                        .into(),
                );
                if received.len() == 200 {
                    assert_eq!(sandbox.cut("js"), 1);
                }
            }
            received
        };
        let (received, _) = tokio::join!(read, burst);
        check(&received, "j");
        check_end(&peer, &mut messages).await;
    });
}
