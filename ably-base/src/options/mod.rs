//! [`ClientOptions`].

mod client;
mod hosts;
mod transports;

pub use client::ClientOptions;
pub(crate) use transports::{FallBackFn, fall_back, info};
