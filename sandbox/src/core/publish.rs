//! Publishing: judging messages, giving them ids, keeping and delivering them.
//!
//! One publish is one entry of the channel and one MESSAGE frame to every subscriber. REST and
//! realtime go the same way.
//!
//! Spec: RSL1, RTL6, RTL7; idempotency RSL1k.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::core::Core;
use crate::core::auth::Identity;
use crate::core::entry::Entry;
use crate::core::name::ChannelName;
use crate::core::stats::Meter;
use crate::wire::error::{
    BAD_CHANNEL, BAD_CONNECTION_KEY, BAD_ID, BAD_PUBLISH, NO_CAPABILITY, NO_MODE, TOO_LARGE,
};
use crate::wire::{ErrorInfo, Format, Frame, Message, Request, Value, flags};

/// Where a publish comes from.
pub(crate) struct Origin {
    pub(crate) connection_id: Option<String>,
    /// What messages without an id of their own are numbered under.
    pub(crate) base_id: String,
    /// Where it is counted.
    pub(crate) meter: Meter,
}

impl Core {
    /// Publishes the messages of a MESSAGE frame.
    pub(crate) fn publish_frame(
        &mut self,
        connection_id: &str,
        request: &Request,
        serial: u64,
        now: u64,
    ) -> Result<(), ErrorInfo> {
        let Some(name) = request.channel.as_deref() else {
            return Err(ErrorInfo::bad(BAD_CHANNEL, "a publish must name a channel"));
        };
        let channel = ChannelName::parse(name)?.channel;
        let format = self.format_of(connection_id);
        let Some(connection) = self.connections.get(connection_id) else {
            return Ok(());
        };
        let identity = connection.identity.clone();
        let attachment = connection.attachments.get(name);
        let has_mode = attachment.is_none_or(|attached| attached.modes & flags::PUBLISH != 0);
        may_publish(&identity, &channel)?;
        if !has_mode {
            let why = "the channel was attached without the publish mode";
            return Err(ErrorInfo::unauthorized(NO_MODE, why));
        }
        let messages = read_messages(&request.messages, format)?;
        let origin = Origin {
            connection_id: Some(connection_id.to_owned()),
            base_id: format!("{connection_id}:{serial}"),
            meter: Meter::REALTIME_IN,
        };
        self.publish(&identity, &channel, messages, origin, now)?;
        Ok(())
    }

    /// Publishes the body of a REST request and returns the publish's id.
    pub(crate) fn publish_rest(
        &mut self,
        identity: &Identity,
        channel: &str,
        body: &Value,
        format: Format,
        now: u64,
    ) -> Result<String, ErrorInfo> {
        may_publish(identity, channel)?;
        let records = match body {
            Value::List(records) => records.as_slice(),
            record => std::slice::from_ref(record),
        };
        let messages = read_messages(records, format)?;
        let mut origin = Origin {
            connection_id: None,
            base_id: format!("{}:0", self.entropy.name(10)),
            meter: Meter::REST_IN,
        };
        let mut identity = identity.clone();
        for record in records {
            // The message is published as if by the connection that owns this key.
            if let Some(key) = record.text("connectionKey")? {
                let id = self.connection_keys.get(&key).cloned();
                let owner = id.as_ref().and_then(|id| self.connections.get(id));
                let owner = owner.filter(|owner| owner.identity.app == identity.app);
                let Some(owner) = owner else {
                    let why = "the connectionKey of the message is unknown";
                    return Err(ErrorInfo::bad(BAD_CONNECTION_KEY, why));
                };
                identity.client = owner.identity.client.clone();
                origin.connection_id = id;
            }
        }
        self.publish(&identity, channel, messages, origin, now)
    }

    pub(crate) fn publish(
        &mut self,
        identity: &Identity,
        channel_name: &str,
        mut messages: Vec<Message>,
        origin: Origin,
        now: u64,
    ) -> Result<String, ErrorInfo> {
        if messages.is_empty() || messages.len() > self.limits.max_batch {
            let why = format!("a publish holds 1 to {} messages", self.limits.max_batch);
            return Err(ErrorInfo::bad(BAD_PUBLISH, why));
        }
        for message in &mut messages {
            message.client_id = identity.publish_as(message.client_id.take())?;
            message.connection_id = origin.connection_id.clone();
            message.timestamp = now;
            identity.stamp(&mut message.extras, channel_name);
        }
        let size: usize = messages.iter().map(Message::size).sum();
        if size > self.limits.max_message_size {
            let why = format!(
                "{size} bytes are more than the {} allowed in one publish",
                self.limits.max_message_size
            );
            return Err(ErrorInfo::bad(TOO_LARGE, why));
        }
        let chosen = chosen_base(&messages)?;
        self.take_room(size + 300 * (messages.len() + 1), now)?;
        let limits = self.limits.clone();
        let channel = self.channel(&identity.app, channel_name, now)?;
        if chosen.is_some() {
            messages.retain(|message| {
                let id = message.id.as_deref();
                !id.is_some_and(|id| channel.is_duplicate(id, &limits, now))
            });
        } else {
            for (index, message) in messages.iter_mut().enumerate() {
                message.id = Some(format!("{}:{index}", origin.base_id));
            }
        }
        let answer = chosen.unwrap_or_else(|| origin.base_id.clone());
        if messages.is_empty() {
            return Ok(answer);
        }
        let count = messages.len();
        let entry = Entry {
            id: Some(origin.base_id),
            connection_id: origin.connection_id,
            messages,
            ..Entry::at(channel.series.advance(now), now)
        };
        let entry = channel.record(entry, &limits, now);
        if let Some(app) = self.apps.get_mut(&identity.app) {
            app.stats.messages(origin.meter, count, size, now);
            if app.has(channel_name, "persisted") {
                app.stats.messages(Meter::PERSISTED, count, size, now);
            }
        }
        self.note_entry(&identity.app, channel_name, &entry);
        self.deliver(&identity.app, channel_name, &entry, now);
        self.push_messages(&identity.app, channel_name, &entry.messages, now);
        Ok(answer)
    }

    /// Sends an entry to those who listen.
    pub(crate) fn deliver(&mut self, app_id: &str, channel: &str, entry: &Entry, now: u64) {
        let app = self.apps.get(app_id);
        let Some(channel) = app.and_then(|app| app.channels.get(channel)) else {
            return;
        };
        let serial = channel.series.serial(entry.at);
        let mut frames: BTreeMap<String, Arc<Frame>> = BTreeMap::new();
        let mut targets = Vec::new();
        let whole = |name: &str| entry.frame(name, serial.clone());
        for (connection_id, name) in &channel.attached {
            let Some(connection) = self.connections.get_mut(connection_id) else {
                continue;
            };
            let own = entry.connection_id.as_ref() == Some(connection_id);
            let (transport, hears) = (connection.transport, !own || connection.echo);
            let attachment = connection.attachments.get_mut(name);
            let attachment = attachment.filter(|to| to.modes & entry.modes() != 0);
            let (Some(attachment), Some(transport), true) = (attachment, transport, hears) else {
                continue;
            };
            let filtered = match &attachment.filter {
                Some(filter) => match filter.apply(entry) {
                    Some(entry) => Some(entry.frame(name, serial.clone())),
                    None => continue,
                },
                None => None,
            };
            let frame = match (&mut attachment.delta, filtered) {
                (Some(delta), filtered) => {
                    let frame = filtered.unwrap_or_else(|| whole(name));
                    Arc::new(Frame::new(delta.apply(frame)))
                }
                (None, Some(frame)) => Arc::new(Frame::new(frame)),
                (None, None) => {
                    let frame = frames.entry(name.clone());
                    let frame = frame.or_insert_with(|| Arc::new(Frame::new(whole(name))));
                    Arc::clone(frame)
                }
            };
            targets.push((transport, frame));
        }
        if let Some(app) = self.apps.get_mut(app_id) {
            let count = targets.len() * entry.messages.len().max(entry.annotations.len());
            let messages = entry.messages.iter();
            let bytes = targets.len() * messages.map(Message::size).sum::<usize>();
            app.stats.messages(Meter::REALTIME_OUT, count, bytes, now);
        }
        for (transport, frame) in targets {
            self.send_frame(transport, frame, now);
        }
    }

    /// Returns the encoding in which a connection sends.
    pub(crate) fn format_of(&self, connection_id: &str) -> Format {
        let connection = self.connections.get(connection_id);
        let transport = connection.and_then(|connection| connection.transport);
        let transport = transport.and_then(|id| self.transports.get(&id));
        transport.map_or(Format::Json, |transport| transport.format)
    }
}

fn may_publish(identity: &Identity, channel: &str) -> Result<(), ErrorInfo> {
    if identity.capability.allows(channel, "publish") {
        return Ok(());
    }
    let why = format!("no capability to publish on '{channel}'");
    Err(ErrorInfo::unauthorized(NO_CAPABILITY, why))
}

fn read_messages(records: &[Value], format: Format) -> Result<Vec<Message>, ErrorInfo> {
    records
        .iter()
        .map(|record| Message::read(record, format))
        .collect()
}

/// Returns what client-chosen ids have in common; `None` when there are none.
fn chosen_base(messages: &[Message]) -> Result<Option<String>, ErrorInfo> {
    let ids: Vec<&str> = messages
        .iter()
        .filter_map(|message| message.id.as_deref())
        .collect();
    let Some(first) = ids.first() else {
        return Ok(None);
    };
    if messages.len() == 1 {
        return Ok(Some(first.strip_suffix(":0").unwrap_or(first).to_owned()));
    }
    let base = first
        .strip_suffix(":0")
        .filter(|_| ids.len() == messages.len());
    let fits = base.is_some_and(|base| {
        let wanted = (0..ids.len()).map(|index| format!("{base}:{index}"));
        ids.iter().copied().eq(wanted.collect::<Vec<_>>())
    });
    if !fits {
        let why = "the ids of messages published together must be base:0, base:1 and so on";
        return Err(ErrorInfo::bad(BAD_ID, why));
    }
    Ok(base.map(str::to_owned))
}
