//! [`RealtimePresenceParams`]: which members [`crate::Presence::get`] gives.

use ably_base::{PresenceMessage, Str};

/// Which members to give, and whether to wait for all of them; `()` stands for the defaults.
///
/// Spec: RTP11c.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RealtimePresenceParams {
    pub(crate) wait_for_sync: bool,
    client_id: Option<Str>,
    connection_id: Option<Str>,
}

impl Default for RealtimePresenceParams {
    fn default() -> Self {
        Self {
            wait_for_sync: true,
            client_id: None,
            connection_id: None,
        }
    }
}

impl RealtimePresenceParams {
    /// All members, once they are all known.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether to wait until all members are known, default yes. Spec: RTP11c1.
    #[must_use]
    pub fn wait_for_sync(mut self, yes: bool) -> Self {
        self.wait_for_sync = yes;
        self
    }

    /// Only members of this client. Spec: RTP11c2.
    #[must_use]
    pub fn client_id(mut self, client_id: impl Into<Str>) -> Self {
        self.client_id = Some(client_id.into());
        self
    }

    /// Only members of this connection. Spec: RTP11c3.
    #[must_use]
    pub fn connection_id(mut self, connection_id: impl Into<Str>) -> Self {
        self.connection_id = Some(connection_id.into());
        self
    }

    pub(crate) fn admit(&self, member: &PresenceMessage) -> bool {
        let fits = |wanted: &Option<Str>, is: &Option<Str>| wanted.is_none() || wanted == is;
        fits(&self.client_id, &member.client_id) && fits(&self.connection_id, &member.connection_id)
    }
}

impl From<()> for RealtimePresenceParams {
    fn from((): ()) -> Self {
        Self::default()
    }
}
