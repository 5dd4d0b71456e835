//! Annotations for the Ably client: what somebody adds to a message that is published already,
//! such as a reaction to it. The server sums them up by their type.
//!
//! | trait | on | methods |
//! |---|---|---|
//! | [`ChannelAnnotations`] | [`ably_base::Channel`] | `annotations()`: publish, delete, get, subscribe |
//! | [`RestAnnotationsApi`] | [`ably_base::RestChannel`] | `annotations()`: publish, delete, get |
//!
//! On a connection install [`Annotations`]; without it every operation but `get` fails with
//! `40019`. REST, and `get`, need an HTTP client (feature `http`) and no plugin to install. A
//! message is named by its serial or by itself, as it was received. [`SummaryEntry`] reads what the
//! annotations of a message add up to.
//!
//! ```no_run
//! use ably_annotations::{Annotations, ChannelAnnotations};
//! use ably_base::{Annotation, BaseRealtime, ClientOptions, ErrorInfo};
//!
//! # async fn run() -> Result<(), ErrorInfo> {
//! let options = ClientOptions::with_key("app.key:secret").client_id("bob");
//! let client = BaseRealtime::new(options.plugin(Annotations))?;
//! let channel = client.channels().get("news");
//! let mut messages = channel.subscribe(());
//! while let Some(message) = messages.next().await {
//!     // Some were missed: go on with the next.
//!     let Ok(message) = message else { continue };
//!     let like = Annotation::new("reaction:distinct.v1").name("👍");
//!     channel.annotations().publish(&message, like).await?;
//! }
//! # Ok(())
//! # }
//! ```
//!
//! ably-js: the `Annotations` plugin, and annotations of the `Rest` plugin.

mod decode;
mod listeners;
mod machine;
mod outgoing;
mod plugin;
mod query;
mod realtime;
mod rest;
mod subscription;
mod summary;
mod target;

pub use plugin::Annotations;
pub use query::AnnotationsQuery;
pub use realtime::{ChannelAnnotations, RealtimeAnnotations};
pub use rest::{RestAnnotations, RestAnnotationsApi};
pub use subscription::AnnotationSubscription;
pub use summary::{
    SummaryClientIdCounts, SummaryClientIdList, SummaryDistinctValues, SummaryEntry,
    SummaryMultipleValues, SummaryTotal, SummaryUniqueValues,
};
pub use target::MessageSerial;
