//! The HTTP transports, ours and those of ably-js.

use ably::{BaseRealtime, prelude::*};
use ably_sandbox::Sandbox;
use serde_json::{Value, json};

use crate::{peer::Peer, support::*};

const OURS: [&str; 2] = ["xhr_polling", "comet"];
const BURST: usize = 300;

/// How ably-js connects.
const THEIRS: [(&str, bool); 3] = [
    ("web_socket", false),
    ("web_socket", true),
    ("comet", false),
];

async fn meet(sandbox: &Sandbox, ours: &str, theirs: (&str, bool)) -> (BaseRealtime, Peer) {
    let peer = Peer::start(sandbox).await;
    let (transport, binary) = theirs;
    let options = json!({"clientId": "js", "transports": [transport]});
    peer.client("js", sandbox.key(), binary, options).await;
    peer.ask("connected", json!({"client": "js"})).await;
    let client = connect(crate::support::options(sandbox, "rust", true).transports([ours])).await;
    ((*client).clone(), peer)
}

#[test]
fn messages_and_members_of_both_are_understood_by_both() {
    run(async {
        for ours in OURS {
            for theirs in THEIRS {
                let sandbox = Sandbox::start().await.expect("a sandbox");
                let (client, peer) = meet(&sandbox, ours, theirs).await;
                let at_peer = json!({"client": "js", "channel": "interop"});
                let channel = client.channels().get("interop");
                let mut messages = subscribe(&channel).await;
                peer.ask("subscribe", at_peer.clone()).await;
                for sample in samples() {
                    let expected = seen(&sample);
                    let published = channel.publish_message(sample.clone());
                    published.await.expect("published");
                    assert_eq!(seen(&*next(&mut messages).await), expected, "our own echo");
                    let at = peer.message().await;
                    assert_eq!(seen_by_peer(&at), expected, "{ours} -> {theirs:?}");

                    let mut request = at_peer.clone();
                    request["messages"] = json!([for_peer(&sample)]);
                    peer.ask("publish", request).await;
                    let got = seen(&*next(&mut messages).await);
                    assert_eq!(got, expected, "{theirs:?} -> {ours}");
                    let echo = peer.message().await;
                    assert_eq!(seen_by_peer(&echo), expected, "their own echo");
                }
                // An acknowledgement may overtake the event.
                peer.ask("watchPresence", at_peer).await;
                channel.presence().enter("here").await.expect("entered");
                let event = peer.event("presence").await;
                assert_eq!(event["member"]["action"], "enter");
                assert_eq!(event["member"]["clientId"], "rust");
                assert_eq!(event["member"]["data"]["value"], "here");
            }
        }
    });
}

#[test]
fn our_connection_is_cut_while_ably_js_publishes() {
    run(async {
        for ours in OURS {
            for theirs in [("web_socket", true), ("comet", false)] {
                let sandbox = Sandbox::start().await.expect("a sandbox");
                let (client, peer) = meet(&sandbox, ours, theirs).await;
                let channel = client.channels().get("burst");
                let mut messages = subscribe(&channel).await;
                let id = client.connection().id();
                let request = json!({
                    "client": "js", "channel": "burst", "count": BURST, "prefix": "j", "pause": 5,
                });
                let burst = peer.ask("burst", request);
                let read = async {
                    let mut cuts = 0;
                    for n in 0..BURST {
                        assert_eq!(
                            next(&mut messages).await.data.as_text(),
                            Some(&*format!("j{n}"))
                        );
                        if [50, 200].contains(&n) {
                            cuts += sandbox.cut("rust");
                        }
                    }
                    assert!(cuts > 0, "nothing was cut");
                };
                let ((), _): ((), Value) = tokio::join!(read, burst);
                assert_eq!(client.connection().id(), id, "{ours} {theirs:?}");
                assert_eq!(messages.try_next(), None);
            }
        }
    });
}
