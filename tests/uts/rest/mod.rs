//! `rest/unit`

mod channels_collection;
mod common;
mod fallback;
mod history;
mod idempotency;
mod logging;
mod paginated_result;
mod publish;
mod rest_client;
mod rest_presence;
mod time;
