//! The records of the journal: how state is written down.
//!
//! A record is a map whose `t` says what it is about. Most say how something is now and may be
//! repeated; an entry of a channel says what was added. `restore` reads them.

use crate::core::Core;
use crate::core::app::App;
use crate::core::channel::Channel;
use crate::core::entry::{Entry, PresenceEntry};
use crate::core::push::{Device, Subscriber};
use crate::core::revoke::{Revocation, Target};
use crate::core::serial::Position;
use crate::core::token::TokenDetails;
use crate::wire::value::Fields;
use crate::wire::{Format, Value};

const PACKED: Format = Format::Msgpack;

impl Core {
    /// Returns everything that is to survive, as records for an empty server.
    pub fn snapshot(&self) -> Vec<Vec<u8>> {
        let mut records = Vec::new();
        if let Some(key) = &self.main_key {
            records.push(main_key(key));
        }
        for (id, app) in &self.apps {
            records.push(app_record(app));
            let push = &app.push;
            records.extend(app.revocations.iter().map(|known| revocation(id, known)));
            records.extend(push.devices.values().map(|known| device(id, known)));
            let subscriptions = push.subscriptions.iter();
            records.extend(subscriptions.map(|(channel, to)| subscription("sub", id, channel, to)));
            if app.stats.all().next().is_some() {
                records.push(minutes(id, app.stats.all()));
            }
            for (name, channel) in &app.channels {
                records.push(channel_record(id, name, channel));
                let entries = channel.entries.iter();
                records.extend(entries.map(|known| entry(id, name, known)));
                let presence = channel.presence_entries.iter();
                records.extend(presence.map(|known| presence_record(id, name, known)));
                records.extend(self.members(id, name));
            }
        }
        records.extend(
            self.tokens
                .all()
                .map(|(token, details)| token_record(token, details)),
        );
        records.extend(
            self.tokens
                .nonces()
                .map(|(time, key, nonce)| nonce_record(time, key, nonce)),
        );
        records.iter().map(|record| PACKED.encode(record)).collect()
    }

    pub(crate) fn note_app(&mut self, id: &str) {
        self.note(|core| core.apps.get(id).map(app_record));
    }

    pub(crate) fn note_channel(&mut self, app: &str, name: &str) {
        self.note(|core| Some(channel_record(app, name, core.existing_channel(app, name)?)));
    }

    pub(crate) fn note_entry(&mut self, app: &str, name: &str, new: &Entry) {
        self.note(|_| Some(entry(app, name, &new.kept()?)));
    }

    /// Records the last thing that happened to the presence of a channel.
    pub(crate) fn note_presence(&mut self, app: &str, name: &str) {
        self.note(|core| {
            let channel = core.existing_channel(app, name)?;
            let last = channel.presence_entries.back()?;
            Some(presence_record(app, name, last))
        });
    }

    /// Records the presence that a channel of an app came with.
    pub(crate) fn note_fixtures(&mut self, app: &str, name: &str) {
        self.note_presence(app, name);
        self.note(|core| core.members(app, name));
    }

    // Members that have no connection came with the app, and stay.
    fn members(&self, app: &str, name: &str) -> Option<Value> {
        let members = self.existing_channel(app, name)?.members.values();
        let lasting = members.filter(|member| {
            let connection = member.connection_id.as_ref();
            connection.is_none_or(|id| !self.connections.contains_key(id))
        });
        let lasting: Vec<_> = lasting.map(|member| member.to_value(PACKED)).collect();
        let record = tagged("members", app).with("channel", name);
        (!lasting.is_empty()).then(|| record.with("events", Value::List(lasting)).into())
    }

    pub(crate) fn note_device(&mut self, app: &str, id: &str) {
        self.note(|core| {
            let known = core.apps.get(app)?.push.devices.get(id);
            Some(match known {
                Some(known) => device(app, known),
                None => tagged("nodevice", app).with("id", id).into(),
            })
        });
    }

    pub(crate) fn note_minutes(&mut self, app: &str) {
        let changed = self.apps.get_mut(app).map(|app| app.stats.take_changed());
        if let Some(changed) = changed.filter(|changed| !changed.is_empty()) {
            self.note(|core| {
                let stats = &core.apps.get(app)?.stats;
                Some(minutes(
                    app,
                    changed.iter().filter_map(|time| stats.minute(*time)),
                ))
            });
        }
    }
}

pub(crate) fn main_key(key: &str) -> Value {
    Fields::new().with("t", "main").with("key", key).into()
}

pub(crate) fn gone(app: &str) -> Value {
    tagged("gone", app).into()
}

fn tagged(tag: &str, app: &str) -> Fields {
    Fields::new().with("t", tag).with("app", app)
}

fn place(fields: Fields, at: Position) -> Fields {
    fields
        .with("time", at.time)
        .with("counter", u64::from(at.counter))
}

fn app_record(app: &App) -> Value {
    let keys = app.keys.iter().map(|key| {
        let fields = Fields::new()
            .with("id", key.id.as_str())
            .with("secret", key.secret.as_str())
            .with("capability", key.capability.canonical());
        fields.with("revocable", key.revocable_tokens).into()
    });
    tagged("app", &app.id)
        .with("account", app.account.as_str())
        .with("keys", Value::List(keys.collect()))
        .with("namespaces", Value::List(app.namespaces.clone()))
        .with("maxMembers", app.max_members as u64)
        .into()
}

fn channel_record(app: &str, name: &str, channel: &Channel) -> Value {
    let (series, horizon) = (&channel.series, channel.horizon());
    let fields = tagged("channel", app)
        .with("channel", name)
        .with("series", series.name())
        .with("permanent", channel.permanent)
        .with("horizonTime", horizon.time)
        .with("horizonCounter", u64::from(horizon.counter));
    place(fields, series.last()).into()
}

fn entry(app: &str, name: &str, entry: &Entry) -> Value {
    let messages = entry.messages.iter();
    let messages = messages.map(|message| message.to_value(PACKED)).collect();
    let annotations = entry.annotations.iter();
    let annotations = annotations
        .map(|annotation| annotation.to_value(PACKED))
        .collect();
    place(tagged("entry", app).with("channel", name), entry.at)
        .maybe("id", entry.id.as_deref())
        .maybe("connectionId", entry.connection_id.as_deref())
        .with("timestamp", entry.timestamp)
        .with("messages", Value::List(messages))
        .with("annotations", Value::List(annotations))
        .into()
}

fn presence_record(app: &str, name: &str, entry: &PresenceEntry) -> Value {
    let events = entry.events.iter();
    let events = events.map(|event| event.to_value(PACKED)).collect();
    place(tagged("presence", app).with("channel", name), entry.at)
        .with("timestamp", entry.timestamp)
        .with("events", Value::List(events))
        .into()
}

pub(crate) fn token_record(token: &str, details: &TokenDetails) -> Value {
    tagged("token", &details.app)
        .with("token", token)
        .with("key", details.key.as_str())
        .with("capability", details.capability.canonical())
        .maybe("clientId", details.client_id.as_deref())
        .with("issued", details.issued)
        .with("expires", details.expires)
        .maybe("device", details.device.as_deref())
        .into()
}

pub(crate) fn forgotten_token(token: &str) -> Value {
    Fields::new()
        .with("t", "notoken")
        .with("token", token)
        .into()
}

pub(crate) fn nonce_record(time: u64, key: &str, nonce: &str) -> Value {
    let fields = Fields::new().with("t", "nonce").with("time", time);
    fields.with("key", key).with("nonce", nonce).into()
}

pub(crate) fn revocation(app: &str, revocation: &Revocation) -> Value {
    let target = match &revocation.target {
        Target::ClientId(id) => format!("clientId:{id}"),
        Target::RevocationKey(key) => format!("revocationKey:{key}"),
        Target::Channel(name) => format!("channel:{name}"),
    };
    tagged("revoked", app)
        .with("key", revocation.key.as_str())
        .with("target", target)
        .with("issuedBefore", revocation.issued_before)
        .with("appliesAt", revocation.applies_at)
        .into()
}

fn device(app: &str, device: &Device) -> Value {
    let fields = tagged("device", app).with("device", device.to_fields());
    fields
        .maybe("secret", device.secret.as_deref())
        .maybe("token", device.token.as_deref())
        .into()
}

pub(crate) fn subscription(tag: &str, app: &str, channel: &str, to: &Subscriber) -> Value {
    let fields = tagged(tag, app).with("channel", channel);
    let fields = match to {
        Subscriber::Client(id) => fields.with("clientId", id.as_str()),
        Subscriber::Device(id) => fields.with("deviceId", id.as_str()),
    };
    fields.into()
}

fn minutes<'a>(
    app: &str,
    minutes: impl Iterator<Item = (u64, &'a crate::core::stats::Entries)>,
) -> Value {
    let minutes = minutes.map(|(time, entries)| {
        let entries = entries.iter().fold(Fields::new(), |all, (path, amount)| {
            all.with(path, Value::Float(*amount))
        });
        Fields::new()
            .with("time", time)
            .with("entries", entries)
            .into()
    });
    tagged("minutes", app)
        .with("minutes", Value::List(minutes.collect()))
        .into()
}
