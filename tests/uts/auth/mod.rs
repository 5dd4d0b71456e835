//! `rest/unit/auth`

mod auth_callback;
mod auth_scheme;
mod authorize;
mod client_id;
mod common;
mod revoke_tokens;
mod token_details;
mod token_renewal;
mod token_request_params;
