//! [`ConnectionDetails`] and [`AuthDetails`].

use core::fmt;

use alloc::string::String;

use crate::{Secret, Str, secret::Redacted};

/// What the server tells with CONNECTED. `Debug` leaves out the key.
///
/// Spec: CD1, CD2.
#[derive(Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct ConnectionDetails {
    /// The identity of the client; `*` means any. Spec: CD2a.
    pub client_id: Option<Str>,
    /// What resumes the connection; secret. Spec: CD2b.
    pub connection_key: Option<Str>,
    /// The largest publish, in bytes. Spec: CD2c.
    pub max_message_size: Option<u64>,
    /// The largest frame, in bytes. Spec: CD2d.
    pub max_frame_size: Option<u64>,
    /// Messages per second that the server takes. Spec: CD2e.
    pub max_inbound_rate: Option<u64>,
    /// How long the server keeps a lost connection, ms. Spec: CD2f.
    pub connection_state_ttl: Option<u64>,
    /// The longest silence of the server, ms; 0 promises nothing. Spec: CD2h.
    pub max_idle_interval: Option<u64>,
    /// The server's name. Spec: CD2g.
    pub server_id: Option<Str>,
    /// How long tombstones of objects are kept, ms.
    pub objects_gc_grace_period: Option<u64>,
}

impl fmt::Debug for ConnectionDetails {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectionDetails")
            .field("client_id", &self.client_id)
            .field(
                "connection_key",
                &self.connection_key.as_ref().map(Redacted::of),
            )
            .field("max_message_size", &self.max_message_size)
            .field("max_frame_size", &self.max_frame_size)
            .field("max_inbound_rate", &self.max_inbound_rate)
            .field("connection_state_ttl", &self.connection_state_ttl)
            .field("max_idle_interval", &self.max_idle_interval)
            .field("server_id", &self.server_id)
            .field("objects_gc_grace_period", &self.objects_gc_grace_period)
            .finish()
    }
}

/// The token of an AUTH message.
///
/// Spec: AD1, AD2.
#[derive(Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct AuthDetails {
    /// The new token.
    pub access_token: Secret<String>,
}

impl fmt::Debug for AuthDetails {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuthDetails([redacted])")
    }
}
