//! `realtime/unit/presence`

mod common;

mod local_presence_map;
mod presence_map;
mod presence_sync;
mod realtime_presence_channel_state;
mod realtime_presence_enter;
mod realtime_presence_get;
mod realtime_presence_history;
mod realtime_presence_reentry;
mod realtime_presence_subscribe;
