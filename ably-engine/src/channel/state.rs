//! States and events of a channel.
//!
//! ```text
//! INITIALIZED -> ATTACHING <-> ATTACHED -> DETACHING -> DETACHED
//!                   |  ^           |
//!                   v  |           v
//!                 SUSPENDED      FAILED
//! ```
//!
//! Spec: RTL2, TH1–TH6.

use ably_protocol::{ErrorInfo, Str};

/// Where a channel stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ChannelState {
    /// Made, and never attached.
    #[default]
    Initialized,
    /// An attach is under way, or waits for the connection.
    Attaching,
    /// Attached: messages are delivered.
    Attached,
    /// A detach is under way.
    Detaching,
    /// Detached.
    Detached,
    /// Not attached; attached again by itself.
    Suspended,
    /// Failed; only `attach` gets out of it.
    Failed,
}

impl ChannelState {
    /// The name that ably-js uses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Initialized => "initialized",
            Self::Attaching => "attaching",
            Self::Attached => "attached",
            Self::Detaching => "detaching",
            Self::Detached => "detached",
            Self::Suspended => "suspended",
            Self::Failed => "failed",
        }
    }
}

impl core::fmt::Display for ChannelState {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.pad(self.as_str())
    }
}

/// What a channel listener is told: a state was entered, or the attachment changed without a
/// change of state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ChannelEvent {
    /// A state was entered.
    State(ChannelState),
    /// The attachment changed, and continuity may have been lost. Spec: RTL2g.
    Update,
}

impl ChannelEvent {
    /// The name that ably-js uses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::State(s) => s.as_str(),
            Self::Update => "update",
        }
    }
}

impl From<ChannelState> for ChannelEvent {
    fn from(state: ChannelState) -> Self {
        Self::State(state)
    }
}

/// A change of a channel.
///
/// Spec: TH1–TH6.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ChannelStateChange {
    /// The state before.
    pub previous: ChannelState,
    /// The state now.
    pub current: ChannelState,
    /// What this is an event of.
    pub event: ChannelEvent,
    /// No message was missed. Spec: TH4.
    pub resumed: bool,
    /// Stored messages follow. Spec: TH6.
    pub has_backlog: bool,
    /// Why.
    pub reason: Option<ErrorInfo>,
}

/// Positions of the channel in its history.
///
/// Spec: CP2.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChannelProperties {
    /// Where the channel was attached.
    pub attach_serial: Option<Str>,
    /// Up to where messages have come.
    pub channel_serial: Option<Str>,
}
