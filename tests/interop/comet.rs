//! The official client without WebSockets: its comet transport, streaming and polling.

use std::time::Duration;

use ably::{PresenceAction, Rest, TokenParams, prelude::*};
use ably_sandbox::Sandbox;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::{
    peer::{PATIENCE, Peer},
    support::*,
};

/// Both ways of receiving. In Node it is streaming unless the params say otherwise.
const STREAMS: [bool; 2] = [true, false];

fn comet(client_id: &str, streams: bool) -> Value {
    let mut options = json!({"clientId": client_id, "transports": ["comet"]});
    if !streams {
        options["transportParams"] = json!({"stream": false});
    }
    options
}

/// Connects ably-js by comet and returns its connectionId.
async fn connect_js(peer: &Peer, sandbox: &Sandbox, streams: bool) -> Value {
    peer.client("js", sandbox.key(), true, comet("js", streams))
        .await;
    let id = peer.ask("connected", json!({"client": "js"})).await;
    let transport = peer.ask("transport", json!({"client": "js"})).await;
    assert_eq!(transport, json!({"name": "comet", "stream": streams}));
    id
}

#[test]
fn messages_of_every_kind_go_both_ways() {
    run(async {
        for streams in STREAMS {
            let sandbox = Sandbox::start().await.expect("a sandbox");
            let peer = Peer::start(&sandbox).await;
            connect_js(&peer, &sandbox, streams).await;
            let client = connect(options(&sandbox, "rust", true)).await;
            let channel = client.channels().get("comet");
            let mut messages = subscribe(&channel).await;
            let at = json!({"client": "js", "channel": "comet"});
            peer.ask("subscribe", at.clone()).await;
            peer.ask("ping", at.clone()).await;
            for sample in samples() {
                let mut publish = at.clone();
                publish["messages"] = json!([for_peer(&sample)]);
                peer.ask("publish", publish).await;
                let ours = next(&mut messages).await;
                assert_eq!(seen(&ours), seen(&sample));
                assert_eq!(seen_by_peer(&peer.message().await), seen(&sample));

                channel
                    .publish_message(sample.clone())
                    .await
                    .expect("published");
                assert_eq!(seen(&*next(&mut messages).await), seen(&sample));
                assert_eq!(seen_by_peer(&peer.message().await), seen(&sample));
            }
            peer.ask("detach", at.clone()).await;
            peer.ask("close", at).await;
            let closed = sandbox.connections();
            assert!(
                closed
                    .iter()
                    .all(|one| one.client_id.as_deref() != Some("js")),
                "{closed:?}"
            );
        }
    });
}

#[test]
fn members_are_seen_and_leave_with_the_close() {
    run(async {
        for streams in STREAMS {
            let sandbox = Sandbox::start().await.expect("a sandbox");
            let peer = Peer::start(&sandbox).await;
            let client = connect(options(&sandbox, "rust", true)).await;
            let channel = client.channels().get("comet");
            channel.presence().enter("here").await.expect("entered");
            let mut left = channel.presence().subscribe(PresenceAction::LEAVE);
            connect_js(&peer, &sandbox, streams).await;
            let mut at = json!({"client": "js", "channel": "comet"});
            at["data"] = json!({"type": "text", "value": "too"});
            peer.ask("enter", at.clone()).await;
            let members = peer.ask("members", at.clone()).await;
            let members = members.as_array().expect("a list").iter();
            let mut ids: Vec<_> = members.filter_map(|one| one["clientId"].as_str()).collect();
            ids.sort_unstable();
            assert_eq!(ids, ["js", "rust"]);
            peer.ask("close", at).await;
            let left = timeout(PATIENCE, left.next()).await.expect("in time");
            let left = left.expect("the stream goes on").expect("no gap");
            assert_eq!(left.client_id.as_deref(), Some("js"));
        }
    });
}

const BURST: usize = 300;

fn burst(prefix: &str) -> Vec<String> {
    (0..BURST).map(|i| format!("{prefix}{i}")).collect()
}

#[test]
fn what_is_published_while_they_are_cut_off_arrives_once() {
    run(async {
        for streams in STREAMS {
            let sandbox = Sandbox::start().await.expect("a sandbox");
            let peer = Peer::start(&sandbox).await;
            let id = connect_js(&peer, &sandbox, streams).await;
            let at = json!({"client": "js", "channel": "comet"});
            peer.ask("subscribe", at.clone()).await;
            let client = connect(options(&sandbox, "rust", true)).await;
            let channel = client.channels().get("comet");
            let mut received = Vec::new();
            for (i, text) in burst("r").into_iter().enumerate() {
                channel.publish("burst", text).await.expect("published");
                if [50, 200].contains(&i) {
                    // All that came so far, so that the cut hits a client that is connected.
                    while received.len() <= i {
                        let message = peer.message().await;
                        received.push(message["data"]["value"].clone());
                    }
                    assert_eq!(sandbox.cut("js"), 1);
                }
            }
            while received.len() < BURST {
                received.push(peer.message().await["data"]["value"].clone());
            }
            assert_eq!(received, burst("r"));
            channel.publish("end", "end").await.expect("published");
            assert_eq!(peer.message().await["data"]["value"], "end");
            assert_eq!(peer.ask("connected", at).await, id);
        }
    });
}

#[test]
fn what_they_publish_while_they_are_cut_off_arrives_once() {
    run(async {
        for streams in STREAMS {
            let sandbox = Sandbox::start().await.expect("a sandbox");
            let peer = Peer::start(&sandbox).await;
            let id = connect_js(&peer, &sandbox, streams).await;
            let client = connect(options(&sandbox, "rust", true)).await;
            let mut messages = subscribe(&client.channels().get("comet")).await;
            let request = json!({
                "client": "js", "channel": "comet", "count": BURST, "prefix": "j", "pause": 20,
            });
            let sent = peer.ask("burst", request);
            let read = async {
                let mut received = Vec::new();
                while received.len() < BURST {
                    let message = next(&mut messages).await;
                    received.push(message.data.as_text().expect("text").to_owned());
                    if received.len() == 100 {
                        assert_eq!(sandbox.cut("js"), 1);
                    }
                }
                received
            };
            let (received, _) = tokio::join!(read, sent);
            assert_eq!(received, burst("j"));
            let connected = peer.ask("connected", json!({"client": "js"})).await;
            assert_eq!(connected, id);
        }
    });
}

fn minter(sandbox: &Sandbox) -> Rest {
    Rest::new(options(sandbox, "minter", true)).expect("the options are fine")
}

async fn mint(rest: &Rest, ttl: u64) -> Value {
    let params = TokenParams::new()
        .client_id("js")
        .ttl(Duration::from_millis(ttl));
    let details = rest.auth().request_token(Some(params), None).await;
    serde_json::from_str(&details.expect("a token").to_json()).expect("JSON")
}

#[test]
fn tokens_are_replaced_in_use_and_when_they_end() {
    run(async {
        for streams in STREAMS {
            let sandbox = Sandbox::start().await.expect("a sandbox");
            let peer = Peer::start(&sandbox).await;
            let rest = minter(&sandbox);
            let answers = vec![
                mint(&rest, 3_600_000).await,
                mint(&rest, 3_000).await,
                mint(&rest, 3_600_000).await,
            ];
            let second = answers[1]["token"].clone();
            let mut options = comet("js", streams);
            options
                .as_object_mut()
                .expect("an object")
                .remove("clientId");
            peer.client_with_answers("js", true, answers, options).await;
            let at = json!({"client": "js", "channel": "comet"});
            let id = peer.ask("connected", at.clone()).await;
            peer.ask("subscribe", at.clone()).await;
            let authorized = peer.ask("authorize", at.clone()).await;
            assert_eq!(authorized["details"]["token"], second);
            assert_eq!(authorized["clientId"], "js");
            assert_eq!(peer.ask("connected", at.clone()).await, id);
            // The second token ends; the third resumes the connection.
            loop {
                let change = peer.event("connection").await;
                if change["state"] == "disconnected" {
                    assert_eq!(change["error"]["code"], 40142);
                    break;
                }
            }
            assert_eq!(peer.ask("connected", at.clone()).await, id);
            let mut publish = at;
            publish["messages"] = json!([{"name": "n", "data": {"type": "text", "value": "d"}}]);
            peer.ask("publish", publish).await;
            assert_eq!(peer.message().await["clientId"], "js");
        }
    });
}

#[test]
fn a_token_that_has_ended_is_replaced_before_the_connection() {
    run(async {
        let sandbox = Sandbox::start().await.expect("a sandbox");
        let peer = Peer::start(&sandbox).await;
        let good = mint(&minter(&sandbox), 3_600_000).await;
        let answers = vec![json!("not.issued:here"), good];
        let options = json!({"transports": ["comet"]});
        peer.client_with_answers("js", true, answers, options).await;
        peer.ask("connected", json!({"client": "js"})).await;
    });
}

#[test]
fn a_wrong_key_fails_the_connection() {
    run(async {
        let sandbox = Sandbox::start().await.expect("a sandbox");
        let peer = Peer::start(&sandbox).await;
        for streams in STREAMS {
            peer.client("js", "no.such:key", true, comet("js", streams))
                .await;
            loop {
                let change = peer.event("connection").await;
                if change["state"] == "failed" {
                    assert_eq!(change["error"]["code"], 40101);
                    break;
                }
                assert_eq!(change["state"], "connecting");
            }
        }
    });
}

#[test]
fn a_connection_is_recovered_by_another_client() {
    run(async {
        for streams in STREAMS {
            let sandbox = Sandbox::start().await.expect("a sandbox");
            let peer = Peer::start(&sandbox).await;
            let id = connect_js(&peer, &sandbox, streams).await;
            let at = json!({"client": "js", "channel": "comet"});
            peer.ask("attach", at.clone()).await;
            let key = peer.ask("recoveryKey", at.clone()).await;
            let client = connect(options(&sandbox, "rust", true)).await;
            let channel = client.channels().get("comet");
            channel.publish("n", "missed").await.expect("published");
            sandbox.refuse("js");
            assert_eq!(sandbox.cut("js"), 1);
            sandbox.restore("js");
            let mut options = comet("js", streams);
            options["recover"] = key;
            peer.client("second", sandbox.key(), true, options).await;
            let at = json!({"client": "second", "channel": "comet"});
            assert_eq!(peer.ask("connected", at.clone()).await, id);
            peer.ask("subscribe", at).await;
            assert_eq!(peer.message().await["data"]["value"], "missed");
        }
    });
}
