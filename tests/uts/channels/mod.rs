//! `realtime/unit/channels`

mod common;

// channel_publish, channel_subscribe, message_field_population and channel_delta_decoding are in
// ../messages, written by someone else: do not derive them here.
mod channel_additional_attached;
mod channel_attach;
mod channel_attributes;
mod channel_connection_state;
mod channel_detach;
mod channel_error;
mod channel_server_initiated_detach;
mod channel_state_events;
