//! `realtime/unit/channels`, the documents about messages: publish, subscribe, fields, deltas

mod common;
mod mock_vcdiff;

mod channel_delta_decoding;
mod channel_publish;
mod channel_subscribe;
mod message_field_population;
mod message_filter;
