//! [`ClientOptions`].

mod client;
mod hosts;

pub use client::ClientOptions;
