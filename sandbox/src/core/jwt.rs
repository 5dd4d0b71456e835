//! JSON Web Tokens: those that a customer signs with one of its keys, and those that carry a token
//! issued here.
//!
//! Only HS256 is known. What a token may do is what it says and its key may do as well. A token that
//! carries one of ours is worth what that one is worth; if it names a key of ours besides, its
//! signature must be right.
//!
//! Spec: RSA8, the JWT section of the protocol reference.

use std::fmt;

use crate::core::Core;
use crate::core::app::Key;
use crate::core::capability::Capability;
use crate::core::entropy::{hmac_sha256, same_secret};
use crate::core::token::TokenDetails;
use crate::wire::data::from_base64url;
use crate::wire::error::{JWT_INVALID, NO_CAPABILITY, NOT_FOUND, TOKEN_UNKNOWN};
use crate::wire::{ErrorInfo, Format, Value};

/// A token taken apart, not yet believed.
pub(crate) struct Jwt<'a> {
    header: Value,
    claims: Value,
    signed: &'a str,
    signature: Vec<u8>,
}

impl<'a> Jwt<'a> {
    /// Says whether a token looks like one of these rather than one of ours.
    pub(crate) fn is_one(token: &str) -> bool {
        token.split('.').count() == 3
    }

    /// Takes a token apart.
    ///
    /// # Errors
    /// - `40144` it is none.
    pub(crate) fn parse(token: &'a str) -> Result<Jwt<'a>, ErrorInfo> {
        let parse = || {
            let (signed, signature) = token.rsplit_once('.')?;
            let (header, claims) = signed.split_once('.')?;
            let part = |text: &str| Format::Json.decode(&from_base64url(text)?).ok();
            Some(Jwt {
                header: part(header).filter(|part| matches!(part, Value::Map(_)))?,
                claims: part(claims).filter(|part| matches!(part, Value::Map(_)))?,
                signed,
                signature: from_base64url(signature)?,
            })
        };
        parse().ok_or_else(|| invalid("is not one"))
    }

    fn text(&self, name: &str) -> Option<&str> {
        let found = self.claims.get(name).or(self.header.get(name));
        found.and_then(Value::as_text)
    }

    /// Returns the app whose key the token names, true or not.
    pub(crate) fn app(&self) -> Option<String> {
        let (app, _) = self.text("kid")?.split_once('.')?;
        Some(app.to_owned())
    }

    // Seconds, perhaps with a fraction, to milliseconds.
    fn time(&self, name: &str) -> Result<Option<u64>, ErrorInfo> {
        let seconds = match self.claims.get(name) {
            None => return Ok(None),
            Some(Value::Float(seconds)) if (0.0..1e12).contains(seconds) => *seconds as u64,
            Some(other) => {
                let seconds = other.as_u64();
                seconds.ok_or_else(|| invalid(&format!("has an {name} that is no time")))?
            }
        };
        Ok(Some(seconds.saturating_mul(1_000)))
    }

    fn verify(&self, key: &Key) -> Result<(), ErrorInfo> {
        if self.header.get("alg").and_then(Value::as_text) != Some("HS256") {
            return Err(invalid("must be signed with HS256"));
        }
        let wanted = hmac_sha256(key.secret.as_bytes(), self.signed.as_bytes());
        if !same_secret(&self.signature, &wanted) {
            return Err(invalid("has a signature that does not fit"));
        }
        Ok(())
    }

    fn capability(&self, key: &Key) -> Result<Capability, ErrorInfo> {
        let wanted = match self.claims.get("x-ably-capability") {
            None => return Ok(key.capability.clone()),
            Some(Value::Text(text)) => Capability::parse(text),
            Some(value) => Capability::from_value(value),
        };
        let wanted = wanted.map_err(|why| invalid(&format!("has a bad capability: {why}")))?;
        let both = key.capability.intersect(&wanted);
        if both.is_empty() {
            let why = "the key has none of the capabilities of the JWT";
            return Err(ErrorInfo::unauthorized(NO_CAPABILITY, why));
        }
        Ok(both)
    }
}

impl Core {
    /// Returns what a JWT says, once it is believed. Its end is for the caller to look at.
    pub(crate) fn read_jwt(&self, token: &str) -> Result<TokenDetails, ErrorInfo> {
        let jwt = Jwt::parse(token)?;
        let found = jwt.text("kid").and_then(|kid| {
            let (app, key) = kid.split_once('.')?;
            Some((app, self.apps.get(app)?.key(key)?))
        });
        let expires = jwt.time("exp")?;
        if let Some(embedded) = jwt.text("x-ably-token") {
            if let Some((_, key)) = found {
                jwt.verify(key)?;
            }
            let details = self.tokens.get(embedded).cloned();
            let Some(mut details) = details else {
                let why = "the token in the JWT was not issued here";
                return Err(ErrorInfo::unauthorized(TOKEN_UNKNOWN, why));
            };
            details.expires = details.expires.min(expires.unwrap_or(u64::MAX));
            return Ok(details);
        }
        let Some((app, key)) = found else {
            return Err(ErrorInfo::new(
                NOT_FOUND,
                404,
                "the JWT names no key that is known",
            ));
        };
        jwt.verify(key)?;
        let Some(expires) = expires else {
            return Err(invalid("must have an exp"));
        };
        let issued = jwt.time("iat")?.unwrap_or(0);
        if issued >= expires {
            return Err(invalid("ends before it begins"));
        }
        let own = |name: &str| jwt.text(name).map(str::to_owned);
        let client_id = own("x-ably-clientId").filter(|id| !id.is_empty());
        Ok(TokenDetails {
            app: app.to_owned(),
            key: key.id.clone(),
            capability: jwt.capability(key)?,
            client_id,
            issued,
            expires,
            revocation_key: own("x-ably-revocation-key"),
            claims: user_claims(&jwt.claims),
            device: None,
        })
    }
}

impl fmt::Debug for Jwt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Jwt(..)")
    }
}

// `ably.channel.RESOURCE` says something about the client on those channels.
fn user_claims(claims: &Value) -> Vec<(String, String)> {
    let Value::Map(entries) = claims else {
        return Vec::new();
    };
    let found = entries.iter().filter_map(|(name, value)| {
        let resource = name.strip_prefix("ably.channel.")?;
        Some((resource.to_owned(), value.as_text()?.to_owned()))
    });
    found.take(MAX_CLAIMS).collect()
}

fn invalid(why: &str) -> ErrorInfo {
    ErrorInfo::unauthorized(JWT_INVALID, format!("the JWT {why}"))
}

const MAX_CLAIMS: usize = 100;
