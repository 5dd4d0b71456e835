//! A server that floods whoever attaches to `bench-COUNT-PER_FRAME` with messages.
//!
//! All frames are made before the first is sent, so that a client is never kept waiting for the
//! server. It knows just enough of the protocol to make a client content: it connects everyone,
//! attaches to everything, acknowledges publishes and throws them away.

mod wire;

use std::error::Error;

use futures_util::{SinkExt, StreamExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};

use crate::wire::Answer;

type Failure = Box<dyn Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        println!("ws://{}", listener.local_addr()?);
        loop {
            let (stream, _) = listener.accept().await?;
            tokio::spawn(async move {
                // A client that is done hangs up in the middle: nothing to report.
                let _ = serve(stream).await;
            });
        }
    })
}

async fn serve(stream: TcpStream) -> Result<(), Failure> {
    stream.set_nodelay(true)?;
    let mut binary = false;
    #[allow(clippy::result_large_err, reason = "the signature is given")]
    let look = |request: &Request, response: Response| -> Result<Response, ErrorResponse> {
        binary = request
            .uri()
            .query()
            .is_some_and(|query| query.contains("format=msgpack"));
        Ok(response)
    };
    let mut socket = tokio_tungstenite::accept_hdr_async(stream, look).await?;
    let connected = Answer {
        action: wire::CONNECTED,
        connection_id: Some("C1"),
        connection_details: Some(wire::DETAILS),
        ..Answer::default()
    };
    socket.send(wire::encode(&connected, binary)?).await?;
    while let Some(frame) = socket.next().await {
        let Some(request) = wire::decode(&frame?)? else {
            continue;
        };
        let answer = match request.action {
            wire::HEARTBEAT => Answer {
                action: wire::HEARTBEAT,
                id: request.id,
                ..Answer::default()
            },
            wire::CLOSE => Answer {
                action: wire::CLOSED,
                ..Answer::default()
            },
            wire::ATTACH => Answer {
                action: wire::ATTACHED,
                channel: request.channel.clone(),
                channel_serial: Some("01732000000000-000@abcdefghij:000".to_owned()),
                flags: Some(0x000F_0000),
                ..Answer::default()
            },
            wire::DETACH => Answer {
                action: wire::DETACHED,
                channel: request.channel,
                ..Answer::default()
            },
            wire::MESSAGE => Answer {
                action: wire::ACK,
                msg_serial: request.msg_serial,
                count: Some(1),
                ..Answer::default()
            },
            _ => continue,
        };
        let closed = answer.action == wire::CLOSED;
        if answer.action != wire::ATTACHED {
            socket.send(wire::encode(&answer, binary)?).await?;
        } else {
            let channel = answer.channel.as_deref().unwrap_or_default();
            let (messages, per_frame) = asked_for(channel);
            let frames = wire::flood(channel, messages, per_frame, binary)?;
            socket.send(wire::encode(&answer, binary)?).await?;
            for frame in frames {
                socket.feed(frame).await?;
            }
            socket.flush().await?;
        }
        if closed {
            socket.close(None).await?;
        }
    }
    Ok(())
}

/// How many messages a channel's name asks for, and how many of them in a frame.
fn asked_for(channel: &str) -> (usize, usize) {
    let mut parts = channel.split('-');
    let bench = parts.next() == Some("bench");
    let mut number = || parts.next().and_then(|part| part.parse().ok());
    match (number(), number()) {
        (Some(messages), Some(per_frame)) if bench && per_frame > 0 => (messages, per_frame),
        _ => (0, 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_asks_by_its_name() {
        assert_eq!(asked_for("bench-2000-10"), (2000, 10));
        assert_eq!(asked_for("bench-2000"), (0, 1));
        assert_eq!(asked_for("bench-1-0"), (0, 1));
        assert_eq!(asked_for("hello"), (0, 1));
    }
}
