//! What most programs want in scope: `use ably::prelude::*`.
//!
//! Holds the extension traits of the enabled features.

pub use ably_base::{ClientOptions, ErrorInfo, Message};
#[cfg(feature = "crypto")]
pub use ably_crypto::ChannelOptionsExt;
#[cfg(feature = "presence")]
pub use ably_presence::ChannelPresence;
#[cfg(feature = "rest")]
pub use ably_rest::{Direction, History, HistoryQuery, RestApi, RestPresenceApi, RestPublish};

pub use crate::{Realtime, Rest};
