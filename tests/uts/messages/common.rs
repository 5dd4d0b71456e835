//! What the documents of this folder share.

pub(super) use ably_base::{Names, Publish, engine::protocol::Str};

pub(super) use crate::support::*;

/// A client with one channel, which the case is about.
pub(super) struct Case {
    pub(super) rt: VirtualRuntime,
    pub(super) ws: MockWebSocket,
    pub(super) client: BaseRealtime,
    pub(super) channel: Channel,
}

impl Case {
    /// A client that has not begun to connect, and a channel that subscribing does not attach.
    pub(super) fn new(name: &str, ws: MockWebSocket) -> Self {
        Self::with(name, ws, |o| o, passive())
    }

    /// As [`Case::new`], with options for both.
    pub(super) fn with(
        name: &str,
        ws: MockWebSocket,
        set: impl FnOnce(ClientOptions) -> ClientOptions,
        channel_options: ChannelOptions,
    ) -> Self {
        let rt = VirtualRuntime::new();
        let client = client(set(options(&rt, &ws)));
        let channel = client.channels().get_with(name, channel_options).unwrap();
        Self {
            rt,
            ws,
            client,
            channel,
        }
    }

    /// Connects and waits for it.
    #[track_caller]
    pub(super) fn connect(self) -> Self {
        self.client.connect();
        self.await_connection(ConnectionState::Connected);
        self
    }

    /// Attaches and waits for it.
    #[track_caller]
    pub(super) fn attach(self) -> Self {
        self.rt.wait(self.channel.attach()).unwrap();
        assert_eq!(self.channel.state(), ChannelState::Attached);
        self
    }

    /// Begins to attach; nothing answers.
    #[track_caller]
    pub(super) fn begin_attach(&self) -> impl Future<Output = Result<(), ErrorInfo>> + use<> {
        let attach = self.channel.attach();
        self.await_channel(ChannelState::Attaching);
        async move { attach.await.map(|_| ()) }
    }

    #[track_caller]
    pub(super) fn await_connection(&self, state: ConnectionState) {
        self.rt.await_state(&self.client, state);
    }

    #[track_caller]
    pub(super) fn await_channel(&self, state: ChannelState) {
        self.rt.await_channel_state(&self.channel, state);
    }

    /// Publishes and lets all happen that needs no time.
    pub(super) fn publish(&self, name: &str, data: &str) -> Publish {
        let publish = self.channel.publish(name, data);
        self.rt.run_until_idle();
        publish
    }

    /// Publishes and answers the error, which must come without an answer of the peer.
    #[track_caller]
    pub(super) fn refused(&self) -> ErrorInfo {
        let mut publish = self.publish("fail", "should-error");
        self.rt
            .poll_now(&mut publish)
            .expect("an answer")
            .unwrap_err()
    }

    /// The MESSAGEs of the client.
    pub(super) fn published(&self) -> Vec<Value> {
        self.ws.client_messages_of(action::MESSAGE)
    }

    /// The ATTACHes of the client.
    pub(super) fn attaches(&self) -> Vec<Value> {
        self.ws.client_messages_of(action::ATTACH)
    }

    /// Sends a message to the client and lets it be dealt with.
    #[track_caller]
    pub(super) fn send(&self, message: Value) {
        self.ws.send_to_client(message);
        self.rt.run_until_idle();
    }

    /// Sends a MESSAGE for the channel that has these fields besides.
    #[track_caller]
    pub(super) fn deliver(&self, mut fields: Value) {
        fields["action"] = json!(action::MESSAGE);
        fields["channel"] = json!(self.channel.name());
        self.send(fields);
    }

    /// Records what comes for `names`. An attach that comes with it goes on by itself.
    pub(super) fn record(&self, names: impl Into<Names>) -> Recorder<Message> {
        let recorder = Recorder::new();
        let sink = recorder.clone();
        drop(
            self.channel
                .subscribe_with(names, move |m| sink.push(m.clone())),
        );
        recorder
    }

    /// Cuts the transport; the state becomes `disconnected`, in which `then` is called.
    #[track_caller]
    pub(super) fn cut_then(&self, then: impl FnOnce() + Send + 'static) {
        let mut then = Some(then);
        let told = Recorder::new();
        let sink = told.clone();
        let connection = self.client.connection();
        let id = connection.once(ConnectionState::Disconnected, move |change| {
            sink.push(change.current);
            if let Some(then) = then.take() {
                then();
            }
        });
        self.ws.active().simulate_disconnect();
        self.rt.run_until_idle();
        assert_eq!(told.all(), [ConnectionState::Disconnected]);
        connection.off(id);
    }

    /// Cuts the transport and waits until the client is connected anew.
    #[track_caller]
    pub(super) fn reconnect(&self) {
        self.cut_then(|| {});
        self.rt.advance(s(2));
        self.await_connection(ConnectionState::Connected);
    }

    /// Lets time pass until the connection is suspended, as nobody can be reached.
    #[track_caller]
    pub(super) fn suspend(&self) {
        for _ in 0..15 {
            self.rt.advance(s(2));
            if self.client.connection().state() == ConnectionState::Suspended {
                break;
            }
        }
        self.await_connection(ConnectionState::Suspended);
    }

    /// Closes the client and waits for it.
    #[track_caller]
    pub(super) fn close(&self) {
        self.client.close();
        self.await_connection(ConnectionState::Closed);
    }
}

/// Channel options with which subscribing does not attach.
pub(super) fn passive() -> ChannelOptions {
    ChannelOptions::new().attach_on_subscribe(false)
}

/// A peer that confirms attaching and nothing else.
pub(super) fn attaching() -> MockWebSocket {
    MockWebSocket::accepting().on_message(confirm_attach)
}

/// Confirms an ATTACH.
pub(super) fn confirm_attach(m: &Value, conn: &MockConnection) {
    if is(m, action::ATTACH) {
        conn.answer(m);
    }
}

/// A peer that confirms attaching and, on the second connection, acknowledges messages.
pub(super) fn acknowledging_second(ws: MockWebSocket) -> MockWebSocket {
    let attempts = ws.clone();
    ws.on_message(move |m, conn| {
        if is(m, action::ATTACH) || (is(m, action::MESSAGE) && attempts.attempts().len() >= 2) {
            conn.answer(m);
        }
    })
}

/// True when `m` has this action.
pub(super) fn is(m: &Value, action: u8) -> bool {
    m["action"] == action
}

/// Code and status.
pub(super) fn code(error: &ErrorInfo) -> (u32, u16) {
    (error.code().0, error.status_code())
}

/// A string that a message may lack.
pub(super) fn text(s: &Option<Str>) -> Option<&str> {
    s.as_deref()
}

/// The data of the messages, which must be strings.
#[track_caller]
pub(super) fn texts(messages: &Recorder<Message>) -> Vec<String> {
    let text = |m: &Message| m.data.as_text().expect("text").to_owned();
    messages.all().iter().map(text).collect()
}
