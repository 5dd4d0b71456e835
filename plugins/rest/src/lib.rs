//! REST operations for the Ably client, as extension traits: bring one into scope and the method
//! is there.
//!
//! | trait | on | methods |
//! |---|---|---|
//! | [`RestApi`] | every client | `time` |
//! | [`RestPublish`] | [`ably_base::RestChannel`] | `publish`, `publish_message`, `publish_messages` |
//! | [`History`] | [`ably_base::RestChannel`], [`ably_base::Channel`] | `history` |
//! | [`RestPresenceApi`] | [`ably_base::RestChannel`] | `presence().get`, `presence().history` |
//!
//! Needs an HTTP client (feature `http`) and nothing else: there is no plugin to install. Queries
//! are given as a builder, or `()` for the default.
//!
//! ```no_run
//! use ably_base::{BaseRest, ErrorInfo};
//! use ably_rest::{History, HistoryQuery, RestPublish};
//!
//! async fn example(rest: BaseRest) -> Result<(), ErrorInfo> {
//!     let channel = rest.channels().get("news");
//!     channel.publish("greeting", "hello").await?;
//!     let mut page = channel.history(HistoryQuery::new().limit(10)).await?;
//!     loop {
//!         for message in page.items() {
//!             println!("{:?}", message.data);
//!         }
//!         match page.next().await? {
//!             Some(next) => page = next,
//!             None => return Ok(()),
//!         }
//!     }
//! }
//! ```
//!
//! ably-js: the `Rest` plugin.

mod decode;
mod history;
mod items;
mod links;
mod page;
mod presence;
mod publish;
mod time;

pub use history::{Direction, History, HistoryQuery, UnixMillis};
pub use items::AllItems;
pub use page::{DecodePage, PaginatedResult};
pub use presence::{PresenceQuery, RestPresence, RestPresenceApi};
pub use publish::{Publish, RestPublish};
pub use time::RestApi;
