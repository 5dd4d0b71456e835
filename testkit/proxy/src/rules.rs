//! Decides which rule applies. No IO, no clock.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use crate::rule::{Action, Match, PASSTHROUGH, Rule, WireAction};

/// The rules of a session, in order.
#[derive(Debug, Default)]
pub struct Rules {
    entries: Vec<Entry>,
    added: u64,
}

#[derive(Debug)]
struct Entry {
    rule: Rule,
    number: u64,
    label: String,
    seen: u32,
    fired: u32,
}

/// Where rules are added.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Position {
    /// Behind those that are there.
    #[default]
    Append,
    /// Before those that are there.
    Prepend,
}

/// Something that a rule may apply to.
#[derive(Clone, Copy, Debug)]
pub enum Subject<'a> {
    /// A WebSocket connection attempt with these parameters.
    WsConnect(&'a BTreeMap<String, String>),
    /// A frame from the server.
    FrameToClient(&'a Value),
    /// A frame from the client.
    FrameToServer(&'a Value),
    /// A request.
    HttpRequest {
        /// Its method.
        method: &'a str,
        /// Its path.
        path: &'a str,
    },
}

/// A rule that applies.
#[derive(Clone, Debug, PartialEq)]
pub struct Fired {
    /// What it does.
    pub action: Action,
    /// What the log calls it: its comment, or its number.
    pub label: String,
}

impl Rules {
    /// No rules.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Says whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Adds rules; they keep their order.
    pub fn add(&mut self, rules: Vec<Rule>, position: Position) {
        let at = match position {
            Position::Append => self.entries.len(),
            Position::Prepend => 0,
        };
        let first = self.added;
        self.added += rules.len() as u64;
        let entries = rules.into_iter().zip(first..).map(|(rule, number)| Entry {
            label: rule
                .comment
                .clone()
                .unwrap_or_else(|| format!("rule {number}")),
            rule,
            number,
            seen: 0,
            fired: 0,
        });
        self.entries.splice(at..at, entries);
    }

    /// The first rule that applies. It is used up by this as its `times` says.
    pub fn decide(&mut self, subject: Subject<'_>) -> Option<Fired> {
        let mut first = None;
        for (at, entry) in self.entries.iter_mut().enumerate() {
            let Some(count) = entry.rule.r#match.applies(subject) else {
                continue;
            };
            entry.seen = entry.seen.saturating_add(1);
            if first.is_none() && count.is_none_or(|count| count == entry.seen) {
                first = Some(at);
            }
        }
        self.fire(first?)
    }

    /// When something is to be done to a WebSocket that is opened now, by the number of the rule.
    pub fn delays(&self) -> Vec<(u64, Duration)> {
        let delays = self.entries.iter().filter_map(|entry| {
            let Match::DelayAfterWsConnect { delay_ms } = entry.rule.r#match else {
                return None;
            };
            Some((entry.number, Duration::from_millis(delay_ms)))
        });
        delays.collect()
    }

    /// The rule of this number, if it is not used up.
    pub fn elapsed(&mut self, number: u64) -> Option<Fired> {
        let at = self.entries.iter().position(|e| e.number == number)?;
        self.fire(at)
    }

    fn fire(&mut self, at: usize) -> Option<Fired> {
        let entry = self.entries.get_mut(at)?;
        entry.fired = entry.fired.saturating_add(1);
        let fired = Fired {
            action: entry.rule.action.clone(),
            label: entry.label.clone(),
        };
        let used_up = entry.rule.times.is_some_and(|times| entry.fired >= times);
        if used_up {
            self.entries.remove(at);
        }
        Some(fired)
    }
}

impl Match {
    /// `Some` when all but the count applies, with the count.
    fn applies(&self, subject: Subject<'_>) -> Option<Option<u32>> {
        let (applies, count) = match (self, subject) {
            (
                Self::WsConnect {
                    count,
                    query_contains,
                },
                Subject::WsConnect(query),
            ) => {
                let has = |(name, wanted): (&String, &String)| {
                    query
                        .get(name)
                        .is_some_and(|value| wanted == "*" || wanted == value)
                };
                (query_contains.iter().all(has), count)
            }
            (
                Self::WsFrameToClient {
                    action,
                    channel,
                    count,
                },
                Subject::FrameToClient(message),
            )
            | (
                Self::WsFrameToServer {
                    action,
                    channel,
                    count,
                },
                Subject::FrameToServer(message),
            ) => (is_frame(message, *action, channel.as_deref()), count),
            (
                Self::HttpRequest {
                    method,
                    path_contains,
                    count,
                },
                Subject::HttpRequest {
                    method: of,
                    path: at,
                },
            ) => {
                let method = method.as_ref().is_none_or(|m| m.eq_ignore_ascii_case(of));
                let path = path_contains.as_ref().is_none_or(|part| at.contains(part));
                (method && path, count)
            }
            _ => return None,
        };
        applies.then_some(*count)
    }
}

fn is_frame(message: &Value, action: Option<WireAction>, channel: Option<&str>) -> bool {
    // An action that is left out is HEARTBEAT, which is 0.
    let is = message.get("action").and_then(Value::as_u64).unwrap_or(0);
    let on = message.get("channel").and_then(Value::as_str);
    action.is_none_or(|WireAction(wanted)| wanted == is) && channel.is_none_or(|c| Some(c) == on)
}

/// The replacement of a frame: what it takes over from it is put in.
pub(crate) fn replacement(mut with: Value, frame: &Value) -> Value {
    take_over(&mut with, Some(frame));
    with
}

fn take_over(with: &mut Value, frame: Option<&Value>) {
    match with {
        Value::String(text) if text == PASSTHROUGH => {
            *with = frame.cloned().unwrap_or(Value::Null);
        }
        Value::Object(fields) => {
            for (name, value) in fields {
                take_over(value, frame.and_then(|frame| frame.get(name)));
            }
        }
        Value::Array(items) => {
            for (at, item) in items.iter_mut().enumerate() {
                take_over(item, frame.and_then(|frame| frame.get(at)));
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rules(list: Value) -> Rules {
        let mut rules = Rules::new();
        rules.add(Rule::list(list).unwrap(), Position::Append);
        rules
    }

    fn label(fired: Option<Fired>) -> Option<String> {
        fired.map(|fired| fired.label)
    }

    fn suppress(action: &str, more: Value) -> Value {
        let mut rule = json!({
            "match": {"type": "ws_frame_to_client", "action": action},
            "action": {"type": "suppress"},
        });
        for (name, value) in more.as_object().unwrap() {
            if name == "count" || name == "channel" {
                rule["match"][name] = value.clone();
            } else {
                rule[name] = value.clone();
            }
        }
        rule
    }

    #[test]
    fn the_first_that_matches_wins() {
        let mut rules = rules(json!([
            suppress("ACK", json!({"comment": "other"})),
            suppress("ATTACHED", json!({"comment": "a"})),
            suppress("ATTACHED", json!({"comment": "b"})),
        ]));
        let attached = json!({"action": 11, "channel": "c"});
        for _ in 0..3 {
            let fired = rules.decide(Subject::FrameToClient(&attached)).unwrap();
            assert_eq!(fired.action, Action::Suppress);
            assert_eq!(fired.label, "a");
        }
        assert_eq!(rules.decide(Subject::FrameToServer(&attached)), None);
        assert_eq!(
            rules.decide(Subject::FrameToClient(&json!({"action": 4}))),
            None
        );
    }

    #[test]
    fn a_rule_is_gone_when_it_is_used_up() {
        let mut rules = rules(json!([
            suppress("ACK", json!({"times": 2, "comment": "a"})),
            suppress("ACK", json!({"times": 1})),
        ]));
        let ack = json!({"action": 1});
        let labels = [(); 4].map(|()| label(rules.decide(Subject::FrameToClient(&ack))));
        let expected = [Some("a"), Some("a"), Some("rule 1"), None];
        assert_eq!(labels.each_ref().map(Option::as_deref), expected);
        assert!(rules.is_empty());
    }

    #[test]
    fn a_count_is_the_how_manieth_of_what_the_rule_matches() {
        let mut rules = rules(json!([suppress(
            "ATTACHED",
            json!({"count": 2, "channel": "c", "comment": "second of c"})
        ),]));
        let (c, d) = (
            json!({"action": 11, "channel": "c"}),
            json!({"action": 11, "channel": "d"}),
        );
        let labels = [&c, &d, &c, &c].map(|m| rules.decide(Subject::FrameToClient(m)).is_some());
        assert_eq!(labels, [false, false, true, false]);
    }

    #[test]
    fn a_count_includes_what_another_rule_took() {
        let mut rules = rules(json!([
            suppress("ACK", json!({"times": 1, "comment": "a"})),
            suppress("ACK", json!({"count": 2, "comment": "b"})),
        ]));
        let ack = json!({"action": 1});
        let labels = [(); 3].map(|()| label(rules.decide(Subject::FrameToClient(&ack))));
        let expected = [Some("a"), Some("b"), None];
        assert_eq!(labels.each_ref().map(Option::as_deref), expected);
    }

    #[test]
    fn rules_are_added_before_or_behind_and_keep_their_order() {
        let mut rules = rules(json!([suppress(
            "ACK",
            json!({"times": 1, "comment": "old"})
        )]));
        let new = json!([
            suppress("ACK", json!({"times": 1, "comment": "x"})),
            suppress("ACK", json!({"times": 1, "comment": "y"})),
        ]);
        rules.add(Rule::list(new).unwrap(), Position::Prepend);
        let last = json!([suppress("ACK", json!({"times": 1, "comment": "z"}))]);
        rules.add(Rule::list(last).unwrap(), Position::Append);
        assert_eq!(rules.len(), 4);
        let ack = json!({"action": 1});
        let labels = [(); 4].map(|()| label(rules.decide(Subject::FrameToClient(&ack))).unwrap());
        assert_eq!(labels, ["x", "y", "old", "z"]);
    }

    #[test]
    fn connections_are_matched_by_number_and_parameters() {
        let rule = |m: Value, comment: &str| json!({"match": m, "action": {"type": "refuse_connection"}, "comment": comment});
        let mut rules = rules(json!([
            rule(json!({"type": "ws_connect", "count": 3}), "third"),
            rule(
                json!({"type": "ws_connect", "queryContains": {"resume": "*"}}),
                "resumes"
            ),
            rule(
                json!({"type": "ws_connect", "queryContains": {"format": "json"}}),
                "json"
            ),
        ]));
        let query = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
            pairs
                .iter()
                .map(|(k, v)| ((*k).into(), (*v).into()))
                .collect()
        };
        let mut decide = |q: &[(&str, &str)]| label(rules.decide(Subject::WsConnect(&query(q))));
        assert_eq!(decide(&[("format", "msgpack")]), None);
        assert_eq!(decide(&[("format", "json")]).as_deref(), Some("json"));
        assert_eq!(decide(&[("resume", "k")]).as_deref(), Some("third"));
        assert_eq!(decide(&[("resume", "k")]).as_deref(), Some("resumes"));
    }

    #[test]
    fn requests_are_matched_by_method_and_path() {
        let mut rules = rules(json!([{
            "match": {"type": "http_request", "method": "POST", "pathContains": "/channels/"},
            "action": {"type": "http_drop"},
        }]));
        let mut decide = |method, path| rules.decide(Subject::HttpRequest { method, path });
        assert_eq!(decide("GET", "/channels/c/messages"), None);
        assert_eq!(decide("POST", "/keys/k/requestToken"), None);
        let fired = decide("POST", "/channels/c/messages").unwrap();
        assert_eq!(fired.action, Action::HttpDrop);
    }

    #[test]
    fn delays_fire_as_often_as_they_may() {
        let rule = |ms: u64, times: Value| {
            let m = json!({"type": "delay_after_ws_connect", "delayMs": ms});
            json!({"match": m, "action": {"type": "close"}, "times": times})
        };
        let mut rules = rules(json!([rule(5, json!(1)), rule(7, json!(null))]));
        let ms = Duration::from_millis;
        assert_eq!(rules.delays(), [(0, ms(5)), (1, ms(7))]);
        assert!(rules.elapsed(0).is_some());
        assert_eq!(rules.elapsed(0), None);
        assert!(rules.elapsed(1).is_some() && rules.elapsed(1).is_some());
        assert_eq!(rules.delays(), [(1, ms(7))]);
    }

    #[test]
    fn a_replacement_takes_over_what_it_asks_for() {
        let frame = json!({"connectionKey": "k", "connectionDetails": {"connectionKey": "d"}});
        let with = json!({
            "connectionKey": "__PASSTHROUGH__", "other": "__PASSTHROUGH__", "connectionId": "i",
            "connectionDetails": {"connectionKey": "__PASSTHROUGH__", "maxIdleInterval": 1},
        });
        let expected = json!({
            "connectionKey": "k", "other": null, "connectionId": "i",
            "connectionDetails": {"connectionKey": "d", "maxIdleInterval": 1},
        });
        assert_eq!(replacement(with, &frame), expected);
    }
}
