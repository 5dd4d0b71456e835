//! Sockets, HTTP, TLS and the clock around the core.
//!
//! Decides nothing about the protocol: reads frames and bodies, hands them to [`crate::core::Core`]
//! under one short lock, and writes what the core wants sent.

mod accept;
mod builder;
mod clock;
mod comet;
mod http;
mod hub;
mod sandbox;
mod session;
mod store;
mod tls;
mod upgrade;
mod writer;

pub use builder::{Builder, StartError};
pub use sandbox::Sandbox;
