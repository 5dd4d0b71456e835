//! [`AuthState`]: the credential in use.
//!
//! Decides which credential a connection or request uses and when a new token is needed. It does not get
//! tokens: that is [`crate::Output::FetchToken`].
//!
//! Spec: RSA1–RSA4, RSA7, RSA10k, RSA12, RSA14–RSA16.

use alloc::string::String;

use ably_protocol::{ErrorCode, ErrorInfo, Secret, Str};
use base64::{Engine as _, prelude::BASE64_STANDARD as STANDARD};

use super::{Key, TokenDetails};
use crate::Now;

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
    /// The server's time, ms since the epoch, and when it was told.
    told: Option<(i64, Now)>,
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
            told: None,
        }
    }

    /// What is needed before the next attempt; `force` when the last token was refused. A token
    /// that is known to have expired is forgotten.
    ///
    /// Spec: RSA4b1, RSA15, RSA16d.
    pub(crate) fn need(&mut self, now: Now, force: bool) -> Need {
        let token = self.token_details().filter(|_| !force);
        if let Some(Err(error)) = token.map(|token| self.fits(token)) {
            return Need::Impossible(error);
        }
        let server_time = self.server_time(now);
        let AuthConfig::Token { token, renewable } = &mut self.config else {
            return Need::Ready;
        };
        // Our own clock is not trusted: without the server's time the server is to judge.
        let expired = match (token.as_ref().and_then(|t| t.expires), server_time) {
            (Some(at), Some(now)) => at < now,
            _ => false,
        };
        if token.is_some() && !expired && !force {
            return Need::Ready;
        }
        // It was refused or is too old: never used again, even if fetching another one fails.
        *token = None;
        if *renewable {
            Need::Fetch
        } else {
            Need::Impossible(no_renewal())
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

    /// True when a token is needed and there is none.
    pub(crate) fn lacks_token(&self) -> bool {
        matches!(&self.config, AuthConfig::Token { token: None, .. })
    }

    pub(crate) fn uses_token(&self) -> bool {
        matches!(&self.config, AuthConfig::Token { .. })
    }

    /// Takes a new token into use, with the identity that it carries.
    ///
    /// # Errors
    /// - `40102` it carries another identity than the client claims; it is not taken.
    ///
    /// Spec: RSA15.
    pub fn take_token(&mut self, details: TokenDetails) -> Result<(), ErrorInfo> {
        self.fits(&details)?;
        if let Some(told) = details
            .client_id
            .as_ref()
            .filter(|_| self.claimed.is_none())
        {
            self.client_id = Some(told.clone());
        }
        if let AuthConfig::Token { token, .. } = &mut self.config {
            *token = Some(details);
            self.generation += 1;
        }
        Ok(())
    }

    /// Whether a token may be used: none of another client may.
    ///
    /// # Errors
    /// - `40102` it carries another identity than the client claims.
    ///
    /// Spec: RSA15a.
    pub fn fits(&self, details: &TokenDetails) -> Result<(), ErrorInfo> {
        match &details.client_id {
            // As ably-js: 403 for what would be sent, 401 for what the server says.
            Some(told) => self.check_client_id(told, 403),
            None => Ok(()),
        }
    }

    /// Uses tokens from now on, whatever was used before; the present token, if any, is forgotten.
    ///
    /// Spec: RSA10a.
    pub fn use_tokens(&mut self, renewable: bool) {
        self.config = AuthConfig::Token {
            token: None,
            renewable,
        };
    }

    /// The token in use, if any. Spec: RSA16.
    pub fn token_details(&self) -> Option<&TokenDetails> {
        match &self.config {
            AuthConfig::Basic(_) => None,
            AuthConfig::Token { token, .. } => token.as_ref(),
        }
    }

    /// The key, when it is what authenticates.
    pub fn basic_key(&self) -> Option<&Key> {
        match &self.config {
            AuthConfig::Basic(key) => Some(key),
            AuthConfig::Token { .. } => None,
        }
    }

    /// The server's time at `now` in ms since the epoch, when it is known: a wall clock that is put
    /// back does not change it. Spec: RSA10k.
    pub fn server_time(&self, now: Now) -> Option<i64> {
        let (told, when) = self.told?;
        let since = now.elapsed_since(when).as_millis();
        Some(told.saturating_add(i64::try_from(since).unwrap_or(i64::MAX)))
    }

    /// The wall clock was put back by so many ms, a negative number.
    pub(crate) fn wall_clock_moved(&mut self, by_ms: i64) {
        if let Some((_, when)) = &mut self.told {
            when.unix_ms = when.unix_ms.saturating_add(by_ms);
        }
    }

    /// The server has told its time, in ms since the epoch. Spec: RSA10k.
    pub fn learn_server_time(&mut self, now: Now, server_ms: i64) {
        self.told = Some((server_ms, now));
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
        self.check_client_id(told, 401)?;
        if self.claimed.is_none() {
            self.client_id = Some(told.clone());
        }
        Ok(())
    }

    fn check_client_id(&self, told: &Str, status: u16) -> Result<(), ErrorInfo> {
        match &self.claimed {
            Some(own) if *told != "*" && own != told => Err(ErrorInfo::new(
                ErrorCode::INCOMPATIBLE_CREDENTIAL,
                status,
                alloc::format!(
                    "the clientId {told:?} of the credential is not this client's {own:?}"
                ),
            )),
            _ => Ok(()),
        }
    }
}

pub(crate) fn no_renewal() -> ErrorInfo {
    ErrorInfo::new(
        ErrorCode::NO_RENEWAL,
        403,
        "the token cannot be renewed: give the client a key, an authCallback or an authUrl",
    )
}
