//! `realtime/unit/auth`
