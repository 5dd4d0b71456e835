//! `realtime/integration/channel_history_test.md`

use crate::live::*;

// UTS: realtime/integration/RTL10d/history-cross-client-0
#[test]
fn rtl10d_another_client_finds_what_was_published() {
    run_protocols(async |_, options| {
        let name = unique("history-RTL10d");
        let (publisher, subscriber) = (realtime(options.clone()), realtime(options));
        connect(&publisher).await;
        connect(&subscriber).await;
        let (published, subscribed) = (channel(&publisher, &name), channel(&subscriber, &name));
        attach(&published).await;
        attach(&subscribed).await;
        for n in 1..=3 {
            let publish = published.publish(format!("event{n}"), format!("data{n}"));
            publish.await.expect("acknowledged");
        }
        let history = poll_until(s(10), async || {
            let page = subscribed.history(()).await.expect("a page");
            (page.items().len() == 3).then_some(page)
        })
        .await;
        let found = history.items().iter();
        let found: Vec<_> = found
            .map(|m| (m.name.as_deref(), m.data.as_text()))
            .collect();
        assert_eq!(
            found,
            [
                (Some("event3"), Some("data3")),
                (Some("event2"), Some("data2")),
                (Some("event1"), Some("data1")),
            ]
        );
        close(&publisher).await;
        close(&subscriber).await;
    });
}
