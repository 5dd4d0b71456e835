//! [`ConnectionDetails`] and [`AuthDetails`].

use core::fmt;

use alloc::string::String;

use crate::{Secret, Str};

/// What the server tells with CONNECTED.
///
/// Spec: CD1, CD2.
#[derive(Clone, Debug, Default, PartialEq)]
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

/// The token of an AUTH message.
///
/// Spec: AD1, AD2.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct AuthDetails {
    /// The new token.
    pub access_token: Secret<String>,
}

impl fmt::Debug for AuthDetails {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuthDetails([redacted])")
    }
}
