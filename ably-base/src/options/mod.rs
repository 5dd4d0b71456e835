//! [`ClientOptions`].

mod client;
mod hosts;
mod transports;

pub use client::ClientOptions;
