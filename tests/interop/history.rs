//! Histories of messages and of presence that each reads of the other, page by page, and up to
//! where a channel was attached.

use std::{future::Future, sync::Arc};

use ably::{plugins::rest::PaginatedResult, prelude::*};
use serde_json::{Value, json};

use crate::{pair::*, support::*};

/// All pages of ours, with what `read` makes of an item.
async fn pages<T: Clone + Send + 'static>(
    first: impl Future<Output = Result<PaginatedResult<T>, ErrorInfo>>,
    read: impl Fn(&T) -> Value,
) -> Vec<Vec<Value>> {
    let mut page = Some(first.await.expect("a page"));
    let mut all = Vec::new();
    while let Some(p) = page {
        all.push(p.items().iter().map(&read).collect());
        page = p.next().await.expect("a page");
    }
    all
}

/// All pages of theirs.
async fn their_pages(pair: &Pair, op: &'static str, query: Value) -> Vec<Vec<Value>> {
    let pages = list(pair.ask(op, json!({"query": query})).await);
    pages.into_iter().map(list).collect()
}

fn chunks(all: &[Value], size: usize) -> Vec<Vec<Value>> {
    all.chunks(size).map(<[Value]>::to_vec).collect()
}

#[test]
fn presence_of_both_read_by_both() {
    run(async {
        for formats in FORMATS {
            for cipher in [None, Some("AAECAwQFBgcICQoLDA0ODw==")] {
                let mut options = PairOptions::of(formats);
                options.cipher = cipher;
                let pair = Pair::start(options).await;
                let mut events = pair.watch().await;
                let presence = pair.channel.presence();
                let mood = JsonText::new(r#"{"mood":"☃"}"#).expect("JSON");
                let text = json!({"type": "text", "value": "here"});
                let bytes = json!({"type": "bytes", "value": "AAEC/w=="});
                let of = |name: &str, data: &Value| json!({"clientId": name, "data": data});
                presence.enter_client("é", mood).await.expect("entered");
                pair.ask("enterClient", of("☃", &text)).await;
                let updated = presence.update_client("é", vec![0, 255]);
                updated.await.expect("updated");
                pair.ask("updateClient", of("☃", &bytes)).await;
                pair.ask("enterClient", of("c", &text)).await;
                presence.leave_client("é", "bye").await.expect("left");
                pair.ask("leaveClient", of("☃", &text)).await;
                let mut all = Vec::new();
                for _ in 0..7 {
                    all.push(told(&mut events).await);
                }
                let lines: Vec<_> = all.iter().map(line).collect();
                let expected = [
                    "enter é",
                    "enter ☃",
                    "update é",
                    "update ☃",
                    "enter c",
                    "leave é",
                    "leave ☃",
                ];
                assert_eq!(lines, expected);

                for forwards in [true, false] {
                    let query = HistoryQuery::new().limit(3);
                    let (query, direction) = if forwards {
                        (query.direction(Direction::Forwards), "forwards")
                    } else {
                        all.reverse();
                        (query, "backwards")
                    };
                    let expected = chunks(&all, 3);
                    let ours = pages(presence.history(query), seen_member).await;
                    assert_eq!(ours, expected, "{direction}");
                    let query = json!({"limit": 3, "direction": direction});
                    let theirs = their_pages(&pair, "presenceHistory", query).await;
                    assert_eq!(theirs, expected, "{direction}");
                }
            }
        }
    });
}

#[test]
fn presence_up_to_where_the_channel_was_attached() {
    run(async {
        for formats in FORMATS {
            let pair = Pair::start(PairOptions::of(formats)).await;
            let until = || HistoryQuery::new().limit(2).until_attach();
            let query = json!({"limit": 2, "untilAttach": true});
            let ours = pair.channel.presence().history(until()).await;
            let request = pair.at(json!({"query": query}));
            let theirs = pair.peer.try_ask("presenceHistory", request).await;
            assert_eq!(ours.expect_err("not attached").code().0, 40000);
            assert_eq!(theirs.expect_err("not attached")["code"], 40000);

            let early = connect(anonymous(&pair.sandbox, formats.0)).await;
            let presence = early.channels().get(ROOM).presence();
            let mut before = Vec::new();
            for name in ["a", "b", "c"] {
                presence.enter_client(name, name).await.expect("entered");
                before.insert(0, format!("enter {name}"));
            }
            let mut events = pair.watch().await;
            presence.leave_client("a", ()).await.expect("left");
            while line(&told(&mut events).await) != "leave a" {}

            let expected = [&before[..2], &before[2..]];
            let only = |m: &ably::PresenceMessage| line(&seen_member(m)).into();
            let ours = pages(pair.channel.presence().history(until()), only).await;
            assert_eq!(ours, expected);
            let theirs = their_pages(&pair, "presenceHistory", query).await;
            let lines = |page: &Vec<Value>| page.iter().map(line).collect::<Vec<_>>();
            assert_eq!(theirs.iter().map(lines).collect::<Vec<_>>(), expected);
            let all = pages(pair.channel.presence().history(()), only).await;
            assert_eq!(all[0][0], "leave a");
        }
    });
}

#[test]
fn messages_up_to_where_the_channel_was_attached() {
    run(async {
        for formats in FORMATS {
            let pair = Pair::start(PairOptions::of(formats)).await;
            let until = || HistoryQuery::new().limit(2).until_attach();
            let query = json!({"limit": 2, "untilAttach": true});
            let ours = pair.channel.history(until()).await;
            let request = pair.at(json!({"query": query}));
            let theirs = pair.peer.try_ask("historyPages", request).await;
            assert_eq!(ours.expect_err("not attached").code().0, 40000);
            assert_eq!(theirs.expect_err("not attached")["code"], 40000);

            // Publishing does not attach.
            for n in 0..5 {
                let name = format!("before {n}");
                pair.channel.publish(name, "x").await.expect("published");
            }
            pair.ask("attach", json!({})).await;
            let between = json!([{"name": "between", "data": {"type": "text", "value": "x"}}]);
            pair.ask("publish", json!({"messages": between})).await;
            pair.channel.attach().await.expect("attached");
            let after = json!([{"name": "after", "data": {"type": "text", "value": "x"}}]);
            pair.ask("publish", json!({"messages": after})).await;

            let before = |n: usize| json!(format!("before {n}"));
            let expected = [4, 3, 2, 1, 0].map(before).to_vec();
            let theirs = their_pages(&pair, "historyPages", query).await;
            let name = |m: &Value| m["name"].clone();
            let names = |page: &Vec<Value>| page.iter().map(name).collect::<Vec<_>>();
            let theirs: Vec<_> = theirs.iter().map(names).collect();
            assert_eq!(theirs, chunks(&expected, 2));
            let mut expected = expected;
            expected.insert(0, "between".into());
            let name = |m: &Arc<Message>| m.name.as_deref().into();
            let ours = pages(pair.channel.history(until()), name).await;
            assert_eq!(ours, chunks(&expected, 2));
            // Without it there is one more.
            expected.insert(0, "after".into());
            let ours = pages(pair.channel.history(()), name).await;
            assert_eq!(ours, [expected]);
        }
    });
}
