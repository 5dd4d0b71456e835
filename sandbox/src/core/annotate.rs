//! Annotating messages.
//!
//! Every annotation is an event of the channel, for those who asked for annotations; what it changes
//! about the summary of its message is another, for all subscribers. Only namespaces with
//! `mutableMessages` have annotations.
//!
//! Spec: RTAN1, RTAN2, RSAN1.

use std::collections::BTreeSet;

use crate::core::Core;
use crate::core::auth::Identity;
use crate::core::entry::Entry;
use crate::core::name::ChannelName;
use crate::core::publish::Origin;
use crate::core::stats::Meter;
use crate::core::summary;
use crate::wire::error::{
    BAD_CHANNEL, BAD_PARAM, BAD_PUBLISH, NO_MODE, NOT_FOUND, NOT_MUTABLE, RATE_LIMITED, TOO_LARGE,
};
use crate::wire::{Annotation, ErrorInfo, Format, Message, Request, Value, action, flags};

impl Core {
    /// Publishes the annotations of an ANNOTATION frame.
    pub(crate) fn annotation_frame(
        &mut self,
        connection_id: &str,
        request: &Request,
        serial: u64,
        now: u64,
    ) -> Result<(), ErrorInfo> {
        let Some(name) = request.channel.as_deref() else {
            return Err(ErrorInfo::bad(
                BAD_CHANNEL,
                "an annotation must name a channel",
            ));
        };
        let channel = ChannelName::parse(name)?.channel;
        let format = self.format_of(connection_id);
        let Some(connection) = self.connections.get(connection_id) else {
            return Ok(());
        };
        // Those who asked for no modes may annotate, though ATTACHED does not say so.
        let has_mode = connection.attachments.get(name).is_none_or(|to| {
            to.modes & flags::ANNOTATION_PUBLISH != 0 || to.requested == flags::DEFAULT_MODES
        });
        let identity = connection.identity.clone();
        identity.require_any(&channel, &["annotation-publish"])?;
        if !has_mode {
            let why = "the channel was attached without the annotation_publish mode";
            return Err(ErrorInfo::unauthorized(NO_MODE, why));
        }
        let origin = Origin {
            connection_id: Some(connection_id.to_owned()),
            base_id: format!("{connection_id}:{serial}"),
            meter: Meter::REALTIME_IN,
        };
        let annotations = read(&request.annotations, format)?;
        self.annotate(&identity, &channel, annotations, origin, now)
    }

    /// Publishes the annotations of a REST request.
    pub(crate) fn annotate_rest(
        &mut self,
        identity: &Identity,
        channel: &str,
        message: &str,
        body: &Value,
        format: Format,
        now: u64,
    ) -> Result<(), ErrorInfo> {
        identity.require_any(channel, &["annotation-publish"])?;
        let records = match body {
            Value::List(records) => records.as_slice(),
            record => std::slice::from_ref(record),
        };
        let mut annotations = read(records, format)?;
        for annotation in &mut annotations {
            if annotation.message_serial.is_empty() {
                annotation.message_serial = message.to_owned();
            }
            if annotation.message_serial != message {
                let why = "messageSerial is not that of the path";
                return Err(ErrorInfo::bad(BAD_PARAM, why));
            }
        }
        let origin = Origin {
            connection_id: None,
            base_id: format!("{}:0", self.entropy.name(10)),
            meter: Meter::REST_IN,
        };
        self.annotate(identity, channel, annotations, origin, now)
    }

    fn annotate(
        &mut self,
        identity: &Identity,
        channel_name: &str,
        mut annotations: Vec<Annotation>,
        origin: Origin,
        now: u64,
    ) -> Result<(), ErrorInfo> {
        let app = self.apps.get(&identity.app);
        if !app.is_some_and(|app| app.has(channel_name, "mutableMessages")) {
            let why = "messages of this namespace cannot be annotated";
            return Err(ErrorInfo::bad(NOT_MUTABLE, why));
        }
        if annotations.is_empty() || annotations.len() > self.limits.max_batch {
            let why = "too few or too many annotations";
            return Err(ErrorInfo::bad(BAD_PUBLISH, why));
        }
        for annotation in &mut annotations {
            annotation.client_id = identity.publish_as(annotation.client_id.take())?;
            summary::check(annotation)?;
            annotation.connection_id = origin.connection_id.clone();
            annotation.timestamp = now;
        }
        let size: usize = annotations.iter().map(Annotation::size).sum();
        if size > self.limits.max_message_size {
            return Err(ErrorInfo::bad(TOO_LARGE, "the annotations are too large"));
        }
        self.take_room(2 * size + 600 * annotations.len(), now)?;
        let limits = self.limits.clone();
        let channel = self.channel(&identity.app, channel_name, now)?;
        for annotation in &annotations {
            let serial = &annotation.message_serial;
            if channel.message(serial).is_none() {
                let why = "there is no message with this messageSerial";
                return Err(ErrorInfo::new(NOT_FOUND, 404, why));
            }
            let kept = channel.annotations.get(serial).map_or(0, Vec::len);
            if kept + annotations.len() > limits.max_annotations {
                let why = "the message has as many annotations as it may";
                return Err(ErrorInfo::new(RATE_LIMITED, 429, why));
            }
        }
        annotations.retain(|annotation| {
            let id = annotation.id.as_deref();
            !id.is_some_and(|id| channel.is_duplicate(id, &limits, now))
        });
        for (index, annotation) in annotations.iter_mut().enumerate() {
            let id = annotation.id.take();
            annotation.id = id.or(Some(format!("{}:{index}", origin.base_id)));
        }
        if annotations.is_empty() {
            return Ok(());
        }
        let count = annotations.len();
        let serials = annotations
            .iter()
            .map(|annotation| annotation.message_serial.clone());
        let serials: BTreeSet<_> = serials.collect();
        let entry = Entry {
            id: Some(origin.base_id),
            connection_id: origin.connection_id,
            annotations,
            ..Entry::at(channel.series.advance(now), now)
        };
        let mut entries = vec![channel.record(entry, &limits, now)];
        for serial in serials {
            let id = self.entropy.name(10);
            let channel = self.channel(&identity.app, channel_name, now)?;
            if let Some(message) = channel.summarize(&serial, &id, now) {
                let entry = Entry {
                    id: Some(id),
                    messages: vec![message],
                    ..Entry::at(channel.series.advance(now), now)
                };
                entries.push(channel.record(entry, &limits, now));
            }
        }
        if let Some(app) = self.apps.get_mut(&identity.app) {
            app.stats.messages(origin.meter, count, size, now);
        }
        for entry in entries {
            self.note_entry(&identity.app, channel_name, &entry);
            self.deliver(&identity.app, channel_name, &entry, now);
        }
        Ok(())
    }
}

impl crate::core::channel::Channel {
    /// Brings the summary of a message up to date and returns the message that tells of it.
    pub(crate) fn summarize(&mut self, serial: &str, id: &str, now: u64) -> Option<Message> {
        let annotations = self.annotations.get(serial)?;
        let summary = summary::of(annotations.iter());
        let message = self.message_mut(serial)?;
        message.summary = Some(summary.clone());
        Some(Message {
            id: Some(format!("{id}:0")),
            action: action::MESSAGE_SUMMARY,
            serial: serial.to_owned(),
            timestamp: now,
            summary: Some(summary),
            ..Message::default()
        })
    }
}

fn read(records: &[Value], format: Format) -> Result<Vec<Annotation>, ErrorInfo> {
    let annotations = records
        .iter()
        .map(|record| Annotation::read(record, format));
    annotations.collect()
}
