//! [`ClientOptions`].

mod client;
mod hosts;
mod transports;

pub use client::ClientOptions;
pub(crate) use transports::{ChooseFn, choose, info};
