//! [`Pair`]: a client of ours and one of ably-js, on one channel of one sandbox.

use std::{sync::Arc, time::Duration};

use ably::{
    Channel, ClientOptions, PresenceAction, PresenceMessage, Realtime,
    plugins::presence::PresenceSubscription, prelude::*,
};
use ably_sandbox::{Limits, Sandbox, Selector};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::{
    peer::{PATIENCE, Peer},
    support::*,
};

/// The channel of a pair.
pub const ROOM: &str = "room ☃";

/// Both clients, connected, not attached.
pub struct Pair {
    pub sandbox: Sandbox,
    pub peer: Peer,
    pub client: Realtime,
    pub channel: Channel,
    /// What every request to the peer begins with.
    at: Value,
}

/// How a pair is to be.
#[derive(Clone, Default)]
pub struct PairOptions {
    pub limits: Limits,
    /// (ours is binary, theirs is binary)
    pub formats: (bool, bool),
    /// `rust` and `js`; without it clients that may act for any.
    pub named: bool,
    pub cipher: Option<&'static str>,
}

impl PairOptions {
    pub fn of(formats: (bool, bool)) -> Self {
        Self {
            formats,
            ..Self::default()
        }
    }
}

impl Pair {
    pub async fn start(options: PairOptions) -> Self {
        let sandbox = Sandbox::builder().limits(options.limits.clone());
        let sandbox = sandbox.start().await.expect("a sandbox");
        let peer = Peer::start(&sandbox).await;
        // They come back soon after any loss.
        let mut js = json!({"disconnectedRetryTimeout": 100, "suspendedRetryTimeout": 100});
        let mut rust = anonymous(&sandbox, options.formats.0)
            .disconnected_retry_timeout(Duration::from_millis(100))
            .suspended_retry_timeout(Duration::from_millis(100));
        if options.named {
            js["clientId"] = "js".into();
            rust = rust.client_id("rust");
        }
        peer.client("js", sandbox.key(), options.formats.1, js)
            .await;
        peer.ask("connected", json!({"client": "js"})).await;
        let client = connect(rust).await;
        let mut at = json!({"client": "js", "channel": ROOM});
        let mut channel_options = ChannelOptions::new();
        if let Some(key) = options.cipher {
            at["cipherKey"] = key.into();
            channel_options = channel_options.cipher(key);
        }
        let channel = client.channels().get_with(ROOM, channel_options);
        Self {
            sandbox,
            peer,
            client,
            channel: channel.expect("a channel"),
            at,
        }
    }

    /// A request of this pair's channel.
    pub fn at(&self, more: Value) -> Value {
        let mut at = self.at.clone();
        for (key, value) in more.as_object().expect("an object") {
            at[key] = value.clone();
        }
        at
    }

    /// Asks ably-js for something on the channel.
    pub async fn ask(&self, op: &'static str, more: Value) -> Value {
        self.peer.ask(op, self.at(more)).await
    }

    /// Listens to all presence on both sides, attached. Whoever is there has been told of.
    pub async fn watch(&self) -> PresenceSubscription {
        let ours = watch(&self.channel, ()).await;
        self.ask("watchPresence", json!({})).await;
        ours
    }

    /// All members as ours gives them.
    pub async fn ours(&self) -> Vec<Value> {
        ours(&self.channel, RealtimeParams::new()).await
    }

    /// All members as ably-js gives them.
    pub async fn theirs(&self) -> Vec<Value> {
        self.theirs_with(json!({})).await
    }

    /// Members as ably-js gives them with these params.
    pub async fn theirs_with(&self, params: Value) -> Vec<Value> {
        sorted(list(self.ask("members", json!({"query": params})).await))
    }

    /// The next event that ably-js is told.
    pub async fn told_theirs(&self) -> Value {
        self.peer.event("presence").await["member"].take()
    }

    /// Waits for ably-js to tell that its connection is in this state. Presence told before is lost.
    pub async fn await_theirs(&self, state: &str) -> Value {
        loop {
            let change = self.peer.event("connection").await;
            if change["state"] == state {
                return change;
            }
        }
    }

    /// The ids of the connections: ours, theirs.
    pub async fn connection_ids(&self) -> (String, String) {
        let ours = self.client.connection().id().expect("an id");
        let theirs = self.peer.ask("connected", json!({"client": "js"})).await;
        (
            String::from(&*ours),
            theirs.as_str().expect("an id").to_owned(),
        )
    }

    /// Takes a connection's socket away and keeps it away until [`Sandbox::restore`].
    pub fn keep_away(&self, connection_id: &str) -> Selector {
        let who = Selector::ConnectionId(connection_id.to_owned());
        self.sandbox.refuse(who.clone());
        assert_eq!(self.sandbox.cut(who.clone()), 1);
        who
    }
}

pub use ably::plugins::presence::RealtimePresenceParams as RealtimeParams;

/// Options without a clientId: the key may act for any.
pub fn anonymous(sandbox: &Sandbox, binary: bool) -> ClientOptions {
    ClientOptions::with_key(sandbox.key())
        .endpoint(sandbox.host())
        .port(sandbox.port())
        .tls(false)
        .use_binary_protocol(binary)
}

/// Presence events of an attached channel.
pub async fn watch(
    channel: &Channel,
    actions: impl Into<ably::Events<PresenceAction>>,
) -> PresenceSubscription {
    let mut events = channel.presence().subscribe(actions);
    timeout(PATIENCE, events.attached())
        .await
        .expect("attached in time")
        .expect("attached");
    events
}

/// Members as ours gives them.
pub async fn ours(channel: &Channel, params: RealtimeParams) -> Vec<Value> {
    let members = timeout(PATIENCE, channel.presence().get(params)).await;
    let members = members.expect("members in time").expect("members");
    sorted(members.iter().map(|m| seen_member(m)).collect())
}

/// The next event that we are told.
pub async fn told(events: &mut PresenceSubscription) -> Value {
    seen_member(&*next_told(events).await)
}

async fn next_told(events: &mut PresenceSubscription) -> Arc<PresenceMessage> {
    timeout(PATIENCE, events.next())
        .await
        .expect("an event in time")
        .expect("the stream goes on")
        .expect("nothing was missed")
}

/// A presence message as the peer writes it.
pub fn seen_member(m: &PresenceMessage) -> Value {
    json!({
        "action": m.action.as_str(), "clientId": m.client_id.as_deref(),
        "connectionId": m.connection_id.as_deref(), "data": coded(&m.data),
        "encoding": m.encoding.as_deref(),
    })
}

/// What [`seen_member`] is to be.
pub fn member(action: &str, client_id: &str, connection_id: &str, data: &Data) -> Value {
    json!({
        "action": action, "clientId": client_id, "connectionId": connection_id,
        "data": coded(data), "encoding": null,
    })
}

/// In the order of client ids, then connection ids.
pub fn sorted(mut members: Vec<Value>) -> Vec<Value> {
    let key = |m: &Value| (m["clientId"].to_string(), m["connectionId"].to_string());
    members.sort_by_key(key);
    members
}

/// A list that came from ably-js.
pub fn list(value: Value) -> Vec<Value> {
    match value {
        Value::Array(items) => items,
        other => panic!("not a list: {other}"),
    }
}

/// What was done to whom, in short.
pub fn line(told: &Value) -> String {
    let text = |key: &str| told[key].as_str().expect("text").to_owned();
    format!("{} {}", text("action"), text("clientId"))
}
