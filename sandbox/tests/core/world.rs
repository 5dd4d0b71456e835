//! A server and its clients on a clock that only the test moves.

use ably_sandbox::core::auth::Credential;
use ably_sandbox::core::{ConnectRequest, Core, Limits, Outgoing, TransportId, rest};
use ably_sandbox::wire::{Format, Value};
use serde_json::{Value as Json, json};

pub(crate) const START: u64 = 1_700_000_000_000;

pub(crate) struct World {
    pub(crate) core: Core,
    pub(crate) now: u64,
    pub(crate) key: String,
    /// The version that REST requests ask for.
    pub(crate) version: u8,
    /// What REST requests show of a device.
    pub(crate) device_token: Option<String>,
    pub(crate) device_secret: Option<String>,
}

/// What a transport was given to do.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Sent {
    Frame(Json),
    Ping,
    Close,
    Cut,
}

#[derive(Clone, Debug)]
pub(crate) struct Client {
    pub(crate) transport: TransportId,
    pub(crate) id: String,
    pub(crate) key: String,
}

impl World {
    pub(crate) fn new() -> World {
        World::with(Limits::default(), r#"{"keys":[{}]}"#)
    }

    pub(crate) fn with(limits: Limits, spec: &str) -> World {
        let mut core = Core::new(limits, [7; 32], START);
        let (_, key) = core.create_app(&value(spec), START).expect("the app");
        World {
            core,
            now: START,
            key: key.expect("a key"),
            version: 3,
            device_token: None,
            device_secret: None,
        }
    }

    /// Opens a transport with these params besides key and version.
    pub(crate) fn open(&mut self, params: &[(&str, &str)]) -> TransportId {
        let key = self.key.clone();
        let has_credential = params
            .iter()
            .any(|(name, _)| ["key", "access_token"].contains(name));
        let mut query = vec![("v".to_owned(), "3".to_owned())];
        if !has_credential {
            query.push(("key".to_owned(), key));
        }
        let params = params
            .iter()
            .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
        query.extend(params);
        self.core.connect(&ConnectRequest { query }, self.now)
    }

    /// Opens a transport and takes its CONNECTED.
    pub(crate) fn connect(&mut self, params: &[(&str, &str)]) -> Client {
        self.connect_with_error(params).0
    }

    /// The same, with the error that CONNECTED carries.
    pub(crate) fn connect_with_error(&mut self, params: &[(&str, &str)]) -> (Client, Json) {
        let transport = self.open(params);
        let frames = self.frames(transport);
        assert_eq!(frames[0]["action"], 4, "expected CONNECTED, got {frames:?}");
        let client = Client {
            transport,
            id: frames[0]["connectionId"]
                .as_str()
                .expect("an id")
                .to_owned(),
            key: text(&frames[0]["connectionDetails"]["connectionKey"]),
        };
        (client, frames[0]["error"].clone())
    }

    pub(crate) fn send(&mut self, client: &Client, frame: Json) {
        let frame = value(&frame.to_string());
        self.core.receive(client.transport, Ok(frame), self.now);
    }

    /// Takes everything that waits for a transport.
    pub(crate) fn sent(&mut self, transport: TransportId) -> Vec<Sent> {
        let mut sent = Vec::new();
        while let Some(next) = self.core.poll_send(transport) {
            sent.push(match next {
                Outgoing::Frame(frame) => {
                    let json = serde_json::from_slice(frame.bytes(Format::Json));
                    Sent::Frame(json.expect("JSON"))
                }
                Outgoing::Ping => Sent::Ping,
                Outgoing::Close => Sent::Close,
                Outgoing::Cut => {
                    sent.push(Sent::Cut);
                    break;
                }
            });
        }
        sent
    }

    /// Takes the frames that wait for a transport.
    pub(crate) fn frames(&mut self, transport: TransportId) -> Vec<Json> {
        let sent = self.sent(transport).into_iter();
        let frames = sent.filter_map(|sent| match sent {
            Sent::Frame(frame) => Some(frame),
            _ => None,
        });
        frames.collect()
    }

    pub(crate) fn take(&mut self, client: &Client) -> Vec<Json> {
        self.frames(client.transport)
    }

    /// Sends a frame and takes the answers.
    pub(crate) fn ask(&mut self, client: &Client, frame: Json) -> Vec<Json> {
        self.send(client, frame);
        self.take(client)
    }

    /// Attaches and returns ATTACHED.
    pub(crate) fn attach(&mut self, client: &Client, channel: &str) -> Json {
        let frames = self.ask(client, json!({"action": 10, "channel": channel}));
        assert_eq!(frames[0]["action"], 11, "expected ATTACHED, got {frames:?}");
        frames[0].clone()
    }

    /// Publishes one message and returns the answer, which must be alone but for echoes.
    pub(crate) fn publish(
        &mut self,
        client: &Client,
        serial: u64,
        channel: &str,
        data: &str,
    ) -> Json {
        let frame = json!({"action": 15, "channel": channel, "msgSerial": serial,
            "messages": [{"name": "n", "data": data}]});
        let frames = self.ask(client, frame);
        let mut answers = frames.into_iter().filter(|frame| frame["action"] != 15);
        answers.next().expect("an answer")
    }

    /// Enters presence and returns the answer.
    pub(crate) fn enter(
        &mut self,
        client: &Client,
        serial: u64,
        channel: &str,
        data: &str,
    ) -> Json {
        let frame = json!({"action": 14, "channel": channel, "msgSerial": serial,
            "presence": [{"action": 2, "data": data}]});
        let frames = self.ask(client, frame);
        let mut answers = frames.into_iter().filter(|frame| frame["action"] != 14);
        answers.next().expect("an answer")
    }

    /// Moves the clock, stopping at everything that is due.
    pub(crate) fn advance(&mut self, milliseconds: u64) {
        let end = self.now + milliseconds;
        while let Some(due) = self.core.next_timeout().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.core.handle_timeout(self.now);
        }
        self.now = end;
    }

    /// The same, with clients that answer pings.
    pub(crate) fn advance_alive(&mut self, milliseconds: u64, alive: &[&Client]) {
        let end = self.now + milliseconds;
        while self.now < end {
            self.advance(1_000.min(end - self.now));
            for client in alive {
                self.core.heard(client.transport, self.now);
            }
        }
    }

    /// Loses a client's socket.
    pub(crate) fn lose(&mut self, client: &Client) {
        self.core.lost(client.transport, self.now);
    }

    pub(crate) fn request(&mut self, method: &str, path: &str, body: Json) -> rest::Response {
        let credentials = vec![Credential::Key(self.key.clone())];
        self.request_as(credentials, method, path, body)
    }

    pub(crate) fn request_as(
        &mut self,
        credentials: Vec<Credential>,
        method: &str,
        path: &str,
        body: Json,
    ) -> rest::Response {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let query = query.split('&').filter_map(|pair| pair.split_once('='));
        let query = query.map(|(key, text)| (key.to_owned(), text.replace("%3A", ":")));
        let path = path.split('/').filter(|segment| !segment.is_empty());
        let request = rest::Request {
            method: method.to_owned(),
            path: path.map(str::to_owned).collect(),
            query: query.collect(),
            credentials,
            client_id: None,
            body: value(&body.to_string()),
            body_format: Format::Json,
            format: Format::Json,
            version: self.version,
            device_token: self.device_token.clone(),
            device_secret: self.device_secret.clone(),
        };
        self.core.rest(&request, self.now)
    }

    /// Gets a path that must exist and returns the body.
    pub(crate) fn get(&mut self, path: &str) -> Json {
        let response = self.request("GET", path, Json::Null);
        assert_eq!(response.status, 200, "{response:?}");
        body(&response)
    }
}

pub(crate) fn value(text: &str) -> Value {
    Format::Json.decode(text.as_bytes()).expect("JSON")
}

pub(crate) fn body(response: &rest::Response) -> Json {
    let bytes = response.body.as_ref().map(|body| Format::Json.encode(body));
    bytes.map_or(Json::Null, |bytes| {
        serde_json::from_slice(&bytes).expect("JSON")
    })
}

pub(crate) fn header(response: &rest::Response, name: &str) -> Option<String> {
    let mut headers = response.headers.iter();
    headers
        .find(|(key, _)| *key == name)
        .map(|(_, text)| text.clone())
}

pub(crate) fn text(json: &Json) -> String {
    json.as_str().expect("text").to_owned()
}

/// Returns the data of all messages in frames, in order.
pub(crate) fn data_of(frames: &[Json]) -> Vec<String> {
    let frames = frames.iter().filter(|frame| frame["action"] == 15);
    let messages = frames.flat_map(|frame| frame["messages"].as_array().expect("messages"));
    messages.map(|message| text(&message["data"])).collect()
}

/// Returns the action and clientId of all presence events in frames of an action, in order.
pub(crate) fn presence_of(frames: &[Json], action: u64) -> Vec<(u64, String)> {
    let frames = frames.iter().filter(|frame| frame["action"] == action);
    let events = frames.flat_map(|frame| frame["presence"].as_array().expect("presence"));
    events
        .map(|event| {
            (
                event["action"].as_u64().expect("an action"),
                text(&event["clientId"]),
            )
        })
        .collect()
}

pub(crate) fn flags_of(frame: &Json) -> u64 {
    frame["flags"].as_u64().expect("flags")
}
