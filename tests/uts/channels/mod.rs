//! `realtime/unit/channels`
