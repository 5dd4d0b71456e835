//! `realtime/unit/channels/channel_annotations.md`

mod channel_annotations;
