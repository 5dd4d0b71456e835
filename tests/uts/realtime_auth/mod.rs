//! `realtime/unit/auth`

mod auth_callback_errors;
mod common;
mod connection_auth;
mod realtime_authorize;
mod token_expiry_non_renewable;
