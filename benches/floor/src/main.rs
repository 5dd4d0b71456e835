//! Connects, attaches, publishes one message and prints what arrives.
//!
//! `cargo xtask size` measures this binary.

use ably_floor::{Failure, Message, ProtocolMessage, Socket, action};

fn main() -> Result<(), Failure> {
    let mut args = std::env::args().skip(1);
    let (Some(url), Some(key)) = (args.next(), args.next()) else {
        return Err("usage: ably-floor ws://HOST:PORT KEY".into());
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()?;
    runtime.block_on(talk(&url, &key))
}

async fn talk(url: &str, key: &str) -> Result<(), Failure> {
    let channel = || Some("hello".to_owned());
    let mut socket = Socket::connect(url, &format!("v=3&format=json&key={key}")).await?;
    loop {
        let received = socket.receive().await?;
        let answer = match received.action {
            action::CONNECTED => ProtocolMessage {
                action: action::ATTACH,
                channel: channel(),
                ..Default::default()
            },
            action::ATTACHED => ProtocolMessage {
                action: action::MESSAGE,
                channel: channel(),
                msg_serial: Some(0),
                messages: vec![Message {
                    name: Some("greeting".to_owned()),
                    data: Some("hello".to_owned()),
                    ..Default::default()
                }],
                ..Default::default()
            },
            action::MESSAGE => {
                for message in received.messages {
                    let (name, data) = (message.name.as_deref(), message.data.as_deref());
                    println!("{}: {}", name.unwrap_or_default(), data.unwrap_or_default());
                }
                return Ok(());
            }
            action::ERROR => {
                let error = received.error.unwrap_or_default();
                return Err(format!("{}: {}", error.code, error.message).into());
            }
            _ => continue,
        };
        socket.send(&answer).await?;
    }
}
