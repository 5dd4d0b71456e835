//! What a key or token may do, and on which channels.
//!
//! Spec: TK2b, RSA9f.

use std::collections::{BTreeMap, BTreeSet};

use crate::wire::value::Fields;
use crate::wire::{Format, Value};

/// Operations per resource pattern.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Capability(BTreeMap<String, BTreeSet<String>>);

impl Capability {
    /// Everything on every ordinary channel: what a key has that names no capability.
    pub fn full() -> Capability {
        let all = BTreeSet::from(["*".to_owned()]);
        Capability(BTreeMap::from([("*".to_owned(), all)]))
    }

    /// One operation on every ordinary channel.
    pub(crate) fn only(operation: &str) -> Capability {
        let one = BTreeSet::from([operation.to_owned()]);
        Capability(BTreeMap::from([("*".to_owned(), one)]))
    }

    /// Reads the JSON text of a capability.
    ///
    /// # Errors
    /// The reason, in words: not an object of non-empty lists of known operations, or `*` together
    /// with others.
    pub fn parse(text: &str) -> Result<Capability, String> {
        Capability::from_value(&Format::Json.decode(text.as_bytes())?)
    }

    /// Reads a capability that is given as an object.
    ///
    /// # Errors
    /// As [`Capability::parse`].
    pub fn from_value(value: &Value) -> Result<Capability, String> {
        let Value::Map(entries) = value else {
            return Err("a capability must be an object".to_owned());
        };
        let mut resources = BTreeMap::new();
        for (resource, operations) in entries {
            let operations = operations.as_list().unwrap_or_default();
            let operations = operations.iter().map(|operation| {
                let known = operation.as_text().filter(|name| OPERATIONS.contains(name));
                known
                    .map(str::to_owned)
                    .ok_or("unknown operation in capability")
            });
            let operations = operations.collect::<Result<BTreeSet<_>, _>>()?;
            if operations.is_empty() {
                return Err(format!("no operations for '{resource}' in capability"));
            }
            if operations.contains("*") && operations.len() > 1 {
                return Err(format!(
                    "'*' for '{resource}' must stand alone in capability"
                ));
            }
            resources.insert(resource.clone(), operations);
        }
        Ok(Capability(resources))
    }

    /// Says whether `operation` is allowed on `channel`.
    pub fn allows(&self, channel: &str, operation: &str) -> bool {
        self.0.iter().any(|(pattern, operations)| {
            (operations.contains("*") || operations.contains(operation)) && covers(pattern, channel)
        })
    }

    /// Says whether `operation` is allowed on any channel at all.
    pub fn allows_somewhere(&self, operation: &str) -> bool {
        let mut all = self.0.values();
        all.any(|operations| operations.contains("*") || operations.contains(operation))
    }

    /// Says whether a resource is named, to the letter.
    pub fn names(&self, resource: &str) -> bool {
        self.0.contains_key(resource)
    }

    /// Returns what both allow.
    pub fn intersect(&self, other: &Capability) -> Capability {
        let mut resources: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (a, a_operations) in &self.0 {
            for (b, b_operations) in &other.0 {
                let narrower = if covers(a, b) {
                    b
                } else if covers(b, a) {
                    a
                } else {
                    continue;
                };
                let both: BTreeSet<String> = if a_operations.contains("*") {
                    b_operations.clone()
                } else if b_operations.contains("*") {
                    a_operations.clone()
                } else {
                    a_operations.intersection(b_operations).cloned().collect()
                };
                if !both.is_empty() {
                    resources.entry(narrower.clone()).or_default().extend(both);
                }
            }
        }
        Capability(resources)
    }

    /// Says whether nothing at all is allowed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the canonical JSON text: sorted, without spaces.
    pub fn canonical(&self) -> String {
        let fields = self
            .0
            .iter()
            .fold(Fields::new(), |fields, (resource, operations)| {
                let operations = operations.iter().map(Value::from_text);
                fields.with(resource, Value::List(operations.collect()))
            });
        String::from_utf8_lossy(&Format::Json.encode(&fields.into())).into_owned()
    }
}

/// Says whether `pattern` matches everything that `name`, itself perhaps a pattern, matches.
pub(crate) fn covers(pattern: &str, name: &str) -> bool {
    if pattern == "[*]*" || pattern == name {
        return true;
    }
    // `[meta]a:*` speaks of channels with that qualifier, and other patterns of those without.
    let (pattern_kind, pattern) = split_kind(pattern);
    let (name_kind, name) = split_kind(name);
    if pattern_kind != name_kind && pattern_kind != Some("*") {
        return false;
    }
    let mut names = name.split(':').peekable();
    let mut patterns = pattern.split(':').peekable();
    while let Some(pattern) = patterns.next() {
        let Some(name) = names.next() else {
            return false;
        };
        if pattern == "*" && patterns.peek().is_none() {
            return true;
        }
        if pattern != "*" && pattern != name {
            return false;
        }
        // A trailing `*` in `name` stands for any number of segments; one of ours for just one.
        if pattern == "*" && name == "*" && names.peek().is_none() {
            return false;
        }
    }
    names.next().is_none()
}

fn split_kind(name: &str) -> (Option<&str>, &str) {
    let split = name.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    split.map_or((None, name), |(kind, rest)| (Some(kind), rest))
}

const OPERATIONS: [&str; 18] = [
    "*",
    "publish",
    "subscribe",
    "presence",
    "history",
    "stats",
    "channel-metadata",
    "push-subscribe",
    "push-admin",
    "privileged-headers",
    "object-subscribe",
    "object-publish",
    "annotation-subscribe",
    "annotation-publish",
    "message-update-own",
    "message-update-any",
    "message-delete-own",
    "message-delete-any",
];
