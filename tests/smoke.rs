//! Two clients of the facade meet on the sandbox.

use std::time::Duration;

use ably::{ClientOptions, ConnectionState, Realtime};
use ably_sandbox::{Sandbox, Selector};
use tokio::time::timeout;

/// Against a hanging test; nothing here waits for it.
const PATIENCE: Duration = Duration::from_secs(20);

fn options(sandbox: &Sandbox) -> ClientOptions {
    ClientOptions::with_key(sandbox.key())
        .endpoint(sandbox.host())
        .port(sandbox.port())
        .tls(false)
}

#[tokio::test]
async fn two_clients_connect_publish_and_receive() {
    let sandbox = Sandbox::start().await.expect("the sandbox starts");
    let run = async {
        let sender = Realtime::new(options(&sandbox)).expect("a client");
        let receiver = Realtime::new(options(&sandbox)).expect("a client");
        let channel = receiver.channels().get("smoke").expect("a channel");
        let mut messages = channel.subscribe("greeting");
        channel.attach().await.expect("attached");

        let channel = sender.channels().get("smoke").expect("a channel");
        for text in ["one", "two"] {
            channel
                .publish("greeting", text)
                .await
                .expect("acknowledged");
        }
        for text in ["one", "two"] {
            let message = messages.next().await.expect("a message").expect("no gap");
            assert_eq!(message.name.as_deref(), Some("greeting"));
            assert_eq!(message.data, text);
        }

        sender.close();
        let closed = sender.connection().when_state(ConnectionState::Closed);
        closed.await.expect("closed");
    };
    timeout(PATIENCE, run).await.expect("in time");
    sandbox.stop().await;
}

#[tokio::test]
async fn a_client_comes_back_after_its_socket_is_cut() {
    let sandbox = Sandbox::start().await.expect("the sandbox starts");
    let run = async {
        let client = Realtime::new(options(&sandbox)).expect("a client");
        let connected = client.connection().when_state(ConnectionState::Connected);
        connected.await.expect("connected");
        let id = client.connection().id().expect("an id");

        let mut changes = client.connection().state_changes();
        assert_eq!(sandbox.cut(Selector::ConnectionId(id.to_string())), 1);
        let mut states = Vec::new();
        while states.last() != Some(&ConnectionState::Connected) {
            states.push(changes.next().await.expect("a change").current);
        }
        assert_eq!(
            states,
            [
                ConnectionState::Disconnected,
                ConnectionState::Connecting,
                ConnectionState::Connected
            ]
        );
        assert_eq!(
            client.connection().id(),
            Some(id),
            "the connection is resumed"
        );
    };
    timeout(PATIENCE, run).await.expect("in time");
    sandbox.stop().await;
}
