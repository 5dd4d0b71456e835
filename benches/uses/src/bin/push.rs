//! The minimal client that sends a push notification; the HTTP client is counted elsewhere.

use ably::{
    JsonText,
    plugins::push::{PushApi, PushRecipient},
};
use ably_uses::{Failure, run};

fn main() -> Result<(), Failure> {
    run(async |client, _| {
        let payload = JsonText::new(r#"{"notification":{"title":"Hello","body":"from Ably"}}"#)?;
        let recipient = PushRecipient::client_id("alice");
        Ok(client.push().admin().publish(recipient, payload).await?)
    })
}
