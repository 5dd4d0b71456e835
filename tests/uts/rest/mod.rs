//! `rest/unit`

mod channels_collection;
mod common;
mod fallback;
mod history;
mod idempotency;
mod paginated_result;
mod publish;
mod time;
