//! Apps: keys, namespaces and channels, and the record that creates one.
//!
//! Spec: the test-app body of Ably's client library tests.

use std::collections::BTreeMap;
use std::fmt;

use crate::core::capability::Capability;
use crate::core::channel::Channel;
use crate::core::entropy::Entropy;
use crate::core::limits::Limits;
use crate::core::name::ChannelName;
use crate::core::push::Push;
use crate::core::revoke::Revocation;
use crate::core::stats::Stats;
use crate::wire::error::{BAD_CREDENTIAL, BAD_REQUEST};
use crate::wire::value::Fields;
use crate::wire::{ErrorInfo, Format, PresenceMessage, Value, action};

/// An API key.
#[derive(Clone)]
pub(crate) struct Key {
    pub(crate) id: String,
    pub(crate) secret: String,
    pub(crate) capability: Capability,
    pub(crate) revocable_tokens: bool,
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// The parts of `app.key:secret`.
pub(crate) struct KeyParts<'a> {
    pub(crate) app: &'a str,
    pub(crate) key: &'a str,
    pub(crate) secret: &'a str,
}

impl<'a> KeyParts<'a> {
    pub(crate) fn parse(text: &'a str) -> Result<KeyParts<'a>, ErrorInfo> {
        let parts = text.split_once(':').and_then(|(name, secret)| {
            let (app, key) = name.split_once('.')?;
            let whole = !app.is_empty() && !key.is_empty() && !secret.is_empty();
            whole.then_some(KeyParts { app, key, secret })
        });
        parts.ok_or_else(|| {
            ErrorInfo::unauthorized(BAD_CREDENTIAL, "a key must look like app.key:secret")
        })
    }
}

/// An app.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) id: String,
    pub(crate) account: String,
    pub(crate) keys: Vec<Key>,
    pub(crate) namespaces: Vec<Value>,
    pub(crate) channels: BTreeMap<String, Channel>,
    pub(crate) max_members: usize,
    pub(crate) revocations: Vec<Revocation>,
    pub(crate) stats: Stats,
    pub(crate) push: Push,
}

impl App {
    /// Makes an app without keys.
    pub(crate) fn new(id: String, limits: &Limits, entropy: &mut Entropy) -> App {
        App {
            id,
            account: entropy.name(6),
            keys: Vec::new(),
            namespaces: Vec::new(),
            channels: BTreeMap::new(),
            max_members: limits.max_members,
            revocations: Vec::new(),
            stats: Stats::default(),
            push: Push::default(),
        }
    }

    /// Adds what a test-app body asks for.
    pub(crate) fn apply(
        &mut self,
        spec: &Value,
        limits: &Limits,
        entropy: &mut Entropy,
        now: u64,
    ) -> Result<(), ErrorInfo> {
        let spec = spec.get("post_apps").unwrap_or(spec);
        if !matches!(spec, Value::Map(_)) {
            return Err(ErrorInfo::bad(BAD_REQUEST, "an app must be an object"));
        }
        for key in bounded(spec, "keys")? {
            let capability = match key.get("capability") {
                None => Ok(Capability::full()),
                Some(Value::Text(text)) => Capability::parse(text),
                Some(value) => Capability::from_value(value),
            };
            self.keys.push(Key {
                id: entropy.name(6),
                secret: entropy.name(43),
                capability: capability.map_err(|why| ErrorInfo::bad(BAD_REQUEST, why))?,
                revocable_tokens: key.get("revocableTokens") == Some(&Value::Bool(true)),
            });
        }
        for namespace in bounded(spec, "namespaces")? {
            if namespace.text("id")?.is_none() {
                return Err(ErrorInfo::bad(BAD_REQUEST, "a namespace must have an id"));
            }
            self.namespaces.push(namespace.clone());
        }
        if let Some(presence) = spec.get("limits").and_then(|limits| limits.get("presence")) {
            if let Some(members) = presence.number("maxMembers")? {
                self.max_members = usize::try_from(members).unwrap_or(usize::MAX).min(10_000);
            }
        }
        for fixture in bounded(spec, "channels")? {
            self.add_fixture(fixture, limits, entropy, now)?;
        }
        Ok(())
    }

    /// Returns a key by its id.
    pub(crate) fn key(&self, id: &str) -> Option<&Key> {
        self.keys.iter().find(|key| key.id == id)
    }

    /// Says whether a channel's namespace has a feature.
    pub(crate) fn has(&self, channel: &str, feature: &str) -> bool {
        let id = ChannelName::namespace(channel);
        self.namespaces.iter().any(|namespace| {
            namespace.get("id").and_then(Value::as_text) == Some(id)
                && namespace.get(feature) == Some(&Value::Bool(true))
        })
    }

    /// Returns how long a channel keeps what is published on it.
    pub(crate) fn retention(&self, channel: &str, limits: &Limits) -> u64 {
        if self.has(channel, "persisted") {
            limits.persisted_retention
        } else {
            limits.retention
        }
    }

    /// Returns the answer to the request that created the app.
    pub(crate) fn to_value(&self) -> Value {
        let keys = self.keys.iter().map(|key| {
            let name = format!("{}.{}", self.id, key.id);
            let whole = format!("{name}:{}", key.secret);
            let fields = Fields::new()
                .with("id", key.id.as_str())
                .with("value", whole.as_str())
                .with("keyName", name)
                .with("keySecret", key.secret.as_str())
                .with("keyStr", whole)
                .with("capability", key.capability.canonical());
            fields.with("revocableTokens", key.revocable_tokens).into()
        });
        Fields::new()
            .with("accountId", self.account.as_str())
            .with("appId", self.id.as_str())
            .with("keys", Value::List(keys.collect()))
            .with("namespaces", Value::List(self.namespaces.clone()))
            .into()
    }

    fn add_fixture(
        &mut self,
        fixture: &Value,
        limits: &Limits,
        entropy: &mut Entropy,
        now: u64,
    ) -> Result<(), ErrorInfo> {
        let Some(name) = fixture.text("name")? else {
            return Err(ErrorInfo::bad(BAD_REQUEST, "a channel must have a name"));
        };
        let name = ChannelName::without_filter(&name)?;
        let retention = self.retention(&name, limits);
        let connection = entropy.name(10);
        let mut members = Vec::new();
        for (index, member) in bounded(fixture, "presence")?.iter().enumerate() {
            // A fixture names no action; the fields are otherwise those of an event over JSON.
            let record = Value::Map(match member {
                Value::Map(entries) => {
                    let enter = ("action".to_owned(), Value::from_u64(action::ENTER));
                    entries.iter().cloned().chain([enter]).collect()
                }
                _ => Vec::new(),
            });
            let mut member = PresenceMessage::read(&record, Format::Json)?;
            member.id = Some(format!("{connection}:0:{index}"));
            member.connection_id = Some(connection.clone());
            member.timestamp = now;
            members.push(member);
        }
        let channel = self
            .channels
            .entry(name)
            .or_insert_with(|| Channel::new(entropy.name(8), retention, now));
        channel.permanent = true;
        channel.record_presence(&members, Some(format!("{connection}:0")), now, limits);
        Ok(())
    }
}

fn bounded<'a>(spec: &'a Value, key: &str) -> Result<&'a [Value], ErrorInfo> {
    let items = spec.list(key)?.unwrap_or_default();
    if items.len() > 1_000 {
        return Err(ErrorInfo::bad(BAD_REQUEST, format!("too many {key}")));
    }
    Ok(items)
}
