//! Publishes and reads history over REST, and tells what it cost: the client's part of
//! `cargo xtask bench rest`.
//!
//! `benches/ably-js/rest.cjs` and `benches/ably-python/rest.py` do the same, step by step.

use std::error::Error;

use ably::prelude::*;
use cpu_time::ProcessTime;

type Failure = Box<dyn Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [host, port, key, format, name, publishes, pages] = &args[..] else {
        return Err(
            "usage: ably-bench-rest HOST PORT KEY json|msgpack NAME PUBLISHES PAGES".into(),
        );
    };
    let (publishes, pages) = (publishes.parse()?, pages.parse()?);
    let options = ClientOptions::with_key(key)
        .use_token_auth(true)
        .endpoint(host)
        .port(port.parse()?)
        .tls(false)
        .use_binary_protocol(format == "msgpack");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(run(options, name, publishes, pages))
}

async fn run(
    options: ClientOptions,
    name: &str,
    publishes: usize,
    pages: usize,
) -> Result<(), Failure> {
    let client = Rest::new(options)?;
    let text = "x".repeat(100);

    // Gets the token, and fills the page that is read below.
    let history = client.channels().get(&format!("{name}-history"));
    for _ in 0..100 {
        history.publish("event", text.as_str()).await?;
    }

    let channel = client.channels().get(&format!("{name}-publish"));
    let started = ProcessTime::now();
    for _ in 0..publishes {
        channel.publish("event", text.as_str()).await?;
    }
    let publish = started.elapsed().as_nanos();

    let started = ProcessTime::now();
    let mut bytes = 0;
    for _ in 0..pages {
        let page = history.history(HistoryQuery::new().limit(100)).await?;
        let texts = page.items().iter().filter_map(|m| m.data.as_text());
        bytes += texts.map(str::len).sum::<usize>();
    }
    let spent = started.elapsed().as_nanos();
    if bytes != pages * 100 * 100 {
        return Err(format!("read {bytes} bytes of text").into());
    }
    println!("{{\"publish_ns\":{publish},\"history_ns\":{spent}}}");
    Ok(())
}
