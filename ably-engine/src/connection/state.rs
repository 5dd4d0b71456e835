//! States and events of the connection.
//!
//! ```text
//! INITIALIZED -> CONNECTING <-> CONNECTED -> CLOSING -> CLOSED
//!                  ^   |  \         |
//!                  |   v   v        v
//!            DISCONNECTED  FAILED  (lost: DISCONNECTED, at once CONNECTING)
//!                  |
//!                  v  connectionStateTtl
//!              SUSPENDED -> CONNECTING …
//! ```
//!
//! Spec: RTN4, TA1–TA5.

use core::time::Duration;

use ably_protocol::ErrorInfo;

/// Where the connection stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ConnectionState {
    /// Made, and not told to connect yet.
    #[default]
    Initialized,
    /// An attempt is under way.
    Connecting,
    /// Connected.
    Connected,
    /// Not connected; another attempt follows by itself. What is published is queued.
    Disconnected,
    /// Not connected for longer than the server keeps state; attempts go on, less often.
    Suspended,
    /// Being closed on request.
    Closing,
    /// Closed on request. `connect` starts anew.
    Closed,
    /// Failed for good. `connect` starts anew.
    Failed,
}

impl ConnectionState {
    /// The name that ably-js uses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Initialized => "initialized",
            Self::Connecting => "connecting",
            Self::Connected => "connected",
            Self::Disconnected => "disconnected",
            Self::Suspended => "suspended",
            Self::Closing => "closing",
            Self::Closed => "closed",
            Self::Failed => "failed",
        }
    }

    /// Messages can be sent or queued.
    pub(crate) const fn is_active(self) -> bool {
        self.queues() || matches!(self, Self::Connected)
    }

    /// Messages can be queued.
    pub(crate) const fn queues(self) -> bool {
        matches!(
            self,
            Self::Initialized | Self::Connecting | Self::Disconnected
        )
    }

    /// Nothing more happens without a call.
    pub(crate) const fn is_terminal(self) -> bool {
        matches!(self, Self::Closed | Self::Failed)
    }
}

impl core::fmt::Display for ConnectionState {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.pad(self.as_str())
    }
}

/// What a connection listener is told: a state was entered, or details changed without a change
/// of state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ConnectionEvent {
    /// A state was entered.
    State(ConnectionState),
    /// Details of the connection changed. Spec: RTN4h, RTN24.
    Update,
}

impl ConnectionEvent {
    /// The name that ably-js uses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::State(s) => s.as_str(),
            Self::Update => "update",
        }
    }
}

impl From<ConnectionState> for ConnectionEvent {
    fn from(state: ConnectionState) -> Self {
        Self::State(state)
    }
}

/// A change of the connection.
///
/// Spec: TA1–TA5.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ConnectionStateChange {
    /// The state before.
    pub previous: ConnectionState,
    /// The state now.
    pub current: ConnectionState,
    /// What this is an event of.
    pub event: ConnectionEvent,
    /// When the next attempt will be made, from `disconnected` and `suspended`.
    pub retry_in: Option<Duration>,
    /// Why.
    pub reason: Option<ErrorInfo>,
}
