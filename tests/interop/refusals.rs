//! What the server refuses, it refuses both.

use ably::{ConnectionState, ErrorCode, Realtime};
use ably_sandbox::Sandbox;
use serde_json::json;

use crate::{peer::Peer, support::*};

#[test]
fn a_publish_without_the_capability() {
    run(async {
        let spec = json!({"keys": [{"capability": r#"{"*":["subscribe"]}"#}], "namespaces": []});
        let sandbox = Sandbox::builder()
            .app_spec(spec.to_string())
            .start()
            .await
            .expect("starts");
        let peer = Peer::start(&sandbox).await;
        peer.connect("js", sandbox.key(), true).await;
        let client = connect(options(&sandbox, "rust", false)).await;
        let channel = client.channels().get("closed");
        let ours = channel.publish("n", "d").await.expect_err("refused");
        assert_eq!(
            (ours.code(), ours.status_code()),
            (ErrorCode::CAPABILITY, 401)
        );
        let request = json!({
            "client": "js", "channel": "closed",
            "messages": [{"name": "n", "data": {"type": "text", "value": "d"}}],
        });
        let theirs = peer.try_ask("publish", request).await.expect_err("refused");
        assert_eq!(
            (&theirs["code"], &theirs["statusCode"]),
            (&json!(40160), &json!(401))
        );
        assert_eq!(client.connection().state(), ConnectionState::Connected);
        // Subscribing is allowed, and goes on.
        let _messages = subscribe(&channel).await;
    });
}

#[test]
fn a_wrong_key() {
    run(async {
        let sandbox = Sandbox::start().await.expect("a sandbox");
        let name = sandbox.key().split(':').next().expect("a name");
        let wrong = format!("{name}:wrong");
        let peer = Peer::start(&sandbox).await;
        for binary in [false, true] {
            let client =
                Realtime::new(options(&sandbox, "rust", binary).key(&wrong)).expect("made");
            wait_for(&client, ConnectionState::Failed).await;
            let ours = client.connection().error_reason().expect("a reason");
            peer.client("js", &wrong, binary, json!({})).await;
            let theirs = loop {
                let event = peer.event("connection").await;
                if event["state"] == "failed" {
                    break event["error"].clone();
                }
            };
            assert_eq!(json!(ours.code().0), theirs["code"]);
            assert_eq!(json!(ours.status_code()), theirs["statusCode"]);
            assert_eq!(ours.status_code(), 401);
        }
    });
}
