//! What the presence cases share.

pub(super) use ably_base::{Events, ListenerId, PresenceAction, PresenceMessage};
pub(super) use ably_presence::{
    ChannelPresence, LocalPresenceMap, PresenceMap, RealtimePresence, RealtimePresenceParams,
};

pub(super) use crate::support::*;

pub(super) const ENTER: PresenceAction = PresenceAction::ENTER;
pub(super) const UPDATE: PresenceAction = PresenceAction::UPDATE;
pub(super) const PRESENT: PresenceAction = PresenceAction::PRESENT;
pub(super) const LEAVE: PresenceAction = PresenceAction::LEAVE;
pub(super) const ABSENT: PresenceAction = PresenceAction::ABSENT;

/// HAS_PRESENCE of ATTACHED.
pub(super) const HAS_PRESENCE: u64 = 1;
/// RESUMED of ATTACHED.
pub(super) const RESUMED: u64 = 4;

/// A message for the maps.
pub(super) fn message(
    action: PresenceAction,
    client_id: &str,
    connection_id: &str,
    id: &str,
    timestamp: i64,
) -> Arc<PresenceMessage> {
    with_data(action, client_id, connection_id, id, timestamp, ())
}

/// A message with data for the maps.
pub(super) fn with_data(
    action: PresenceAction,
    client_id: &str,
    connection_id: &str,
    id: &str,
    timestamp: i64,
    data: impl Into<Data>,
) -> Arc<PresenceMessage> {
    let mut m = PresenceMessage::default();
    m.action = action;
    m.client_id = Some(client_id.into());
    m.connection_id = Some(connection_id.into());
    m.id = Some(id.into());
    m.timestamp = Some(timestamp);
    m.data = data.into();
    Arc::new(m)
}

/// The same on the wire.
pub(super) fn wire(
    action: PresenceAction,
    client_id: &str,
    connection_id: &str,
    id: &str,
    timestamp: i64,
) -> Value {
    json!({
        "action": action.0, "clientId": client_id, "connectionId": connection_id, "id": id,
        "timestamp": timestamp,
    })
}

/// The same on the wire, with data.
pub(super) fn wire_with_data(
    action: PresenceAction,
    client_id: &str,
    connection_id: &str,
    id: &str,
    timestamp: i64,
    data: &str,
) -> Value {
    let mut m = wire(action, client_id, connection_id, id, timestamp);
    m["data"] = json!(data);
    m
}

/// `alice` on `c1`, as a sync gives her.
pub(super) fn alice() -> Value {
    wire(PRESENT, "alice", "c1", "c1:0:0", 100)
}

/// `bob` on `c2`, as a sync gives him.
pub(super) fn bob() -> Value {
    wire(PRESENT, "bob", "c2", "c2:0:0", 100)
}

/// An ATTACHED.
pub(super) fn attached(channel: &str, flags: u64) -> Value {
    json!({"action": action::ATTACHED, "channel": channel, "flags": flags})
}

/// A SYNC.
pub(super) fn sync(channel: &str, serial: &str, presence: &[Value]) -> Value {
    json!({
        "action": action::SYNC, "channel": channel, "channelSerial": serial, "presence": presence,
    })
}

/// A PRESENCE.
pub(super) fn presence(channel: &str, presence: &[Value]) -> Value {
    json!({"action": action::PRESENCE, "channel": channel, "presence": presence})
}

/// A client with presence, and its channel.
pub(super) struct Fixture {
    pub(super) rt: VirtualRuntime,
    pub(super) ws: MockWebSocket,
    pub(super) client: BaseRealtime,
    pub(super) channel: Channel,
}

impl Fixture {
    /// Of these mocks, with `change` made to the options.
    pub(super) fn new(
        ws: MockWebSocket,
        name: &str,
        change: impl FnOnce(ClientOptions) -> ClientOptions,
    ) -> Self {
        let rt = VirtualRuntime::new();
        let options = change(options(&rt, &ws).plugin(RealtimePresence));
        let client = client(options);
        let channel = client.channels().get(name);
        Self {
            rt,
            ws,
            client,
            channel,
        }
    }

    /// With the clientId `my-client`.
    pub(super) fn identified(ws: MockWebSocket, name: &str) -> Self {
        Self::new(ws, name, |o| o.client_id("my-client"))
    }

    /// Without a clientId.
    pub(super) fn anonymous(ws: MockWebSocket, name: &str) -> Self {
        Self::new(ws, name, |o| o)
    }

    pub(super) fn connect(&self) {
        self.client.connect();
        self.rt
            .await_state(&self.client, ConnectionState::Connected);
    }

    pub(super) fn connect_and_attach(&self) {
        self.connect();
        self.rt.wait(self.channel.attach()).unwrap();
        assert_eq!(self.channel.state(), ChannelState::Attached);
    }

    /// Sends to the client, and lets it see it.
    pub(super) fn send(&self, message: Value) {
        self.ws.send_to_client(message);
        self.rt.run_until_idle();
    }

    /// The PRESENCE messages that the client sent.
    pub(super) fn captured(&self) -> Vec<Value> {
        self.ws.client_messages_of(action::PRESENCE)
    }

    /// The connection goes and does not come back until it is suspended, and the channel with it.
    pub(super) fn suspend(&self) {
        self.ws.set_on_attempt(|a| a.respond_with_refused());
        self.ws.active().simulate_disconnect();
        self.rt
            .await_state_for(s(300), &self.client, ConnectionState::Suspended);
        assert_eq!(self.channel.state(), ChannelState::Suspended);
    }

    /// `CLOSE_CLIENT`
    pub(super) fn close(self) {
        self.client.close();
        self.rt.await_state(&self.client, ConnectionState::Closed);
    }
}

/// Accepts attempts as `connection-id`, answers ATTACH with ATTACHED of `flags` and then these, and
/// agrees with everything else.
pub(super) fn serving(name: &str, flags: u64, after_attached: Vec<Value>) -> MockWebSocket {
    let name = name.to_owned();
    MockWebSocket::accepting().on_message(move |m, conn| {
        if m["action"] == action::ATTACH {
            conn.send_to_client(attached(&name, flags));
            for message in &after_attached {
                conn.send_to_client(message.clone());
            }
        } else {
            conn.answer(m);
        }
    })
}

/// Accepts the n-th attempt as `conn-n`; `count` is how many there were.
pub(super) fn numbered(count: &Arc<AtomicUsize>) -> MockWebSocket {
    let count = count.clone();
    MockWebSocket::new().on_attempt(move |a| {
        let n = count.fetch_add(1, Ordering::Relaxed) + 1;
        a.respond_with_connected(connected(&format!("conn-{n}"), &format!("key-{n}")));
    })
}

/// As [`numbered`]; attaches, acknowledges presence and echoes it, as a server does.
pub(super) fn echoing(name: &str, count: &Arc<AtomicUsize>) -> MockWebSocket {
    let (name, number) = (name.to_owned(), count.clone());
    numbered(count).on_message(move |m, conn| {
        conn.answer(m);
        if m["action"] == action::PRESENCE {
            echo(
                &name,
                &format!("conn-{}", number.load(Ordering::Relaxed)),
                m,
                conn,
            );
        }
    })
}

/// Sends back what the client said about members, as the server tells all.
pub(super) fn echo(name: &str, connection: &str, m: &Value, conn: &MockConnection) {
    for (index, p) in m["presence"].as_array().unwrap().iter().enumerate() {
        let mut told = p.clone();
        if told["clientId"].is_null() {
            told["clientId"] = json!("my-client");
        }
        told["connectionId"] = json!(connection);
        told["id"] = json!(format!("{connection}:{}:{index}", m["msgSerial"]));
        told["timestamp"] = json!(1_700_000_000_000_u64);
        let mut message = presence(name, &[told]);
        message["connectionId"] = json!(connection);
        conn.send_to_client(message);
    }
}

/// Records presence events of these actions from now on.
pub(super) fn record(
    channel: &Channel,
    actions: impl Into<Events<PresenceAction>>,
) -> (Recorder<PresenceMessage>, ListenerId) {
    let recorder = Recorder::new();
    let sink = recorder.clone();
    let subscribed = channel
        .presence()
        .subscribe_with(actions, move |m| sink.push(m.clone()));
    (recorder, subscribed.id().unwrap())
}

/// The client ids, sorted.
pub(super) fn client_ids(members: &[Arc<PresenceMessage>]) -> Vec<&str> {
    let mut ids: Vec<_> = members
        .iter()
        .filter_map(|m| m.client_id.as_deref())
        .collect();
    ids.sort_unstable();
    ids
}

/// Members without waiting for the sync.
pub(super) fn no_wait() -> RealtimePresenceParams {
    RealtimePresenceParams::new().wait_for_sync(false)
}
