//! `realtime/unit/channels`, but for the documents about messages (`../messages`), annotations and
//! history

mod common;

mod channel_additional_attached;
mod channel_attach;
mod channel_attributes;
mod channel_connection_state;
mod channel_detach;
mod channel_error;
mod channel_options;
mod channel_properties;
mod channel_server_initiated_detach;
mod channel_state_events;
mod channel_when_state;
mod channels_collection;
