//! REST operations for the Ably client, as extension traits: bring one into scope and the method
//! is there.
//!
//! | trait | on | methods |
//! |---|---|---|
//! | [`RevokeTokens`] | [`ably_base::Auth`] | `revoke_tokens` |
//! | [`RestApi`] | every client | `time`, `request`, `batch_publish`, `batch_presence` |
//! | [`RestPublish`] | [`ably_base::RestChannel`] | `publish`, `publish_message`, `publish_messages` |
//! | [`History`] | [`ably_base::RestChannel`], [`ably_base::Channel`] | `history` |
//! | [`StatusApi`] | [`ably_base::RestChannel`], [`ably_base::Channel`] | `status` |
//! | [`PresenceHistory`] | the presence of a [`ably_base::Channel`] | `history` |
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

mod api;
mod batch;
mod batch_presence;
mod batch_publish;
mod decode;
mod history;
mod items;
mod links;
mod page;
mod presence;
mod publish;
mod request;
mod request_path;
mod response;
mod revoke;
mod status;
mod time;

pub use api::RestApi;
pub use batch::{BatchFailureResult, BatchResult};
pub use batch_presence::{
    BatchPresenceFailureResult, BatchPresenceResult, BatchPresenceSuccessResult,
};
pub use batch_publish::{
    BatchPublish, BatchPublishFailureResult, BatchPublishResult, BatchPublishSpec,
    BatchPublishSuccessResult,
};
pub use history::{Direction, History, HistoryQuery, UnixMillis};
pub use items::AllItems;
pub use page::{DecodePage, PaginatedResult};
pub use presence::{PresenceHistory, PresenceQuery, RestPresence, RestPresenceApi};
pub use publish::{Publish, RestPublish};
pub use request::{Request, RequestBody};
pub use response::HttpPaginatedResponse;
pub use revoke::{
    RevokeTokens, TokenRevocationFailureResult, TokenRevocationOptions, TokenRevocationResult,
    TokenRevocationSuccessResult, TokenRevocationTargetSpecifier,
};
pub use status::{ChannelDetails, ChannelMetrics, ChannelOccupancy, ChannelStatus, StatusApi};
