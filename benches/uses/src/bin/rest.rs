//! The minimal client that asks for history; the HTTP client is counted elsewhere.

use ably::plugins::rest::History;
use ably_uses::{Failure, run};

fn main() -> Result<(), Failure> {
    run(async |_, channel| {
        for message in channel.history(()).await?.items() {
            println!("{:?}", message.name);
        }
        Ok(())
    })
}
