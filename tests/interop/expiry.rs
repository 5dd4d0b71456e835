//! Tokens that run out while they are in use: the connection lives on, for both.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use ably::{ConnectionEvent, ConnectionState as S, Realtime, TokenDetails, TokenParams};
use ably_sandbox::Sandbox;
use serde_json::{Value, json};
use tokio::{sync::mpsc, time::timeout};

use crate::{
    peer::{PATIENCE, Peer},
    support::*,
};

/// The server asks for another token 30 s before the end of one, and only who was connected before
/// that: there are 5 s to connect in.
const ASKED_MS: u64 = 35_000;
/// Too short for that: it ends in use.
const ENDS_MS: u64 = 2_000;
const LONG_MS: u64 = 3_600_000;

fn keyless(sandbox: &Sandbox, binary: bool) -> ably::ClientOptions {
    ably::ClientOptions::new()
        .endpoint(sandbox.host())
        .port(sandbox.port())
        .tls(false)
        .use_binary_protocol(binary)
}

/// A client of ably-js whose first token, of ours, is good for `ttl` ms and whose second is long;
/// and the id of its connection.
async fn theirs(sandbox: &Sandbox, ttl: u64) -> (Peer, Value) {
    let peer = Peer::start(sandbox).await;
    let rest = ably::Rest::new(keyless(sandbox, true).key(sandbox.key())).expect("options");
    let mut answers = Vec::new();
    for ttl in [ttl, LONG_MS] {
        let params = TokenParams::new()
            .client_id("js")
            .ttl(Duration::from_millis(ttl));
        let details = rest.auth().request_token(Some(params), None).await;
        let details = details.expect("a token").to_json();
        answers.push(serde_json::from_str::<Value>(&details).expect("JSON"));
    }
    peer.client_with_answers("js", true, answers, json!({}))
        .await;
    for state in ["connecting", "connected"] {
        assert_eq!(peer.event("connection").await["state"], state);
    }
    let id = peer.ask("connected", json!({"client": "js"})).await;
    (peer, id)
}

async fn they_publish(peer: &Peer) {
    let message = json!({"name": "n", "data": {"type": "text", "value": "d"}});
    let request = json!({"client": "js", "channel": "c", "messages": [message]});
    peer.ask("publish", request).await;
}

#[test]
fn ably_js_answers_when_asked_for_another_token() {
    run(async {
        let sandbox = Sandbox::start().await.expect("a sandbox");
        let (peer, id) = theirs(&sandbox, ASKED_MS).await;
        // An update, of a connection that was never lost.
        assert_eq!(peer.event("connection").await["state"], "connected");
        assert_eq!(peer.ask("connected", json!({"client": "js"})).await, id);
        they_publish(&peer).await;
    });
}

#[test]
fn ably_js_goes_on_after_the_end_of_its_token() {
    run(async {
        let sandbox = Sandbox::start().await.expect("a sandbox");
        let (peer, id) = theirs(&sandbox, ENDS_MS).await;
        let event = peer.event("connection").await;
        assert_eq!(event["state"], "disconnected");
        assert_eq!(event["error"]["code"], 40142);
        for state in ["connecting", "connected"] {
            assert_eq!(peer.event("connection").await["state"], state);
        }
        assert_eq!(peer.ask("connected", json!({"client": "js"})).await, id);
        they_publish(&peer).await;
    });
}

/// A client of ours whose first token, of ably-js, is good for `ttl` ms and whose second is long.
struct Ours {
    client: Realtime,
    changes: mpsc::UnboundedReceiver<(ConnectionEvent, Option<u32>)>,
    tokens_used: Arc<AtomicUsize>,
    _peer: Peer,
}

impl Ours {
    async fn connect(sandbox: &Sandbox, binary: bool, ttl: u64) -> Self {
        let peer = Peer::start(sandbox).await;
        peer.rest("minter", sandbox.key(), true).await;
        let mut tokens = Vec::new();
        for ttl in [ttl, LONG_MS] {
            let params = json!({"clientId": "rust", "ttl": ttl});
            let request = json!({"client": "minter", "params": params});
            let details = peer.ask("requestToken", request).await.to_string();
            tokens.push(TokenDetails::from_json(&details).expect("details"));
        }
        let tokens_used = Arc::new(AtomicUsize::new(0));
        let count = tokens_used.clone();
        let options = keyless(sandbox, binary)
            .auto_connect(false)
            .auth_callback(move |_| {
                let n = count.fetch_add(1, Ordering::Relaxed);
                std::future::ready(Ok(tokens[n].clone().into()))
            });
        let client = Realtime::new(options).expect("the options are fine");
        let (told, changes) = mpsc::unbounded_channel();
        client.connection().on((), move |change| {
            let code = change.reason.as_ref().map(|r| r.code().0);
            let _ = told.send((change.event, code));
        });
        client.connect();
        let mut ours = Self {
            client,
            changes,
            tokens_used,
            _peer: peer,
        };
        for state in [S::Connecting, S::Connected] {
            assert_eq!(ours.next().await, (ConnectionEvent::State(state), None));
        }
        ours
    }

    async fn next(&mut self) -> (ConnectionEvent, Option<u32>) {
        let next = timeout(PATIENCE, self.changes.recv()).await;
        next.expect("a change in time").expect("the client lives")
    }

    async fn publish(&self) {
        let channel = self.client.channels().get("c");
        channel.publish("n", "d").await.expect("published");
    }
}

#[test]
fn we_answer_when_asked_for_another_token() {
    run(async {
        for binary in [false, true] {
            let sandbox = Sandbox::start().await.expect("a sandbox");
            let mut ours = Ours::connect(&sandbox, binary, ASKED_MS).await;
            let id = ours.client.connection().id();
            assert_eq!(ours.next().await, (ConnectionEvent::Update, None));
            assert_eq!(ours.client.connection().id(), id);
            assert_eq!(ours.tokens_used.load(Ordering::Relaxed), 2);
            ours.publish().await;
        }
    });
}

#[test]
fn we_go_on_after_the_end_of_our_token() {
    run(async {
        for binary in [false, true] {
            let sandbox = Sandbox::start().await.expect("a sandbox");
            let mut ours = Ours::connect(&sandbox, binary, ENDS_MS).await;
            let id = ours.client.connection().id();
            let lost = (ConnectionEvent::State(S::Disconnected), Some(40142));
            assert_eq!(ours.next().await, lost);
            for state in [S::Connecting, S::Connected] {
                assert_eq!(ours.next().await.0, ConnectionEvent::State(state));
            }
            assert_eq!(ours.client.connection().id(), id);
            assert_eq!(ours.tokens_used.load(Ordering::Relaxed), 2);
            ours.publish().await;
        }
    });
}
