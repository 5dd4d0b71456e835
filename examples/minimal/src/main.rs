//! The smallest client: connects, publishes one message and prints what arrives.
//!
//! ```text
//! cargo run -p ably-sandbox -- --key app.key:secret
//! cargo run -p ably-example-minimal -- ws://127.0.0.1:8080 app.key:secret
//! ```
//!
//! A `wss://` URL needs one of the TLS features, such as `--features ably/rustls`.
//! `cargo xtask size` measures this binary.

use std::error::Error;

use ably::{ClientOptions, Realtime};

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let (Some(url), Some(key)) = (args.next(), args.next()) else {
        return Err("usage: ably-example-minimal ws://HOST[:PORT] APP.KEY:SECRET".into());
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(talk(options(&url, key)?))
}

fn options(url: &str, key: String) -> Result<ClientOptions, Box<dyn Error>> {
    let (scheme, host) = url.split_once("://").ok_or("the URL has no scheme")?;
    let (host, port) = match host.trim_end_matches('/').rsplit_once(':') {
        Some((host, port)) => (host, Some(port.parse()?)),
        None => (host.trim_end_matches('/'), None),
    };
    let options = ClientOptions::with_key(key).endpoint(host);
    Ok(match scheme {
        "wss" => options.tls_port(port.unwrap_or(443)),
        "ws" => options.tls(false).port(port.unwrap_or(80)),
        _ => return Err("the URL is neither ws:// nor wss://".into()),
    })
}

async fn talk(options: ClientOptions) -> Result<(), Box<dyn Error>> {
    let client = Realtime::new(options)?;
    let channel = client.channels().get("hello");
    let mut messages = channel.subscribe(());
    messages.attached().await?;
    channel.publish("greeting", "hello").await?;
    let message = messages.next().await.ok_or("the client ended")??;
    let name = message.name.as_ref().map_or("", |name| name.as_str());
    println!("{name}: {}", message.data.as_text().unwrap_or_default());
    Ok(())
}
