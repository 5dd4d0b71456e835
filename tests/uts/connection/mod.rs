//! `realtime/unit/connection`

mod common;

mod auto_connect;
mod backoff_jitter;
mod connection_failures;
mod connection_id_key;
mod connection_open_failures;
mod connection_ping;
mod connection_recovery;
mod error_reason;
mod fallback_hosts;
mod forwards_compatibility;
mod heartbeat;
mod network_change;
mod server_initiated_reauth;
mod update_events;
mod when_state;
