//! Reading the journal's records back.
//!
//! Connections are not in it: those who were connected connect again, and resume their channels by
//! channelSerial. So presence is restored as history only, but for members that came with the app.

use std::borrow::Cow;

use crate::core::Core;
use crate::core::app::{App, Key};
use crate::core::capability::Capability;
use crate::core::channel::Channel;
use crate::core::entry::Entry;
use crate::core::push::{Device, Subscriber};
use crate::core::revoke::{Revocation, Target};
use crate::core::serial::{Position, Series};
use crate::core::token::TokenDetails;
use crate::wire::codec::decode_record;
use crate::wire::{Annotation, ErrorInfo, Message, PresenceMessage, Value, action};

impl Core {
    /// Applies a record that an earlier server left.
    ///
    /// # Errors
    /// What is wrong with the record, in words.
    pub fn replay(&mut self, record: &[u8], now: u64) -> Result<(), String> {
        let record = decode_record(record)?;
        let done = self.replay_value(&record, now);
        done.map_err(|error| format!("bad record: {}", error.message))
    }

    /// Drops what has become too old, once everything is restored.
    pub fn replayed(&mut self, now: u64) {
        self.tokens.evict(self.limits.token_request_window, now);
        self.forget_old(now);
    }

    /// Returns the key that the server was first started with.
    pub fn main_key(&self) -> Option<&str> {
        self.main_key.as_deref()
    }

    /// Makes a key the one that the server is known by.
    pub fn set_main_key(&mut self, key: &str) {
        self.main_key = Some(key.to_owned());
        self.note(|_| Some(crate::core::records::main_key(key)));
    }

    /// Says whether there is an app.
    pub fn has_app(&self, id: &str) -> bool {
        self.apps.contains_key(id)
    }

    fn replay_value(&mut self, record: &Value, now: u64) -> Result<(), ErrorInfo> {
        let tag = need(record, "t")?;
        let app = record.text("app")?.unwrap_or_default();
        match tag.as_str() {
            "main" => self.main_key = Some(need(record, "key")?),
            "app" => self.restore_app(record, app)?,
            "gone" => {
                self.apps.remove(&app);
            }
            "token" => {
                let details = read_token(record, app)?;
                self.tokens.insert(need(record, "token")?, details);
            }
            "notoken" => self.tokens.forget(&need(record, "token")?),
            "nonce" => {
                let time = number(record, "time")?;
                self.tokens
                    .use_nonce(&need(record, "key")?, &need(record, "nonce")?, time);
            }
            _ => {
                if let Some(app) = self.apps.get_mut(&app) {
                    let limits = &self.limits;
                    match tag.as_str() {
                        "channel" => {
                            let name = need(record, "channel")?;
                            let retention = app.retention(&name, limits);
                            app.channels.insert(name, read_channel(record, retention)?);
                        }
                        "entry" | "presence" | "members" => {
                            let channel = app.channels.get_mut(&need(record, "channel")?);
                            if let Some(channel) = channel {
                                restore_event(channel, &tag, record, limits, now)?;
                            }
                        }
                        _ => restore_part(app, &tag, record)?,
                    }
                }
            }
        }
        Ok(())
    }

    fn restore_app(&mut self, record: &Value, id: String) -> Result<(), ErrorInfo> {
        let (limits, entropy) = (&self.limits, &mut self.entropy);
        let new = || App::new(id.clone(), limits, entropy);
        let app = self.apps.entry(id.clone()).or_insert_with(new);
        app.account = need(record, "account")?;
        app.namespaces = record.list("namespaces")?.unwrap_or_default().to_vec();
        app.max_members = usize::try_from(number(record, "maxMembers")?).unwrap_or(usize::MAX);
        let keys = record.list("keys")?.unwrap_or_default().iter().map(|key| {
            Ok(Key {
                id: need(key, "id")?,
                secret: need(key, "secret")?,
                capability: capability(key)?,
                revocable_tokens: is_true(key, "revocable"),
            })
        });
        app.keys = keys.collect::<Result<_, ErrorInfo>>()?;
        Ok(())
    }
}

fn restore_part(app: &mut App, tag: &str, record: &Value) -> Result<(), ErrorInfo> {
    match tag {
        "revoked" => {
            let target = Target::parse(&need(record, "target")?);
            app.add_revocation(Revocation {
                key: need(record, "key")?,
                target: target.ok_or_else(|| broken("target"))?,
                issued_before: number(record, "issuedBefore")?,
                applies_at: number(record, "appliesAt")?,
            });
        }
        "device" => {
            let mut device = Device::read(record.get("device").unwrap_or(&Value::Null))?;
            device.secret = record.text("secret")?;
            device.token = record.text("token")?;
            app.push.devices.insert(device.id.clone(), device);
        }
        "nodevice" => {
            let id = need(record, "id")?;
            app.push.devices.remove(&id);
            let own = Subscriber::Device(id);
            app.push.subscriptions.retain(|(_, to)| *to != own);
        }
        "sub" | "nosub" => {
            let to = match record.text("clientId")? {
                Some(id) => Subscriber::Client(id),
                None => Subscriber::Device(need(record, "deviceId")?),
            };
            let subscription = (need(record, "channel")?, to);
            if tag == "sub" {
                app.push.subscriptions.insert(subscription);
            } else {
                app.push.subscriptions.remove(&subscription);
            }
        }
        "minutes" => {
            for minute in record.list("minutes")?.unwrap_or_default() {
                let Some(Value::Map(entries)) = minute.get("entries") else {
                    continue;
                };
                let entries = entries.iter().filter_map(|(path, amount)| match amount {
                    Value::Float(amount) => Some((Cow::Owned(path.clone()), *amount)),
                    _ => None,
                });
                app.stats
                    .replace(number(minute, "time")?, entries.collect());
            }
        }
        // Of a later version, most likely.
        _ => {}
    }
    Ok(())
}

fn restore_event(
    channel: &mut Channel,
    tag: &str,
    record: &Value,
    limits: &crate::core::Limits,
    now: u64,
) -> Result<(), ErrorInfo> {
    let events = record.list("events")?.unwrap_or_default().iter();
    let events = events.map(PresenceMessage::restore);
    let events = events.collect::<Result<Vec<_>, _>>()?;
    if tag == "members" {
        channel.apply_presence(&events);
        return Ok(());
    }
    let at = position(record, "time", "counter")?;
    channel.series.reach(at);
    let timestamp = number(record, "timestamp")?;
    channel.last_used = timestamp;
    if tag == "presence" {
        channel.keep_presence(at, timestamp, events);
        return Ok(());
    }
    let messages = record.list("messages")?.unwrap_or_default().iter();
    let annotations = record.list("annotations")?.unwrap_or_default().iter();
    let entry = Entry {
        id: record.text("id")?,
        connection_id: record.text("connectionId")?,
        messages: messages.map(Message::restore).collect::<Result<_, _>>()?,
        annotations: annotations
            .map(Annotation::restore)
            .collect::<Result<_, _>>()?,
        ..Entry::at(at, timestamp)
    };
    let messages = entry.messages.iter();
    let messages = messages.filter(|message| message.action == action::MESSAGE_CREATE);
    let ids = messages.filter_map(|message| message.id.clone());
    let ids = ids.chain(entry.annotations.iter().filter_map(|item| item.id.clone()));
    for id in ids.collect::<Vec<_>>() {
        channel.is_duplicate(&id, limits, timestamp);
    }
    let annotated: Vec<_> = entry
        .annotations
        .iter()
        .map(|item| item.message_serial.clone())
        .collect();
    channel.keep(entry);
    for serial in annotated {
        channel.summarize(&serial, "", now);
    }
    Ok(())
}

fn read_channel(record: &Value, retention: u64) -> Result<Channel, ErrorInfo> {
    let last = position(record, "time", "counter")?;
    let horizon = position(record, "horizonTime", "horizonCounter")?;
    let series = Series::restore(need(record, "series")?, last);
    let mut channel = Channel::restore(series, horizon, retention);
    channel.permanent = is_true(record, "permanent");
    Ok(channel)
}

fn read_token(record: &Value, app: String) -> Result<TokenDetails, ErrorInfo> {
    Ok(TokenDetails {
        app,
        key: need(record, "key")?,
        capability: capability(record)?,
        client_id: record.text("clientId")?,
        issued: number(record, "issued")?,
        expires: number(record, "expires")?,
        revocation_key: None,
        claims: Vec::new(),
        device: record.text("device")?,
    })
}

fn capability(record: &Value) -> Result<Capability, ErrorInfo> {
    Capability::parse(&need(record, "capability")?).map_err(|_| broken("capability"))
}

fn position(record: &Value, time: &str, counter: &str) -> Result<Position, ErrorInfo> {
    let counter = u32::try_from(number(record, counter)?).map_err(|_| broken(counter))?;
    let time = number(record, time)?;
    Ok(Position { time, counter })
}

fn need(record: &Value, key: &str) -> Result<String, ErrorInfo> {
    record.text(key)?.ok_or_else(|| broken(key))
}

fn number(record: &Value, key: &str) -> Result<u64, ErrorInfo> {
    record.number(key)?.ok_or_else(|| broken(key))
}

fn is_true(record: &Value, key: &str) -> bool {
    record.get(key) == Some(&Value::Bool(true))
}

fn broken(key: &str) -> ErrorInfo {
    ErrorInfo::bad(
        crate::wire::error::BAD_REQUEST,
        format!("field '{key}' is missing"),
    )
}
