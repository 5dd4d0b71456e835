//! Tokens: issuing them for signed requests, and keeping those that are alive.
//!
//! Spec: RSA8, RSA9, TE, TD.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::core::Core;
use crate::core::capability::Capability;
use crate::core::entropy::{hmac_sha256, same_secret};
use crate::core::records;
use crate::wire::data::from_base64;
use crate::wire::error::{
    BAD_CLIENT_ID, BAD_CREDENTIALS, BAD_PARAM, BAD_REQUEST, BAD_TIMESTAMP, INCOMPATIBLE,
    NO_CAPABILITY, NONCE_REUSED, NOT_FOUND, UNAVAILABLE,
};
use crate::wire::value::Fields;
use crate::wire::{ErrorInfo, Value};

/// What is known about an issued token.
#[derive(Clone)]
pub(crate) struct TokenDetails {
    pub(crate) app: String,
    pub(crate) key: String,
    pub(crate) capability: Capability,
    pub(crate) client_id: Option<String>,
    pub(crate) issued: u64,
    pub(crate) expires: u64,
    pub(crate) revocation_key: Option<String>,
    /// What is said about the client on which channels.
    pub(crate) claims: Vec<(String, String)>,
    /// The device that the token identifies.
    pub(crate) device: Option<String>,
}

impl fmt::Debug for TokenDetails {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenDetails")
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

/// All tokens alive, and the nonces that may not come again.
#[derive(Default)]
pub(crate) struct Tokens {
    issued: BTreeMap<String, TokenDetails>,
    nonces: BTreeSet<(String, String)>,
    nonces_by_age: BTreeSet<(u64, String, String)>,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens")
            .field("issued", &self.issued.len())
            .finish_non_exhaustive()
    }
}

impl Tokens {
    pub(crate) fn get(&self, token: &str) -> Option<&TokenDetails> {
        self.issued.get(token)
    }

    /// Makes a token unknown.
    pub(crate) fn forget(&mut self, token: &str) {
        self.issued.remove(token);
    }

    /// Forgets what has been dead for an hour, so that "expired" stays a better answer than
    /// "unknown" for a while.
    pub(crate) fn evict(&mut self, window: u64, now: u64) {
        self.issued
            .retain(|_, details| details.expires.saturating_add(3_600_000) > now);
        while let Some((time, key, nonce)) = self.nonces_by_age.first().cloned() {
            if time.saturating_add(2 * window) > now {
                break;
            }
            self.nonces_by_age.pop_first();
            self.nonces.remove(&(key, nonce));
        }
    }

    /// Adds a token that was issued before.
    pub(crate) fn insert(&mut self, token: String, details: TokenDetails) {
        self.issued.insert(token, details);
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = (&str, &TokenDetails)> {
        let issued = self.issued.iter();
        issued.map(|(token, details)| (token.as_str(), details))
    }

    /// Returns the nonces used, with time and key.
    pub(crate) fn nonces(&self) -> impl Iterator<Item = (u64, &str, &str)> {
        let nonces = self.nonces_by_age.iter();
        nonces.map(|(time, key, nonce)| (*time, key.as_str(), nonce.as_str()))
    }

    /// Notes that a nonce was used; `false` if it was used before.
    pub(crate) fn use_nonce(&mut self, key: &str, nonce: &str, now: u64) -> bool {
        let fresh = self.nonces.insert((key.to_owned(), nonce.to_owned()));
        if fresh {
            let entry = (now, key.to_owned(), nonce.to_owned());
            self.nonces_by_age.insert(entry);
        }
        fresh
    }
}

impl Core {
    /// Issues a token. `vouched` says that the caller has shown the key itself.
    pub(crate) fn request_token(
        &mut self,
        key_name: &str,
        request: &Value,
        vouched: bool,
        now: u64,
    ) -> Result<Value, ErrorInfo> {
        self.make_room_for_token(now)?;
        let found = key_name.split_once('.').and_then(|(app, key)| {
            let app = self.apps.get(app)?;
            Some((app.id.clone(), app.key(key)?.clone()))
        });
        let Some((app, key)) = found else {
            return Err(ErrorInfo::new(NOT_FOUND, 404, "there is no such key"));
        };
        if request
            .text("keyName")?
            .is_some_and(|name| name != key_name)
        {
            let why = "keyName is not that of the path";
            return Err(ErrorInfo::unauthorized(INCOMPATIBLE, why));
        }
        let timestamp = integer(request, "timestamp")?;
        let timestamp = timestamp.and_then(|time| u64::try_from(time).ok());
        let nonce = request.text("nonce")?.unwrap_or_default();
        match request.text("mac")? {
            None if vouched => {}
            None => {
                let why = "a token request must have a mac";
                return Err(ErrorInfo::unauthorized(BAD_CREDENTIALS, why));
            }
            Some(mac) => {
                let wanted = hmac_sha256(key.secret.as_bytes(), signed_text(request)?.as_bytes());
                if !from_base64(&mac).is_some_and(|mac| same_secret(&mac, &wanted)) {
                    let why = "the mac does not fit the token request";
                    return Err(ErrorInfo::unauthorized(BAD_CREDENTIALS, why));
                }
                let window = self.limits.token_request_window;
                if timestamp.is_none_or(|time| time.abs_diff(now) > window) {
                    let why = "the timestamp of the token request is too far off";
                    return Err(ErrorInfo::unauthorized(BAD_TIMESTAMP, why));
                }
                if nonce.len() < 16 {
                    return Err(ErrorInfo::bad(BAD_PARAM, "the nonce is too short"));
                }
                if !self.tokens.use_nonce(key_name, &nonce, now) {
                    let why = "the nonce was used before";
                    return Err(ErrorInfo::unauthorized(NONCE_REUSED, why));
                }
                self.note(|_| Some(records::nonce_record(now, key_name, &nonce)));
            }
        }
        let max_ttl = if key.revocable_tokens {
            DEFAULT_TTL
        } else {
            MAX_TTL
        };
        let ttl = match integer(request, "ttl")? {
            None => DEFAULT_TTL,
            Some(ttl) => u64::try_from(ttl)
                .ok()
                .filter(|ttl| (1..=max_ttl).contains(ttl))
                .ok_or_else(|| ErrorInfo::bad(BAD_PARAM, "ttl is out of range"))?,
        };
        let client_id = request.text("clientId")?;
        if client_id.as_deref() == Some("") {
            return Err(ErrorInfo::bad(BAD_CLIENT_ID, "clientId is empty"));
        }
        let capability = match capability_text(request)?.as_deref() {
            None | Some("") => key.capability.clone(),
            Some(text) => {
                let wanted =
                    Capability::parse(text).map_err(|why| ErrorInfo::bad(BAD_REQUEST, why))?;
                key.capability.intersect(&wanted)
            }
        };
        if capability.is_empty() {
            let why = "the key has none of the capabilities asked for";
            return Err(ErrorInfo::unauthorized(NO_CAPABILITY, why));
        }
        let expires = now.saturating_add(ttl);
        let answer = Fields::new()
            .with("keyName", key_name)
            .with("issued", now)
            .with("expires", expires)
            .with("capability", capability.canonical())
            .maybe("clientId", client_id.as_deref());
        let details = TokenDetails {
            app,
            key: key.id,
            capability,
            client_id,
            issued: now,
            expires,
            revocation_key: None,
            claims: Vec::new(),
            device: None,
        };
        let token = self.issue(details, now)?;
        Ok(answer.with("token", token).into())
    }

    /// Issues a token that is worth `details`.
    pub(crate) fn issue(&mut self, details: TokenDetails, now: u64) -> Result<String, ErrorInfo> {
        self.make_room_for_token(now)?;
        let token = format!("{}.{}", details.app, self.entropy.name(43));
        self.note(|_| Some(records::token_record(&token, &details)));
        self.tokens.issued.insert(token.clone(), details);
        Ok(token)
    }

    /// Makes a token unknown.
    pub(crate) fn forget_token(&mut self, token: &str) {
        self.tokens.forget(token);
        self.note(|_| Some(records::forgotten_token(token)));
    }

    fn make_room_for_token(&mut self, now: u64) -> Result<(), ErrorInfo> {
        let full = |tokens: &Tokens, most| tokens.issued.len().max(tokens.nonces.len()) >= most;
        if full(&self.tokens, self.limits.max_tokens) {
            self.tokens.evict(self.limits.token_request_window, now);
        }
        if full(&self.tokens, self.limits.max_tokens) {
            let why = "too many tokens are alive";
            return Err(ErrorInfo::new(UNAVAILABLE, 503, why));
        }
        Ok(())
    }
}

// The fields of a token request in the order signed, each on a line of its own.
fn signed_text(request: &Value) -> Result<String, ErrorInfo> {
    let number = |key| integer(request, key).map(|n| n.map_or(String::new(), |n| n.to_string()));
    let lines = [
        request.text("keyName")?.unwrap_or_default(),
        number("ttl")?,
        capability_text(request)?.unwrap_or_default(),
        request.text("clientId")?.unwrap_or_default(),
        number("timestamp")?,
        request.text("nonce")?.unwrap_or_default(),
    ];
    Ok(lines
        .iter()
        .fold(String::new(), |text, line| text + line + "\n"))
}

fn capability_text(request: &Value) -> Result<Option<String>, ErrorInfo> {
    request.text("capability")
}

// Clients send these as numbers or as digits.
fn integer(request: &Value, key: &str) -> Result<Option<i64>, ErrorInfo> {
    let number = match request.get(key) {
        None => return Ok(None),
        Some(Value::Text(text)) if text.is_empty() => return Ok(None),
        Some(Value::Int(number)) => Some(*number),
        Some(Value::Text(text)) => text.parse().ok(),
        Some(other) => other.as_u64().and_then(|number| i64::try_from(number).ok()),
    };
    let why = || ErrorInfo::bad(BAD_PARAM, format!("{key} must be an integer"));
    number.map(Some).ok_or_else(why)
}

const DEFAULT_TTL: u64 = 3_600_000;
const MAX_TTL: u64 = 24 * 3_600_000;
