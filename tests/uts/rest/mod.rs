//! `rest/unit`

mod channels_collection;
mod common;
mod error_types;
mod fallback;
mod history;
mod idempotency;
mod logging;
mod message_types;
mod mutable_message_types;
mod paginated_result;
mod presence_message_types;
mod publish;
mod rest_client;
mod rest_presence;
mod time;
