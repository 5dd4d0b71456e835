//! Two clients talk to each other, one over JSON and one over MessagePack.
//!
//! `cargo run --example quickstart` runs against an embedded sandbox. With `ABLY_API_KEY` set, the
//! same program runs against Ably, without the part in which a client is cut off.

use std::{error::Error, time::Duration};

use ably::prelude::*;
use ably_sandbox::Sandbox;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let (options, sandbox) = match std::env::var("ABLY_API_KEY") {
        Ok(key) => (ClientOptions::with_key(key), None),
        Err(_) => {
            let sandbox = Sandbox::start().await?;
            let options = ClientOptions::with_key(sandbox.key())
                .endpoint(sandbox.host())
                .port(sandbox.port())
                .tls(false);
            (options, Some(sandbox))
        }
    };
    // Retry sooner than after the default of 15 s, so that this program is done in a moment.
    let options = options.disconnected_retry_timeout(Duration::from_millis(200));
    let alice = connect("alice", options.clone().use_binary_protocol(false)).await?;
    let bob = connect("bob", options.use_binary_protocol(true)).await?;

    let from_alice = alice.channels().get("quickstart");
    let from_bob = bob.channels().get("quickstart");
    let mut to_alice = from_alice.subscribe(());
    let mut to_bob = from_bob.subscribe(());
    to_alice.attached().await?;
    to_bob.attached().await?;

    for channel in [&from_alice, &from_bob] {
        channel.publish("text", "hello").await?;
        channel.publish("json", Data::json(&[20.5, 21.5])?).await?;
        channel.publish("bytes", &[0xCA, 0xFE]).await?;
        for _ in 0..3 {
            show(
                "alice received",
                &*to_alice.next().await.ok_or("alice was closed")??,
            );
            show(
                "bob received",
                &*to_bob.next().await.ok_or("bob was closed")??,
            );
        }
    }

    if let Some(sandbox) = &sandbox {
        sandbox.refuse("bob");
        sandbox.cut("bob");
        bob.connection()
            .when_state(ConnectionState::Disconnected)
            .await?;
        from_alice
            .publish("missed", "published while bob was away")
            .await?;
        sandbox.restore("bob");
        // Bob resumes by himself and gets what he missed, once; then what comes after it.
        show(
            "bob received",
            &*to_bob.next().await.ok_or("bob was closed")??,
        );
        from_alice
            .publish("next", "published when bob was back")
            .await?;
        show(
            "bob received",
            &*to_bob.next().await.ok_or("bob was closed")??,
        );
    }

    let page = from_alice
        .history(HistoryQuery::new().direction(Direction::Forwards))
        .await?;
    for message in page.items() {
        show("history", message);
    }

    for client in [&alice, &bob] {
        client.close();
        client.connection().closed().await;
    }
    Ok(())
}

/// Connects a client that says when it is connected and when it is not.
async fn connect(name: &'static str, options: ClientOptions) -> Result<Realtime, ably::ErrorInfo> {
    let client = Realtime::new(options.client_id(name).auto_connect(false))?;
    client.connection().on(
        [ConnectionState::Connected, ConnectionState::Disconnected],
        move |change| println!("{name} {}", change.current),
    );
    client.connect();
    client
        .connection()
        .when_state(ConnectionState::Connected)
        .await?;
    Ok(client)
}

fn show(what: &str, message: &Message) {
    match &message.data {
        Data::Text(text) => println!("{what} {text}"),
        Data::Json(json) => println!("{what} {}", json.as_str()),
        Data::Binary(bytes) => println!("{what} {:02x?}", &bytes[..]),
        _ => println!("{what} nothing"),
    }
}
