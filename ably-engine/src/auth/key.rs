//! [`Key`]: an API key.
//!
//! Spec: RSA11.

use alloc::string::String;
use core::fmt;

use ably_protocol::{ErrorCode, ErrorInfo, Secret};

/// An API key, `appId.keyId:secret`.
#[derive(Clone, PartialEq, Eq)]
pub struct Key {
    name: String,
    secret: Secret<String>,
}

impl Key {
    /// Reads `appId.keyId:secret`.
    ///
    /// # Errors
    /// - `40400` it does not have that form (as ably-js reports it).
    pub fn parse(text: &str) -> Result<Self, ErrorInfo> {
        let bad = || {
            ErrorInfo::new(
                ErrorCode::NOT_FOUND,
                404,
                "the API key is not valid: it has the form appId.keyId:secret",
            )
        };
        let (name, secret) = text.split_once(':').ok_or_else(bad)?;
        let odd = |s: &str| s.is_empty() || s.chars().any(char::is_whitespace);
        if odd(name) || odd(secret) || secret.contains([':', '.']) {
            return Err(bad());
        }
        Ok(Self {
            name: name.into(),
            secret: Secret::from(secret),
        })
    }

    /// `appId.keyId`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The secret part.
    pub fn secret(&self) -> &Secret<String> {
        &self.secret
    }

    /// The whole key, `appId.keyId:secret`.
    pub fn whole(&self) -> Secret<String> {
        Secret::new(alloc::format!("{}:{}", self.name, self.secret.expose()))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({}:[redacted])", self.name)
    }
}
