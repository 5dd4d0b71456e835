//! `realtime/unit/channels`

mod common;

mod channel_attach;
mod channel_detach;

// channel_publish, channel_subscribe, message_field_population and channel_delta_decoding are in
// ../messages, written by someone else: do not derive them here.
