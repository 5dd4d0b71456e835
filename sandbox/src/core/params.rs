//! Channel params: what a client wants of a channel besides its modes.
//!
//! Unknown params are dropped, wrong values refused.
//!
//! Spec: TB2c, RTL4k, RTL16.

use crate::core::attach::fitting;
use crate::core::channel::Channel;
use crate::core::entry::Entry;
use crate::core::filter::Filter;
use crate::core::occupancy::Occupancy;
use crate::wire::ErrorInfo;
use crate::wire::error::BAD_PARAM;
use crate::wire::flags;

/// Channel params understood here.
#[derive(Default)]
pub(crate) struct Params {
    pub(crate) modes: Option<u64>,
    rewind: Option<Rewind>,
    rewind_limit: Option<usize>,
    /// Whether to be told who is there, and of which category.
    pub(crate) occupancy: Option<Option<String>>,
    /// Whether messages may come as what changed since the one before.
    pub(crate) delta: bool,
    /// What is echoed to the client.
    pub(crate) in_force: Vec<(String, String)>,
}

enum Rewind {
    Messages(usize),
    Milliseconds(u64),
}

impl Params {
    /// Reads params; those of the request win over those of the name.
    pub(crate) fn read(
        of_name: &[(String, String)],
        of_request: &[(String, String)],
    ) -> Result<Params, ErrorInfo> {
        let mut params = Params::default();
        for (key, value) in of_name.iter().chain(of_request) {
            let bad = |why: &str| {
                Err(ErrorInfo::bad(
                    BAD_PARAM,
                    format!("channel param {key} {why}"),
                ))
            };
            match key.as_str() {
                "modes" => match flags::parse_modes(value) {
                    Ok(modes) => params.modes = Some(modes),
                    Err(_) => return bad("names an unknown mode"),
                },
                "rewind" => match Rewind::parse(value) {
                    Some(rewind) => params.rewind = Some(rewind),
                    None => return bad("must be a number, or one with s or m"),
                },
                "rewindLimit" => match value.parse() {
                    Ok(limit) => params.rewind_limit = Some(limit),
                    Err(_) => return bad("must be a number"),
                },
                "occupancy" => match Occupancy::parse(value) {
                    Some(wanted) => params.occupancy = Some(wanted),
                    None => return bad("must be metrics or metrics.CATEGORY"),
                },
                "delta" if value == "vcdiff" => params.delta = true,
                "delta" => return bad("must be vcdiff"),
                _ => continue,
            }
            params.in_force.retain(|(known, _)| known != key);
            params.in_force.push((key.clone(), value.clone()));
        }
        Ok(params)
    }

    /// Returns the last messages asked for, oldest first; a publish may be cut in two.
    pub(crate) fn rewind(
        &self,
        channel: &Channel,
        filter: Option<&Filter>,
        now: u64,
    ) -> Vec<Entry> {
        let (since, count) = match &self.rewind {
            None => return Vec::new(),
            Some(Rewind::Messages(count)) => (0, *count),
            Some(Rewind::Milliseconds(span)) => {
                let limit = self.rewind_limit.unwrap_or(MAX_REWIND);
                (now.saturating_sub(*span), limit)
            }
        };
        let mut left = count.min(MAX_REWIND);
        let mut found = Vec::new();
        let entries = channel.entries.iter().rev();
        for entry in entries.filter(|entry| entry.is_publish()) {
            if left == 0 || entry.timestamp < since {
                break;
            }
            let Some(mut entry) = fitting(filter, entry) else {
                continue;
            };
            let surplus = entry.messages.len().saturating_sub(left);
            entry.messages.drain(..surplus);
            left = left.saturating_sub(entry.messages.len());
            found.push(entry);
        }
        found.reverse();
        found
    }
}

impl Rewind {
    fn parse(text: &str) -> Option<Rewind> {
        let span = |digits: &str, unit: u64| {
            let span = digits.parse::<u64>().ok()?.saturating_mul(unit);
            Some(Rewind::Milliseconds(span.min(MAX_REWIND_MS)))
        };
        if let Some(digits) = text.strip_suffix('s') {
            span(digits, 1_000)
        } else if let Some(digits) = text.strip_suffix('m') {
            span(digits, 60_000)
        } else {
            text.parse().ok().map(Rewind::Messages)
        }
    }
}

const MAX_REWIND: usize = 100;
const MAX_REWIND_MS: u64 = 120_000;
