//! Filtered subscriptions for the Ably client: messages that refer to another one, and others that
//! are known by more than their name.
//!
//! | trait | on | methods |
//! |---|---|---|
//! | [`MessageInteractions`] | [`ably_base::Channel`] | `subscribe_filtered`, `subscribe_filtered_with`, `unsubscribe_filtered` |
//!
//! No plugin to install: importing the trait is enough. The messages still come to this client,
//! which leaves out those that do not match; [`ably_base::Channels::get_derived`] has the server do
//! so.
//!
//! ```no_run
//! use ably_base::Channel;
//! use ably_filter::{MessageFilter, MessageInteractions};
//!
//! async fn print_replies(channel: Channel) {
//!     let mut replies = channel.subscribe_filtered(MessageFilter::new().ref_type("com.ably.reply"));
//!     while let Some(reply) = replies.next().await {
//!         match reply {
//!             Ok(reply) => println!("{:?}", reply.data),
//!             Err(lagged) => println!("{lagged}"),
//!         }
//!     }
//! }
//! ```
//!
//! ably-js: the `MessageInteractions` plugin. Spec: RTL22, MFI.

mod api;
mod filter;
mod subscription;

pub use api::MessageInteractions;
pub use filter::MessageFilter;
pub use subscription::FilteredSubscription;
