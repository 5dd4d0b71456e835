//! Receives a flood of messages and tells what it cost: the floor of `cargo xtask bench receive`.
//!
//! Each frame is decoded into typed structs, and each message is handed to a task of its own
//! through a channel, as any client must do that lets an application read at its own pace.

use ably_floor::{Failure, Message, ProtocolMessage, Socket, action};
use cpu_time::ProcessTime;
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message as Frame;

fn main() -> Result<(), Failure> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [url, format, channel, count] = &args[..] else {
        return Err("usage: ably-floor-receive ws://HOST:PORT json|msgpack CHANNEL COUNT".into());
    };
    let count: usize = count.parse()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()?;
    let started = runtime.block_on(receive(url, format == "msgpack", channel, count))?;
    println!(
        "{{\"messages\":{count},\"cpu_ns\":{}}}",
        started.elapsed().as_nanos()
    );
    Ok(())
}

async fn receive(
    url: &str,
    binary: bool,
    channel: &str,
    count: usize,
) -> Result<ProcessTime, Failure> {
    let format = if binary { "msgpack" } else { "json" };
    let mut socket = Socket::connect(url, &format!("v=3&format={format}&key=a.b:c")).await?;
    while decode(&socket.receive_frame().await?)?.action != action::CONNECTED {}
    let (sender, mut receiver) = mpsc::channel::<Message>(1024);
    let reader = tokio::spawn(async move {
        let mut bytes = 0;
        for _ in 0..count {
            let Some(message) = receiver.recv().await else {
                break;
            };
            bytes += message.data.map_or(0, |data| data.len());
        }
        bytes
    });
    let started = ProcessTime::now();
    let attach = ProtocolMessage {
        action: action::ATTACH,
        channel: Some(channel.to_owned()),
        ..Default::default()
    };
    let attach = match binary {
        true => Frame::binary(rmp_serde::to_vec_named(&attach)?),
        false => Frame::text(serde_json::to_string(&attach)?),
    };
    socket.send_frame(attach).await?;
    let mut received = 0;
    while received < count {
        for message in decode(&socket.receive_frame().await?)?.messages {
            received += 1;
            sender.send(message).await?;
        }
    }
    drop(sender);
    let bytes = reader.await?;
    if bytes != count * 100 {
        return Err(format!("received {bytes} bytes of text").into());
    }
    Ok(started)
}

fn decode(frame: &Frame) -> Result<ProtocolMessage, Failure> {
    Ok(match frame {
        Frame::Text(text) => serde_json::from_str(text)?,
        Frame::Binary(bytes) => rmp_serde::from_slice(bytes)?,
        _ => ProtocolMessage::default(),
    })
}
