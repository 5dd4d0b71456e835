//! Who is on a channel, in numbers.
//!
//! Spec: CHD, CHS, CHO, CHM.

use std::collections::BTreeSet;

use crate::core::Core;
use crate::wire::value::Fields;
use crate::wire::{Value, flags};

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

    /// Returns the record of all categories, or of one.
    pub(crate) fn metrics(&self, category: Option<&str>) -> Value {
        let wanted = self.0.iter();
        let wanted = wanted.filter(|(name, _)| category.is_none_or(|category| category == *name));
        let metrics = wanted.fold(Fields::new(), |all, (name, count)| all.with(name, *count));
        Fields::new().with("metrics", metrics).into()
    }
}
