//! What the engine knows about authentication.
//!
//! Decides which credential a connection uses and when a new token is needed. It does not get
//! tokens: that is [`crate::Output::FetchToken`].
//!
//! Spec: RSA1–RSA4, RSA14.

use alloc::string::String;
use core::fmt;

use ably_protocol::{ErrorCode, ErrorInfo, Secret, Str};

use crate::Now;

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

/// A token and what is known about it.
///
/// Spec: TD1–TD7.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct TokenDetails {
    /// The token itself.
    pub token: Secret<String>,
    /// When it expires, ms since the epoch.
    pub expires: Option<i64>,
    /// When it was issued, ms since the epoch.
    pub issued: Option<i64>,
    /// What it allows: JSON text.
    pub capability: Option<Str>,
    /// The identity it carries.
    pub client_id: Option<Str>,
}

impl TokenDetails {
    /// A token of which nothing else is known.
    pub fn new(token: impl Into<Secret<String>>) -> Self {
        Self {
            token: token.into(),
            ..Self::default()
        }
    }
}

/// What a token is wanted for.
///
/// Spec: TK1–TK6.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct TokenParams {
    /// The identity that the token should carry.
    pub client_id: Option<Str>,
    /// What it should allow: JSON text.
    pub capability: Option<Str>,
    /// How long it should live, ms.
    pub ttl: Option<u64>,
    /// When it was asked for, ms since the epoch.
    pub timestamp: Option<i64>,
}

/// What a token callback answers with.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Credential {
    /// A token.
    Token(TokenDetails),
}

/// How the client authenticates.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum AuthConfig {
    /// With the API key itself.
    Basic(Key),
    /// With a token; `renewable` when there is a way to get another.
    Token {
        /// The token to begin with.
        token: Option<TokenDetails>,
        /// There is a callback or the like.
        renewable: bool,
    },
}

/// The credential in use.
#[derive(Debug)]
pub(crate) struct Auth {
    config: AuthConfig,
    pub(crate) client_id: Option<Str>,
}

pub(crate) enum Need {
    /// Use what there is.
    Ready,
    /// Fetch a token first.
    Fetch,
    /// There is no way to get one.
    Impossible(ErrorInfo),
}

impl Auth {
    pub(crate) fn new(config: AuthConfig, client_id: Option<Str>) -> Self {
        Self { config, client_id }
    }

    /// What is needed before the next attempt; `force` when the last token was refused.
    pub(crate) fn need(&mut self, now: Now, force: bool) -> Need {
        match &mut self.config {
            AuthConfig::Basic(_) => Need::Ready,
            AuthConfig::Token { token, renewable } => {
                let expired = token
                    .as_ref()
                    .and_then(|t| t.expires)
                    .is_some_and(|at| at <= now.unix_ms);
                if token.is_some() && !force && !(expired && *renewable) {
                    return Need::Ready;
                }
                if *renewable {
                    Need::Fetch
                } else {
                    Need::Impossible(no_renewal())
                }
            }
        }
    }

    pub(crate) fn is_renewable(&self) -> bool {
        matches!(
            &self.config,
            AuthConfig::Token {
                renewable: true,
                ..
            }
        )
    }

    pub(crate) fn uses_token(&self) -> bool {
        matches!(&self.config, AuthConfig::Token { .. })
    }

    pub(crate) fn set_token(&mut self, details: TokenDetails) {
        if let AuthConfig::Token { token, .. } = &mut self.config {
            *token = Some(details);
        }
    }

    /// The query parameter that carries the credential.
    pub(crate) fn query(&self) -> Option<(&'static str, Secret<String>)> {
        match &self.config {
            AuthConfig::Basic(key) => Some(("key", key.whole())),
            AuthConfig::Token { token, .. } => {
                token.as_ref().map(|t| ("access_token", t.token.clone()))
            }
        }
    }

    /// Takes the identity that the server told. Spec: RSA7b3, RSA15.
    ///
    /// # Errors
    /// - `40102` it is not the one that the client claims.
    pub(crate) fn learn_client_id(&mut self, told: &Str) -> Result<(), ErrorInfo> {
        match &self.client_id {
            Some(own) if *told != "*" && own != told => Err(ErrorInfo::new(
                ErrorCode::INCOMPATIBLE_CREDENTIAL,
                401,
                alloc::format!("the server's clientId {told:?} is not this client's {own:?}"),
            )),
            Some(_) => Ok(()),
            None => {
                self.client_id = Some(told.clone());
                Ok(())
            }
        }
    }
}

pub(crate) fn no_renewal() -> ErrorInfo {
    ErrorInfo::new(
        ErrorCode::NO_RENEWAL,
        403,
        "the token cannot be renewed: give the client a key or an authCallback",
    )
}
