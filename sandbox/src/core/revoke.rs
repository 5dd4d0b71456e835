//! Revoking tokens: those of a key, issued before a time, that have something in common.
//!
//! Nothing is looked up by token. A revocation is kept, and every token of the key is held against
//! it, those of open connections included. With `allowReauthMargin` clients are asked for another
//! token first, and have 30 s to show it.
//!
//! Spec: RSA17, RTN15h.

use crate::core::Core;
use crate::core::auth::{Credential, Identity};
use crate::core::records;
use crate::core::rest::{Request, Response, batch};
use crate::wire::error::{
    BAD_BODY, BAD_PARAM, BAD_REQUEST, INCOMPATIBLE, NEEDS_BASIC, NOT_FOUND, NOT_REVOCABLE,
};
use crate::wire::value::Fields;
use crate::wire::{ErrorInfo, ProtocolMessage, Value, action};

/// What revoked tokens have in common.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Target {
    ClientId(String),
    RevocationKey(String),
    Channel(String),
}

impl Target {
    pub(crate) fn parse(text: &str) -> Option<Target> {
        let (kind, value) = text.split_once(':')?;
        let value =
            Some(value.to_owned()).filter(|value| (1..=MAX_TARGET).contains(&value.len()))?;
        match kind {
            "clientId" => Some(Target::ClientId(value)),
            "revocationKey" => Some(Target::RevocationKey(value)),
            "channel" => Some(Target::Channel(value)),
            _ => None,
        }
    }

    fn matches(&self, identity: &Identity) -> bool {
        match self {
            Target::ClientId(id) => identity.client_id() == Some(id),
            Target::RevocationKey(key) => identity.revocation_key.as_ref() == Some(key),
            Target::Channel(name) => identity.capability.names(name),
        }
    }
}

/// Tokens that are not good any more.
#[derive(Clone, Debug)]
pub(crate) struct Revocation {
    pub(crate) key: String,
    pub(crate) target: Target,
    pub(crate) issued_before: u64,
    pub(crate) applies_at: u64,
}

impl Revocation {
    fn matches(&self, identity: &Identity) -> bool {
        identity.key == self.key
            && identity
                .issued
                .is_some_and(|issued| issued < self.issued_before)
            && self.target.matches(identity)
    }
}

impl Core {
    pub(crate) fn post_revoke_tokens(
        &mut self,
        request: &Request,
        key_name: &str,
        now: u64,
    ) -> Result<Response, ErrorInfo> {
        if !matches!(request.credentials.first(), Some(Credential::Key(_))) {
            let why = "tokens are revoked with a key, not with a token";
            return Err(ErrorInfo::unauthorized(NEEDS_BASIC, why));
        }
        let identity = self.identify(request, now)?;
        let named = key_name
            .split_once('.')
            .filter(|(app, _)| *app == identity.app);
        let key = named.and_then(|(app, key)| self.apps.get(app)?.key(key));
        let Some(key) = key else {
            return Err(ErrorInfo::new(NOT_FOUND, 404, "there is no such key"));
        };
        if key.id != identity.key {
            let why = "a key revokes its own tokens only";
            return Err(ErrorInfo::unauthorized(INCOMPATIBLE, why));
        }
        if !key.revocable_tokens {
            let why = "tokens of this key cannot be revoked";
            return Err(ErrorInfo::unauthorized(NOT_REVOCABLE, why));
        }
        if !matches!(request.body, Value::Map(_)) {
            return Err(ErrorInfo::bad(BAD_BODY, "a revocation must be an object"));
        }
        let targets = request.body.list("targets")?.unwrap_or_default();
        if targets.is_empty() || targets.len() > MAX_TARGETS {
            let why = format!("a revocation names 1 to {MAX_TARGETS} targets");
            return Err(ErrorInfo::bad(BAD_PARAM, why));
        }
        let issued_before = request.body.number("issuedBefore")?.unwrap_or(now);
        if issued_before > now {
            return Err(ErrorInfo::bad(BAD_PARAM, "issuedBefore is in the future"));
        }
        let margin = request.body.get("allowReauthMargin") == Some(&Value::Bool(true));
        let applies_at = if margin { now + REAUTH_MARGIN } else { now };
        let outcomes = targets.iter().map(|text| {
            let fields = Fields::new().with("target", text.clone());
            let target = text.as_text().and_then(Target::parse);
            let outcome = match target {
                None => Err(ErrorInfo::bad(
                    BAD_REQUEST,
                    "a target is clientId:, revocationKey: or channel: and a value",
                )),
                Some(target) => {
                    let key = identity.key.clone();
                    let revocation = Revocation {
                        key,
                        target,
                        issued_before,
                        applies_at,
                    };
                    self.revoke(&identity.app, revocation, now);
                    Ok(vec![
                        ("issuedBefore", issued_before.into()),
                        ("appliesAt", applies_at.into()),
                    ])
                }
            };
            batch::Outcome::with(fields, outcome)
        });
        let outcomes = outcomes.collect();
        Ok(Response::new(200, batch::counted(outcomes)))
    }

    fn revoke(&mut self, app_id: &str, revocation: Revocation, now: u64) {
        let Some(app) = self.apps.get_mut(app_id) else {
            return;
        };
        app.add_revocation(revocation.clone());
        self.note(|_| Some(records::revocation(app_id, &revocation)));
        let connections = self.connections.iter();
        let meant: Vec<_> = connections
            .filter(|(_, connection)| connection.identity.app == app_id)
            .filter(|(_, connection)| revocation.matches(&connection.identity))
            .map(|(id, connection)| (id.clone(), connection.transport))
            .collect();
        for (id, transport) in meant {
            if let (Some(transport), true) = (transport, revocation.applies_at > now) {
                if let Some(connection) = self.connections.get_mut(&id) {
                    connection.asked_for_auth = true;
                }
                self.send(transport, ProtocolMessage::new(action::AUTH), now);
            }
            self.check_connection(&id, now);
        }
    }

    /// Returns when a client's token is no good any more because it was revoked.
    pub(crate) fn revoked_at(&self, identity: &Identity) -> Option<u64> {
        let revocations = &self.apps.get(&identity.app)?.revocations;
        let matching = revocations.iter().filter(|known| known.matches(identity));
        matching.map(|known| known.applies_at).min()
    }
}

impl crate::core::app::App {
    /// Keeps a revocation; of equal targets the wider one.
    pub(crate) fn add_revocation(&mut self, new: Revocation) {
        self.revocations.retain(|old| {
            let same = old.key == new.key && old.target == new.target;
            !(same && old.issued_before <= new.issued_before && new.applies_at <= old.applies_at)
        });
        if self.revocations.len() >= MAX_REVOCATIONS {
            self.revocations.remove(0);
        }
        self.revocations.push(new);
    }
}

const MAX_TARGET: usize = 2_048;
const MAX_TARGETS: usize = 100;
const MAX_REVOCATIONS: usize = 10_000;
const REAUTH_MARGIN: u64 = 30_000;
