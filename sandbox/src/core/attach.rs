//! Attaching and detaching.
//!
//! ATTACH is answered in this order: ATTACHED, the messages that the client missed or wants to
//! rewind to, the presence set. RESUMED is set only when everything after the client's position
//! was still here and is on its way. A client that says it is attached, and is, has been sent
//! everything, so nothing is sent twice.
//!
//! Spec: RTL4, RTL5, RTL12, RTL13, RTL15; channel params.

use crate::core::Core;
use crate::core::capability::Capability;
use crate::core::channel::Channel;
use crate::core::delta::Delta;
use crate::core::entry::Entry;
use crate::core::filter::Filter;
use crate::core::name::ChannelName;
use crate::core::params::Params;
use crate::core::serial::Position;
use crate::core::transport::TransportId;
use crate::wire::error::{NO_CAPABILITY, NO_CONTINUITY, PROTOCOL, TOO_MANY_CHANNELS};
use crate::wire::flags::{self, MODES};
use crate::wire::{ErrorInfo, ProtocolMessage, Request, action};

/// A connection's interest in a channel.
#[derive(Clone, Debug)]
pub(crate) struct Attachment {
    pub(crate) channel: String,
    pub(crate) requested: u64,
    pub(crate) modes: u64,
    /// Whether it wants to be told who is there, and of which category.
    pub(crate) occupancy: Option<Option<String>>,
    /// The message before, on attachments that take deltas.
    pub(crate) delta: Option<Delta>,
    /// Which messages it wants, if not all.
    pub(crate) filter: Option<Filter>,
}

impl Core {
    pub(crate) fn attach(
        &mut self,
        id: TransportId,
        connection: &str,
        request: Request,
        now: u64,
    ) -> Result<(), ErrorInfo> {
        let Some(name) = request.channel.clone() else {
            return Err(ErrorInfo::bad(PROTOCOL, "ATTACH must name a channel"));
        };
        match self.try_attach(connection, &name, &request, now) {
            Ok(frames) => {
                for frame in frames {
                    self.send(id, frame, now);
                }
                self.tell_at_first(connection, &name, now);
                self.touch_by_name(connection, &name, now);
            }
            Err(error) => {
                self.drop_attachment(connection, &name, now);
                let answer = ProtocolMessage::for_channel(action::ERROR, &name);
                self.send(id, answer.with_error(error), now);
            }
        }
        Ok(())
    }

    pub(crate) fn detach(
        &mut self,
        id: TransportId,
        connection: &str,
        request: Request,
        now: u64,
    ) -> Result<(), ErrorInfo> {
        let Some(name) = request.channel else {
            return Err(ErrorInfo::bad(PROTOCOL, "DETACH must name a channel"));
        };
        self.drop_attachment(connection, &name, now);
        self.send(
            id,
            ProtocolMessage::for_channel(action::DETACHED, &name),
            now,
        );
        Ok(())
    }

    /// Applies a changed capability to what a connection is attached to.
    pub(crate) fn review_attachments(&mut self, id: TransportId, connection_id: &str, now: u64) {
        let Some(connection) = self.connections.get_mut(connection_id) else {
            return;
        };
        let app = connection.identity.app.clone();
        let (mut answers, mut changed) = (Vec::new(), Vec::new());
        for (name, attachment) in &mut connection.attachments {
            let capability = &connection.identity.capability;
            let filtered = attachment.filter.is_some();
            let modes = granted(
                attachment.requested,
                capability,
                &attachment.channel,
                filtered,
            );
            if modes == attachment.modes {
                continue;
            }
            attachment.modes = modes;
            changed.push(attachment.channel.clone());
            answers.push(if modes == 0 {
                let error = missing(&attachment.channel, filtered);
                ProtocolMessage::for_channel(action::ERROR, name).with_error(error)
            } else {
                ProtocolMessage {
                    flags: Some(modes | flags::RESUMED),
                    ..ProtocolMessage::for_channel(action::ATTACHED, name)
                }
            });
        }
        for answer in answers {
            if answer.action == action::ERROR {
                self.drop_attachment(connection_id, answer.channel.as_deref().unwrap_or(""), now);
            }
            self.send(id, answer, now);
        }
        for channel in changed {
            self.touch_occupancy(&app, &channel, now);
        }
    }

    fn touch_by_name(&mut self, connection_id: &str, name: &str, now: u64) {
        if let Some(connection) = self.connections.get(connection_id) {
            if let Some(attachment) = connection.attachments.get(name) {
                let app = connection.identity.app.clone();
                let channel = attachment.channel.clone();
                self.touch_occupancy(&app, &channel, now);
            }
        }
    }

    /// Ends one attachment, with the presence that goes with it.
    fn drop_attachment(&mut self, connection_id: &str, name: &str, now: u64) {
        let Some(connection) = self.connections.get_mut(connection_id) else {
            return;
        };
        let app = connection.identity.app.clone();
        connection.attached_before.remove(name);
        let Some(attachment) = connection.attachments.remove(name) else {
            // Its members have outlived the transport that it was attached on.
            if let Ok(parsed) = ChannelName::parse(name) {
                self.leave_channel(connection_id, &app, &parsed.channel, now);
            }
            return;
        };
        self.leave_channel(connection_id, &app, &attachment.channel, now);
        self.forget_attached(&app, &attachment.channel, connection_id, name, now);
    }

    /// Forgets what a connection is attached to, and keeps its presence.
    pub(crate) fn drop_attachments(&mut self, connection_id: &str, now: u64) {
        let Some(connection) = self.connections.get_mut(connection_id) else {
            return;
        };
        let app = connection.identity.app.clone();
        let attachments = std::mem::take(&mut connection.attachments);
        if !attachments.is_empty() {
            let modes = attachments
                .iter()
                .map(|(name, to)| (name.clone(), to.modes));
            connection.attached_before = modes.collect();
        }
        for (name, attachment) in attachments {
            self.forget_attached(&app, &attachment.channel, connection_id, &name, now);
        }
    }

    fn forget_attached(&mut self, app_id: &str, name: &str, id: &str, alias: &str, now: u64) {
        let app = self.apps.get_mut(app_id);
        if let Some(channel) = app.and_then(|app| app.channels.get_mut(name)) {
            let place = (id.to_owned(), alias.to_owned());
            channel.attached.remove(&place);
            channel.watchers.remove(&place);
            channel.last_used = now;
            self.touch_occupancy(app_id, name, now);
        }
    }

    fn try_attach(
        &mut self,
        connection_id: &str,
        name: &str,
        request: &Request,
        now: u64,
    ) -> Result<Vec<ProtocolMessage>, ErrorInfo> {
        let parsed = ChannelName::parse(name)?;
        let max_attachments = self.limits.max_attachments;
        let Some(connection) = self.connections.get(connection_id) else {
            return Ok(Vec::new());
        };
        let before = connection.attachments.get(name).cloned();
        if before.is_none() && connection.attachments.len() >= max_attachments {
            return Err(ErrorInfo::bad(TOO_MANY_CHANNELS, "too many channels"));
        }
        let params = Params::read(&parsed.params, &request.params)?;
        let requested = params
            .modes
            .or(Some(flags::modes_of(request.flags)).filter(|modes| *modes != 0))
            .unwrap_or(flags::DEFAULT_MODES);
        let capability = &connection.identity.capability;
        let modes = granted(
            requested,
            capability,
            &parsed.channel,
            parsed.filter.is_some(),
        );
        if modes == 0 {
            return Err(missing(&parsed.channel, parsed.filter.is_some()));
        }
        if params.occupancy.is_some() {
            let needed = ["channel-metadata"];
            connection.identity.require_any(&parsed.channel, &needed)?;
        }
        let app = connection.identity.app.clone();
        let channel = self.channel(&app, &parsed.channel, now)?;
        channel.last_used = now;
        let place = (connection_id.to_owned(), name.to_owned());
        if params.occupancy.is_some() {
            channel.watchers.insert(place.clone());
        } else {
            channel.watchers.remove(&place);
        }
        channel.attached.insert(place);

        // A client of deltas that names where it is could not apply one: it is sent everything
        // from there again.
        let again = params.delta && request.channel_serial.is_some();
        let received = before.is_some_and(|before| before.modes & EVENTS != 0) && !again;
        let reattach = request.flags & flags::ATTACH_RESUME != 0;
        let start = match request.channel_serial.as_deref() {
            serial if received && (reattach || serial.is_some()) => Start::Live,
            Some(serial) => match channel.resumable(serial) {
                Some(position) => Start::After(position),
                None => Start::Lost,
            },
            None if reattach => Start::Lost,
            None => Start::Fresh,
        };
        let backlog = match &start {
            Start::After(position) => channel
                .entries_after(*position)
                .filter(|entry| entry.modes() & modes != 0)
                .filter_map(|entry| fitting(parsed.filter.as_ref(), entry))
                .collect(),
            _ if modes & flags::SUBSCRIBE == 0 => Vec::new(),
            Start::Fresh => params.rewind(channel, parsed.filter.as_ref(), now),
            Start::Live | Start::Lost => Vec::new(),
        };
        let mut set = modes;
        if matches!(start, Start::Live | Start::After(_)) {
            set |= flags::RESUMED;
        }
        if !backlog.is_empty() {
            set |= flags::HAS_BACKLOG;
        }
        let sync = modes & flags::PRESENCE_SUBSCRIBE != 0 && !channel.members.is_empty();
        if sync {
            set |= flags::HAS_PRESENCE;
        }
        // What follows, follows from here: a client that loses its socket now asks again for the
        // whole backlog.
        let at = match (&start, backlog.first()) {
            (Start::After(position), Some(_)) => *position,
            (_, Some(first)) => before_position(first.at),
            (_, None) => channel.series.last(),
        };
        let lost = matches!(start, Start::Lost) && request.channel_serial.is_some();
        let mut frames = vec![ProtocolMessage {
            channel_serial: Some(channel.series.serial(at)),
            flags: Some(set),
            params: params.in_force,
            error: lost.then(|| {
                ErrorInfo::bad(
                    NO_CONTINUITY,
                    "messages after the channelSerial are not here",
                )
            }),
            ..ProtocolMessage::for_channel(action::ATTACHED, name)
        }];
        // The first message is whole: what the client has of earlier ones is not known.
        let mut delta = params.delta.then(Delta::default);
        for entry in &backlog {
            let frame = entry.frame(name, channel.series.serial(entry.at));
            frames.push(match &mut delta {
                Some(delta) => delta.apply(frame),
                None => frame,
            });
        }
        if sync {
            frames.extend(sync_pages(channel, name));
        }
        if let Some(connection) = self.connections.get_mut(connection_id) {
            let attachment = Attachment {
                channel: parsed.channel,
                requested,
                modes,
                occupancy: params.occupancy,
                delta,
                filter: parsed.filter,
            };
            connection.attached_before.remove(name);
            connection.attachments.insert(name.to_owned(), attachment);
        }
        Ok(frames)
    }
}

/// Where delivery starts.
enum Start {
    /// It never stopped.
    Live,
    /// After a position that the client names.
    After(Position),
    /// Now, and something may be missing.
    Lost,
    /// Now, or where `rewind` says.
    Fresh,
}

/// Returns what of an entry is for a client.
pub(crate) fn fitting(filter: Option<&Filter>, entry: &Entry) -> Option<Entry> {
    match filter {
        Some(filter) => filter.apply(entry),
        None => Some(entry.clone()),
    }
}

// To listen through a filter is a matter of its own, which a capability for all ordinary channels
// does not include. Who may not does not get the rest instead.
fn granted(requested: u64, capability: &Capability, channel: &str, filtered: bool) -> u64 {
    let derived = format!("[filter]{channel}");
    let listens = |operation: &str| operation.ends_with("subscribe");
    let allowed = |operation: &str| match filtered && listens(operation) {
        true => capability.allows(&derived, operation),
        false => capability.allows(channel, operation),
    };
    if filtered && !allowed("subscribe") {
        return 0;
    }
    let modes = MODES
        .iter()
        .filter(|(bit, _, operation)| requested & bit != 0 && allowed(operation));
    modes.fold(0, |modes, (bit, ..)| modes | bit)
}

fn missing(channel: &str, filtered: bool) -> ErrorInfo {
    let kind = if filtered { "[filter]" } else { "" };
    let why = format!("no capability for any of the modes asked for on '{kind}{channel}'");
    ErrorInfo::unauthorized(NO_CAPABILITY, why)
}

fn before_position(position: Position) -> Position {
    match position.counter.checked_sub(1) {
        Some(counter) => Position {
            counter,
            ..position
        },
        None => Position {
            time: position.time.saturating_sub(1),
            counter: u32::MAX,
        },
    }
}

/// Returns the presence set in pages of SYNC; the last has an empty cursor.
fn sync_pages(channel: &Channel, name: &str) -> Vec<ProtocolMessage> {
    let id = format!("{}", channel.series.last()).replace(':', "-");
    let members: Vec<_> = channel.members.values().cloned().collect();
    let pages = members.chunks(SYNC_PAGE).count();
    let pages = members.chunks(SYNC_PAGE).enumerate().map(|(index, page)| {
        let cursor = if index + 1 == pages {
            String::new()
        } else {
            (index + 1).to_string()
        };
        ProtocolMessage {
            channel_serial: Some(format!("{id}:{cursor}")),
            presence: Some(page.to_vec()),
            ..ProtocolMessage::for_channel(action::SYNC, name)
        }
    });
    pages.collect()
}

/// Modes of clients that are sent what happens on the channel.
const EVENTS: u64 = flags::SUBSCRIBE | flags::ANNOTATION_SUBSCRIBE;
const SYNC_PAGE: usize = 100;
