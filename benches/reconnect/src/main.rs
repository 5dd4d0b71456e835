//! Connects some clients and writes a line whenever one is connected again: the client's part of
//! `cargo xtask bench reconnect`.
//!
//! `benches/ably-js/reconnect.cjs` does the same, step by step.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ably::{ClientOptions, ConnectionState, Realtime};

type Failure = Box<dyn Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [host, port, key, count] = &args[..] else {
        return Err("usage: ably-bench-reconnect HOST PORT KEY COUNT".into());
    };
    let (port, count) = (port.parse()?, count.parse()?);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let connected = Arc::new(AtomicUsize::new(0));
        let mut clients = Vec::new();
        for _ in 0..count {
            let options = ClientOptions::with_key(key)
                .endpoint(host)
                .port(port)
                .tls(false);
            let client = Realtime::new(options)?;
            let connection = client.connection().clone();
            let (connected, mut first) = (connected.clone(), None);
            client
                .connection()
                .on(ConnectionState::Connected, move |_| {
                    let id = connection.id();
                    if first.is_none() {
                        first = id;
                        if connected.fetch_add(1, Ordering::Relaxed) + 1 == count {
                            println!("ready");
                        }
                    } else if first == id {
                        println!("resumed");
                    } else {
                        println!("lost");
                    }
                });
            clients.push(client);
        }
        // Until it is ended from outside.
        std::future::pending::<Result<(), Failure>>().await
    })
}
