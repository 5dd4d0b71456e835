//! `realtime/integration/mutable_messages_test.md`: its annotations.

use ably::{Annotation, AnnotationAction, ChannelMode, plugins::annotations::ChannelAnnotations};

use crate::live::*;

const TYPE: &str = "com.ably.reactions";

/// `AWAIT_STATE connected WITH timeout: 10 seconds`, of two clients, and their channels: one that
/// annotates and one that only subscribes.
async fn two(options: ClientOptions, name: &str) -> [(Realtime, Channel); 2] {
    use ChannelMode::{AnnotationPublish, AnnotationSubscribe, Publish, Subscribe};
    let name = unique(name);
    let a = vec![Publish, Subscribe, AnnotationPublish, AnnotationSubscribe];
    let b = vec![Subscribe, AnnotationSubscribe];
    let pair = [a, b].map(|modes| {
        let client = realtime(options.clone());
        let modes = ChannelOptions::new().with_modes(modes);
        let channel = client.channels().get_with(&name, modes);
        (client, channel.expect("a channel"))
    });
    for (client, _) in &pair {
        client.connect();
    }
    for (client, _) in &pair {
        await_state(client, ConnectionState::Connected, s(10)).await;
    }
    pair
}

/// Publishes a message and gives its serial, as a subscriber of this channel gets it.
async fn serial_of_published(channel: &Channel, received: &Heard<Message>, name: &str) -> String {
    let published = channel.publish(name, "content").await;
    published.expect("acknowledged");
    let received = received.until(s(10), |all| !all.is_empty()).await;
    received[0].serial.as_deref().expect("a serial").to_owned()
}

// UTS: realtime/integration/RTAN1/annotation-publish-delete-0
#[test]
fn rtan1_an_annotation_is_told_and_so_is_its_deletion() {
    run_protocols(async |_, options| {
        let [(client_a, channel_a), (client_b, channel_b)] =
            two(options, "mutable:rt-annotations").await;
        channel_b.attach().await.expect("attached");
        let (annotations, messages) = (Heard::new(), Heard::new());
        let subscribed = channel_b
            .annotations()
            .subscribe_with((), annotations.listener());
        let subscribing = channel_a.subscribe_with((), messages.listener());
        channel_a.attach().await.expect("attached");
        subscribed.await.expect("the mode is granted");
        subscribing.await.expect("attached");

        let serial = serial_of_published(&channel_a, &messages, "annotatable").await;
        let like = Annotation::new(TYPE).name("like");
        let added = channel_a.annotations().publish(&*serial, like.clone());
        added.await.expect("acknowledged");
        annotations.until(s(10), |all| !all.is_empty()).await;
        let deleted = channel_a.annotations().delete(&*serial, like);
        deleted.await.expect("acknowledged");
        let told = annotations.until(s(10), |all| all.len() >= 2).await;

        assert_eq!(told.len(), 2);
        let actions = [AnnotationAction::CREATE, AnnotationAction::DELETE];
        for (annotation, action) in told.iter().zip(actions) {
            assert_eq!(annotation.action, action);
            assert_eq!(annotation.r#type.as_deref(), Some(TYPE));
            assert_eq!(annotation.name.as_deref(), Some("like"));
            assert_eq!(annotation.message_serial.as_deref(), Some(&*serial));
        }
        close(&client_a).await;
        close(&client_b).await;
    });
}

// UTS: realtime/integration/RTAN4c/annotation-type-filtering-0
#[test]
fn rtan4c_a_subscriber_of_a_type_gets_no_others() {
    run_protocols(async |_, options| {
        let [(client_a, channel_a), (client_b, channel_b)] =
            two(options, "mutable:rt-ann-filter").await;
        channel_b.attach().await.expect("attached");
        let (filtered, all, messages) = (Heard::new(), Heard::new(), Heard::new());
        let subscribed = channel_b
            .annotations()
            .subscribe_with(TYPE, filtered.listener());
        subscribed.await.expect("the mode is granted");
        let subscribed = channel_b.annotations().subscribe_with((), all.listener());
        subscribed.await.expect("the mode is granted");
        let subscribing = channel_a.subscribe_with((), messages.listener());
        channel_a.attach().await.expect("attached");
        subscribing.await.expect("attached");

        let serial = serial_of_published(&channel_a, &messages, "multi-type").await;
        for (r#type, name) in [
            (TYPE, "like"),
            ("com.example.comments", "comment"),
            (TYPE, "heart"),
        ] {
            let annotation = Annotation::new(r#type).name(name);
            let added = channel_a.annotations().publish(&*serial, annotation);
            added.await.expect("acknowledged");
        }
        // Listeners of everything are called first, so the others may still be.
        let all = all.until(s(10), |all| all.len() >= 3).await;
        let filtered = filtered.until(s(10), |all| all.len() >= 2).await;

        assert_eq!(all.len(), 3);
        assert_eq!(filtered.len(), 2);
        for (annotation, name) in filtered.iter().zip(["like", "heart"]) {
            assert_eq!(annotation.r#type.as_deref(), Some(TYPE));
            assert_eq!(annotation.name.as_deref(), Some(name));
        }
        close(&client_a).await;
        close(&client_b).await;
    });
}

// UTS: realtime/integration/RTAN4d/annotation-implicit-attach-0
#[test]
fn rtan4d_subscribing_to_annotations_attaches() {
    run_protocols(async |_, options| {
        let client = realtime(options);
        client.connect();
        await_state(&client, ConnectionState::Connected, s(10)).await;
        let name = unique("mutable:rt-ann-implicit-attach");
        let modes = ChannelOptions::new().with_modes([ChannelMode::AnnotationSubscribe]);
        let channel = client.channels().get_with(&name, modes);
        let channel = channel.expect("a channel");
        assert_eq!(channel.state(), ChannelState::Initialized);
        let subscribed = channel.annotations().subscribe_with((), |_| {});
        await_channel(&channel, ChannelState::Attached, s(10)).await;
        assert_eq!(channel.state(), ChannelState::Attached);
        subscribed.await.expect("the mode is granted");
        close(&client).await;
    });
}
