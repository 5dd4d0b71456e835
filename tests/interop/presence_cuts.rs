//! Members whose client loses its socket, its place among the members, or its connection.

use std::collections::BTreeSet;

use ably::{ConnectionState, plugins::presence::PresenceSubscription, prelude::*};
use ably_sandbox::{Limits, Selector};
use serde_json::{Value, json};

use crate::{pair::*, support::*};

const MIXED_FORMATS: [(bool, bool); 2] = [(true, false), (false, true)];
const CIPHER_KEY: &str = "AAECAwQFBgcICQoLDA0ODw==";

fn text(value: &str) -> Value {
    json!({"type": "text", "value": value})
}

/// A pair of named clients that both are there: `rust` with text, `js` with bytes; each has been
/// told of both.
async fn both_there(limits: Limits, formats: (bool, bool)) -> (Pair, PresenceSubscription) {
    let mut options = PairOptions::of(formats);
    options.limits = limits;
    options.named = true;
    let pair = Pair::start(options).await;
    let mut events = pair.watch().await;
    let entered = pair.channel.presence().enter("at work ☃");
    entered.await.expect("entered");
    let bytes = json!({"type": "bytes", "value": "AAEC/w=="});
    pair.ask("enter", json!({"data": bytes})).await;
    for expected in ["enter rust", "enter js"] {
        assert_eq!(line(&told(&mut events).await), expected);
        assert_eq!(line(&pair.told_theirs().await), expected);
    }
    (pair, events)
}

/// The two of [`both_there`], as `action` has them.
fn rust(action: &str, connection_id: &str) -> Value {
    member(action, "rust", connection_id, &"at work ☃".into())
}

fn js(action: &str, connection_id: &str) -> Value {
    member(action, "js", connection_id, &vec![0, 1, 2, 255].into())
}

/// Long enough for any test.
fn long_stay() -> Limits {
    Limits {
        remain_present_for: 120_000,
        ..Limits::default()
    }
}

#[test]
fn theirs_stay_while_they_are_away() {
    run(async {
        for formats in MIXED_FORMATS {
            let (pair, mut events) = both_there(long_stay(), formats).await;
            let (rust_id, js_id) = pair.connection_ids().await;
            let away = pair.keep_away(&js_id);
            pair.await_theirs("disconnected").await;
            let there = [js("present", &js_id), rust("present", &rust_id)];
            assert_eq!(pair.ours().await, there);
            // The others' doings, which they miss.
            let updated = pair.channel.presence().update("busy");
            updated.await.expect("updated");
            assert_eq!(line(&told(&mut events).await), "update rust");
            pair.sandbox.restore(away);
            pair.await_theirs("connected").await;
            pair.ask("update", json!({"data": text("back")})).await;
            // Nothing but that on either side, though all of ably-js's members came again.
            let back = member("update", "js", &js_id, &"back".into());
            assert_eq!(told(&mut events).await, back);
            let missed = member("present", "rust", &rust_id, &"busy".into());
            assert_eq!(pair.told_theirs().await, missed);
            assert_eq!(pair.told_theirs().await, back);
            let there = pair.ours().await;
            assert_eq!(there.len(), 2);
            assert_eq!(pair.theirs().await, there);
            assert_eq!(pair.connection_ids().await, (rust_id, js_id), "resumed");
            assert_eq!(events.try_next(), None);
        }
    });
}

#[test]
fn ours_stay_while_we_are_away() {
    run(async {
        for formats in MIXED_FORMATS {
            let (pair, mut events) = both_there(long_stay(), formats).await;
            let (rust_id, js_id) = pair.connection_ids().await;
            let away = pair.keep_away(&rust_id);
            wait_for(&pair.client, ConnectionState::Disconnected).await;
            let there = [js("present", &js_id), rust("present", &rust_id)];
            assert_eq!(pair.theirs().await, there);
            pair.ask("update", json!({"data": text("busy")})).await;
            assert_eq!(line(&pair.told_theirs().await), "update js");
            pair.sandbox.restore(away);
            let updated = pair.channel.presence().update("back");
            updated.await.expect("updated");
            let back = member("update", "rust", &rust_id, &"back".into());
            assert_eq!(pair.told_theirs().await, back);
            let missed = member("present", "js", &js_id, &"busy".into());
            assert_eq!(told(&mut events).await, missed);
            assert_eq!(told(&mut events).await, back);
            let there = pair.theirs().await;
            assert_eq!(there.len(), 2);
            assert_eq!(pair.ours().await, there);
            assert_eq!(pair.connection_ids().await, (rust_id, js_id), "resumed");
            assert_eq!(events.try_next(), None);
        }
    });
}

/// Members go soon; the connection waits on.
fn short_stay() -> Limits {
    Limits {
        remain_present_for: 100,
        ..Limits::default()
    }
}

#[test]
fn theirs_leave_when_they_are_away_for_too_long_and_come_back() {
    run(async {
        for formats in MIXED_FORMATS {
            let (pair, mut events) = both_there(short_stay(), formats).await;
            let (rust_id, js_id) = pair.connection_ids().await;
            let away = pair.keep_away(&js_id);
            pair.await_theirs("disconnected").await;
            assert_eq!(told(&mut events).await, js("leave", &js_id));
            assert_eq!(pair.ours().await, [rust("present", &rust_id)]);
            pair.sandbox.restore(away);
            assert_eq!(told(&mut events).await, js("enter", &js_id));
            // They learn both of the leave and of the return.
            for expected in [js("leave", &js_id), js("enter", &js_id)] {
                assert_eq!(pair.told_theirs().await, expected);
            }
            let there = [js("present", &js_id), rust("present", &rust_id)];
            assert_eq!(pair.ours().await, there);
            assert_eq!(pair.theirs().await, there);
            assert_eq!(pair.connection_ids().await, (rust_id, js_id), "resumed");
        }
    });
}

#[test]
fn ours_leave_when_we_are_away_for_too_long_and_come_back() {
    run(async {
        for formats in MIXED_FORMATS {
            let (pair, mut events) = both_there(short_stay(), formats).await;
            let (rust_id, js_id) = pair.connection_ids().await;
            let away = pair.keep_away(&rust_id);
            wait_for(&pair.client, ConnectionState::Disconnected).await;
            assert_eq!(pair.told_theirs().await, rust("leave", &rust_id));
            assert_eq!(pair.theirs().await, [js("present", &js_id)]);
            pair.sandbox.restore(away);
            assert_eq!(pair.told_theirs().await, rust("enter", &rust_id));
            for expected in [rust("leave", &rust_id), rust("enter", &rust_id)] {
                assert_eq!(told(&mut events).await, expected);
            }
            let there = [js("present", &js_id), rust("present", &rust_id)];
            assert_eq!(pair.ours().await, there);
            assert_eq!(pair.theirs().await, there);
            assert_eq!(pair.connection_ids().await, (rust_id, js_id), "resumed");
        }
    });
}

/// Several members, data of every kind.
fn crew() -> Vec<(&'static str, Data)> {
    let json = |text: &str| Data::from(JsonText::new(text).expect("JSON"));
    vec![
        ("bytes", vec![0, 1, 2, 255].into()),
        ("é:☃", "text ☃".into()),
        ("array", json(r#"[1,{"two":"☃"}]"#)),
        ("object", json(r#"{"a":[]}"#)),
    ]
}

fn crew_as(action: &str, connection_id: &str) -> Vec<Value> {
    let crew = crew();
    let all = crew.iter();
    sorted(
        all.map(|(name, data)| member(action, name, connection_id, data))
            .collect(),
    )
}

/// A server that keeps three connections and no more, so that another costs one that is away.
fn crowded(formats: (bool, bool), cipher: Option<&'static str>) -> PairOptions {
    let mut options = PairOptions::of(formats);
    options.cipher = cipher;
    options.limits = Limits {
        max_connections: 3,
        ..long_stay()
    };
    options
}

impl Pair {
    /// Makes the server forget the connection that is away. It can come back as another at once:
    /// there is one more away, to be forgotten next.
    async fn crowd_out(&self) -> Realtime {
        let spare = connect(anonymous(&self.sandbox, true)).await;
        // The server knows by the millisecond who has been away longer.
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        self.keep_away(&spare.connection().id().expect("an id"));
        wait_for(&spare, ConnectionState::Disconnected).await;
        spare.close();
        connect(anonymous(&self.sandbox, true)).await
    }

    async fn ours_next(&self, events: &mut PresenceSubscription) -> Vec<Value> {
        let mut all = Vec::new();
        for _ in crew() {
            all.push(told(events).await);
        }
        sorted(all)
    }

    async fn theirs_next(&self) -> Vec<Value> {
        let mut all = Vec::new();
        for _ in crew() {
            all.push(self.told_theirs().await);
        }
        sorted(all)
    }

    async fn enter_theirs(&self) {
        for (name, data) in crew() {
            self.ask(
                "enterClient",
                json!({"clientId": name, "data": coded(&data)}),
            )
            .await;
        }
    }

    async fn enter_ours(&self) {
        for (name, data) in crew() {
            let entered = self.channel.presence().enter_client(name, data);
            entered.await.expect("entered");
        }
    }
}

#[test]
fn theirs_leave_with_a_lost_connection_and_come_back_on_a_new_one() {
    run(async {
        for formats in MIXED_FORMATS {
            for cipher in [None, Some(CIPHER_KEY)] {
                let pair = Pair::start(crowded(formats, cipher)).await;
                let mut events = pair.watch().await;
                pair.enter_theirs().await;
                let (rust_id, js_id) = pair.connection_ids().await;
                assert_eq!(pair.ours_next(&mut events).await, crew_as("enter", &js_id));
                assert_eq!(pair.theirs_next().await, crew_as("enter", &js_id));

                pair.keep_away(&js_id);
                pair.await_theirs("disconnected").await;
                let _crowd = pair.crowd_out().await;
                assert_eq!(pair.ours_next(&mut events).await, crew_as("leave", &js_id));
                assert_eq!(pair.await_theirs("connected").await["error"]["code"], 80008);

                let back = pair.ours_next(&mut events).await;
                let (still, new_id) = pair.connection_ids().await;
                assert_eq!(still, rust_id);
                assert_ne!(new_id, js_id);
                assert_eq!(back, crew_as("enter", &new_id));
                assert_eq!(pair.theirs_next().await, crew_as("leave", &js_id));
                assert_eq!(pair.theirs_next().await, crew_as("enter", &new_id));
                assert_eq!(pair.ours().await, crew_as("present", &new_id));
                assert_eq!(pair.theirs().await, crew_as("present", &new_id));
                assert_eq!(events.try_next(), None);
            }
        }
    });
}

#[test]
fn ours_leave_with_a_lost_connection_and_come_back_on_a_new_one() {
    run(async {
        for formats in MIXED_FORMATS {
            for cipher in [None, Some(CIPHER_KEY)] {
                let pair = Pair::start(crowded(formats, cipher)).await;
                let mut events = pair.watch().await;
                pair.enter_ours().await;
                let (rust_id, js_id) = pair.connection_ids().await;
                assert_eq!(
                    pair.ours_next(&mut events).await,
                    crew_as("enter", &rust_id)
                );
                assert_eq!(pair.theirs_next().await, crew_as("enter", &rust_id));

                pair.keep_away(&rust_id);
                wait_for(&pair.client, ConnectionState::Disconnected).await;
                let _crowd = pair.crowd_out().await;
                assert_eq!(pair.theirs_next().await, crew_as("leave", &rust_id));

                let back = pair.theirs_next().await;
                let (new_id, still) = pair.connection_ids().await;
                assert_eq!(still, js_id);
                assert_ne!(new_id, rust_id);
                let reason = pair.client.connection().error_reason().expect("a reason");
                assert_eq!(reason.code().0, 80008);
                assert_eq!(back, crew_as("enter", &new_id));
                assert_eq!(
                    pair.ours_next(&mut events).await,
                    crew_as("leave", &rust_id)
                );
                assert_eq!(pair.ours_next(&mut events).await, crew_as("enter", &new_id));
                assert_eq!(pair.ours().await, crew_as("present", &new_id));
                assert_eq!(pair.theirs().await, crew_as("present", &new_id));
                assert_eq!(events.try_next(), None);
            }
        }
    });
}

/// Neither members nor connections wait for long.
fn short_lives() -> Limits {
    Limits {
        remain_present_for: 100,
        connection_state_ttl: 300,
        ..Limits::default()
    }
}

#[test]
fn both_know_the_members_of_before_while_suspended() {
    run(async {
        for formats in MIXED_FORMATS {
            let (pair, mut events) = both_there(short_lives(), formats).await;
            let (rust_id, js_id) = pair.connection_ids().await;
            pair.sandbox.refuse(Selector::All);
            assert_eq!(pair.sandbox.cut(Selector::All), 2);
            pair.await_theirs("suspended").await;
            wait_for(&pair.client, ConnectionState::Suspended).await;
            let ours_now = pair.channel.presence().get(()).await;
            assert_eq!(ours_now.expect_err("out of date").code().0, 91005);
            let theirs_now = pair.peer.try_ask("members", pair.at(json!({}))).await;
            assert_eq!(theirs_now.expect_err("out of date")["code"], 91005);
            let before = [js("present", &js_id), rust("present", &rust_id)];
            let params = RealtimeParams::new().wait_for_sync(false);
            assert_eq!(ours(&pair.channel, params).await, before);
            let params = json!({"waitForSync": false});
            assert_eq!(pair.theirs_with(params).await, before);

            pair.sandbox.restore(Selector::All);
            // Both come back as others; each learns it of both, in whatever order.
            let (mut to_us, mut to_them) = (BTreeSet::new(), BTreeSet::new());
            for _ in 0..4 {
                to_us.insert(told(&mut events).await.to_string());
                to_them.insert(pair.told_theirs().await.to_string());
            }
            let (new_rust, new_js) = pair.connection_ids().await;
            assert_ne!(new_rust, rust_id);
            assert_ne!(new_js, js_id);
            let mut left: Vec<_> = to_us.iter().filter(|e| e.contains("\"leave\"")).collect();
            left.sort();
            let gone = [js("leave", &js_id), rust("leave", &rust_id)];
            let gone = BTreeSet::from(gone.map(|m| m.to_string()));
            assert!(left.into_iter().eq(&gone));
            assert!(gone.is_subset(&to_them), "{to_them:?}");
            let there = [js("present", &new_js), rust("present", &new_rust)];
            assert_eq!(pair.ours().await, there);
            assert_eq!(pair.theirs().await, there);
        }
    });
}

#[test]
fn who_says_goodbye_leaves_at_once() {
    run(async {
        for formats in MIXED_FORMATS {
            let (pair, mut events) = both_there(long_stay(), formats).await;
            let (rust_id, js_id) = pair.connection_ids().await;
            pair.ask("detach", json!({})).await;
            assert_eq!(told(&mut events).await, js("leave", &js_id));
            // Forgotten with the attachment: ably-js does not enter again by itself.
            pair.ask("attach", json!({})).await;
            assert_eq!(pair.theirs().await, [rust("present", &rust_id)]);
            for expected in ["leave js", "present rust"] {
                assert_eq!(line(&pair.told_theirs().await), expected);
            }
            pair.channel.detach().await.expect("detached");
            assert_eq!(pair.told_theirs().await, rust("leave", &rust_id));
            pair.channel.attach().await.expect("attached");
            assert_eq!(pair.ours().await, [] as [Value; 0]);

            pair.channel
                .presence()
                .enter("again")
                .await
                .expect("entered");
            let again = member("enter", "rust", &rust_id, &"again".into());
            assert_eq!(pair.told_theirs().await, again);
            pair.ask("enter", json!({"data": text("again")})).await;
            assert_eq!(line(&pair.told_theirs().await), "enter js");
            for expected in ["leave rust", "enter rust", "enter js"] {
                assert_eq!(line(&told(&mut events).await), expected);
            }
            pair.client.close();
            assert_eq!(line(&pair.told_theirs().await), "leave rust");
            let other = connect(anonymous(&pair.sandbox, formats.0)).await;
            let channel = other.channels().get(ROOM);
            let mut events = watch(&channel, ()).await;
            assert_eq!(line(&told(&mut events).await), "present js");
            pair.ask("close", json!({})).await;
            assert_eq!(line(&told(&mut events).await), "leave js");
        }
    });
}
