//! Summaries: what the annotations of a message come to.
//!
//! | aggregation | counts |
//! |---|---|
//! | `total.v1` | annotations |
//! | `flag.v1` | clients |
//! | `distinct.v1` | clients per name |
//! | `unique.v1` | clients per name, each under the last name it gave |
//! | `multiple.v1` | the counts that clients give, per name |
//!
//! Spec: TM2q, RTAN.

use std::collections::{BTreeMap, BTreeSet};

use crate::wire::error::{BAD_PARAM, NEEDS_CLIENT_ID};
use crate::wire::value::Fields;
use crate::wire::{Annotation, ErrorInfo, Value, action};

/// Says whether an annotation is one that can be counted.
pub(crate) fn check(annotation: &Annotation) -> Result<(), ErrorInfo> {
    let bad = |why: &str| Err(ErrorInfo::bad(BAD_PARAM, format!("the annotation {why}")));
    // A type without an aggregation is kept, and not counted.
    if !annotation.kind.is_empty() && !annotation.kind.contains(':') {
        return Ok(());
    }
    let parts = annotation
        .kind
        .split_once(':')
        .filter(|(name, _)| !name.is_empty());
    let Some((_, aggregation)) = parts else {
        return bad("must have a type like name:aggregation");
    };
    let (named, identified) = match aggregation {
        "total.v1" => (false, false),
        "flag.v1" => (false, true),
        "distinct.v1" | "unique.v1" => (true, true),
        "multiple.v1" => (true, false),
        _ => return bad("has a type whose aggregation is unknown"),
    };
    // Taking back a unique annotation needs no name: there is one per client.
    let all = aggregation == "unique.v1" && annotation.action == action::ANNOTATION_DELETE;
    if named && !all && annotation.name.as_deref().is_none_or(str::is_empty) {
        return bad("must have a name, because its type counts by name");
    }
    if annotation.count.is_some() && aggregation != "multiple.v1" {
        return bad("has a count, which only multiple.v1 takes");
    }
    if annotation
        .count
        .is_some_and(|count| !(1..=MAX_COUNT).contains(&count))
    {
        return bad("must have a count of 1 to 1000000");
    }
    if identified && annotation.client_id.is_none() {
        let why = "annotations of this type need a clientId";
        return Err(ErrorInfo::unauthorized(NEEDS_CLIENT_ID, why));
    }
    Ok(())
}

/// Returns the summary of a message's annotations, oldest first.
pub(crate) fn of<'a>(annotations: impl Iterator<Item = &'a Annotation>) -> Value {
    let mut tallies: BTreeMap<&str, Tally<'_>> = BTreeMap::new();
    let counted = |annotation: &&Annotation| !aggregation(&annotation.kind).is_empty();
    for annotation in annotations.filter(counted) {
        tallies
            .entry(&annotation.kind)
            .or_default()
            .count(annotation);
    }
    let tallies = tallies.into_iter();
    let summary = tallies.fold(Fields::new(), |all, (kind, tally)| {
        all.with(kind, tally.value(kind))
    });
    summary.into()
}

/// What is known about one type of annotation.
#[derive(Default)]
struct Tally<'a> {
    total: u64,
    names: BTreeMap<&'a str, Name<'a>>,
}

#[derive(Default)]
struct Name<'a> {
    clients: BTreeMap<&'a str, u64>,
    anonymous: u64,
}

impl<'a> Tally<'a> {
    fn count(&mut self, annotation: &'a Annotation) {
        let create = annotation.action == action::ANNOTATION_CREATE;
        let client = annotation.client_id.as_deref();
        let name = annotation.name.as_deref().unwrap_or_default();
        match aggregation(&annotation.kind) {
            "total.v1" => {
                self.total = if create {
                    self.total + 1
                } else {
                    self.total.saturating_sub(1)
                };
                return;
            }
            "unique.v1" => {
                for other in self.names.values_mut() {
                    client.and_then(|client| other.clients.remove(client));
                }
            }
            _ => {}
        }
        let amount = annotation.count.unwrap_or(1);
        // A flag has no name, whatever the client says.
        let name = if aggregation(&annotation.kind) == "flag.v1" {
            ""
        } else {
            name
        };
        let place = self.names.entry(name).or_default();
        match client {
            Some(client) if create => *place.clients.entry(client).or_default() += amount,
            Some(client) => {
                place.clients.remove(client);
            }
            None if create => place.anonymous += amount,
            // Nobody can tell which of the anonymous ones is taken back.
            None => place.anonymous = place.anonymous.saturating_sub(amount),
        }
        self.names
            .retain(|_, name| !name.clients.is_empty() || name.anonymous > 0);
    }

    fn value(&self, kind: &str) -> Value {
        match aggregation(kind) {
            "total.v1" => Fields::new().with("total", self.total).into(),
            "flag.v1" => clients(&self.names.get("").map_or_else(BTreeSet::new, Name::ids)),
            "multiple.v1" => self.per_name(|name| name.counts()),
            _ => self.per_name(|name| clients(&name.ids())),
        }
    }

    fn per_name(&self, value: impl Fn(&Name<'_>) -> Value) -> Value {
        let names = self.names.iter();
        let names = names.fold(Fields::new(), |all, (name, of)| all.with(name, value(of)));
        names.into()
    }
}

impl Name<'_> {
    fn ids(&self) -> BTreeSet<&str> {
        self.clients.keys().copied().collect()
    }

    fn counts(&self) -> Value {
        let clients = self.clients.iter();
        let clients = clients.fold(Fields::new(), |all, (id, count)| all.with(id, *count));
        Fields::new()
            .with("total", self.clients.values().sum::<u64>() + self.anonymous)
            .with("clientIds", clients)
            .with("totalUnidentified", self.anonymous)
            .with("totalClientIds", self.clients.len() as u64)
            .into()
    }
}

fn aggregation(kind: &str) -> &str {
    kind.split_once(':')
        .map_or("", |(_, aggregation)| aggregation)
}

fn clients(ids: &BTreeSet<&str>) -> Value {
    let list = ids.iter().map(|id| Value::from_text(*id)).collect();
    Fields::new()
        .with("total", ids.len() as u64)
        .with("clientIds", Value::List(list))
        .into()
}

const MAX_COUNT: u64 = 1_000_000;
