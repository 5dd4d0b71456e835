//! `realtime/unit/client`

mod realtime_client;
mod realtime_timeouts;
