//! [`Site`]: the client in which authentication happens.

use std::sync::Arc;

use ably_engine::{AuthState, protocol::ErrorInfo};

use super::Authority;
use crate::{HttpClient, rest::RestCore, shell::Shared};

/// A client, as far as authentication is concerned.
#[derive(Clone)]
pub(crate) enum Site {
    Rest(RestCore),
    Realtime(Arc<Shared>),
}

impl Site {
    pub(crate) fn authority(&self) -> &Arc<Authority> {
        match self {
            Self::Rest(core) => core.authority(),
            Self::Realtime(shared) => &shared.authority,
        }
    }

    pub(crate) fn with_auth<R>(&self, f: impl FnOnce(&mut AuthState) -> R) -> R {
        match self {
            Self::Rest(core) => core.with_auth(f),
            Self::Realtime(shared) => f(shared.lock().engine.auth_mut()),
        }
    }

    /// The client's HTTP client, set up with its TLS, proxy and agent.
    pub(crate) fn http(&self) -> Result<Arc<dyn HttpClient>, ErrorInfo> {
        match self {
            Self::Rest(core) => Ok(core.http().clone()),
            Self::Realtime(shared) => shared.http(),
        }
    }

    pub(crate) fn rest_core(&self) -> Result<RestCore, ErrorInfo> {
        match self {
            Self::Rest(core) => Ok(core.clone()),
            Self::Realtime(shared) => shared.rest_core(),
        }
    }
}
