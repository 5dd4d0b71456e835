//! Annotations over the connection: each hears the other's, and reads the same sums.

use ably::{
    Annotation, AnnotationAction, ChannelMode, ChannelOptions, MessageAction,
    plugins::annotations::{ChannelAnnotations, SummaryEntry},
};
use ably_sandbox::Sandbox;
use serde_json::json;
use tokio::time::timeout;

use crate::{
    peer::{PATIENCE, Peer},
    support::*,
};

const CHANNEL: &str = "mutable:reactions";
const TYPE: &str = "reaction:distinct.v1";

#[test]
fn both_hear_annotations_and_their_sums() {
    run(async {
        for (ours, theirs) in FORMATS {
            let spec = json!({
                "keys": [{"capability": r#"{"*":["*"]}"#}],
                "namespaces": [{"id": "mutable", "mutableMessages": true}],
            });
            let sandbox = Sandbox::builder().app_spec(spec.to_string()).start().await;
            let sandbox = sandbox.expect("a sandbox");
            let peer = Peer::start(&sandbox).await;
            peer.connect("js", sandbox.key(), theirs).await;
            let client = connect(options(&sandbox, "rust", ours)).await;
            let modes = ChannelOptions::new().with_modes([
                ChannelMode::Publish,
                ChannelMode::Subscribe,
                ChannelMode::AnnotationPublish,
                ChannelMode::AnnotationSubscribe,
            ]);
            let channel = client.channels().get_with(CHANNEL, modes);
            let channel = channel.expect("a channel");
            let mut messages = subscribe(&channel).await;
            let mut annotations = channel.annotations().subscribe(());
            annotations.attached().await.expect("the mode is granted");
            let at = json!({
                "client": "js", "channel": CHANNEL,
                "modes": ["PUBLISH", "SUBSCRIBE", "ANNOTATION_PUBLISH", "ANNOTATION_SUBSCRIBE"],
            });
            peer.ask("attach", at.clone()).await;
            peer.ask("subscribe", at.clone()).await;
            peer.ask("watchAnnotations", at.clone()).await;

            channel.publish("post", "text").await.expect("published");
            let post = next(&mut messages).await;
            let serial = post.serial.as_deref().expect("a serial").to_owned();
            assert_eq!(peer.message().await["serial"], *serial);

            // Ours, heard by both.
            let like = Annotation::new(TYPE).name("👍").data("from rust");
            let published = channel.annotations().publish(&*serial, like.clone()).await;
            published.expect("acknowledged");
            let heard = &peer.event("annotation").await["annotation"];
            assert_eq!(heard["action"], "annotation.create");
            assert_eq!(
                (&heard["type"], &heard["name"], &heard["clientId"]),
                (&json!(TYPE), &json!("👍"), &json!("rust"))
            );
            assert_eq!(heard["data"], json!({"type": "text", "value": "from rust"}));
            assert_eq!(heard["messageSerial"], *serial);
            let own = timeout(PATIENCE, annotations.next())
                .await
                .expect("in time");
            let own = own.expect("goes on").expect("no gap");
            assert_eq!(own.client_id.as_deref(), Some("rust"));

            // Theirs, heard by both.
            let mut request = at.clone();
            request["serial"] = json!(serial);
            request["annotation"] = json!({"type": TYPE, "name": "👍"});
            peer.ask("annotate", request.clone()).await;
            assert_eq!(
                peer.event("annotation").await["annotation"]["clientId"],
                "js"
            );
            let heard = timeout(PATIENCE, annotations.next())
                .await
                .expect("in time");
            let heard = heard.expect("goes on").expect("no gap");
            assert_eq!(heard.action, AnnotationAction::CREATE);
            assert_eq!(heard.client_id.as_deref(), Some("js"));
            assert_eq!(heard.message_serial.as_deref(), Some(&*serial));

            // One summary each: the last says that both like it.
            let summary = loop {
                let message = next(&mut messages).await;
                assert_eq!(message.action, MessageAction::SUMMARY);
                let sums = SummaryEntry::of(&message).expect("a summary");
                let sum = sums[TYPE].distinct().expect("distinct");
                if sum["👍"].total == 2 {
                    break sum["👍"].clone();
                }
            };
            let mut who: Vec<&str> = summary.client_ids.iter().map(|id| &**id).collect();
            who.sort_unstable();
            assert_eq!(who, ["js", "rust"]);
            loop {
                let message = peer.message().await;
                assert_eq!(message["action"], "message.summary");
                let sum = &message["summary"][TYPE]["👍"];
                if sum["total"] == 2 {
                    break;
                }
            }

            // Taken back by each, seen by the other.
            peer.ask("takeBack", request).await;
            let heard = timeout(PATIENCE, annotations.next())
                .await
                .expect("in time");
            let heard = heard.expect("goes on").expect("no gap");
            assert_eq!(heard.action, AnnotationAction::DELETE);
            assert_eq!(heard.client_id.as_deref(), Some("js"));
            let back = channel.annotations().delete(&*serial, like).await;
            back.expect("acknowledged");
            let first = peer.event("annotation").await;
            assert_eq!(first["annotation"]["clientId"], "js");
            let second = peer.event("annotation").await;
            assert_eq!(second["annotation"]["action"], "annotation.delete");
            assert_eq!(second["annotation"]["clientId"], "rust");
        }
    });
}
