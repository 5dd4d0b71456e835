//! Derived channels: the server filters, for both clients.

use ably::DeriveOptions;
use ably_sandbox::Sandbox;
use serde_json::{Value, json};

use crate::{peer::Peer, support::*};

const FILTER: &str = "headers.flavor == `\"süß\"` && headers.cost < `50` || name == 'end'";

/// A sandbox whose key may listen through filters.
async fn sandbox() -> Sandbox {
    let spec = json!({"keys": [{"capability": r#"{"[*]*":["*"]}"#}], "namespaces": []});
    let builder = Sandbox::builder().app_spec(spec.to_string());
    builder.start().await.expect("a sandbox")
}

fn scoop(flavor: &str, cost: u32) -> Value {
    let name = format!("{flavor} {cost}");
    json!({"name": name, "extras": {"headers": {"flavor": flavor, "cost": cost}}})
}

/// What is published, and what of it comes through.
fn scoops() -> (Vec<Value>, [&'static str; 3]) {
    let all = [("süß", 10), ("sour", 10), ("süß", 60), ("süß", 49)];
    let mut all: Vec<_> = all
        .into_iter()
        .map(|(flavor, cost)| scoop(flavor, cost))
        .collect();
    all.push(json!({"name": "end"}));
    (all, ["süß 10", "süß 49", "end"])
}

#[test]
fn both_get_what_fits_and_nothing_else() {
    run(async {
        for (ours, theirs) in FORMATS {
            let sandbox = sandbox().await;
            let peer = Peer::start(&sandbox).await;
            peer.connect("js", sandbox.key(), theirs).await;
            let at = json!({"client": "js", "channel": "kiosk", "filter": FILTER});
            peer.ask("subscribe", at).await;
            let client = connect(options(&sandbox, "rust", ours)).await;
            let derive = DeriveOptions::new().filter(FILTER);
            let channel = client.channels().get_derived("kiosk", &derive);
            let mut messages = subscribe(&channel.expect("a channel")).await;

            // All in one frame, and each in its own.
            let (all, fitting) = scoops();
            let whole = json!({"client": "js", "channel": "kiosk", "messages": all});
            peer.ask("publish", whole).await;
            for one in all {
                let one = json!({"client": "js", "channel": "kiosk", "messages": [one]});
                peer.ask("publish", one).await;
            }
            for name in fitting.iter().chain(&fitting) {
                let message = next(&mut messages).await;
                assert_eq!(message.name.as_deref(), Some(*name));
                assert_eq!(peer.message().await["name"], *name);
            }
            assert_eq!(messages.try_next(), None);
        }
    });
}

#[test]
fn both_name_the_same_channel() {
    run(async {
        let sandbox = sandbox().await;
        let peer = Peer::start(&sandbox).await;
        peer.connect("js", sandbox.key(), true).await;
        let client = connect(options(&sandbox, "rust", true)).await;
        for name in ["kiosk", "[?rewind=2]kiosk"] {
            let derive = DeriveOptions::new().filter(FILTER);
            let channel = client.channels().get_derived(name, &derive);
            let channel = channel.expect("a channel");
            let at = json!({"client": "js", "channel": name, "filter": FILTER});
            assert_eq!(peer.ask("name", at).await, channel.name());
        }
    });
}

#[test]
fn what_fits_of_the_past_comes_first() {
    run(async {
        let sandbox = sandbox().await;
        let peer = Peer::start(&sandbox).await;
        peer.connect("js", sandbox.key(), true).await;
        let client = connect(options(&sandbox, "rust", true)).await;
        let (all, _) = scoops();
        let whole = json!({"client": "js", "channel": "kiosk", "messages": all});
        peer.ask("publish", whole).await;
        let derive = DeriveOptions::new().filter(FILTER);
        let channel = client.channels().get_derived("[?rewind=2]kiosk", &derive);
        let mut messages = subscribe(&channel.expect("a channel")).await;
        let name = "[?rewind=2]kiosk";
        let at = json!({"client": "js", "channel": name, "filter": FILTER});
        peer.ask("subscribe", at).await;
        for name in ["süß 49", "end"] {
            assert_eq!(next(&mut messages).await.name.as_deref(), Some(name));
            assert_eq!(peer.message().await["name"], name);
        }
    });
}

#[test]
fn a_filter_that_is_wrong_fails_the_channel_of_both() {
    run(async {
        let sandbox = sandbox().await;
        let peer = Peer::start(&sandbox).await;
        peer.connect("js", sandbox.key(), true).await;
        let client = connect(options(&sandbox, "rust", false)).await;
        let derive = DeriveOptions::new().filter("name ==");
        let channel = client.channels().get_derived("kiosk", &derive);
        let channel = channel.expect("a channel");
        let ours = channel.attach().await.expect_err("refused");
        let at = json!({"client": "js", "channel": "kiosk", "filter": "name =="});
        let theirs = peer.try_ask("attach", at).await.expect_err("refused");
        assert_eq!(theirs["code"], 40010);
        assert_eq!(ours.code(), ably::ErrorCode::INVALID_CHANNEL_NAME);
    });
}
