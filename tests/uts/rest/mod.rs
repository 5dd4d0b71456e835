//! `rest/unit`

mod common;
mod fallback;
mod history;
mod paginated_result;
mod time;
