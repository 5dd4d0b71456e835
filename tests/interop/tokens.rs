//! Tokens and token requests of one, used by the other.

use std::time::Duration;

use ably::{Credential, Realtime, Rest, TokenDetails, TokenParams, TokenRequest};
use ably_sandbox::Sandbox;
use serde_json::{Value, json};

use crate::{peer::Peer, support::*};

const CAPABILITY: &str = r#"{"z":["subscribe","publish"],"a:*":["*"],"é":["presence"]}"#;

/// A client without a key.
fn keyless(sandbox: &Sandbox, binary: bool) -> ably::ClientOptions {
    ably::ClientOptions::new()
        .endpoint(sandbox.host())
        .port(sandbox.port())
        .tls(false)
        .use_binary_protocol(binary)
}

/// Something with our key.
fn server(sandbox: &Sandbox) -> Rest {
    let options = keyless(sandbox, true).key(sandbox.key());
    Rest::new(options).expect("the options are fine")
}

fn parse(json: &str) -> Value {
    serde_json::from_str(json).expect("JSON")
}

/// What is published by the client of ably-js comes from this clientId.
async fn publishes_as(peer: &Peer, client: &Realtime, name: &str, client_id: &str) {
    let channel = client.channels().get("a:tokens");
    let mut messages = subscribe(&channel).await;
    let request = json!({
        "client": name, "channel": "a:tokens",
        "messages": [{"name": "n", "data": {"type": "text", "value": "d"}}],
    });
    peer.ask("publish", request).await;
    let message = messages.next().await.expect("a message").expect("no gap");
    assert_eq!(message.client_id.as_deref(), Some(client_id));
}

#[test]
fn both_sign_the_same() {
    run(async {
        let sandbox = Sandbox::start().await.expect("a sandbox");
        let peer = Peer::start(&sandbox).await;
        peer.rest("js", sandbox.key(), true).await;
        let rest = server(&sandbox);
        let with = |capability: Option<&str>, ttl: Option<u64>, client_id: Option<&str>| {
            let mut ours = TokenParams::new().timestamp(1_700_000_000_000);
            ours.nonce = Some("0123456789abcdef".into());
            let mut theirs =
                json!({"timestamp": 1_700_000_000_000_i64, "nonce": "0123456789abcdef"});
            if let Some(capability) = capability {
                ours = ours.capability(capability);
                theirs["capability"] = capability.into();
            }
            if let Some(ttl) = ttl {
                ours = ours.ttl(Duration::from_millis(ttl));
                theirs["ttl"] = ttl.into();
            }
            if let Some(id) = client_id {
                ours = ours.client_id(id);
                theirs["clientId"] = id.into();
            }
            (ours, theirs)
        };
        for (ours, theirs) in [
            with(None, None, None),
            with(Some(CAPABILITY), Some(60_000), Some("me")),
            with(Some("{}"), None, Some("*")),
            with(
                Some("{\"\u{fffd}\":[],\"\u{1f600}\\\"\":[\"b\",\"a\"]}"),
                Some(1),
                None,
            ),
            with(
                Some("{\"\":[\"publish\"], \"a\\n\\u0001\": [\"*\"]}"),
                None,
                Some("\u{e9} \"\\"),
            ),
        ] {
            let ours = rest.auth().create_token_request(Some(ours), None).await;
            let ours = ours.expect("signed");
            let request = json!({"client": "js", "params": theirs});
            let theirs = peer.ask("createTokenRequest", request).await;
            assert_eq!(parse(&ours.to_json()), theirs);
            let read = TokenRequest::from_json(&theirs.to_string());
            assert_eq!(read, Ok(ours));
        }
    });
}

#[test]
fn ably_js_exchanges_our_request_and_uses_our_token() {
    run(async {
        let sandbox = Sandbox::start().await.expect("a sandbox");
        let peer = Peer::start(&sandbox).await;
        let rest = server(&sandbox);
        let listener = connect(options(&sandbox, "listener", false)).await;
        for binary in [false, true] {
            let params = || {
                let params = TokenParams::new()
                    .client_id("minted")
                    .ttl(Duration::from_secs(3_600));
                Some(params.capability(CAPABILITY))
            };
            let auth = rest.auth();
            let request = auth.create_token_request(params(), None).await;
            let details = auth.request_token(params(), None).await;
            let details = details.expect("a token");
            let answers = [
                parse(&request.expect("signed").to_json()),
                parse(&details.to_json()),
                Value::from(details.token.expose().as_str()),
            ];
            for (i, answer) in answers.into_iter().enumerate() {
                let name = format!("js{i}");
                peer.client_with_answers(&name, binary, vec![answer], json!({}))
                    .await;
                peer.ask("connected", json!({"client": name})).await;
                publishes_as(&peer, &listener, &name, "minted").await;
                peer.ask("close", json!({"client": name})).await;
            }
        }
    });
}

#[test]
fn we_exchange_the_request_of_ably_js_and_use_its_token() {
    run(async {
        let sandbox = Sandbox::start().await.expect("a sandbox");
        let peer = Peer::start(&sandbox).await;
        peer.rest("js", sandbox.key(), true).await;
        for binary in [false, true] {
            let asked = || {
                json!({"client": "js", "params": {
                    "clientId": "minted", "ttl": 3_600_000, "capability": CAPABILITY,
                }})
            };
            let request = peer.ask("createTokenRequest", asked()).await.to_string();
            let request = TokenRequest::from_json(&request).expect("a request");
            let details = peer.ask("requestToken", asked()).await.to_string();
            let details = TokenDetails::from_json(&details).expect("details");
            let answers: [Credential; 3] = [
                request.into(),
                details.clone().into(),
                details.token.expose().as_str().into(),
            ];
            for answer in answers {
                let options = keyless(&sandbox, binary)
                    .auth_callback(move |_| std::future::ready(Ok(answer.clone())));
                let client = connect(options).await;
                assert_eq!(client.client_id().as_deref(), Some("minted"));
                let channel = client.channels().get("a:tokens");
                let mut messages = subscribe(&channel).await;
                channel.publish("n", "d").await.expect("published");
                let message = messages.next().await.expect("a message").expect("no gap");
                assert_eq!(message.client_id.as_deref(), Some("minted"));
                client.close();
            }
            assert_eq!(details.client_id.as_deref(), Some("minted"));
            let capability = parse(details.capability.as_deref().expect("a capability"));
            assert_eq!(capability["z"], json!(["publish", "subscribe"]));
        }
    });
}

#[test]
fn both_replace_a_token_in_use() {
    run(async {
        let sandbox = Sandbox::start().await.expect("a sandbox");
        let peer = Peer::start(&sandbox).await;
        let rest = server(&sandbox);
        let mint = async || {
            let params = TokenParams::new().client_id("minted");
            let details = rest.auth().request_token(Some(params), None).await;
            details.expect("a token")
        };
        // ably-js, with tokens of ours.
        let answers = vec![
            parse(&mint().await.to_json()),
            parse(&mint().await.to_json()),
        ];
        let second = answers[1]["token"].clone();
        peer.client_with_answers("js", true, answers, json!({}))
            .await;
        let request = || json!({"client": "js"});
        let id = peer.ask("connected", request()).await;
        let authorized = peer.ask("authorize", request()).await;
        assert_eq!(authorized["details"]["token"], second);
        assert_eq!(peer.ask("connected", request()).await, id);

        // Ours, with tokens of ably-js.
        peer.rest("minter", sandbox.key(), true).await;
        let mut tokens = Vec::new();
        for _ in 0..2 {
            let request = json!({"client": "minter", "params": {"clientId": "minted"}});
            let details = peer.ask("requestToken", request).await.to_string();
            tokens.push(TokenDetails::from_json(&details).expect("details"));
        }
        let last = tokens[1].clone();
        let left = std::sync::Mutex::new(tokens.into_iter());
        let options = keyless(&sandbox, true).auth_callback(move |_| {
            let next = left.lock().expect("no panic").next();
            std::future::ready(Ok(next.expect("two are enough").into()))
        });
        let client = connect(options).await;
        let id = client.connection().id();
        let details = client.auth().authorize(None, None).await;
        assert_eq!(details, Ok(last));
        assert_eq!(client.connection().id(), id);
    });
}
