//! What most programs want in scope: `use ably::prelude::*`.
//!
//! Holds the types that nearly every program names, and the extension traits of the enabled
//! features.

#[cfg(feature = "annotations")]
pub use ably_annotations::{ChannelAnnotations, RestAnnotationsApi};
pub use ably_base::{
    ChannelOptions, ChannelState, ClientOptions, ConnectionState, Data, ErrorInfo, JsonText,
    Message,
};
#[cfg(feature = "crypto")]
pub use ably_crypto::ChannelOptionsExt;
#[cfg(feature = "filter")]
pub use ably_filter::{MessageFilter, MessageInteractions};
#[cfg(feature = "presence")]
pub use ably_presence::ChannelPresence;
#[cfg(feature = "push")]
pub use ably_push::{ChannelPush, PushApi};
#[cfg(feature = "rest")]
pub use ably_rest::{
    BatchPublishSpec, Direction, History, HistoryQuery, PresenceHistory, RestApi, RestPresenceApi,
    RestPublish, RevokeTokens, StatusApi,
};
#[cfg(feature = "stats")]
pub use ably_stats::{StatsApi, StatsQuery};

pub use crate::{Realtime, Rest};
