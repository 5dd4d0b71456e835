//! One client's WebSocket: frames in, frames out.
//!
//! Reading and writing go on side by side, so that neither side waits for the other. Reading pauses
//! while too much waits to be sent. A peer that takes nothing for a while is dropped.

use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::Notify;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::{Bytes, Error, Message, Utf8Bytes};

use crate::core::{ConnectRequest, Outgoing, TransportId};
use crate::shell::hub::Hub;
use crate::wire::error::{PROTOCOL, TOO_LARGE};
use crate::wire::{ErrorInfo, Format, Value};

type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// How writing ended.
enum End {
    /// A close was sent.
    Closed,
    /// The socket is broken, or is to look so.
    Dropped,
}

/// Serves a client until its socket ends.
pub(crate) async fn run(hub: &Arc<Hub>, socket: Socket, request: &ConnectRequest) {
    let id = hub.with(|core, now| core.connect(request, now));
    let (registered, wakeup) = Registered::new(hub, id);
    let drained = Notify::new();
    let format = request.format();
    let (mut sink, mut stream) = socket.split();
    let end = tokio::select! {
        end = write(hub, id, format, &mut sink, &wakeup, &drained) => end,
        () = read(hub, id, format, &mut stream, &drained) => End::Dropped,
        () = hub.stopped() => End::Dropped,
    };
    drop(registered);
    if let (End::Closed, Ok(socket)) = (end, sink.reunite(stream)) {
        tokio::select! {
            _ = timeout(LINGER, linger(socket)) => {}
            () = hub.stopped() => {}
        }
    }
}

/// A socket that the hub knows of until this is dropped, by a panic too.
struct Registered<'a> {
    hub: &'a Hub,
    id: TransportId,
}

impl<'a> Registered<'a> {
    fn new(hub: &'a Hub, id: TransportId) -> (Registered<'a>, Arc<Notify>) {
        let wakeup = hub.register(id);
        (Registered { hub, id }, wakeup)
    }
}

impl Drop for Registered<'_> {
    fn drop(&mut self) {
        self.hub.unregister(self.id);
    }
}

/// Keeps a probe open until it closes, for a while.
pub(crate) async fn probe(hub: &Arc<Hub>, mut socket: Socket) {
    let ended = async { while let Some(Ok(_)) = socket.next().await {} };
    tokio::select! {
        () = ended => {}
        () = tokio::time::sleep(PROBE) => {}
        () = hub.stopped() => {}
    }
}

async fn write(
    hub: &Arc<Hub>,
    id: TransportId,
    format: Format,
    sink: &mut SplitSink<Socket, Message>,
    wakeup: &Notify,
    drained: &Notify,
) -> End {
    loop {
        while let Some(next) = hub.poll_send(id) {
            let message = match next {
                Outgoing::Frame(frame) => encode(frame.bytes(format), format),
                Outgoing::Ping => Message::Ping(Bytes::new()),
                Outgoing::Close => {
                    let closed = timeout(STALL, sink.send(Message::Close(None))).await;
                    return match closed {
                        Ok(Ok(())) => End::Closed,
                        _ => End::Dropped,
                    };
                }
                Outgoing::Cut => return End::Dropped,
            };
            if !matches!(timeout(STALL, sink.feed(message)).await, Ok(Ok(()))) {
                return End::Dropped;
            }
            drained.notify_one();
        }
        if !matches!(timeout(STALL, sink.flush()).await, Ok(Ok(()))) {
            return End::Dropped;
        }
        wakeup.notified().await;
    }
}

// Ends when nobody is there any more. After a frame that breaks the framing nothing further can be
// read, but the answer still has to be written, so it waits.
async fn read(
    hub: &Arc<Hub>,
    id: TransportId,
    format: Format,
    stream: &mut SplitStream<Socket>,
    drained: &Notify,
) {
    loop {
        while hub.is_congested(id) {
            drained.notified().await;
        }
        let next = stream.next().await;
        let is_broken = matches!(&next, Some(Err(_)));
        let frame = match next {
            Some(Ok(Message::Text(text))) => decode(text.as_bytes(), format, Format::Json),
            Some(Ok(Message::Binary(bytes))) => decode(&bytes, format, Format::Msgpack),
            Some(Ok(Message::Close(_))) => continue,
            Some(Ok(_)) => {
                hub.with(|core, now| core.heard(id, now));
                continue;
            }
            Some(Err(Error::Capacity(_))) => {
                Err(ErrorInfo::bad(TOO_LARGE, "the frame exceeds maxFrameSize"))
            }
            // A network that breaks is no fault of the client's.
            Some(Err(Error::Protocol(ProtocolError::ResetWithoutClosingHandshake))) => return,
            Some(Err(Error::Protocol(_) | Error::Utf8(_))) => Err(ErrorInfo::bad(
                PROTOCOL,
                "the frame is not one of WebSocket",
            )),
            Some(Err(_)) | None => return,
        };
        hub.with(|core, now| core.receive(id, frame, now));
        if is_broken {
            std::future::pending::<()>().await;
        }
    }
}

fn decode(bytes: &[u8], format: Format, sent_as: Format) -> Result<Value, ErrorInfo> {
    if format != sent_as {
        let why = format!("the connection was opened for {format}");
        return Err(ErrorInfo::bad(PROTOCOL, why));
    }
    format
        .decode(bytes)
        .map_err(|why| ErrorInfo::bad(PROTOCOL, why))
}

fn encode(bytes: &[u8], format: Format) -> Message {
    let bytes = Bytes::copy_from_slice(bytes);
    match format {
        Format::Msgpack => Message::Binary(bytes),
        Format::Json => match Utf8Bytes::try_from(bytes) {
            Ok(text) => Message::Text(text),
            // The encoder writes text only.
            Err(_) => Message::Close(None),
        },
    }
}

// Closing a socket with unread input resets it, and the peer may lose what was sent last. So
// whatever still comes is thrown away until the peer closes too.
async fn linger(mut socket: Socket) {
    let _ = socket.flush().await;
    let inner = socket.get_mut();
    let _ = inner.shutdown().await;
    let mut scrap = vec![0; 64 * 1024];
    while let Ok(1..) = inner.read(&mut scrap).await {}
}

const STALL: Duration = Duration::from_secs(30);
const LINGER: Duration = Duration::from_secs(5);
const PROBE: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

    use tokio::sync::watch;

    use super::*;
    use crate::core::{Core, Limits};
    use crate::shell::clock::Clock;

    #[test]
    fn a_session_that_panics_leaves_nothing_behind() {
        let (_stop, stop_seen) = watch::channel(false);
        let (_durable, durable_seen) = watch::channel(0);
        let clock = Clock::new();
        let core = Core::new(Limits::default(), [0; 32], clock.now());
        let hub = Hub::new(core, clock, stop_seen, None, durable_seen);
        let request = ConnectRequest { query: Vec::new() };
        let id = hub.with(|core, now| core.connect(&request, now));
        let session = AssertUnwindSafe(|| -> () {
            let _registered = Registered::new(&hub, id);
            assert!(matches!(hub.poll_send(id), Some(Outgoing::Frame(_))));
            resume_unwind(Box::new("on purpose"));
        });
        assert!(catch_unwind(session).is_err());
        assert!(matches!(hub.poll_send(id), Some(Outgoing::Cut)));
    }
}
