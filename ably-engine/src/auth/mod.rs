//! Authentication: what the engine knows about credentials.
//!
//! Spec: RSA, TD, TE, TK.

mod capability;
mod key;
mod request;
mod state;
mod token;

pub use capability::{Capability, CapabilityOp};
pub use key::Key;
pub use request::TokenRequest;
pub use state::{AuthConfig, AuthState};
pub use token::{Credential, TokenDetails, TokenParams};

pub(crate) use state::Need;
