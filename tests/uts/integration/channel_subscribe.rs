//! `realtime/integration/channels/channel_subscribe_test.md`

use crate::live::*;

/// Two connected clients, and their channels of this name.
async fn two(a: ClientOptions, b: ClientOptions, name: &str) -> [(Realtime, Channel); 2] {
    let clients = [a, b].map(|o| realtime(o.use_binary_protocol(false)));
    for client in &clients {
        connect(client).await;
    }
    clients.map(|client| {
        let channel = channel(&client, name);
        (client, channel)
    })
}

fn names(messages: &[Message]) -> Vec<&str> {
    messages.iter().filter_map(|m| m.name.as_deref()).collect()
}

// UTS: realtime/integration/RTL7a/subscribe-all-messages-0
#[test]
fn rtl7a_a_subscriber_gets_all_messages() {
    run(async {
        let app = TestApp::start().await;
        let name = unique("subscribe-all");
        let pair = two(app.with_key(), app.with_key(), &name).await;
        let [(publisher, published), (subscriber, subscribed)] = pair;
        let received = Heard::new();
        let attached = subscribed.subscribe_with((), received.listener());
        attached.await.expect("attached");
        attach(&published).await;
        for (name, data) in [
            ("event-a", "data-a"),
            ("event-b", "data-b"),
            ("event-c", "data-c"),
        ] {
            let publish = published.publish(name, data);
            publish.await.expect("acknowledged");
        }
        let received = received.until(s(10), |all| all.len() >= 3).await;
        assert_eq!(received.len(), 3);
        for name in ["event-a", "event-b", "event-c"] {
            assert!(names(&received).contains(&name), "{name}");
        }
        close(&publisher).await;
        close(&subscriber).await;
    });
}

// UTS: realtime/integration/RTL7b/subscribe-filtered-by-name-0
#[test]
fn rtl7b_a_subscriber_of_a_name_gets_no_others() {
    run(async {
        let app = TestApp::start().await;
        let name = unique("subscribe-filtered");
        let pair = two(app.with_key(), app.with_key(), &name).await;
        let [(publisher, published), (subscriber, subscribed)] = pair;
        let (target, all) = (Heard::new(), Heard::new());
        let attached = subscribed.subscribe_with("target", target.listener());
        attached.await.expect("attached");
        let attached = subscribed.subscribe_with((), all.listener());
        attached.await.expect("attached");
        attach(&published).await;
        for (name, data) in [
            ("other", "ignored"),
            ("target", "wanted-1"),
            ("other", "ignored"),
            ("target", "wanted-2"),
        ] {
            let publish = published.publish(name, data);
            publish.await.expect("acknowledged");
        }
        let all = all.until(s(10), |all| all.len() >= 4).await;
        assert_eq!(all.len(), 4);
        // The listeners of all messages are called before those of a name.
        let target: Vec<Message> = target.until(s(10), |all| all.len() >= 2).await;
        let target: Vec<_> = target
            .iter()
            .map(|m| (m.name.as_deref(), m.data.as_text()))
            .collect();
        assert_eq!(
            target,
            [
                (Some("target"), Some("wanted-1")),
                (Some("target"), Some("wanted-2")),
            ]
        );
        close(&publisher).await;
        close(&subscriber).await;
    });
}

// UTS: realtime/integration/RTL7/bidirectional-message-flow-0
#[test]
fn rtl7_both_clients_get_what_both_publish() {
    run(async {
        let app = TestApp::start().await;
        let name = unique("subscribe-bidir");
        let a = app.with_key().client_id("client-a");
        let b = app.with_key().client_id("client-b");
        let [(client_a, channel_a), (client_b, channel_b)] = two(a, b, &name).await;
        let (by_a, by_b) = (Heard::new(), Heard::new());
        let attached = channel_a.subscribe_with((), by_a.listener());
        attached.await.expect("attached");
        let attached = channel_b.subscribe_with((), by_b.listener());
        attached.await.expect("attached");
        let publish = channel_a.publish("from-a", "hello from a");
        publish.await.expect("acknowledged");
        let publish = channel_b.publish("from-b", "hello from b");
        publish.await.expect("acknowledged");
        for received in [by_a, by_b] {
            let received: Vec<Message> = received.until(s(10), |all| all.len() >= 2).await;
            for name in ["from-a", "from-b"] {
                assert!(names(&received).contains(&name), "{name}");
            }
        }
        close(&client_a).await;
        close(&client_b).await;
    });
}
