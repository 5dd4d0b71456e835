//! A client with presence, and a server that does as told.

pub(crate) use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

pub(crate) use ably_base::{
    BaseRealtime, Channel, ChannelOptions, ChannelState, ClientOptions, ConnectionState, Data,
    ErrorCode, ErrorInfo, PresenceAction, PresenceMessage,
};
pub(crate) use ably_presence::{
    ChannelPresence, Presence, PresenceData, RealtimePresence, RealtimePresenceParams,
};
pub(crate) use ably_testkit::{MockConnection, MockWebSocket, VirtualRuntime, action, connected};
pub(crate) use serde_json::{Value, json};

pub(crate) const ENTER: u8 = 2;
pub(crate) const LEAVE: u8 = 3;
pub(crate) const PRESENT: u8 = 1;
pub(crate) const HAS_PRESENCE: u64 = 1;

pub(crate) struct World {
    pub(crate) rt: VirtualRuntime,
    pub(crate) ws: MockWebSocket,
    pub(crate) client: BaseRealtime,
    pub(crate) channel: Channel,
    told: Arc<Mutex<Vec<PresenceMessage>>>,
}

impl World {
    /// Attached to a channel without members, as `me`.
    pub(crate) fn attached() -> Self {
        let world = Self::with(MockWebSocket::serving(), |o| o.client_id("me"));
        world.attach();
        world
    }

    /// Not connected yet.
    pub(crate) fn with(
        ws: MockWebSocket,
        set: impl FnOnce(ClientOptions) -> ClientOptions,
    ) -> Self {
        let rt = VirtualRuntime::new();
        let options = ClientOptions::with_key("app.key:secret")
            .auto_connect(false)
            .plugin(rt.clone())
            .plugin(ws.clone())
            .plugin(RealtimePresence);
        let client = BaseRealtime::new(set(options)).unwrap();
        let channel = client.channels().get("room");
        Self {
            rt,
            ws,
            client,
            channel,
            told: Arc::default(),
        }
    }

    pub(crate) fn presence(&self) -> Presence {
        self.channel.presence()
    }

    pub(crate) fn connect(&self) {
        self.client.connect();
        self.rt
            .await_state(&self.client, ConnectionState::Connected);
    }

    pub(crate) fn attach(&self) {
        self.connect();
        self.rt.wait(self.channel.attach()).unwrap();
    }

    /// Keeps what listeners are told from now on.
    pub(crate) fn listen(&self) {
        let told = self.told.clone();
        let _listening = self
            .presence()
            .subscribe_with((), move |m| told.lock().unwrap().push(m.clone()));
        self.rt.run_until_idle();
    }

    /// What listeners were told, as `action clientId`, and forgets it.
    pub(crate) fn told(&self) -> Vec<String> {
        let told = std::mem::take(&mut *self.told.lock().unwrap());
        let line = |m: &PresenceMessage| {
            format!("{} {}", m.action.as_str(), m.client_id.as_deref().unwrap())
        };
        told.iter().map(line).collect()
    }

    pub(crate) fn send(&self, message: Value) {
        self.ws.send_to_client(message);
        self.rt.run_until_idle();
    }

    pub(crate) fn send_attached(&self, flags: u64) {
        self.send(json!({"action": action::ATTACHED, "channel": "room", "flags": flags}));
    }

    pub(crate) fn send_presence(&self, presence: &[Value]) {
        self.send(json!({"action": action::PRESENCE, "channel": "room", "presence": presence}));
    }

    pub(crate) fn send_sync(&self, serial: &str, presence: &[Value]) {
        self.send(json!({
            "action": action::SYNC, "channel": "room", "channelSerial": serial,
            "presence": presence,
        }));
    }

    /// The PRESENCE messages that were sent.
    pub(crate) fn sent(&self) -> Vec<Value> {
        self.rt.run_until_idle();
        self.ws.client_messages_of(action::PRESENCE)
    }

    /// Client ids of the members, without waiting for anything.
    pub(crate) fn names(&self) -> Vec<String> {
        let params = RealtimePresenceParams::new().wait_for_sync(false);
        let members = self.rt.wait(self.presence().get(params)).unwrap();
        let name = |m: &Arc<PresenceMessage>| m.client_id.as_deref().unwrap().to_owned();
        members.iter().map(name).collect()
    }

    /// The connection goes for long.
    pub(crate) fn suspend(&self) {
        self.ws.set_on_attempt(|a| a.respond_with_refused());
        self.ws.active().simulate_disconnect();
        self.rt.await_state_for(
            Duration::from_secs(300),
            &self.client,
            ConnectionState::Suspended,
        );
    }
}

/// A member on a connection of its own: `name` on `c-name`, the `serial`th thing it did.
pub(crate) fn member(action: u8, name: &str, serial: u32) -> Value {
    json!({
        "action": action, "clientId": name, "connectionId": format!("c-{name}"),
        "id": format!("c-{name}:{serial}:0"), "timestamp": 1000 + serial,
    })
}

/// Agrees with everything but `except`, of which it says nothing.
pub(crate) fn silent_about(except: u8) -> MockWebSocket {
    MockWebSocket::accepting().on_message(move |m, conn| {
        if m["action"] != except {
            conn.answer(m);
        }
    })
}

/// Answers ATTACH with ATTACHED and HAS_PRESENCE.
pub(crate) fn with_members() -> MockWebSocket {
    MockWebSocket::accepting().on_message(|m, conn| {
        if m["action"] == action::ATTACH {
            conn.send_to_client(json!({
                "action": action::ATTACHED, "channel": "room", "flags": HAS_PRESENCE,
            }));
        } else {
            conn.answer(m);
        }
    })
}

#[track_caller]
pub(crate) fn code<T: std::fmt::Debug>(result: Result<T, ErrorInfo>) -> u32 {
    result.unwrap_err().code().0
}
