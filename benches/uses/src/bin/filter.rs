//! The minimal client with a filtered subscription.

use ably::plugins::filter::{MessageFilter, MessageInteractions};
use ably_uses::{Failure, run};

fn main() -> Result<(), Failure> {
    run(async |_, channel| {
        let filter = MessageFilter::new().ref_type("com.ably.reply");
        let mut replies = channel.subscribe_filtered(filter);
        if let Some(reply) = replies.next().await {
            println!("{:?}", reply?.name);
        }
        Ok(())
    })
}
