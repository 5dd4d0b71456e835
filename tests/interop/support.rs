//! What the tests share.

use std::{fmt::Write as _, future::Future, sync::Arc};

use ably::{
    BaseRealtime, Channel, ClientOptions, ConnectionState, Data, JsonText, Message, Realtime,
    Subscription,
};
use ably_sandbox::Sandbox;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::peer::PATIENCE;

/// Runs a test on a runtime of its own.
pub fn run(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(test);
}

/// All pairs of wire formats: (ours is binary, theirs is binary).
pub const FORMATS: [(bool, bool); 4] = [(false, false), (false, true), (true, false), (true, true)];

/// Options for a client of the sandbox.
pub fn options(sandbox: &Sandbox, client_id: &str, binary: bool) -> ClientOptions {
    ClientOptions::with_key(sandbox.key())
        .endpoint(sandbox.host())
        .port(sandbox.port())
        .tls(false)
        .client_id(client_id)
        .use_binary_protocol(binary)
}

/// A connected client of ours.
pub async fn connect(options: ClientOptions) -> Realtime {
    let client = Realtime::new(options).expect("the options are fine");
    wait_for(&client, ConnectionState::Connected).await;
    client
}

/// Waits for a state of the connection.
pub async fn wait_for(client: &BaseRealtime, state: ConnectionState) {
    let connection = client.connection();
    timeout(PATIENCE, connection.when_state(state))
        .await
        .unwrap_or_else(|_| panic!("not {state} in time, but {}", client.connection().state()))
        .expect("the client lives");
}

/// An attached channel and its messages.
pub async fn subscribe(channel: &Channel) -> Subscription {
    let mut messages = channel.subscribe(());
    timeout(PATIENCE, messages.attached())
        .await
        .expect("attached in time")
        .expect("attached");
    messages
}

/// The next message.
pub async fn next(messages: &mut Subscription) -> Arc<Message> {
    timeout(PATIENCE, messages.next())
        .await
        .expect("a message in time")
        .expect("the stream goes on")
        .expect("nothing was missed")
}

/// Data as the peer writes it.
pub fn coded(data: &Data) -> Value {
    match data {
        Data::Text(t) => json!({"type": "text", "value": t.as_str()}),
        Data::Json(j) => json!({"type": "json", "value": j.parse::<Value>().expect("JSON")}),
        Data::Binary(b) => json!({"type": "bytes", "value": BASE64_STANDARD.encode(b)}),
        _ => json!({"type": "none"}),
    }
}

/// What a message says, as the peer writes it: name, data, extras, encoding.
pub fn seen(m: &Message) -> Value {
    json!({
        "name": m.name.as_deref(),
        "data": coded(&m.data),
        "extras": m.extras.as_ref().map(|e| e.parse::<Value>().expect("JSON")),
        "encoding": m.encoding.as_deref(),
    })
}

/// The same of a message that the peer got.
pub fn seen_by_peer(m: &Value) -> Value {
    json!({
        "name": m["name"], "data": m["data"], "extras": m["extras"], "encoding": m["encoding"],
    })
}

/// A message as the peer takes it to publish.
pub fn for_peer(m: &Message) -> Value {
    let mut out = json!({"name": m.name.as_deref(), "data": coded(&m.data)});
    if let Some(extras) = &m.extras {
        out["extras"] = extras.parse().expect("JSON");
    }
    out
}

/// Every kind of message.
pub fn samples() -> Vec<Message> {
    let mut planes = String::from("ASCII, é, ☃, ");
    for plane in 0..=16u32 {
        for low in [0x0080, 0x1234, 0xFFFD] {
            if let Some(c) = char::from_u32(plane << 16 | low) {
                write!(planes, "{c}").expect("a string");
            }
        }
    }
    planes.push_str(" \"quoted\" \\ / \u{8}\u{c}\n\r\t\u{1}\u{7f}\u{2028}\u{2029}");
    let json = |text: &str| JsonText::new(text).expect("JSON");
    let all_bytes: Vec<u8> = (0..=255).collect();
    vec![
        Message::new("text", "plain"),
        Message::new("näme ☃ 𝄞", planes),
        Message::new("empty text", ""),
        Message::new(
            "object",
            json(r#"{"a":{"b":[1,2.5,-3,true,null,"x"]},"é":"☃"}"#),
        ),
        Message::new("empty object", json("{}")),
        Message::new("array", json(r#"[1,"two",{"three":3}]"#)),
        Message::new("empty array", json("[]")),
        Message::new("bytes", all_bytes),
        Message::new("no bytes", Vec::<u8>::new()),
        Message::new("no data", ()),
        Message::unnamed("no name"),
        Message::new("extras", "x").extras(json(
            r#"{"headers":{"n":1,"s":"ü","b":false},"ref":{"type":"t","timeserial":"1"}}"#,
        )),
        Message::new("large", "0123456789abcdef".repeat(2048)),
    ]
}
