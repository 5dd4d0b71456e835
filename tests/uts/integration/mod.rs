//! `realtime/integration/` and `rest/integration/`: against a server.

mod annotations;
mod batch_presence;
mod channel_attach;
mod channel_history;
mod channel_publish;
mod channel_subscribe;
mod connection_failures;
mod connection_lifecycle;
mod delta_decoding;
mod history;
mod pagination;
mod presence;
mod presence_lifecycle;
mod presence_sync;
mod publish;
mod realtime_annotations;
mod realtime_auth;
mod rest_auth;
mod revoke_tokens;
mod time_stats;
mod token_renewal;
mod token_request;
