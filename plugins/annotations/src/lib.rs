//! Annotations for the Ably client: what somebody adds to a message that is published already,
//! such as a reaction to it. The server sums them up by their type.
//!
//! | trait | on | methods |
//! |---|---|---|
//! | [`RestAnnotationsApi`] | [`ably_base::RestChannel`] | `annotations().publish`, `annotations().delete`, `annotations().get` |
//!
//! Over REST; needs an HTTP client (feature `http`) and no plugin to install. A message is named by
//! its serial or by itself, as it was received. [`SummaryEntry`] reads what the annotations of a
//! message add up to.
//!
//! ```no_run
//! use ably_annotations::RestAnnotationsApi;
//! use ably_base::{Annotation, BaseRest, ErrorInfo};
//! use ably_rest::History;
//!
//! async fn example(rest: BaseRest) -> Result<(), ErrorInfo> {
//!     let channel = rest.channels().get("news");
//!     for message in channel.history(()).await?.items() {
//!         let like = Annotation::new("reaction:distinct.v1").name("👍");
//!         channel.annotations().publish(message, like).await?;
//!     }
//!     Ok(())
//! }
//! ```
//!
//! ably-js: the `Annotations` plugin, and annotations of the `Rest` plugin.

mod decode;
mod outgoing;
mod query;
mod rest;
mod summary;
mod target;

pub use query::AnnotationsQuery;
pub use rest::{RestAnnotations, RestAnnotationsApi};
pub use summary::{
    SummaryClientIdCounts, SummaryClientIdList, SummaryDistinctValues, SummaryEntry,
    SummaryMultipleValues, SummaryTotal, SummaryUniqueValues,
};
pub use target::MessageSerial;
