//! What the engine knows about authentication.
//!
//! Decides which credential a connection or request uses and when a new token is needed. It does not get
//! tokens: that is [`crate::Output::FetchToken`].
//!
//! Spec: RSA1–RSA4, RSA14.

use alloc::string::String;
use core::fmt;

use ably_protocol::{ErrorCode, ErrorInfo, Secret, Str};
use base64::{Engine as _, prelude::BASE64_STANDARD as STANDARD};

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

/// The credential in use: one per client, shared by its connection and its requests.
#[derive(Debug)]
pub struct AuthState {
    config: AuthConfig,
    /// What the client claims to be; `None` when it leaves that to its credential.
    claimed: Option<Str>,
    pub(crate) client_id: Option<Str>,
    generation: u64,
}

pub(crate) enum Need {
    /// Use what there is.
    Ready,
    /// Fetch a token first.
    Fetch,
    /// There is no way to get one.
    Impossible(ErrorInfo),
}

impl AuthState {
    /// The credential to begin with, and the identity that the client claims.
    pub fn new(config: AuthConfig, client_id: Option<Str>) -> Self {
        Self {
            config,
            claimed: client_id.clone(),
            client_id,
            generation: 0,
        }
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
                    if force {
                        // It was refused: never used again, even if fetching another one fails.
                        *token = None;
                    }
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
            self.generation += 1;
        }
    }

    /// Takes a new token into use, with the identity that it carries.
    ///
    /// # Errors
    /// - `40102` it carries another identity than the client claims; it is not taken.
    ///
    /// Spec: RSA15.
    pub fn take_token(&mut self, details: TokenDetails) -> Result<(), ErrorInfo> {
        if let Some(told) = &details.client_id {
            self.learn_client_id(told)?;
        }
        self.set_token(details);
        Ok(())
    }

    /// How many tokens were taken into use: tells whether someone else has renewed already.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// The identity of the client as far as it is known; `*` means any. Spec: RSA12.
    pub fn client_id(&self) -> Option<&Str> {
        self.client_id.as_ref()
    }

    /// The value of the `Authorization` header: `Basic` with the key, or `Bearer` with the token,
    /// either in base64. `None` while there is no token. Spec: RSA11, RSA3b.
    pub fn authorization(&self) -> Option<Secret<String>> {
        let (scheme, secret) = match &self.config {
            AuthConfig::Basic(key) => ("Basic ", key.whole()),
            AuthConfig::Token { token, .. } => ("Bearer ", token.as_ref()?.token.clone()),
        };
        // The exact room, so that growing leaves no copy of the secret behind.
        let mut header =
            String::with_capacity(scheme.len() + secret.expose().len().div_ceil(3) * 4);
        header.push_str(scheme);
        STANDARD.encode_string(secret.expose(), &mut header);
        Some(Secret::new(header))
    }

    /// True when there is a token, it is known to have expired, and no way to get another.
    pub(crate) fn is_spent(&self, now: Now) -> bool {
        match &self.config {
            AuthConfig::Token {
                token: Some(token),
                renewable: false,
            } => token.expires.is_some_and(|at| at <= now.unix_ms),
            _ => false,
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
        match &self.claimed {
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
