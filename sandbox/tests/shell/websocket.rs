//! Well-behaved clients.

use std::time::Duration;

use ably_sandbox::{Limits, Sandbox};
use serde_json::json;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

use crate::peer::{PATIENCE, Peer};

#[tokio::test]
async fn both_formats_meet_on_one_channel() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let (mut json, _) = Peer::connect(&sandbox, "format=json&clientId=j").await;
    let (mut msgpack, _) = Peer::connect(&sandbox, "format=msgpack&clientId=m").await;
    json.attach("a").await;
    msgpack.attach("a").await;
    json.publish(0, "a", "from json").await;
    let frame = msgpack.until(15).await;
    assert_eq!(
        (
            &frame["messages"][0]["data"],
            &frame["messages"][0]["clientId"]
        ),
        (&json!("from json"), &json!("j"))
    );
    msgpack.publish(0, "a", "from msgpack").await;
    loop {
        let frame = json.until(15).await;
        if frame["messages"][0]["data"] == "from msgpack" {
            break;
        }
    }
}

#[tokio::test]
async fn a_thousand_messages_arrive_in_order() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let (mut listener, _) = Peer::connect(&sandbox, "").await;
    listener.attach("a").await;
    let (mut publisher, _) = Peer::connect(&sandbox, "format=msgpack").await;
    for number in 0..1_000 {
        publisher
            .send(json!({"action": 15, "channel": "a", "msgSerial": number,
            "messages": [{"data": number.to_string()}]}))
            .await;
    }
    for number in 0..1_000 {
        let frame = listener.until(15).await;
        assert_eq!(frame["messages"][0]["data"], number.to_string());
    }
    for number in 0..1_000 {
        assert_eq!(publisher.until(1).await["msgSerial"], number);
    }
}

#[tokio::test]
async fn a_quiet_socket_is_kept_alive_by_the_servers_clock() {
    let limits = Limits {
        max_idle_interval: 300,
        dead_after: 2_500,
        ..Limits::default()
    };
    let sandbox = Sandbox::builder()
        .limits(limits)
        .start()
        .await
        .expect("a sandbox");
    let (mut client, connected) = Peer::connect(&sandbox, "heartbeats=true").await;
    assert_eq!(connected["connectionDetails"]["maxIdleInterval"], 300);
    for _ in 0..30 {
        // Pongs are sent while reading, so the socket outlives `dead_after`.
        assert_eq!(client.until(0).await, json!({"action": 0}));
    }
}

#[tokio::test]
async fn close_is_answered_before_the_socket_ends() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let (mut client, _) = Peer::connect(&sandbox, "").await;
    client.send(json!({"action": 7})).await;
    assert_eq!(client.next().await, json!({"action": 8}));
    assert_eq!(client.try_next().await, None);
    assert_eq!(sandbox.connections(), []);
}

#[tokio::test]
async fn probes_are_upgraded_without_a_key() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    for path in ["/ws-up", "/"] {
        let mut probe = Peer::open_path(&sandbox, path).await;
        probe.raw(Message::Close(None)).await;
        assert_eq!(probe.try_next().await, None);
    }
    // But a client that forgot its key is told so.
    let mut client = Peer::open_path(&sandbox, "/?v=3").await;
    client.expect_failure(40101).await;
}

#[tokio::test]
async fn stopping_ends_sockets_and_frees_the_port() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let address = format!("{}:{}", sandbox.host(), sandbox.port());
    let (mut client, _) = Peer::connect(&sandbox, "").await;
    timeout(PATIENCE, sandbox.stop()).await.expect("to stop");
    assert_eq!(client.try_next().await, None);
    let again = Sandbox::builder()
        .listen(&address)
        .start()
        .await
        .expect("the same port");
    assert_eq!(format!("{}:{}", again.host(), again.port()), address);
}

#[tokio::test]
async fn stopping_does_not_wait_for_peers_that_do_not_hang_up() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let (mut client, _) = Peer::connect(&sandbox, "").await;
    client.send(json!({"action": 7})).await;
    assert_eq!(client.next().await, json!({"action": 8}));
    // The server now lingers for the peer's end, which does not come.
    let quick = Duration::from_secs(4);
    timeout(quick, sandbox.stop())
        .await
        .expect("to stop at once");
}

#[test]
fn a_sandbox_runs_on_a_thread_of_its_own() {
    let sandbox = Sandbox::builder()
        .key("my.key:secret")
        .start_on_thread()
        .expect("a sandbox");
    assert_eq!(sandbox.key(), "my.key:secret");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = runtime.expect("a runtime");
    runtime.block_on(async {
        let (mut client, _) = Peer::connect(&sandbox, "").await;
        client.publish(0, "a", "x").await;
    });
    drop(sandbox);
}

#[tokio::test]
async fn dropping_the_handle_stops_it() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let (mut client, _) = Peer::connect(&sandbox, "").await;
    drop(sandbox);
    assert_eq!(
        timeout(Duration::from_secs(5), client.try_next()).await,
        Ok(None)
    );
}
