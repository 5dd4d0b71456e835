//! A client on one of the transports, and a server that does as told.

use std::cell::RefCell;
pub(crate) use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

pub(crate) use ably_base::{
    BaseRealtime, Channel, ClientOptions, ConnectionState as S, Credential, FailureKind,
    TokenParams,
};
use ably_polling::{Comet, XhrPolling};
pub(crate) use ably_testkit::{
    VirtualRuntime, action, connected,
    http::{BodyFeed, HttpMockReply, MockHttp, PendingRequest},
};
pub(crate) use serde_json::{Value, json};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Polling,
    Streaming,
}

pub(crate) const KINDS: [Kind; 2] = [Kind::Polling, Kind::Streaming];

pub(crate) struct World {
    pub(crate) rt: VirtualRuntime,
    pub(crate) http: MockHttp,
    pub(crate) client: BaseRealtime,
    pub(crate) kind: Kind,
    /// What the server can say something with.
    open: RefCell<Open>,
    /// A request that was met while looking for one to receive.
    other: RefCell<Option<PendingRequest>>,
}

enum Open {
    Nothing,
    /// A request that waits for an answer.
    Asked(PendingRequest),
    /// An answer that goes on.
    Stream(BodyFeed),
}

impl World {
    /// Not connected yet.
    pub(crate) fn new(kind: Kind) -> Self {
        Self::with(kind, |o| o)
    }

    pub(crate) fn with(kind: Kind, set: impl FnOnce(ClientOptions) -> ClientOptions) -> Self {
        let rt = VirtualRuntime::new();
        let http = MockHttp::new();
        let client = BaseRealtime::new(set(options(kind, &rt, &http))).unwrap();
        Self {
            rt,
            http,
            client,
            kind,
            open: RefCell::new(Open::Nothing),
            other: RefCell::default(),
        }
    }

    /// Connected as `id` with the key `key!1`, and the server may say something.
    pub(crate) fn connected(kind: Kind) -> Self {
        Self::connected_with(kind, |o| o)
    }

    pub(crate) fn connected_with(
        kind: Kind,
        set: impl FnOnce(ClientOptions) -> ClientOptions,
    ) -> Self {
        let world = Self::with(kind, set);
        world.client.connect();
        world.accept("id", "key!1");
        assert_eq!(world.client.connection().state(), S::Connected);
        world
    }

    /// Connected, and attached to the channel `room`.
    pub(crate) fn attached(kind: Kind) -> (Self, Channel) {
        let world = Self::connected(kind);
        let channel = world.attach();
        (world, channel)
    }

    pub(crate) fn attach(&self) -> Channel {
        let channel = self.client.channels().get("room");
        let mut attached = channel.attach();
        let (request, sent) = self.sent();
        assert_eq!(sent.len(), 1);
        assert_eq!(sent[0]["action"], action::ATTACH);
        request.respond(HttpMockReply::json(
            200,
            json!([{"action": action::ATTACHED, "channel": "room"}]),
        ));
        self.rt.poll_now(&mut attached).unwrap().unwrap();
        channel
    }

    /// Answers the request to connect.
    pub(crate) fn accept(&self, id: &str, key: &str) -> PendingRequest {
        let request = self.asked("GET", "/comet/connect");
        self.answer(&request, &json!([connected(id, key)]));
        request
    }

    /// Answers a request of the receiving lane, then waits for the next where there is one.
    pub(crate) fn answer(&self, request: &PendingRequest, messages: &Value) {
        match self.kind {
            Kind::Polling => {
                request.respond(HttpMockReply::json(200, messages.clone()));
                self.rt.run_until_idle();
                *self.open.borrow_mut() = match self.http.take_request() {
                    Some(next) if next.request().path.ends_with("/recv") => Open::Asked(next),
                    other => {
                        *self.other.borrow_mut() = other;
                        Open::Nothing
                    }
                };
            }
            Kind::Streaming => {
                let feed = BodyFeed::new();
                request.respond(HttpMockReply::stream(200, &feed));
                feed.send(format!("{messages}\n"));
                self.rt.run_until_idle();
                *self.open.borrow_mut() = Open::Stream(feed);
            }
        }
    }

    /// The server says something on its own account.
    pub(crate) fn say(&self, messages: &[Value]) {
        let messages = Value::from(messages);
        match self.open.replace(Open::Nothing) {
            Open::Nothing => panic!("the client does not ask"),
            Open::Asked(request) => {
                assert!(request.request().path.ends_with("/recv"));
                self.answer(&request, &messages);
            }
            Open::Stream(feed) => {
                feed.send(format!("{messages}\n"));
                self.rt.run_until_idle();
                *self.open.borrow_mut() = Open::Stream(feed);
            }
        }
    }

    /// The receiving lane breaks.
    pub(crate) fn break_off(&self, kind: FailureKind) {
        match self.open.replace(Open::Nothing) {
            Open::Nothing => panic!("the client does not ask"),
            Open::Asked(request) => request.respond(HttpMockReply::failure(kind)),
            Open::Stream(feed) => feed.fail(kind),
        }
        self.rt.run_until_idle();
    }

    /// The receiving lane gets an answer that ends it, after what it had.
    pub(crate) fn end_with(&self, body: &[u8]) {
        match self.open.replace(Open::Nothing) {
            Open::Nothing => panic!("the client does not ask"),
            Open::Asked(request) => {
                let reply = HttpMockReply::bytes(200, "application/json", body.to_vec());
                request.respond(reply);
            }
            Open::Stream(feed) => {
                feed.send(body.to_vec());
                feed.end();
            }
        }
        self.rt.run_until_idle();
    }

    /// True when the client asks for nothing, nor listens to a stream.
    pub(crate) fn is_abandoned(&self) -> bool {
        self.rt.run_until_idle();
        match &*self.open.borrow() {
            Open::Nothing => true,
            Open::Asked(request) => request.is_abandoned(),
            Open::Stream(feed) => feed.is_abandoned(),
        }
    }

    /// The request of the receiving lane that waits, in polling.
    pub(crate) fn waiting(&self) -> PendingRequest {
        match &*self.open.borrow() {
            Open::Asked(request) => request.clone(),
            _ => panic!("no request waits"),
        }
    }

    /// The next request, which must be this one.
    #[track_caller]
    pub(crate) fn asked(&self, method: &str, path: &str) -> PendingRequest {
        self.rt.run_until_idle();
        let request = self.take_request();
        let request = request.unwrap_or_else(|| panic!("{method} {path} is not asked for"));
        let sent = request.request();
        assert_eq!((&*sent.method, &*sent.path), (method, path));
        request
    }

    /// The next request to receive, for which the client may take its time.
    #[track_caller]
    pub(crate) fn asked_after_pause(&self) -> PendingRequest {
        self.rt.advance(Duration::from_secs(1));
        self.asked("GET", "/comet/key%211/recv")
    }

    /// The next request, which must send, and what it sends.
    #[track_caller]
    pub(crate) fn sent(&self) -> (PendingRequest, Vec<Value>) {
        let request = self.asked("POST", "/comet/key%211/send");
        let messages = request.request().json().as_array().unwrap().clone();
        (request, messages)
    }

    /// Nothing is asked.
    #[track_caller]
    pub(crate) fn asks_nothing(&self) {
        self.rt.run_until_idle();
        if let Some(request) = self.take_request() {
            panic!("{request:?}");
        }
    }

    pub(crate) fn take_request(&self) -> Option<PendingRequest> {
        self.other.take().or_else(|| self.http.take_request())
    }

    /// Has the client send something.
    pub(crate) fn ping(&self) {
        drop(self.client.connection().ping());
    }

    pub(crate) fn state(&self) -> S {
        self.rt.run_until_idle();
        self.client.connection().state()
    }

    /// Code and status of the connection's error.
    pub(crate) fn reason(&self) -> (u32, u16) {
        let error = self.client.connection().error_reason().unwrap();
        (error.code().0, error.status_code())
    }
}

/// A client with a key, without TLS and fallback hosts, that does not connect by itself.
pub(crate) fn options(kind: Kind, rt: &VirtualRuntime, http: &MockHttp) -> ClientOptions {
    let options = ClientOptions::with_key("app.key:sec/ret")
        .endpoint("localhost")
        .port(8080)
        .tls(false)
        .auto_connect(false)
        .plugin(rt.clone())
        .plugin(http.clone());
    match kind {
        Kind::Polling => options.plugin(XhrPolling),
        Kind::Streaming => options.plugin(Comet),
    }
}

/// With tokens `token-1`, `token-2` and so on instead of the key.
pub(crate) fn with_tokens(options: ClientOptions) -> ClientOptions {
    let count = Arc::new(Mutex::new(0));
    options.auth_callback(move |_: TokenParams| {
        let mut n = count.lock().unwrap();
        *n += 1;
        std::future::ready(Ok(Credential::Text(format!("token-{n}").into())))
    })
}

/// An error as Ably answers with it: in the body, and its code in a header.
pub(crate) fn ably_error(status: u16, code: u32) -> HttpMockReply {
    HttpMockReply::error(status, code).header("x-ably-errorcode", &code.to_string())
}

pub(crate) const DISCONNECTED: u32 = 80003;
