//! Who is asking, and what they may do.
//!
//! Spec: RSA7, RSA11, RSA15; the table of clientId rules in the protocol reference.

use std::fmt;

use crate::core::Core;
use crate::core::app::KeyParts;
use crate::core::capability::{Capability, covers};
use crate::core::entropy::same_secret;
use crate::core::jwt::Jwt;
use crate::wire::error::{
    BAD_CLIENT_ID, BAD_CREDENTIALS, INCOMPATIBLE, NO_CAPABILITY, NOT_FOUND, TOKEN_EXPIRED,
    TOKEN_REVOKED, TOKEN_UNKNOWN,
};
use crate::wire::{ErrorInfo, Value};

/// What a client shows.
#[derive(Clone, Eq, PartialEq)]
pub enum Credential {
    /// Basic: `app.key:secret`.
    Key(String),
    /// A token issued here, or a JWT.
    Token(String),
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Credential::Key(_) => "Key(..)",
            Credential::Token(_) => "Token(..)",
        })
    }
}

/// Which clientIds a client may use.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum ClientClaim {
    /// Any, without one of its own: a key.
    Any,
    /// Any, and it is told so: a token for `*`.
    Wildcard,
    /// None: a token without clientId.
    None,
    /// This one.
    Id(String),
}

/// An authenticated client.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    pub(crate) app: String,
    pub(crate) key: String,
    pub(crate) capability: Capability,
    pub(crate) client: ClientClaim,
    pub(crate) expires: Option<u64>,
    /// When its token was issued; `None` for a key.
    pub(crate) issued: Option<u64>,
    pub(crate) revocation_key: Option<String>,
    pub(crate) claims: Vec<(String, String)>,
    pub(crate) device: Option<String>,
}

impl Identity {
    /// Returns the clientId of the connection itself.
    pub(crate) fn client_id(&self) -> Option<&str> {
        match &self.client {
            ClientClaim::Id(id) => Some(id),
            _ => None,
        }
    }

    /// Makes sure that one of some operations is allowed on a channel.
    pub(crate) fn require_any(&self, channel: &str, operations: &[&str]) -> Result<(), ErrorInfo> {
        let mut operations = operations.iter();
        if operations.any(|operation| self.capability.allows(channel, operation)) {
            return Ok(());
        }
        let why = format!("no capability for this on '{channel}'");
        Err(ErrorInfo::unauthorized(NO_CAPABILITY, why))
    }

    /// Puts what the client's token says about it on a channel into extras, and nothing else that
    /// claims to be that.
    pub(crate) fn stamp(&self, extras: &mut Option<Value>, channel: &str) {
        let claim = self
            .claims
            .iter()
            .filter(|(resource, _)| covers(resource, channel));
        let claim = claim.max_by_key(|(resource, _)| (resource == channel, resource.len()));
        if let Some(Value::Map(entries)) = extras {
            entries.retain(|(name, _)| name != "userClaim");
        }
        if let Some((_, claim)) = claim {
            let claim = ("userClaim".to_owned(), Value::from_text(claim));
            match extras {
                Some(Value::Map(entries)) => entries.push(claim),
                _ => *extras = Some(Value::Map(vec![claim])),
            }
        }
    }

    /// Returns the clientId under which something is published that names `claimed`.
    pub(crate) fn publish_as(&self, claimed: Option<String>) -> Result<Option<String>, ErrorInfo> {
        let refuse = |why: &str| Err(ErrorInfo::bad(BAD_CLIENT_ID, format!("clientId {why}")));
        match (claimed, &self.client) {
            (Some(id), _) if id == "*" => refuse("'*' cannot publish"),
            (Some(id), _) if id.is_empty() => refuse("is empty"),
            (Some(_), ClientClaim::None) => refuse("may not be used by an anonymous client"),
            (Some(id), ClientClaim::Id(own)) if id != *own => refuse("is not the connection's"),
            (None, ClientClaim::Id(own)) => Ok(Some(own.clone())),
            (claimed, _) => Ok(claimed),
        }
    }
}

impl Core {
    /// Authenticates a client that also says, or does not say, which clientId it has.
    pub(crate) fn authenticate(
        &self,
        credential: Option<&Credential>,
        client_id: Option<&str>,
        now: u64,
    ) -> Result<Identity, ErrorInfo> {
        let client_id = client_id.filter(|id| !id.is_empty() && *id != "null");
        match credential {
            None => Err(ErrorInfo::unauthorized(
                BAD_CREDENTIALS,
                "no credentials were given",
            )),
            Some(Credential::Key(text)) => {
                let parts = KeyParts::parse(text)?;
                let app = self.apps.get(parts.app);
                let key = app.and_then(|app| app.key(parts.key));
                if app.is_some() && key.is_none() {
                    let why = "the app has no such key";
                    return Err(ErrorInfo::unauthorized(NOT_FOUND, why));
                }
                let key =
                    key.filter(|key| same_secret(key.secret.as_bytes(), parts.secret.as_bytes()));
                let Some(key) = key else {
                    let why = "the key is unknown or its secret is wrong";
                    return Err(ErrorInfo::unauthorized(BAD_CREDENTIALS, why));
                };
                let client = match client_id {
                    Some("*") => {
                        let why = "clientId '*' needs a token";
                        return Err(ErrorInfo::bad(BAD_CLIENT_ID, why));
                    }
                    Some(id) => ClientClaim::Id(id.to_owned()),
                    None => ClientClaim::Any,
                };
                Ok(Identity {
                    app: parts.app.to_owned(),
                    key: key.id.clone(),
                    capability: key.capability.clone(),
                    client,
                    expires: None,
                    issued: None,
                    revocation_key: None,
                    claims: Vec::new(),
                    device: None,
                })
            }
            Some(Credential::Token(token)) => self.authenticate_token(token, client_id, now),
        }
    }

    /// The same with several readings of what was shown, of which the first that fits counts.
    pub(crate) fn authenticate_any(
        &self,
        credentials: &[Credential],
        client_id: Option<&str>,
        now: u64,
    ) -> Result<Identity, ErrorInfo> {
        let mut outcome = self.authenticate(credentials.first(), client_id, now);
        for other in credentials.iter().skip(1) {
            if outcome.is_ok() {
                break;
            }
            let second = self.authenticate(Some(other), client_id, now);
            let unknown = matches!(&outcome, Err(error) if error.code == TOKEN_UNKNOWN);
            if second.is_ok() || unknown {
                outcome = second;
            }
        }
        outcome
    }

    fn authenticate_token(
        &self,
        token: &str,
        client_id: Option<&str>,
        now: u64,
    ) -> Result<Identity, ErrorInfo> {
        let details = if Jwt::is_one(token) {
            self.read_jwt(token)?
        } else {
            let known = self.tokens.get(token).cloned();
            known.ok_or_else(|| {
                ErrorInfo::unauthorized(TOKEN_UNKNOWN, "the token was not issued here")
            })?
        };
        if details.expires <= now {
            return Err(ErrorInfo::unauthorized(
                TOKEN_EXPIRED,
                "the token has expired",
            ));
        }
        let mismatch = || {
            let why = "the clientId is not the token's";
            Err(ErrorInfo::unauthorized(INCOMPATIBLE, why))
        };
        let client = match (details.client_id.as_deref(), client_id) {
            (None, None) => ClientClaim::None,
            (None, Some(_)) => return mismatch(),
            (Some("*"), None | Some("*")) => ClientClaim::Wildcard,
            (Some("*"), Some(id)) => ClientClaim::Id(id.to_owned()),
            (Some(own), None) => ClientClaim::Id(own.to_owned()),
            (Some(own), Some(id)) if own == id => ClientClaim::Id(own.to_owned()),
            (Some(_), Some(_)) => return mismatch(),
        };
        let identity = Identity {
            app: details.app,
            key: details.key,
            capability: details.capability,
            client,
            expires: Some(details.expires),
            issued: Some(details.issued),
            revocation_key: details.revocation_key,
            claims: details.claims,
            device: details.device,
        };
        if self.revoked_at(&identity).is_some_and(|at| at <= now) {
            return Err(ErrorInfo::unauthorized(
                TOKEN_REVOKED,
                "the token was revoked",
            ));
        }
        Ok(identity)
    }
}
