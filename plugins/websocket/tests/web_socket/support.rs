//! Servers, and links to be awaited.

use std::{future::poll_fn, sync::Arc};

use ably_base::{
    ByteStream, ConnectContext, Dial, Format, Frame, Target, Transport, TransportError,
    TransportLink, engine::BoxFuture,
};
use ably_websocket::{TokioStream, WebSocketTransport};
use tokio::{
    io::DuplexStream,
    net::{TcpListener, TcpStream},
    sync::mpsc,
};
use tokio_tungstenite::WebSocketStream;

pub(crate) const SECRET: &str = "s3cr3t";

pub(crate) fn target(host: &str, port: u16) -> Target {
    let path = format!("/?key=appId.keyId:{SECRET}&v=3");
    Target::new(host.into(), port, false, path, Format::Json)
}

/// A link to be awaited.
pub(crate) struct Link(pub(crate) Box<dyn TransportLink>);

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Link")
    }
}

impl Link {
    pub(crate) async fn recv(&mut self) -> Option<Result<Frame, TransportError>> {
        poll_fn(|cx| self.0.poll_recv(cx)).await
    }

    pub(crate) async fn frame(&mut self) -> Frame {
        self.recv().await.unwrap().unwrap()
    }

    pub(crate) async fn error(&mut self) -> TransportError {
        let error = self.recv().await.unwrap().unwrap_err();
        assert!(!format!("{error} {error:?}").contains(SECRET), "{error:?}");
        error
    }

    pub(crate) async fn send(&mut self, frame: Frame) {
        poll_fn(|cx| self.0.poll_ready(cx)).await.unwrap();
        self.0.start_send(frame).unwrap();
    }

    pub(crate) async fn flush(&mut self) {
        poll_fn(|cx| self.0.poll_flush(cx)).await.unwrap();
    }

    pub(crate) async fn close(&mut self) {
        poll_fn(|cx| self.0.poll_close(cx)).await;
    }
}

pub(crate) async fn connect(target: Target, cx: ConnectContext) -> Result<Link, TransportError> {
    let outcome = WebSocketTransport.connect(target, cx).await.map(Link);
    if let Err(error) = &outcome {
        assert!(!format!("{error} {error:?}").contains(SECRET), "{error:?}");
    }
    outcome
}

/// A listener on loopback and its port.
pub(crate) async fn listen() -> (TcpListener, u16) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

/// A link and the server's end of it, over TCP.
pub(crate) async fn pair(max_frame_size: usize) -> (Link, WebSocketStream<TcpStream>) {
    let (listener, port) = listen().await;
    let mut cx = ConnectContext::new();
    cx.max_frame_size = max_frame_size;
    let server = async {
        let (stream, _) = listener.accept().await.unwrap();
        tokio_tungstenite::accept_async(stream).await.unwrap()
    };
    let (link, server) = tokio::join!(connect(target("127.0.0.1", port), cx), server);
    (link.unwrap(), server)
}

/// A dialler whose other ends come out of a channel: no sockets, so time can be paused.
pub(crate) struct Pipes {
    capacity: usize,
    ends: mpsc::UnboundedSender<(String, u16, DuplexStream)>,
}

impl Dial for Pipes {
    fn dial(
        &self,
        host: String,
        port: u16,
    ) -> BoxFuture<Result<Box<dyn ByteStream>, TransportError>> {
        let (near, far) = tokio::io::duplex(self.capacity);
        let _ = self.ends.send((host, port, far));
        Box::pin(async { Ok(Box::new(TokioStream::new(near)) as Box<dyn ByteStream>) })
    }
}

/// What was dialled comes out of the receiver.
pub(crate) fn pipes(
    capacity: usize,
) -> (
    ConnectContext,
    mpsc::UnboundedReceiver<(String, u16, DuplexStream)>,
) {
    let (ends, dialled) = mpsc::unbounded_channel();
    let mut cx = ConnectContext::new();
    cx.dial = Some(Arc::new(Pipes { capacity, ends }));
    (cx, dialled)
}

/// A link and the server's end of it, over a pipe of this capacity.
pub(crate) async fn piped(capacity: usize) -> (Link, WebSocketStream<DuplexStream>) {
    let (cx, mut dialled) = pipes(capacity);
    let server = async {
        let (_, _, stream) = dialled.recv().await.unwrap();
        tokio_tungstenite::accept_async(stream).await.unwrap()
    };
    let (link, server) = tokio::join!(connect(target("ably.test", 80), cx), server);
    (link.unwrap(), server)
}

/// A link of messages up to `max_frame_size`, and the bare pipe of this capacity that it is on.
pub(crate) async fn raw(capacity: usize, max_frame_size: usize) -> (Link, DuplexStream) {
    let (mut cx, mut dialled) = pipes(capacity);
    cx.max_frame_size = max_frame_size;
    let server = async {
        let (_, _, stream) = dialled.recv().await.unwrap();
        tokio_tungstenite::accept_async(stream).await.unwrap()
    };
    let (link, server) = tokio::join!(connect(target("ably.test", 80), cx), server);
    (link.unwrap(), server.into_inner())
}
