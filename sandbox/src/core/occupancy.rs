//! Who is on a channel, in numbers, for those who ask once and those who want to be told.
//!
//! Changes are told together, a while after the first of them.
//!
//! Spec: CHD, CHS, CHO, CHM.

use std::collections::BTreeSet;

use crate::core::Core;
use crate::core::timers::Timer;
use crate::wire::value::Fields;
use crate::wire::{Data, Format, Message, ProtocolMessage, Value, action, flags};

impl Core {
    /// Counts who is on a channel now; a channel that does not exist has nobody.
    pub(crate) fn occupancy(&self, app: &str, channel: &str) -> Occupancy {
        let channel = self.existing_channel(app, channel);
        let attached = channel.iter().flat_map(|channel| channel.attached.iter());
        let attached = attached.filter_map(|(id, name)| {
            let connection = self.connections.get(id)?;
            let modes = connection.attachments.get(name)?.modes;
            Some((id.as_str(), modes))
        });
        let attached: Vec<_> = attached.collect();
        let count = |bit: u64| {
            let able = attached.iter().filter(|(_, modes)| modes & bit != 0);
            able.map(|(id, _)| *id).collect::<BTreeSet<_>>().len() as u64
        };
        Occupancy([
            ("connections", count(u64::MAX)),
            ("presenceConnections", count(flags::PRESENCE)),
            (
                "presenceMembers",
                channel.map_or(0, |channel| channel.members.len() as u64),
            ),
            ("presenceSubscribers", count(flags::PRESENCE_SUBSCRIBE)),
            ("publishers", count(flags::PUBLISH)),
            ("subscribers", count(flags::SUBSCRIBE)),
        ])
    }
}

impl Core {
    /// Notes that who is on a channel may have changed.
    pub(crate) fn touch_occupancy(&mut self, app_id: &str, name: &str, now: u64) {
        let app = self.apps.get_mut(app_id);
        let channel = app.and_then(|app| app.channels.get_mut(name));
        let Some(channel) = channel.filter(|channel| !channel.watchers.is_empty()) else {
            return;
        };
        if !channel.occupancy_due {
            channel.occupancy_due = true;
            let timer = Timer::Occupancy(app_id.to_owned(), name.to_owned());
            self.timers
                .schedule(now + self.limits.occupancy_interval, timer);
        }
    }

    /// Tells those who watch a channel what has changed.
    pub(crate) fn tell_occupancy(&mut self, app_id: &str, name: &str, now: u64) {
        let occupancy = self.occupancy(app_id, name);
        let app = self.apps.get_mut(app_id);
        let Some(channel) = app.and_then(|app| app.channels.get_mut(name)) else {
            return;
        };
        channel.occupancy_due = false;
        let told = channel.occupancy_told.replace(occupancy);
        for (connection, name) in channel.watchers.clone() {
            self.tell_one(&connection, &name, &occupancy, told.as_ref(), now);
        }
    }

    /// Tells one client who is on a channel, if it wants to know.
    pub(crate) fn tell_at_first(&mut self, connection_id: &str, name: &str, now: u64) {
        let connection = self.connections.get(connection_id);
        let attachment = connection.and_then(|connection| connection.attachments.get(name));
        let watching = attachment.filter(|attachment| attachment.occupancy.is_some());
        if let (Some(connection), Some(attachment)) = (connection, watching) {
            let (app, channel) = (&connection.identity.app, &attachment.channel);
            let occupancy = self.occupancy(app, channel);
            let app = self.apps.get_mut(app);
            if let Some(channel) = app.and_then(|app| app.channels.get_mut(channel)) {
                channel.occupancy_told.get_or_insert(occupancy);
            }
            self.tell_one(connection_id, name, &occupancy, None, now);
        }
    }

    fn tell_one(
        &mut self,
        connection_id: &str,
        name: &str,
        occupancy: &Occupancy,
        told: Option<&Occupancy>,
        now: u64,
    ) {
        let Some(connection) = self.connections.get(connection_id) else {
            return;
        };
        let attachment = connection.attachments.get(name);
        let attachment = attachment.filter(|to| to.modes & flags::SUBSCRIBE != 0);
        let wanted = attachment.and_then(|attachment| attachment.occupancy.as_ref());
        let (Some(wanted), Some(transport)) = (wanted, connection.transport) else {
            return;
        };
        let metrics = occupancy.metrics(wanted.as_deref());
        if told.is_some_and(|told| told.metrics(wanted.as_deref()) == metrics) {
            return;
        }
        let text = String::from_utf8_lossy(&Format::Json.encode(&metrics)).into_owned();
        let message = Message {
            name: Some("[meta]occupancy".to_owned()),
            data: Data::Text(text),
            encoding: Some("json".to_owned()),
            action: action::MESSAGE_META,
            timestamp: now,
            ..Message::default()
        };
        let frame = ProtocolMessage {
            id: Some(self.entropy.name(10)),
            timestamp: Some(now),
            messages: vec![message],
            ..ProtocolMessage::for_channel(action::MESSAGE, name)
        };
        self.send(transport, frame, now);
    }
}

/// The numbers, by category.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Occupancy([(&'static str, u64); 6]);

impl Occupancy {
    /// Says whether anybody is there.
    pub(crate) fn is_active(&self) -> bool {
        let mut counts = self.0.iter();
        counts.any(|(category, count)| {
            ["connections", "presenceMembers"].contains(category) && *count > 0
        })
    }

    /// Reads the channel param `occupancy`: everything, or one category.
    pub(crate) fn parse(param: &str) -> Option<Option<String>> {
        match param.split_once('.') {
            None => (param == "metrics").then_some(None),
            Some(("metrics", category)) => CATEGORIES
                .contains(&category)
                .then(|| Some(category.to_owned())),
            Some(_) => None,
        }
    }

    /// Returns the record of all categories, or of one.
    pub(crate) fn metrics(&self, category: Option<&str>) -> Value {
        let wanted = self.0.iter();
        let wanted = wanted.filter(|(name, _)| category.is_none_or(|category| category == *name));
        let metrics = wanted.fold(Fields::new(), |all, (name, count)| all.with(name, *count));
        Fields::new().with("metrics", metrics).into()
    }
}

const CATEGORIES: [&str; 6] = [
    "connections",
    "presenceConnections",
    "presenceMembers",
    "presenceSubscribers",
    "publishers",
    "subscribers",
];
