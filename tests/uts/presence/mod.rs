//! `realtime/unit/presence`
