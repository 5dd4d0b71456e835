//! `rest/integration/history.md`

use crate::live::*;

/// A channel with these published, one by one, when they are all in its history; and the history.
async fn published(
    options: ClientOptions,
    name: &str,
    messages: &[(&str, Data)],
) -> (ably::RestChannel, Vec<Arc<Message>>) {
    let channel = rest(options).channels().get(&unique(name));
    for (name, data) in messages {
        let published = channel.publish(*name, data.clone()).await;
        published.expect("published");
    }
    let history = poll_until(s(10), async || {
        let page = channel.history(()).await.expect("a page");
        (page.items().len() == messages.len()).then(|| page.items().to_vec())
    })
    .await;
    (channel, history)
}

fn names(messages: &[Arc<Message>]) -> Vec<&str> {
    messages.iter().filter_map(|m| m.name.as_deref()).collect()
}

// UTS: rest/integration/RSL2a/history-returns-messages-0
#[test]
fn rsl2a_the_history_holds_what_was_published() {
    run_protocols(async |_, options| {
        let object = Data::json(&json!({"key": "value"})).expect("JSON");
        let messages = [
            ("event1", "data1".into()),
            ("event2", "data2".into()),
            ("event3", object),
        ];
        let (_, history) = published(options, "history-test-RSL2a", &messages).await;
        assert_eq!(history.len(), 3);
        assert_eq!(names(&history), ["event3", "event2", "event1"]);
        assert_eq!(json_of(&history[0].data), json!({"key": "value"}));
        assert_eq!(history[1].data, "data2");
        assert_eq!(history[2].data, "data1");
        for message in history {
            assert!(message.timestamp.expect("a timestamp") > 0);
        }
    });
}

// UTS: rest/integration/RSL2b1/history-direction-forwards-0
#[test]
fn rsl2b1_the_history_forwards() {
    run_protocols(async |_, options| {
        let messages = [
            ("first", "1".into()),
            ("second", "2".into()),
            ("third", "3".into()),
        ];
        let (channel, _) = published(options, "history-direction", &messages).await;
        let query = HistoryQuery::new().direction(Direction::Forwards);
        let history = channel.history(query).await.expect("a page");
        assert_eq!(history.items().len(), 3);
        assert_eq!(names(history.items()), ["first", "second", "third"]);
    });
}

// UTS: rest/integration/RSL2b2/history-limit-parameter-0
#[test]
fn rsl2b2_the_history_up_to_a_limit() {
    run_protocols(async |_, options| {
        let names: Vec<_> = (1..=10).map(|i| format!("event-{i}")).collect();
        let messages: Vec<_> = names.iter().map(|n| (&**n, Data::from(&n[6..]))).collect();
        let (channel, _) = published(options, "history-limit", &messages).await;
        let history = channel.history(HistoryQuery::new().limit(5)).await;
        let history = history.expect("a page").items().to_vec();
        assert_eq!(history.len(), 5);
        assert_eq!(history[0].name.as_deref(), Some("event-10"));
        assert_eq!(history[4].name.as_deref(), Some("event-6"));
    });
}

// UTS: rest/integration/RSL2b3/history-time-range-0
#[test]
fn rsl2b3_the_history_of_a_time() {
    run_protocols(async |_, options| {
        let channel = rest(options).channels().get(&unique("history-timerange"));
        for (name, data) in [("early1", "e1"), ("early2", "e2")] {
            channel.publish(name, data).await.expect("published");
        }
        // The document's `WAIT 2ms`: the server's timestamps are to differ.
        tokio::time::sleep(ms(2)).await;
        for (name, data) in [("late1", "l1"), ("late2", "l2")] {
            channel.publish(name, data).await.expect("published");
        }
        let all = poll_until(s(10), async || {
            let page = channel.history(()).await.expect("a page");
            (page.items().len() == 4).then(|| page.items().to_vec())
        })
        .await;
        let is = |m: &Message, kind: &str| m.name.as_deref().is_some_and(|n| n.starts_with(kind));
        let times = |kind: &str| -> Vec<i64> {
            let those = all.iter().filter(|m| is(m, kind));
            those.map(|m| m.timestamp.expect("a timestamp")).collect()
        };
        let max_early = times("early").into_iter().max().expect("early ones");
        let min_late = times("late").into_iter().min().expect("late ones");
        let boundary = (max_early + min_late) / 2;
        let early = HistoryQuery::new().start(max_early - 1000).end(boundary);
        let early = channel.history(early).await.expect("a page");
        let late = HistoryQuery::new().start(boundary + 1).end(min_late + 1000);
        let late = channel.history(late).await.expect("a page");
        assert!(!early.items().is_empty());
        assert!(!late.items().is_empty());
        assert!(early.items().iter().any(|m| is(m, "early")));
        assert!(late.items().iter().any(|m| is(m, "late")));
    });
}

// UTS: rest/integration/RSL2/history-empty-channel-0
#[test]
fn rsl2_the_history_of_an_unused_channel_is_empty() {
    run_protocols(async |_, options| {
        let channel = rest(options).channels().get(&unique("history-empty"));
        let history = channel.history(()).await.expect("a page");
        assert_eq!(history.items().len(), 0);
        assert!(!history.has_next());
        assert!(history.is_last());
    });
}
