//! Test tools for the Ably client: time that only passes when told to, and peers that do as
//! scripted.
//!
//! Frames are written and read as [`serde_json::Value`], so that a test does not lean on the codec
//! of the client that it tests.

pub mod http;
mod log;
mod runtime;
mod ws;

pub use log::LogCapture;
pub use runtime::VirtualRuntime;
pub use ws::{Attempt, MockConnection, MockWebSocket, WsEvent, action, connected};
