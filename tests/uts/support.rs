//! What the cases share.
#![allow(dead_code, unused_imports)] // each document uses some of it
pub use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

pub use ably_base::{
    BaseRealtime, Channel, ChannelEvent, ChannelOptions, ChannelState, ChannelStateChange,
    ClientOptions, ConnectionEvent, ConnectionState, ConnectionStateChange, Data, ErrorCode,
    ErrorInfo, JsonText, Message,
};
pub use ably_testkit::{
    Attempt, LogCapture, MockConnection, MockWebSocket, VirtualRuntime, WsEvent, action, connected,
};
pub use serde_json::{Value, json};

/// The key that the specs use.
pub const KEY: &str = "appId.keyId:keySecret";

/// Options with the spec's key, no automatic connect, and the mocks installed.
pub fn options(rt: &VirtualRuntime, ws: &MockWebSocket) -> ClientOptions {
    ClientOptions::with_key(KEY)
        .auto_connect(false)
        .plugin(rt.clone())
        .plugin(ws.clone())
}

/// A client of these options.
pub fn client(options: ClientOptions) -> BaseRealtime {
    BaseRealtime::new(options).expect("the options are fine")
}

/// Milliseconds.
pub const fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// Seconds.
pub const fn s(n: u64) -> Duration {
    Duration::from_secs(n)
}

/// An error as the server sends it.
pub fn error(code: u32, status: u16, message: &str) -> Value {
    json!({"code": code, "statusCode": status, "message": message})
}

/// Everything that listeners were told, in order.
#[derive(Clone)]
pub struct Recorder<T>(Arc<Mutex<Vec<T>>>);

impl<T: Clone> Recorder<T> {
    /// An empty recorder.
    pub fn new() -> Self {
        Self(Arc::default())
    }

    /// What was told so far.
    pub fn all(&self) -> Vec<T> {
        self.0.lock().unwrap().clone()
    }

    /// Records one.
    pub fn push(&self, value: T) {
        self.0.lock().unwrap().push(value);
    }
}

/// Records the changes of a connection from now on.
pub fn record_connection(client: &BaseRealtime) -> Recorder<ConnectionStateChange> {
    let recorder = Recorder::new();
    let sink = recorder.clone();
    client
        .connection()
        .on((), move |change| sink.push(change.clone()));
    recorder
}

/// Records the changes of a channel from now on.
pub fn record_channel(channel: &Channel) -> Recorder<ChannelStateChange> {
    let recorder = Recorder::new();
    let sink = recorder.clone();
    channel.on((), move |change| sink.push(change.clone()));
    recorder
}
