//! The minimal client, and a place in it where a plugin is used.
//!
//! `cargo xtask size --all` measures the programs; what a plugin costs is the difference to the one
//! that uses nothing. They are the code of an application, and do not have to run.

use std::error::Error;

use ably::{Channel, ClientOptions, Realtime};

/// Any failure.
pub type Failure = Box<dyn Error>;

/// Connects, publishes a message and waits for it, then does what is asked for.
///
/// # Errors
/// Whatever went wrong first.
pub fn run(
    then: impl AsyncFnOnce(&Realtime, &Channel) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut args = std::env::args().skip(1);
    let (Some(host), Some(key)) = (args.next(), args.next()) else {
        return Err("usage: ably-uses-PLUGIN HOST APP.KEY:SECRET".into());
    };
    let options = ClientOptions::with_key(key).endpoint(host).tls(false);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let client = Realtime::new(options)?;
        let channel = client.channels().get("hello");
        let mut messages = channel.subscribe(());
        messages.attached().await?;
        channel.publish("greeting", "hello").await?;
        let message = messages.next().await.ok_or("the client ended")??;
        println!("{}", message.data.as_text().unwrap_or_default());
        then(&client, &channel).await
    })
}
