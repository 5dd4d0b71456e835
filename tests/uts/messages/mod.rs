//! `realtime/unit/channels`, the documents about messages: publish, subscribe, fields, deltas

mod common;

mod channel_publish;
mod channel_subscribe;
mod message_field_population;
