//! Statistics of an application for the Ably client, as an extension trait: bring [`StatsApi`] into
//! scope and every client has `stats`.
//!
//! Needs an HTTP client (feature `http`) and nothing else: there is no plugin to install.
//!
//! ```no_run
//! use ably_base::{BaseRest, ErrorInfo};
//! use ably_stats::{StatsApi, StatsIntervalGranularity, StatsQuery};
//!
//! async fn example(rest: BaseRest) -> Result<(), ErrorInfo> {
//!     let query = StatsQuery::new().start("2026-01").unit(StatsIntervalGranularity::Day);
//!     for day in rest.stats(query).await?.items() {
//!         println!("{}: {}", day.interval_id, day.count("messages.all.all.count"));
//!     }
//!     Ok(())
//! }
//! ```
//!
//! ably-js: part of the `Rest` plugin.

mod api;
mod interval;
mod query;
mod stats;

pub use api::StatsApi;
pub use interval::{StatsIntervalGranularity, interval_time};
pub use query::{StatsQuery, StatsTime};
pub use stats::Stats;
