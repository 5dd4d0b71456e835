//! The Rust of `docs/from-ably-js.md`, which `cargo test --doc` compiles and, but for what is marked
//! `no_run`, runs against a sandbox.
//!
//! `build.rs` makes the modules, one for each section.

use std::{error::Error, time::Duration};

use ably::{Channel, ClientOptions, Realtime, Rest};
use ably_sandbox::Sandbox;

#[cfg(doctest)]
include!(concat!(env!("OUT_DIR"), "/sections.rs"));

/// How long a snippet may take.
const LONGEST: Duration = Duration::from_secs(30);

/// Channels that begin with `pushed:` take push subscriptions; messages of those that begin with
/// `mutable:` can be annotated.
const APP: &str = r#"{"keys": [{}], "namespaces": [
    {"id": "mutable", "mutableMessages": true}, {"id": "pushed", "pushEnabled": true}
]}"#;

/// Runs a snippet with a server of its own and clients of that.
///
/// # Errors
/// What the snippet says, and that it took too long.
pub fn run<F>(snippet: impl FnOnce(Realtime, Rest, Channel) -> F) -> Result<(), Box<dyn Error>>
where
    F: Future<Output = Result<(), Box<dyn Error>>>,
{
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let sandbox = Sandbox::builder().app_spec(APP).start().await?;
        let options = ClientOptions::with_key(sandbox.key())
            .endpoint(sandbox.host())
            .port(sandbox.port())
            .tls(false)
            .client_id("me");
        let rest = Rest::new(options.clone())?;
        let client = Realtime::new(options)?;
        let channel = client.channels().get("mutable:news");
        tokio::time::timeout(LONGEST, snippet(client, rest, channel)).await?
    })
}
