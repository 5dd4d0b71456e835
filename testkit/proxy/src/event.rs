//! What the log of a session holds.

use std::collections::{BTreeMap, VecDeque};

use serde::Serialize;
use serde_json::Value;

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// When, in milliseconds since 1970.
    pub timestamp: u64,
    /// What.
    #[serde(flatten)]
    pub what: What,
    /// The rule that applied: its comment, or `rule` and its number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule_matched: Option<String>,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(
    tag = "type",
    rename_all = "snake_case",
    rename_all_fields = "camelCase"
)]
pub enum What {
    /// A client wants a WebSocket.
    WsConnect {
        /// With this URL.
        url: String,
        /// Its parameters.
        query_params: BTreeMap<String, String>,
    },
    /// A text frame, before rules were applied to it; or one that the proxy made.
    WsFrame {
        /// Where it went.
        direction: Direction,
        /// The protocol message.
        message: Value,
    },
    /// A WebSocket ended.
    WsDisconnect {
        /// Who ended it.
        initiator: Initiator,
        /// With which code; 1006 without a close frame.
        close_code: u16,
    },
    /// A client sent a request.
    HttpRequest {
        /// Its method.
        method: String,
        /// Its path.
        path: String,
        /// Its parameters.
        query_params: BTreeMap<String, String>,
    },
    /// The client was answered.
    HttpResponse {
        /// With this status.
        status: u16,
    },
}

/// Where a frame went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From the client.
    ClientToServer,
    /// To the client.
    ServerToClient,
}

/// Who ended a WebSocket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Initiator {
    /// The client.
    Client,
    /// The server.
    Server,
    /// The proxy.
    Proxy,
}

/// The log of a session as it was when it was asked for.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Log {
    /// The events, the oldest first.
    pub events: Vec<Event>,
    /// How many older ones were forgotten.
    pub forgotten: u64,
}

impl Log {
    /// The parameters of the WebSocket connection attempts.
    pub fn ws_connects(&self) -> Vec<&BTreeMap<String, String>> {
        let attempts = self.events.iter().filter_map(|event| match &event.what {
            What::WsConnect { query_params, .. } => Some(query_params),
            _ => None,
        });
        attempts.collect()
    }

    /// The frames of this direction and action.
    pub fn frames(&self, direction: Direction, action: u64) -> Vec<&Event> {
        let frames = self.events.iter().filter(|event| match &event.what {
            What::WsFrame {
                direction: d,
                message,
            } => *d == direction && message["action"].as_u64().unwrap_or(0) == action,
            _ => false,
        });
        frames.collect()
    }

    /// The methods and paths of the requests whose path has this in it.
    pub fn http_requests(&self, path_contains: &str) -> Vec<(&str, &str)> {
        let requests = self.events.iter().filter_map(|event| match &event.what {
            What::HttpRequest { method, path, .. } if path.contains(path_contains) => {
                Some((method.as_str(), path.as_str()))
            }
            _ => None,
        });
        requests.collect()
    }

    /// The statuses of the answers to requests.
    pub fn http_responses(&self) -> Vec<u16> {
        let answers = self.events.iter().filter_map(|event| match event.what {
            What::HttpResponse { status } => Some(status),
            _ => None,
        });
        answers.collect()
    }
}

impl Event {
    /// The protocol message of a frame, else null.
    pub fn message(&self) -> &Value {
        match &self.what {
            What::WsFrame { message, .. } => message,
            _ => &Value::Null,
        }
    }
}

/// Keeps the latest events.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    events: VecDeque<(Event, usize)>,
    bytes: usize,
    forgotten: u64,
}

impl Recorder {
    /// Keeps an event of about this size, and forgets the oldest if there are too many.
    pub(crate) fn push(&mut self, event: Event, bytes: usize) {
        self.bytes += bytes;
        self.events.push_back((event, bytes));
        while self.events.len() > MAX_EVENTS || (self.bytes > MAX_BYTES && self.events.len() > 1) {
            let Some((_, bytes)) = self.events.pop_front() else {
                break;
            };
            self.bytes -= bytes;
            self.forgotten += 1;
        }
    }

    pub(crate) fn snapshot(&self) -> Log {
        Log {
            events: self.events.iter().map(|(event, _)| event.clone()).collect(),
            forgotten: self.forgotten,
        }
    }
}

const MAX_EVENTS: usize = 10_000;
const MAX_BYTES: usize = 32 << 20;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn events_are_written_as_specified() {
        let of = |what, rule: Option<&str>| {
            let event = Event {
                timestamp: 5,
                what,
                rule_matched: rule.map(Into::into),
            };
            serde_json::to_value(event).unwrap()
        };
        let query_params: BTreeMap<_, _> = [("key".to_owned(), "k".to_owned())].into();
        let url = "ws://h/?key=k".to_owned();
        assert_eq!(
            of(What::WsConnect { url, query_params }, None),
            json!({"timestamp": 5, "type": "ws_connect", "url": "ws://h/?key=k", "queryParams": {"key": "k"}})
        );
        let frame = What::WsFrame {
            direction: Direction::ServerToClient,
            message: json!({"action": 4}),
        };
        assert_eq!(
            of(frame, Some("r")),
            json!({
                "timestamp": 5, "type": "ws_frame", "direction": "server_to_client",
                "message": {"action": 4}, "ruleMatched": "r",
            })
        );
        let end = What::WsDisconnect {
            initiator: Initiator::Proxy,
            close_code: 1006,
        };
        assert_eq!(
            of(end, None),
            json!({"timestamp": 5, "type": "ws_disconnect", "initiator": "proxy", "closeCode": 1006})
        );
        assert_eq!(
            of(What::HttpResponse { status: 200 }, None),
            json!({"timestamp": 5, "type": "http_response", "status": 200})
        );
    }

    #[test]
    fn the_oldest_are_forgotten() {
        let mut recorder = Recorder::default();
        let event = |status| Event {
            timestamp: 0,
            what: What::HttpResponse { status },
            rule_matched: None,
        };
        for _ in 0..MAX_EVENTS {
            recorder.push(event(1), 1);
        }
        recorder.push(event(2), 1);
        let log = recorder.snapshot();
        assert_eq!((log.events.len(), log.forgotten), (MAX_EVENTS, 1));
        recorder.push(event(3), MAX_BYTES);
        let log = recorder.snapshot();
        assert_eq!(log.http_responses(), [3]);
        assert_eq!(log.forgotten, MAX_EVENTS as u64 + 1);
    }
}
