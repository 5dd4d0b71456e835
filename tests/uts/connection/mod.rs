//! `realtime/unit/connection`

mod auto_connect;
