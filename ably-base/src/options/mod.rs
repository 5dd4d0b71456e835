//! [`ClientOptions`].

mod client;
mod hosts;
mod storage;
mod transports;

pub use client::ClientOptions;
pub(crate) use storage::Keeping;
pub use storage::LastConnection;
pub(crate) use transports::{ChooseFn, choose, info};
