//! More members than a page of SYNC holds, and what changes while somebody does not listen.

use std::collections::BTreeMap;

use ably::{Channel, plugins::presence::PresenceSubscription, prelude::*};
use ably_sandbox::Limits;
use serde_json::{Value, json};

use crate::{pair::*, peer::Peer, support::*};

/// Several pages: the sandbox puts 100 on one.
const MANY: usize = 350;
const MIXED_FORMATS: [(bool, bool); 2] = [(true, false), (false, true)];

fn roomy(formats: (bool, bool)) -> PairOptions {
    let mut options = PairOptions::of(formats);
    options.limits = Limits {
        max_members: 1_000,
        ..Limits::default()
    };
    options
}

fn names(range: std::ops::Range<usize>) -> Vec<String> {
    range.map(|n| format!("m{n:03}")).collect()
}

fn data_of(name: &str) -> ably::Data {
    format!("data of {name}").into()
}

/// These members as `get` gives them.
fn present(names: &[String], connection_id: &str) -> Vec<Value> {
    let one = |name: &String| member("present", name, connection_id, &data_of(name));
    names.iter().map(one).collect()
}

async fn enter_all(channel: &Channel, names: &[String]) {
    let enter = |name: &String| channel.presence().enter_client(&**name, data_of(name));
    for entered in names.iter().map(enter).collect::<Vec<_>>() {
        entered.await.expect("entered");
    }
}

async fn leave_all(channel: &Channel, names: &[String]) {
    let leave = |name: &String| channel.presence().leave_client(&**name, ());
    for left in names.iter().map(leave).collect::<Vec<_>>() {
        left.await.expect("left");
    }
}

/// What either side is told.
enum Told<'a> {
    Ours(&'a mut PresenceSubscription),
    Theirs(&'a Peer),
}

impl Told<'_> {
    async fn next(&mut self) -> Value {
        match self {
            Self::Ours(events) => told(events).await,
            Self::Theirs(peer) => peer.event("presence").await["member"].take(),
        }
    }

    async fn take(&mut self, count: usize) -> Vec<Value> {
        let mut all = Vec::new();
        for _ in 0..count {
            all.push(self.next().await);
        }
        all
    }

    /// Up to the one that says this, which is left out.
    async fn until(&mut self, last: &str) -> Vec<Value> {
        let mut all = Vec::new();
        loop {
            let event = self.next().await;
            if line(&event) == last {
                return all;
            }
            all.push(event);
        }
    }
}

#[test]
fn ably_js_gets_all_pages_of_our_members() {
    run(async {
        for formats in MIXED_FORMATS {
            let pair = Pair::start(roomy(formats)).await;
            enter_all(&pair.channel, &names(0..MANY)).await;
            let (rust, _) = pair.connection_ids().await;
            let expected = present(&names(0..MANY), &rust);
            pair.ask("watchPresence", json!({})).await;
            assert_eq!(pair.theirs().await, expected);
            // Each once.
            let told = Told::Theirs(&pair.peer).take(MANY).await;
            assert_eq!(sorted(told), expected);
            leave_all(&pair.channel, &names(0..MANY)).await;
            let left = Told::Theirs(&pair.peer).take(MANY).await;
            let expected = names(0..MANY).into_iter().map(|n| format!("leave {n}"));
            assert!(left.iter().map(line).eq(expected));
            assert_eq!(pair.theirs().await, [] as [Value; 0]);
        }
    });
}

#[test]
fn we_get_all_pages_of_their_members() {
    run(async {
        for formats in MIXED_FORMATS {
            let pair = Pair::start(roomy(formats)).await;
            pair.ask("enterAll", json!({"clientIds": names(0..MANY)}))
                .await;
            let (_, js) = pair.connection_ids().await;
            let expected = present(&names(0..MANY), &js);
            let mut events = watch(&pair.channel, ()).await;
            assert_eq!(pair.ours().await, expected);
            let told = Told::Ours(&mut events).take(MANY).await;
            assert_eq!(sorted(told), expected);
            pair.ask("leaveAll", json!({"clientIds": names(0..MANY)}))
                .await;
            let left = Told::Ours(&mut events).take(MANY).await;
            let expected = names(0..MANY).into_iter().map(|n| format!("leave {n}"));
            assert!(left.iter().map(line).eq(expected));
            assert_eq!(pair.ours().await, [] as [Value; 0]);
        }
    });
}

/// Who is there, to somebody who keeps a list from the events: nobody comes or goes twice.
fn kept_list(told: &[Value]) -> Vec<Value> {
    let mut list = BTreeMap::new();
    for event in told {
        let name = event["clientId"].to_string();
        if event["action"] == "leave" {
            assert!(list.remove(&name).is_some(), "nobody to leave: {event}");
        } else {
            let mut event = event.clone();
            event["action"] = "present".into();
            let before = list.insert(name, event);
            assert_eq!(before, None, "there already");
        }
    }
    list.into_values().collect()
}

#[test]
fn ably_js_attaches_while_ours_leave() {
    run(async {
        for formats in MIXED_FORMATS {
            let pair = Pair::start(roomy(formats)).await;
            enter_all(&pair.channel, &names(0..MANY)).await;
            let (rust, _) = pair.connection_ids().await;
            let leaving = async {
                leave_all(&pair.channel, &names(0..100)).await;
                enter_all(&pair.channel, &["last".to_owned()]).await;
            };
            tokio::join!(leaving, pair.ask("watchPresence", json!({})));
            // Should it have attached late, this one is told of as the others are.
            leave_all(&pair.channel, &["last".to_owned()]).await;
            let mut told = Told::Theirs(&pair.peer).until("leave last").await;
            told.retain(|event| event["clientId"] != "last");
            let expected = present(&names(100..MANY), &rust);
            assert_eq!(pair.theirs().await, expected);
            assert_eq!(kept_list(&told), expected);
        }
    });
}

#[test]
fn we_attach_while_theirs_leave() {
    run(async {
        for formats in MIXED_FORMATS {
            let pair = Pair::start(roomy(formats)).await;
            pair.ask("enterAll", json!({"clientIds": names(0..MANY)}))
                .await;
            let (_, js) = pair.connection_ids().await;
            let leaving = async {
                pair.ask("leaveAll", json!({"clientIds": names(0..100)}))
                    .await;
                pair.ask("enterAll", json!({"clientIds": ["last"]})).await;
            };
            let (mut events, ()) = tokio::join!(watch(&pair.channel, ()), leaving);
            pair.ask("leaveAll", json!({"clientIds": ["last"]})).await;
            let mut told = Told::Ours(&mut events).until("leave last").await;
            told.retain(|event| event["clientId"] != "last");
            let expected = present(&names(100..MANY), &js);
            assert_eq!(pair.ours().await, expected);
            assert_eq!(kept_list(&told), expected);
        }
    });
}

/// What somebody is told who was away while 60 left, 40 changed and 30 came.
fn missed(connection_id: &str) -> Vec<Value> {
    let leaves = names(0..60);
    let mut all: Vec<Value> = leaves
        .iter()
        .map(|name| member("leave", name, connection_id, &data_of(name)))
        .collect();
    for name in names(60..100) {
        all.push(member("present", &name, connection_id, &"changed".into()));
    }
    all.extend(present(&names(MANY..MANY + 30), connection_id));
    sorted(all)
}

/// Who is there then.
fn there_after(connection_id: &str) -> Vec<Value> {
    let mut all = missed(connection_id);
    all.retain(|m| m["action"] == "present");
    all.extend(present(&names(100..MANY), connection_id));
    sorted(all)
}

#[test]
fn ably_js_comes_back_to_a_changed_set() {
    run(async {
        for formats in MIXED_FORMATS {
            let pair = Pair::start(roomy(formats)).await;
            enter_all(&pair.channel, &names(0..MANY)).await;
            let (rust, js) = pair.connection_ids().await;
            pair.ask("watchPresence", json!({})).await;
            Told::Theirs(&pair.peer).take(MANY).await;

            let away = pair.keep_away(&js);
            leave_all(&pair.channel, &names(0..60)).await;
            for name in names(60..100) {
                let updated = pair.channel.presence().update_client(name, "changed");
                updated.await.expect("updated");
            }
            enter_all(&pair.channel, &names(MANY..MANY + 30)).await;
            pair.await_theirs("disconnected").await;
            pair.sandbox.restore(away);
            pair.await_theirs("connected").await;
            // With one of its own it shows that it is back.
            pair.ask("enterClient", json!({"clientId": "back"})).await;

            let told = Told::Theirs(&pair.peer).until("enter back").await;
            assert_eq!(sorted(told), missed(&rust));
            pair.ask("leaveClient", json!({"clientId": "back"})).await;
            assert_eq!(line(&pair.told_theirs().await), "leave back");
            assert_eq!(pair.theirs().await, there_after(&rust));
            assert_eq!(pair.connection_ids().await, (rust, js), "resumed");
        }
    });
}

#[test]
fn we_come_back_to_a_changed_set() {
    run(async {
        for formats in MIXED_FORMATS {
            let pair = Pair::start(roomy(formats)).await;
            pair.ask("enterAll", json!({"clientIds": names(0..MANY)}))
                .await;
            let (rust, js) = pair.connection_ids().await;
            let mut events = watch(&pair.channel, ()).await;
            Told::Ours(&mut events).take(MANY).await;

            let away = pair.keep_away(&rust);
            pair.ask("leaveAll", json!({"clientIds": names(0..60)}))
                .await;
            for name in names(60..100) {
                let data = json!({"type": "text", "value": "changed"});
                pair.ask("updateClient", json!({"clientId": name, "data": data}))
                    .await;
            }
            let new = names(MANY..MANY + 30);
            pair.ask("enterAll", json!({"clientIds": new})).await;
            pair.sandbox.restore(away);
            let back = pair.channel.presence().enter_client("back", ());
            back.await.expect("entered");

            let told = Told::Ours(&mut events).until("enter back").await;
            assert_eq!(sorted(told), missed(&js));
            let back = pair.channel.presence().leave_client("back", ());
            back.await.expect("left");
            let told = Told::Ours(&mut events).until("leave back").await;
            assert_eq!(told, [] as [Value; 0]);
            assert_eq!(pair.ours().await, there_after(&js));
            assert_eq!(pair.connection_ids().await, (rust, js), "resumed");
        }
    });
}
