//! `realtime/integration/proxy/` and `rest/integration/proxy/`: a proxy makes trouble between the
//! client and the server.

mod auth_reauth;
mod channel_faults;
mod connection_open_failures;
mod connection_resume;
mod heartbeat;
mod presence_reentry;
mod rest_fallback;
mod rest_faults;
