//! Presence seen by both.

use ably::{PresenceAction, prelude::*};
use ably_sandbox::Sandbox;
use serde_json::{Value, json};

use tokio::time::timeout;

use crate::{
    peer::{PATIENCE, Peer},
    support::*,
};

/// The members as both sides write them, in order.
fn sorted(mut members: Vec<(String, Value)>) -> Vec<(String, Value)> {
    members.sort_by(|a, b| a.0.cmp(&b.0));
    members
}

#[test]
fn members_are_seen_by_both() {
    run(async {
        for (ours, theirs) in FORMATS {
            let sandbox = Sandbox::start().await.expect("a sandbox");
            let peer = Peer::start(&sandbox).await;
            peer.connect("js", sandbox.key(), theirs).await;
            let client = connect(options(&sandbox, "rust", ours)).await;
            let channel = client.channels().get("presence");
            channel.attach().await.expect("attached");
            let at = json!({"client": "js", "channel": "presence"});
            peer.ask("watchPresence", at.clone()).await;

            let json_data = JsonText::new(r#"{"mood":"☃"}"#).expect("JSON");
            channel.presence().enter(json_data).await.expect("entered");
            let event = peer.event("presence").await;
            assert_eq!(event["member"]["action"], "enter");
            assert_eq!(event["member"]["clientId"], "rust");
            assert_eq!(event["member"]["data"]["value"]["mood"], "☃");

            let mut ours = channel.presence().subscribe(PresenceAction::ENTER);
            let mut enter = at.clone();
            enter["data"] = json!({"type": "bytes", "value": "AAEC"});
            peer.ask("enter", enter).await;
            // Both have seen it: an acknowledgement may overtake the event.
            let event = peer.event("presence").await;
            assert_eq!(
                (&event["member"]["action"], &event["member"]["clientId"]),
                (&json!("enter"), &json!("js"))
            );
            loop {
                let entered = timeout(PATIENCE, ours.next()).await.expect("in time");
                let entered = entered.expect("the stream goes on").expect("no gap");
                if entered.client_id.as_deref() == Some("js") {
                    break;
                }
            }
            let expected = vec![
                ("js".to_owned(), json!({"type": "bytes", "value": "AAEC"})),
                (
                    "rust".to_owned(),
                    json!({"type": "json", "value": {"mood": "☃"}}),
                ),
            ];
            let of_ours = channel.presence().get(()).await.expect("members");
            let of_ours = of_ours
                .iter()
                .map(|m| {
                    (
                        m.client_id.as_deref().unwrap_or_default().to_owned(),
                        coded(&m.data),
                    )
                })
                .collect();
            assert_eq!(sorted(of_ours), expected);
            let of_theirs = peer.ask("members", at.clone()).await;
            let of_theirs = of_theirs
                .as_array()
                .expect("a list")
                .iter()
                .map(|m| {
                    (
                        m["clientId"].as_str().unwrap_or_default().to_owned(),
                        m["data"].clone(),
                    )
                })
                .collect();
            assert_eq!(sorted(of_theirs), expected);

            channel.presence().update("busy").await.expect("updated");
            channel.presence().leave(()).await.expect("left");
            for (action, who) in [("update", "rust"), ("leave", "rust")] {
                let event = peer.event("presence").await;
                assert_eq!(
                    (&event["member"]["action"], &event["member"]["clientId"]),
                    (&json!(action), &json!(who))
                );
            }
        }
    });
}
