//! Presence: entering, updating and leaving, and leaving on behalf of those who are gone.
//!
//! A member is a clientId on a connection. Members of a lost transport stay for the presence
//! window; after CLOSE or DETACH they go at once. A leave that the server makes has an id that does
//! not start with the member's connectionId, which is how clients tell it from their own.
//!
//! Spec: RTP2, RTP8–RTP10, RTP17a.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::core::Core;
use crate::core::name::ChannelName;
use crate::core::stats::Meter;
use crate::wire::error::{
    BAD_CHANNEL, BAD_PUBLISH, NO_CAPABILITY, NO_CLIENT_ID, NO_MODE, NOT_ATTACHED, TOO_LARGE,
    TOO_MANY_MEMBERS,
};
use crate::wire::{
    Data, ErrorInfo, Frame, PresenceMessage, ProtocolMessage, Request, action, flags,
};

impl Core {
    /// Applies the events of a PRESENCE frame.
    pub(crate) fn presence_frame(
        &mut self,
        connection_id: &str,
        request: &Request,
        serial: u64,
        now: u64,
    ) -> Result<(), ErrorInfo> {
        let Some(name) = request.channel.as_deref() else {
            return Err(ErrorInfo::bad(BAD_CHANNEL, "presence must name a channel"));
        };
        let channel_name = ChannelName::parse(name)?.channel;
        let format = self.format_of(connection_id);
        let Some(connection) = self.connections.get(connection_id) else {
            return Ok(());
        };
        let identity = connection.identity.clone();
        if !identity.capability.allows(&channel_name, "presence") {
            let why = format!("no capability to be present on '{channel_name}'");
            return Err(ErrorInfo::unauthorized(NO_CAPABILITY, why));
        }
        let attached = connection.attachments.get(name).map(|to| to.modes);
        let before = || connection.attached_before.get(name).copied();
        match attached.or_else(before) {
            None => {
                return Err(ErrorInfo::bad(
                    NOT_ATTACHED,
                    "presence needs an attached channel",
                ));
            }
            Some(modes) if modes & flags::PRESENCE == 0 => {
                let why = "the channel was attached without the presence mode";
                return Err(ErrorInfo::unauthorized(NO_MODE, why));
            }
            Some(_) => {}
        }
        if request.presence.is_empty() || request.presence.len() > self.limits.max_batch {
            return Err(ErrorInfo::bad(
                BAD_PUBLISH,
                "too few or too many presence events",
            ));
        }
        let mut events = Vec::with_capacity(request.presence.len());
        for (index, record) in request.presence.iter().enumerate() {
            let mut event = PresenceMessage::read(record, format)?;
            event.client_id = identity.publish_as(event.client_id.take())?;
            if event.client_id.is_none() {
                return Err(ErrorInfo::bad(NO_CLIENT_ID, "presence needs a clientId"));
            }
            event.connection_id = Some(connection_id.to_owned());
            event.timestamp = now;
            identity.stamp(&mut event.extras, &channel_name);
            event.id = Some(
                event
                    .id
                    .unwrap_or(format!("{connection_id}:{serial}:{index}")),
            );
            events.push(event);
        }
        let size: usize = events.iter().map(PresenceMessage::size).sum();
        if size > self.limits.max_message_size {
            return Err(ErrorInfo::bad(TOO_LARGE, "the presence data is too large"));
        }
        self.take_room(2 * size + 300 * events.len(), now)?;
        let max_members = self
            .apps
            .get(&identity.app)
            .map_or(0, |app| app.max_members);
        let limits = self.limits.clone();
        let channel = self.channel(&identity.app, &channel_name, now)?;
        let member = |event: &PresenceMessage| {
            (
                event.client_id.clone().unwrap_or_default(),
                connection_id.to_owned(),
            )
        };
        let coming = events.iter().filter(|event| {
            event.action != action::LEAVE && !channel.members.contains_key(&member(event))
        });
        let coming = coming.count();
        let too_much = channel.member_bytes() + size > limits.max_presence_bytes;
        if coming > 0 && (channel.members.len() + coming > max_members || too_much) {
            return Err(ErrorInfo::bad(
                TOO_MANY_MEMBERS,
                "the channel has too many members",
            ));
        }
        // RTP10a: a leave without data carries what the member had. Leaves of others than members
        // are accepted and come to nothing.
        let mut known: BTreeMap<_, (Data, Option<String>)> = BTreeMap::new();
        events.retain_mut(|event| {
            let member = member(event);
            let before = known.remove(&member).or_else(|| {
                let present = channel.members.get(&member)?;
                Some((present.data.clone(), present.encoding.clone()))
            });
            if event.action != action::LEAVE {
                known.insert(member, (event.data.clone(), event.encoding.clone()));
                return true;
            }
            match before {
                Some((data, encoding)) if event.data == Data::None => {
                    event.data = data;
                    event.encoding = encoding;
                    true
                }
                before => before.is_some(),
            }
        });
        if events.is_empty() {
            return Ok(());
        }
        let id = Some(format!("{connection_id}:{serial}"));
        let frame = channel.record_presence(&events, id, now, &limits);
        let count = events.len();
        let still_here = channel
            .members
            .keys()
            .any(|(_, connection)| connection == connection_id);
        if let Some(connection) = self.connections.get_mut(connection_id) {
            if still_here {
                connection.present_on.insert(channel_name.clone());
            } else {
                connection.present_on.remove(&channel_name);
            }
        }
        if let Some(app) = self.apps.get_mut(&identity.app) {
            app.stats.messages(Meter::PRESENCE_IN, count, size, now);
        }
        self.note_presence(&identity.app, &channel_name);
        self.deliver_presence(&identity.app, &channel_name, &frame, now);
        self.touch_occupancy(&identity.app, &channel_name, now);
        Ok(())
    }

    /// Ends all presence of a connection.
    pub(crate) fn leave_everywhere(&mut self, connection_id: &str, now: u64) {
        let Some(connection) = self.connections.get(connection_id) else {
            return;
        };
        let app = connection.identity.app.clone();
        for channel in connection.present_on.clone() {
            self.leave_channel(connection_id, &app, &channel, now);
        }
    }

    /// Ends a connection's presence on one channel.
    pub(crate) fn leave_channel(&mut self, connection_id: &str, app: &str, name: &str, now: u64) {
        if let Some(connection) = self.connections.get_mut(connection_id) {
            if !connection.present_on.remove(name) {
                return;
            }
        }
        let base = format!("{}:0", self.entropy.name(10));
        let limits = self.limits.clone();
        let channel = self
            .apps
            .get_mut(app)
            .and_then(|app| app.channels.get_mut(name));
        let Some(channel) = channel else {
            return;
        };
        let members = channel.members.values();
        let leaving =
            members.filter(|member| member.connection_id.as_deref() == Some(connection_id));
        let events: Vec<_> = leaving
            .enumerate()
            .map(|(index, member)| PresenceMessage {
                id: Some(format!("{base}:{index}")),
                action: action::LEAVE,
                timestamp: now,
                ..member.clone()
            })
            .collect();
        if events.is_empty() {
            return;
        }
        let frame = channel.record_presence(&events, Some(base), now, &limits);
        self.note_presence(app, name);
        self.deliver_presence(app, name, &frame, now);
        self.touch_occupancy(app, name, now);
    }

    // RTP17a: a connection always gets its own events.
    fn deliver_presence(&mut self, app_id: &str, channel: &str, event: &ProtocolMessage, now: u64) {
        let Some(channel) = self.existing_channel(app_id, channel) else {
            return;
        };
        let mut frames: BTreeMap<String, Arc<Frame>> = BTreeMap::new();
        let mut targets = Vec::new();
        for (connection_id, name) in &channel.attached {
            let Some(connection) = self.connections.get(connection_id) else {
                continue;
            };
            let attachment = connection.attachments.get(name);
            let modes = attachment.map_or(0, |attachment| attachment.modes);
            let own = event.connection_id.as_ref() == Some(connection_id);
            if let Some(transport) = connection.transport {
                if own || modes & flags::PRESENCE_SUBSCRIBE != 0 {
                    let frame = frames.entry(name.clone()).or_insert_with(|| {
                        let channel = Some(name.clone());
                        Arc::new(Frame::new(ProtocolMessage {
                            channel,
                            ..event.clone()
                        }))
                    });
                    targets.push((transport, Arc::clone(frame)));
                }
            }
        }
        if let Some(app) = self.apps.get_mut(app_id) {
            let events = event.presence.iter().flatten();
            let count = targets.len() * events.clone().count();
            let bytes = targets.len() * events.map(PresenceMessage::size).sum::<usize>();
            app.stats.messages(Meter::PRESENCE_OUT, count, bytes, now);
        }
        for (transport, frame) in targets {
            self.send_frame(transport, frame, now);
        }
    }
}
