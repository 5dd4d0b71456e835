//! What the documents of this folder share.

pub(super) use crate::support::*;

/// A client whose clocks and peer are the test's.
pub(super) struct World {
    pub(super) rt: VirtualRuntime,
    pub(super) ws: MockWebSocket,
    pub(super) client: BaseRealtime,
}

impl World {
    /// A client that has not begun to connect.
    pub(super) fn new(ws: MockWebSocket) -> Self {
        Self::with(ws, |o| o)
    }

    /// As [`World::new`], with further options.
    pub(super) fn with(
        ws: MockWebSocket,
        set: impl FnOnce(ClientOptions) -> ClientOptions,
    ) -> Self {
        let rt = VirtualRuntime::new();
        let client = client(set(options(&rt, &ws)));
        Self { rt, ws, client }
    }

    /// A client that is connected.
    pub(super) fn connected(ws: MockWebSocket) -> Self {
        Self::new(ws).connect()
    }

    /// Connects and waits for it.
    #[track_caller]
    pub(super) fn connect(self) -> Self {
        self.client.connect();
        self.await_connection(ConnectionState::Connected);
        self
    }

    /// `AWAIT_STATE client.connection.state == state`
    #[track_caller]
    pub(super) fn await_connection(&self, state: ConnectionState) {
        self.rt.await_state(&self.client, state);
    }

    /// `AWAIT_STATE channel.state == state`
    #[track_caller]
    pub(super) fn await_channel(&self, channel: &Channel, state: ChannelState) {
        self.rt.await_channel_state(channel, state);
    }

    /// The channel called `name`.
    pub(super) fn channel(&self, name: &str) -> Channel {
        self.client.channels().get(name)
    }

    /// The channel called `name` with options.
    pub(super) fn channel_with(&self, name: &str, options: ChannelOptions) -> Channel {
        self.client.channels().get_with(name, options).unwrap()
    }

    /// Attaches and waits for it.
    #[track_caller]
    pub(super) fn attach(&self, channel: &Channel) {
        self.rt.wait(channel.attach()).unwrap();
        assert_eq!(channel.state(), ChannelState::Attached);
    }

    /// Sends a message to the client and lets it be dealt with.
    #[track_caller]
    pub(super) fn send(&self, message: Value) {
        self.ws.send_to_client(message);
        self.rt.run_until_idle();
    }

    /// Cuts the transport and lets it be dealt with.
    ///
    /// The first attempt that follows comes at once, so it is held: the test sees `connecting`,
    /// and that `disconnected` came before it.
    #[track_caller]
    pub(super) fn cut(&self) {
        let seen = record_connection(&self.client);
        self.ws.set_on_attempt(|_| {});
        self.ws.active().simulate_disconnect();
        self.rt.run_until_idle();
        let states: Vec<_> = seen.all().iter().map(|c| c.current).collect();
        assert_eq!(
            states,
            [ConnectionState::Disconnected, ConnectionState::Connecting]
        );
    }

    /// Cuts the transport and refuses all attempts until the connection is suspended.
    #[track_caller]
    pub(super) fn suspend(&self) {
        self.ws.set_on_attempt(|a| a.respond_with_refused());
        self.ws.active().simulate_disconnect();
        self.rt
            .await_state_for(s(150), &self.client, ConnectionState::Suspended);
    }

    /// Closes the client and waits for it.
    #[track_caller]
    pub(super) fn close(&self) {
        self.client.close();
        self.await_connection(ConnectionState::Closed);
    }

    /// How many messages of this action the client has sent.
    pub(super) fn sent(&self, action: u8) -> usize {
        self.ws.client_messages_of(action).len()
    }
}

/// A peer that confirms attaching and nothing else.
pub(super) fn attaching() -> MockWebSocket {
    MockWebSocket::accepting().on_message(|m, conn| {
        if is(m, action::ATTACH) {
            conn.answer(m);
        }
    })
}

/// True when `m` has this action.
pub(super) fn is(m: &Value, action: u8) -> bool {
    m["action"] == action
}

/// ATTACHED for a channel.
pub(super) fn attached(channel: &str) -> Value {
    json!({"action": action::ATTACHED, "channel": channel})
}

/// ATTACHED for the channel of `m`, with a serial.
pub(super) fn attached_at(m: &Value, serial: &str) -> Value {
    json!({"action": action::ATTACHED, "channel": m["channel"], "channelSerial": serial})
}

/// DETACHED for a channel.
pub(super) fn detached(channel: &str) -> Value {
    json!({"action": action::DETACHED, "channel": channel})
}

/// DETACHED for a channel, and why.
pub(super) fn detached_with(channel: &str, error: Value) -> Value {
    json!({"action": action::DETACHED, "channel": channel, "error": error})
}

/// ERROR for a channel.
pub(super) fn channel_error(channel: &str, error: Value) -> Value {
    json!({"action": action::ERROR, "channel": channel, "error": error})
}

/// ERROR for the connection.
pub(super) fn connection_error(error: Value) -> Value {
    json!({"action": action::ERROR, "error": error})
}

/// The server's refusal that most cases use.
pub(super) fn not_permitted() -> Value {
    error(40160, 401, "Not permitted")
}

/// MESSAGE for a channel.
pub(super) fn message(channel: &str, messages: Value) -> Value {
    json!({"action": action::MESSAGE, "channel": channel, "messages": messages})
}

/// The states that the changes led to.
pub(super) fn states(changes: &Recorder<ChannelStateChange>) -> Vec<ChannelState> {
    changes.all().iter().map(|c| c.current).collect()
}

/// The only change to `state`.
#[track_caller]
pub(super) fn change_to(
    changes: &Recorder<ChannelStateChange>,
    state: ChannelState,
) -> ChannelStateChange {
    let mut all = changes.all();
    all.retain(|c| c.event == ChannelEvent::State(state));
    assert_eq!(all.len(), 1, "changes to {state}");
    all.remove(0)
}

/// Subscribes a recorder; the attach that may come with it goes on by itself.
pub(super) fn record_messages(channel: &Channel) -> Recorder<Message> {
    let recorder = Recorder::new();
    let sink = recorder.clone();
    drop(channel.subscribe_with((), move |m| sink.push(m.clone())));
    recorder
}
