//! `realtime/unit/client`
