//! Deltas, with a decoder from crates.io, Ably's `vcdiff-decode`, in place of the plugin's own.
//!
//! ```text
//! cargo run -p ably-sandbox -- --key app.key:secret
//! cargo run -p ably-example-delta -- 127.0.0.1 8080 app.key:secret
//! ```

use std::error::Error;

use ably::{
    ChannelOptions, ClientOptions, Realtime,
    plugins::delta::{DeltaDecoder, Vcdiff},
};

type Failure = Box<dyn Error + Send + Sync>;

/// The decoder. It knows no bound of its own, so what the delta would make is added up beforehand.
struct VcdiffDecode;

impl DeltaDecoder for VcdiffDecode {
    fn decode(&self, delta: &[u8], base: &[u8], max_output: usize) -> Result<Vec<u8>, Failure> {
        let instructions = vcdiff::parse_delta(delta)?.instructions;
        let output: u64 = instructions.iter().map(|one| u64::from(one.size)).sum();
        if output > max_output as u64 {
            return Err(format!("{output} bytes are too many").into());
        }
        let target = vcdiff::decode(base, delta)?;
        println!("{} bytes, sent as {}", target.len(), delta.len());
        Ok(target)
    }
}

fn main() -> Result<(), Failure> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [host, port, key] = &args[..] else {
        return Err("usage: ably-example-delta HOST PORT APP.KEY:SECRET".into());
    };
    // What is handed over comes before what the feature `delta` has registered.
    let options = ClientOptions::with_key(key)
        .endpoint(host)
        .port(port.parse()?)
        .tls(false)
        .plugin(Vcdiff::with_decoder(VcdiffDecode));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(talk(options))
}

async fn talk(options: ClientOptions) -> Result<(), Failure> {
    let client = Realtime::new(options)?;
    let deltas = ChannelOptions::new().param("delta", "vcdiff");
    let channel = client.channels().get_with("prices", deltas)?;
    let mut messages = channel.subscribe(());
    messages.attached().await?;
    for price in 100..103 {
        let unchanged = "what is the same in every message ".repeat(10);
        let text = format!("{price} {unchanged}");
        channel.publish("price", text.as_str()).await?;
        let message = messages.next().await.ok_or("the client ended")??;
        if message.data != text.as_str() {
            return Err(format!("came as {:?}", message.data).into());
        }
    }
    client.close();
    client.connection().closed().await;
    Ok(())
}
