//! One channel, and a peer that only does as told.

pub(crate) use std::sync::{Arc, Mutex};

pub(crate) use ably_base::{
    BaseRealtime, Channel, ChannelOptions, ChannelState, ClientOptions, ConnectionState, Data,
    ErrorCode, ErrorInfo, JsonText, Message,
};
pub(crate) use ably_testkit::{LogCapture, MockWebSocket, VirtualRuntime, action, connected};
pub(crate) use serde_json::{Value, json};

use ably_base::{ListenerId, Names, Publish, Runtime};
use ably_testkit::{MockConnection, WsEvent};

/// A client with one channel and a peer that only does as told.
pub(crate) struct Peer {
    pub(crate) rt: VirtualRuntime,
    pub(crate) ws: MockWebSocket,
    pub(crate) client: BaseRealtime,
    pub(crate) channel: Channel,
    pub(crate) log: LogCapture,
    /// What became of publishes, in the order in which it was known.
    pub(crate) fates: Log,
}

/// What was seen, in order.
pub(crate) type Log = Arc<Mutex<Vec<String>>>;

impl Peer {
    pub(crate) fn new() -> Self {
        Self::with(|o| o)
    }

    pub(crate) fn with(set: impl FnOnce(ClientOptions) -> ClientOptions) -> Self {
        let (rt, ws) = (VirtualRuntime::new(), MockWebSocket::new());
        ws.set_on_attempt(|a| drop(a.respond_with_connected(connected("id", "key"))));
        ws.set_on_message(confirm_attach);
        let log = LogCapture::default();
        let options = ClientOptions::with_key("app.key:secret")
            .auto_connect(false)
            .log_handler(log.clone())
            .plugin(rt.clone())
            .plugin(ws.clone());
        let client = BaseRealtime::new(set(options)).unwrap();
        let passive = ChannelOptions::new().attach_on_subscribe(false);
        let channel = client.channels().get_with("room", passive).unwrap();
        Self {
            rt,
            ws,
            client,
            channel,
            log,
            fates: Log::default(),
        }
    }

    pub(crate) fn connect(self) -> Self {
        self.client.connect();
        self.rt
            .await_state(&self.client, ConnectionState::Connected);
        self
    }

    pub(crate) fn attach(self) -> Self {
        self.rt.wait(self.channel.attach()).unwrap();
        self
    }

    /// Publishes in a task that notes what became of it.
    pub(crate) fn publish(&self, name: &str) {
        self.watch(name, self.channel.publish(name, "x"));
    }

    pub(crate) fn watch(&self, name: &str, publish: Publish) {
        let (fates, name) = (self.fates.clone(), name.to_owned());
        self.rt.spawn(Box::pin(async move {
            let fate = match publish.await {
                Ok(()) => format!("{name} ok"),
                Err(e) => format!("{name} {}", e.code().0),
            };
            fates.lock().unwrap().push(fate);
        }));
        self.rt.run_until_idle();
    }

    pub(crate) fn fates(&self) -> Vec<String> {
        self.fates.lock().unwrap().clone()
    }

    pub(crate) fn send(&self, message: Value) {
        self.ws.send_to_client(message);
        self.rt.run_until_idle();
    }

    pub(crate) fn ack(&self, serial: i64, count: u32) {
        self.send(json!({"action": action::ACK, "msgSerial": serial, "count": count}));
    }

    pub(crate) fn deliver(&self, messages: Value) {
        self.send(json!({"action": action::MESSAGE, "channel": "room", "messages": messages}));
    }

    /// Serial and first name of every MESSAGE of the `n`th connection.
    pub(crate) fn sent_on(&self, n: usize) -> Vec<(i64, String)> {
        let mut connection = 0;
        let mut sent = Vec::new();
        for event in self.ws.events() {
            match event {
                WsEvent::ConnectionAttempt(_) => connection += 1,
                WsEvent::MessageFromClient(m)
                    if connection == n && m["action"] == action::MESSAGE =>
                {
                    let name = m["messages"][0]["name"].as_str().unwrap();
                    sent.push((m["msgSerial"].as_i64().unwrap(), name.to_owned()));
                }
                _ => {}
            }
        }
        sent
    }

    /// What a publish comes to: it is refused at once, or sent and then acknowledged.
    pub(crate) fn verdict(&self, messages: Vec<Message>) -> Result<(), ErrorInfo> {
        let before = self.ws.client_messages_of(action::MESSAGE).len();
        let mut publish = self.channel.publish_messages(messages);
        let verdict = self.rt.poll_now(&mut publish);
        let sent = self.ws.client_messages_of(action::MESSAGE).len() - before;
        match verdict {
            None => {
                assert_eq!(sent, 1);
                let serial = self.ws.client_messages_of(action::MESSAGE)[before]["msgSerial"]
                    .as_i64()
                    .unwrap();
                self.ack(serial, 1);
                self.rt.wait(publish)
            }
            Some(refused) => {
                assert_eq!(sent, 0);
                refused
            }
        }
    }

    /// A callback that notes the data of its messages, and how to take it off.
    pub(crate) fn listen(&self, names: impl Into<Names>) -> (ListenerId, Log) {
        let log = Log::default();
        let sink = log.clone();
        let subscribed = self.channel.subscribe_with(names, move |m| {
            sink.lock()
                .unwrap()
                .push(m.data.as_text().expect("text").to_owned());
        });
        (subscribed.id().expect("a listener"), log)
    }
}

pub(crate) fn confirm_attach(m: &Value, conn: &MockConnection) {
    if m["action"] == action::ATTACH {
        conn.answer(m);
    }
}

pub(crate) fn heard(log: &Log) -> Vec<String> {
    log.lock().unwrap().clone()
}
