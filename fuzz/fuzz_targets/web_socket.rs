//! What a server sends after the upgrade: it reads the same in one piece and in many, and up to the
//! first error that we see as tungstenite reads it.
#![no_main]

use std::{
    io::{self, Read, Write},
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use ably_base::{
    ByteStream, ConnectContext, Dial, FailureKind, Format, Frame, Target, Transport,
    TransportError, engine::BoxFuture,
};
use ably_websocket::WebSocketTransport;
use libfuzzer_sys::fuzz_target;
use tokio_tungstenite::tungstenite::{
    Message, WebSocket,
    handshake::derive_accept_key,
    protocol::{Role, WebSocketConfig},
};

/// The largest message.
const LIMIT: usize = 4096;

/// Accepts the upgrade, sends the bytes, and ends.
#[derive(Clone, Default)]
struct Peer {
    answer: Vec<u8>,
    bytes: Vec<u8>,
    piece: usize,
}

impl Peer {
    fn new(bytes: &[u8], piece: usize) -> Self {
        Self {
            answer: Vec::new(),
            bytes: bytes.to_vec(),
            piece,
        }
    }
}

impl Read for Peer {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let (from, most) = match self.answer.is_empty() {
            true => (&mut self.bytes, self.piece),
            false => (&mut self.answer, usize::MAX),
        };
        let n = from.len().min(most).min(buf.len());
        buf[..n].copy_from_slice(&from[..n]);
        from.drain(..n);
        Ok(n)
    }
}

impl Write for Peer {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl ByteStream for Peer {
    fn poll_read(&mut self, _: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(self.read(buf))
    }

    fn poll_write(&mut self, _: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let request = String::from_utf8_lossy(buf);
        let key = request
            .lines()
            .find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "));
        if let Some(key) = key {
            self.answer = format!(
                "HTTP/1.1 101 Yes\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                 Sec-WebSocket-Accept: {}\r\n\r\n",
                derive_accept_key(key.as_bytes())
            )
            .into();
        }
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl Dial for Peer {
    fn dial(&self, _: String, _: u16) -> BoxFuture<Result<Box<dyn ByteStream>, TransportError>> {
        let peer: Box<dyn ByteStream> = Box::new(self.clone());
        Box::pin(async { Ok(peer) })
    }
}

/// All messages, and how it ends.
fn ours(peer: Peer) -> (Vec<Frame>, FailureKind) {
    let mut cx = Context::from_waker(Waker::noop());
    let mut context = ConnectContext::new();
    context.dial = Some(Arc::new(peer));
    context.max_frame_size = LIMIT;
    let target = Target::new("ably.test".into(), 80, false, "/".into(), Format::Json);
    let mut connecting = pin!(WebSocketTransport.connect(target, context));
    let Poll::Ready(Ok(mut link)) = connecting.as_mut().poll(&mut cx) else {
        panic!("the upgrade is accepted at once");
    };
    let mut frames = Vec::new();
    loop {
        match link.poll_recv(&mut cx) {
            // It lets others run.
            Poll::Pending => {}
            Poll::Ready(Some(Ok(frame))) => {
                assert!(size(&frame) <= LIMIT);
                frames.push(frame);
            }
            Poll::Ready(Some(Err(error))) => {
                assert!(matches!(link.poll_recv(&mut cx), Poll::Ready(None)));
                while link.poll_close(&mut cx).is_pending() {}
                return (frames, error.kind);
            }
            Poll::Ready(None) => panic!("an error comes first"),
        }
    }
}

fn size(frame: &Frame) -> usize {
    match frame {
        Frame::Text(text) => text.len(),
        Frame::Binary(bytes) => bytes.len(),
    }
}

/// All messages up to an error, and the code and reason when the server closes.
fn theirs(peer: Peer) -> (Vec<Message>, Option<FailureKind>) {
    let config = WebSocketConfig::default()
        .max_message_size(Some(LIMIT))
        .max_frame_size(Some(LIMIT));
    let mut socket = WebSocket::from_raw_socket(peer, Role::Client, Some(config));
    let mut messages = Vec::new();
    loop {
        match socket.read() {
            Ok(Message::Close(close)) => {
                let (code, reason) = close.map_or((1005, String::new()), |close| {
                    (close.code.into(), close.reason.as_str().to_owned())
                });
                let code = Some(code);
                return (messages, Some(FailureKind::Closed { code, reason }));
            }
            Ok(message @ (Message::Text(_) | Message::Binary(_))) => messages.push(message),
            Ok(_) => {}
            Err(_) => return (messages, None),
        }
    }
}

fuzz_target!(|input: &[u8]| {
    let Some((&piece, bytes)) = input.split_first() else {
        return;
    };
    let (frames, end) = ours(Peer::new(bytes, usize::MAX));
    let piece = usize::from(piece).max(1);
    assert_eq!(ours(Peer::new(bytes, piece)), (frames.clone(), end.clone()));

    let (messages, close) = theirs(Peer::new(bytes, usize::MAX));
    // It takes a control frame with a length of 16 or 64 bits, as long as that is small.
    let stricter = end == FailureKind::Protocol && frames.len() < messages.len();
    assert!(stricter || frames.len() == messages.len());
    for (frame, message) in frames.iter().zip(&messages) {
        match (frame, message) {
            (Frame::Text(ours), Message::Text(theirs)) => {
                assert_eq!(AsRef::<[u8]>::as_ref(ours), theirs.as_bytes());
            }
            (Frame::Binary(ours), Message::Binary(theirs)) => assert_eq!(ours, theirs),
            other => panic!("{other:?}"),
        }
    }
    // A text in part that cannot be UTF-8 fails there at once, and here when it is at its end.
    match &end {
        FailureKind::Closed {
            code: Some(1006), ..
        } => assert_eq!(close, None),
        // It does not know this one, which is registered.
        FailureKind::Closed {
            code: Some(1014), ..
        } => {}
        FailureKind::Closed { .. } => assert!(close.is_none() || close.as_ref() == Some(&end)),
        FailureKind::Protocol => {}
        other => panic!("{other:?}"),
    }
});
