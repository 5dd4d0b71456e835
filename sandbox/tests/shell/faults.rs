//! Trouble on purpose.

use ably_sandbox::{Sandbox, Selector};
use serde_json::json;

use crate::peer::Peer;

#[tokio::test]
async fn a_client_cut_off_gets_what_it_missed_exactly_once() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let (mut alice, connected) = Peer::connect(&sandbox, "clientId=alice").await;
    let (mut bob, _) = Peer::connect(&sandbox, "clientId=bob").await;
    let attached = alice.attach("a").await;
    sandbox.refuse("alice");
    assert_eq!(sandbox.cut("alice"), 1);
    assert_eq!(alice.try_next().await, None);
    bob.publish(0, "a", "missed").await;

    let key = connected["connectionDetails"]["connectionKey"]
        .as_str()
        .expect("a key");
    let params = format!("clientId=alice&resume={key}");
    let mut refused = Peer::open(&sandbox, &params).await;
    assert_eq!(refused.try_next().await, None);
    let listed = sandbox.connections();
    let listed = listed
        .iter()
        .find(|one| one.client_id.as_deref() == Some("alice"));
    assert!(!listed.expect("alice").connected);

    sandbox.restore("alice");
    let (mut back, again) = Peer::connect(&sandbox, &params).await;
    assert_eq!(again["connectionId"], connected["connectionId"]);
    back.send(
        json!({"action": 10, "channel": "a", "channelSerial": attached["channelSerial"],
        "flags": 32}),
    )
    .await;
    assert_eq!(
        back.next().await["flags"].as_u64().map(|flags| flags & 4),
        Some(4)
    );
    assert_eq!(back.next().await["messages"][0]["data"], "missed");
    bob.publish(1, "a", "live").await;
    assert_eq!(back.next().await["messages"][0]["data"], "live");
}

#[tokio::test]
async fn everybody_can_be_cut() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let (mut one, _) = Peer::connect(&sandbox, "").await;
    let (mut two, connected) = Peer::connect(&sandbox, "").await;
    let id = connected["connectionId"]
        .as_str()
        .expect("an id")
        .to_owned();
    assert_eq!(sandbox.cut(Selector::ConnectionId(id)), 1);
    assert_eq!(two.try_next().await, None);
    assert_eq!(sandbox.cut(Selector::All), 1);
    assert_eq!(one.try_next().await, None);
}
