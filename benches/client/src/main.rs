//! Receives a flood of messages and tells what it cost: the client's part of
//! `cargo xtask bench receive`.
//!
//! A task of its own reads the channel's stream, as an application would.

use std::error::Error;

use ably::{ClientOptions, Realtime};
use cpu_time::ProcessTime;

type Failure = Box<dyn Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [url, format, channel, count] = &args[..] else {
        return Err("usage: ably-bench-client ws://HOST:PORT json|msgpack CHANNEL COUNT".into());
    };
    let count: usize = count.parse()?;
    let host = url.strip_prefix("ws://").ok_or("not a ws:// URL")?;
    let (host, port) = host.split_once(':').ok_or("the URL has no port")?;
    let options = ClientOptions::with_key("a.b:c")
        .endpoint(host)
        .port(port.parse()?)
        .tls(false)
        .use_binary_protocol(format == "msgpack");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let spent = runtime.block_on(receive(options, channel, count))?;
    println!("{{\"messages\":{count},\"cpu_ns\":{}}}", spent.as_nanos());
    Ok(())
}

async fn receive(
    options: ClientOptions,
    channel: &str,
    count: usize,
) -> Result<std::time::Duration, Failure> {
    let client = Realtime::new(options)?;
    let mut changes = client.connection().state_changes();
    while client.connection().id().is_none() {
        let Some(_) = changes.next().await else {
            return Err("the client ended".into());
        };
    }
    let channel = client.channels().get(channel);
    let started = ProcessTime::now();
    let mut messages = channel.subscribe(());
    let reader = tokio::spawn(async move {
        let (mut received, mut bytes) = (0, 0);
        while received < count {
            let Some(message) = messages.next().await else {
                break;
            };
            let message = message.map_err(|lagged| lagged.to_string())?;
            bytes += message.data.as_text().map_or(0, str::len);
            received += 1;
        }
        Ok::<usize, String>(bytes)
    });
    let bytes = reader.await??;
    let spent = started.elapsed();
    if bytes != count * 100 {
        return Err(format!("received {bytes} bytes of text").into());
    }
    Ok(spent)
}
