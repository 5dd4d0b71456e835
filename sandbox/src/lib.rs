//! A local server that speaks the Ably protocol, for development and tests.
//!
//! Real Ably clients take it for Ably: they connect by WebSocket or comet, attach, publish,
//! subscribe, filter, are present, read history, lose their sockets and resume. It runs inside a test ([`Sandbox::start`]), on a thread
//! of its own ([`Builder::start_on_thread`]), or as the program `ably-sandbox`. Tests can make
//! trouble with [`Sandbox::cut`], [`Sandbox::refuse`] and [`Sandbox::restore`].
//!
//! It keeps everything in memory and nothing for ever; with [`Builder::data`] what it has
//! acknowledged survives a crash. It is a witness for clients and shares no code with them: [`wire`]
//! is its own reading of the protocol, [`core`] the server without sockets or clock.

// Nothing that a peer sends may end the process.
#![deny(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

pub mod core;
mod shell;
pub mod wire;

pub use crate::core::{ConnectionInfo, Limits, Selector};
pub use crate::shell::{Builder, Sandbox, StartError};
