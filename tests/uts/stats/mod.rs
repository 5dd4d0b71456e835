//! Statistics: `rest/unit/stats.md`, and the same for realtime clients.

mod common;
mod live_stats;
mod realtime_stats;
mod rest_stats;
