//! What most programs want in scope: `use ably::prelude::*`.
//!
//! Holds the extension traits of the enabled features.

pub use ably_base::{ClientOptions, ErrorInfo, Message};

pub use crate::Realtime;

#[cfg(feature = "crypto")]
pub use ably_crypto::ChannelOptionsExt;
