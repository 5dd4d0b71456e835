//! Rules as the specification writes them: what to look for, and what to do about it.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _};
use serde_json::Value;

/// One rule.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rule {
    /// What it applies to.
    pub r#match: Match,
    /// What it does.
    pub action: Action,
    /// After how many firings it is gone; never without this.
    pub times: Option<u32>,
    /// What the log calls it.
    pub comment: Option<String>,
}

/// What a rule applies to.
///
/// `count` is the how-manieth occurrence the rule fires on, from 1; occurrences are counted for
/// each rule from when it is added, those included that another rule took.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(
    tag = "type",
    rename_all = "snake_case",
    rename_all_fields = "camelCase",
    deny_unknown_fields
)]
pub enum Match {
    /// A WebSocket connection attempt.
    WsConnect {
        /// The how-manieth.
        count: Option<u32>,
        /// Parameters that it must have, with this value; `*` is any.
        #[serde(default)]
        query_contains: BTreeMap<String, String>,
    },
    /// A frame from the server.
    WsFrameToClient {
        /// Its protocol action.
        action: Option<WireAction>,
        /// Its channel.
        channel: Option<String>,
        /// The how-manieth.
        count: Option<u32>,
    },
    /// A frame from the client.
    WsFrameToServer {
        /// Its protocol action.
        action: Option<WireAction>,
        /// Its channel.
        channel: Option<String>,
        /// The how-manieth.
        count: Option<u32>,
    },
    /// An HTTP request that is not for a WebSocket.
    HttpRequest {
        /// Its method.
        method: Option<String>,
        /// A part of its path.
        path_contains: Option<String>,
        /// The how-manieth.
        count: Option<u32>,
    },
    /// A time after a WebSocket was opened; once for each.
    DelayAfterWsConnect {
        /// How long after, in milliseconds.
        delay_ms: u64,
    },
}

/// What a rule does, or what is to be done at once.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(
    tag = "type",
    rename_all = "snake_case",
    rename_all_fields = "camelCase",
    deny_unknown_fields
)]
pub enum Action {
    /// Nothing; later rules do not apply either.
    Passthrough,
    /// Drops the socket without an answer.
    RefuseConnection,
    /// Opens the WebSocket and closes it.
    AcceptAndClose {
        /// The code of the close frame, by default 1000.
        close_code: Option<u16>,
    },
    /// Drops the socket without a close frame.
    Disconnect,
    /// Closes the WebSocket with a close frame.
    Close {
        /// The code of the close frame, by default 1000.
        close_code: Option<u16>,
    },
    /// Keeps the frame from its receiver.
    Suppress,
    /// Keeps the frame, and those behind it, for a while.
    Delay {
        /// How long, in milliseconds.
        delay_ms: u64,
    },
    /// Sends the client a message, after the frame if there is one.
    InjectToClient {
        /// The message.
        message: Value,
    },
    /// Sends the client a message and closes the WebSocket.
    InjectToClientAndClose {
        /// The message.
        message: Value,
        /// The code of the close frame, by default 1000.
        close_code: Option<u16>,
    },
    /// Passes on this message and not the frame. `__PASSTHROUGH__` in it is what the frame has there.
    Replace {
        /// The message.
        message: Value,
    },
    /// Keeps the frame from its receiver, and all that follow in this direction; those to the client
    /// when it is a time that matched.
    SuppressOnwards,
    /// Answers the request in the server's place.
    HttpRespond {
        /// The status of the answer.
        status: u16,
        /// Its body.
        body: Option<Value>,
        /// Its headers.
        #[serde(default)]
        headers: BTreeMap<String, String>,
    },
    /// Keeps the request for a while.
    HttpDelay {
        /// How long, in milliseconds.
        delay_ms: u64,
    },
    /// Drops the socket without an answer.
    HttpDrop,
    /// Passes the request on, and answers this in place of what the server answers.
    HttpReplaceResponse {
        /// The status of the answer.
        status: u16,
        /// Its body.
        body: Option<Value>,
        /// Its headers.
        #[serde(default)]
        headers: BTreeMap<String, String>,
    },
}

/// Stands in a replacement for what the frame has in its place.
pub(crate) const PASSTHROUGH: &str = "__PASSTHROUGH__";

/// A protocol action, by its name or by its number in a string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WireAction(pub u64);

impl<'de> Deserialize<'de> for WireAction {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let named = NAMES.iter().position(|name| *name == text);
        let number = named.map(|at| at as u64).or_else(|| text.parse().ok());
        number
            .map(Self)
            .ok_or_else(|| D::Error::custom(format!("no protocol action `{text}`")))
    }
}

/// The names of the protocol actions, by number.
const NAMES: [&str; 22] = [
    "HEARTBEAT",
    "ACK",
    "NACK",
    "CONNECT",
    "CONNECTED",
    "DISCONNECT",
    "DISCONNECTED",
    "CLOSE",
    "CLOSED",
    "ERROR",
    "ATTACH",
    "ATTACHED",
    "DETACH",
    "DETACHED",
    "PRESENCE",
    "MESSAGE",
    "SYNC",
    "AUTH",
    "ACTIVATE",
    "OBJECT",
    "OBJECT_SYNC",
    "ANNOTATION",
];

impl Rule {
    /// Reads a rule.
    ///
    /// # Errors
    /// It is not written as specified, or its action cannot be done to what it matches.
    pub fn from_json(json: Value) -> Result<Self, RuleError> {
        let rule: Self = serde_json::from_value(json).map_err(|e| RuleError(e.to_string()))?;
        match rule.action.fits(&rule.r#match) {
            true => Ok(rule),
            false => Err(RuleError(format!(
                "{:?} cannot be done to what {:?} matches",
                rule.action, rule.r#match
            ))),
        }
    }

    /// Reads a list of rules.
    ///
    /// # Errors
    /// As [`Rule::from_json`]; it is all or nothing.
    pub fn list(json: Value) -> Result<Vec<Self>, RuleError> {
        let list: Vec<Value> =
            serde_json::from_value(json).map_err(|e| RuleError(e.to_string()))?;
        list.into_iter().map(Self::from_json).collect()
    }
}

impl Action {
    /// Reads an action.
    ///
    /// # Errors
    /// It is not written as specified.
    pub fn from_json(json: Value) -> Result<Self, RuleError> {
        serde_json::from_value(json).map_err(|e| RuleError(e.to_string()))
    }

    /// Says whether it can be done at once.
    pub fn is_imperative(&self) -> bool {
        matches!(
            self,
            Self::Disconnect
                | Self::Close { .. }
                | Self::InjectToClient { .. }
                | Self::InjectToClientAndClose { .. }
        )
    }

    fn fits(&self, to: &Match) -> bool {
        match self {
            Self::Passthrough => true,
            Self::RefuseConnection | Self::AcceptAndClose { .. } => {
                matches!(to, Match::WsConnect { .. })
            }
            Self::Suppress | Self::Delay { .. } | Self::Replace { .. } => to.is_frame(),
            Self::Disconnect
            | Self::Close { .. }
            | Self::InjectToClient { .. }
            | Self::InjectToClientAndClose { .. }
            | Self::SuppressOnwards => {
                to.is_frame() || matches!(to, Match::DelayAfterWsConnect { .. })
            }
            Self::HttpRespond { .. }
            | Self::HttpDelay { .. }
            | Self::HttpDrop
            | Self::HttpReplaceResponse { .. } => matches!(to, Match::HttpRequest { .. }),
        }
    }
}

impl Match {
    fn is_frame(&self) -> bool {
        matches!(
            self,
            Self::WsFrameToClient { .. } | Self::WsFrameToServer { .. }
        )
    }
}

/// What is wrong with a rule or an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleError(pub(crate) String);

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for RuleError {}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Every example of the specification.
    #[test]
    fn what_the_specification_writes_is_read() {
        let matches = [
            json!({"type": "ws_connect"}),
            json!({"type": "ws_connect", "count": 2}),
            json!({"type": "ws_connect", "queryContains": {"resume": "*"}}),
        ];
        for m in matches {
            for action in [
                json!({"type": "passthrough"}),
                json!({"type": "refuse_connection"}),
                json!({"type": "accept_and_close", "closeCode": 1011}),
            ] {
                Rule::from_json(json!({"match": m, "action": action})).unwrap();
            }
        }
        let matches = [
            json!({"type": "ws_frame_to_client", "action": "CONNECTED"}),
            json!({"type": "ws_frame_to_client", "action": "ATTACHED", "channel": "my-channel"}),
            json!({"type": "ws_frame_to_server", "action": "ATTACH", "channel": "my-channel"}),
        ];
        for m in matches {
            for action in [
                json!({"type": "disconnect"}),
                json!({"type": "close", "closeCode": 1000}),
                json!({"type": "suppress"}),
                json!({"type": "delay", "delayMs": 2000}),
                json!({"type": "inject_to_client", "message": {"action": 6}}),
                json!({"type": "inject_to_client_and_close", "message": {"action": 6}, "closeCode": 1000}),
                json!({"type": "replace", "message": {"action": 4}}),
                json!({"type": "suppress_onwards"}),
            ] {
                let rule = json!({"match": m, "action": action, "times": 1, "comment": "label"});
                Rule::from_json(rule).unwrap();
            }
        }
        let matches = [
            json!({"type": "http_request", "pathContains": "/channels/"}),
            json!({"type": "http_request", "method": "POST", "pathContains": "/keys/"}),
        ];
        for m in matches {
            for action in [
                json!({"type": "http_respond", "status": 401, "body": {}}),
                json!({"type": "http_respond", "status": 403, "body": {}, "headers": {"Server": "x"}}),
                json!({"type": "http_delay", "delayMs": 5000}),
                json!({"type": "http_drop"}),
                json!({"type": "http_replace_response", "status": 503, "body": {}}),
            ] {
                Rule::from_json(json!({"match": m, "action": action})).unwrap();
            }
        }
        let m = json!({"type": "delay_after_ws_connect", "delayMs": 5000});
        Rule::from_json(json!({"match": m, "action": {"type": "close"}})).unwrap();
    }

    #[test]
    fn actions_are_named_or_numbers_in_strings() {
        let read = |action: Value| {
            let m = json!({"type": "ws_frame_to_client", "action": action});
            serde_json::from_value::<Match>(m).ok()
        };
        for (text, number) in [
            ("HEARTBEAT", 0),
            ("ATTACHED", 11),
            ("AUTH", 17),
            ("OBJECT", 19),
            ("OBJECT_SYNC", 20),
            ("ANNOTATION", 21),
            ("20", 20),
        ] {
            let Some(Match::WsFrameToClient { action, .. }) = read(json!(text)) else {
                panic!("{text}")
            };
            assert_eq!(action, Some(WireAction(number)), "{text}");
        }
        assert_eq!(read(json!(20)), None);
        assert_eq!(read(json!("ATTACHT")), None);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let frame = json!({"type": "ws_frame_to_client"});
        let http = json!({"type": "http_request"});
        for (m, action) in [
            (&frame, json!({"type": "http_drop"})),
            (&frame, json!({"type": "refuse_connection"})),
            (&http, json!({"type": "suppress"})),
            (&http, json!({"type": "explode"})),
            (&http, json!({"type": "http_delay"})),
            (&json!({"type": "ws_connect"}), json!({"type": "suppress"})),
            (&json!({"type": "http"}), json!({"type": "passthrough"})),
            (
                &json!({"type": "ws_connect", "coun": 1}),
                json!({"type": "passthrough"}),
            ),
        ] {
            let rule = json!({"match": m, "action": action});
            assert!(Rule::from_json(rule.clone()).is_err(), "{rule}");
        }
    }
}
