//! What a frame costs in allocations, over a stream in memory.

use std::{
    io,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use ably_base::{
    ByteStream, ConnectContext, Dial, Format, Frame, Target, Transport, TransportError,
    TransportLink, engine::BoxFuture,
};
use ably_websocket::WebSocketTransport;
use allocation_counter::measure;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

const FRAME: [u8; 304] = {
    let mut frame = [b'x'; 304];
    // A last frame of text, 300 bytes long.
    (frame[0], frame[1], frame[2], frame[3]) = (0x81, 126, 1, 44);
    frame
};

/// Accepts the upgrade, then repeats [`FRAME`] for ever and takes what is written.
#[derive(Default)]
struct Peer {
    answer: Vec<u8>,
    sent: usize,
}

impl ByteStream for Peer {
    fn poll_read(&mut self, _: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        for (i, byte) in buf.iter_mut().enumerate() {
            let at = self.sent + i;
            let in_frame = at.wrapping_sub(self.answer.len()) % FRAME.len();
            *byte = *self.answer.get(at).unwrap_or(&FRAME[in_frame]);
        }
        self.sent += buf.len();
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_write(&mut self, _: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        if self.answer.is_empty() {
            let request = String::from_utf8_lossy(buf);
            let key = request
                .lines()
                .find_map(|l| l.strip_prefix("Sec-WebSocket-Key: "))
                .unwrap();
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
        Box::pin(async { Ok(Box::new(Peer::default()) as Box<dyn ByteStream>) })
    }
}

fn link() -> Box<dyn TransportLink> {
    let mut cx = ConnectContext::new();
    cx.dial = Some(Arc::new(Peer::default()));
    let target = Target::new("ably.test".into(), 80, false, "/".into(), Format::Json);
    let mut connecting = pin!(WebSocketTransport.connect(target, cx));
    match connecting
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
    {
        Poll::Ready(link) => link.map_err(|e| e.to_string()).unwrap(),
        Poll::Pending => panic!("a stream in memory is always ready"),
    }
}

fn receive(link: &mut dyn TransportLink) -> Frame {
    match link.poll_recv(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Some(Ok(frame))) => frame,
        other => panic!("{other:?}"),
    }
}

#[test]
fn frames_that_are_dropped_cost_none() {
    let mut link = link();
    // Until the buffer has its size, four times that of a read at most.
    for _ in 0..1000 {
        receive(&mut *link);
    }
    let cost = measure(|| {
        for _ in 0..10_000 {
            let Frame::Text(text) = receive(&mut *link) else {
                panic!("not text");
            };
            assert_eq!(text, FRAME[4..]);
        }
    });
    assert_eq!(cost.count_total, 0);
}

#[test]
fn frames_that_are_kept_share_buffers() {
    let mut link = link();
    let mut kept = Vec::with_capacity(10_000);
    let cost = measure(|| {
        for _ in 0..10_000 {
            kept.push(receive(&mut *link));
        }
    });
    // A buffer of 16 KiB holds 53 frames; it takes two, and when a read has filled it tungstenite
    // moves what is unread to another.
    assert!(cost.count_total < 10_000 / 10, "{}", cost.count_total);
    let expected = Frame::Text(FRAME[4..].to_vec().into());
    assert!(kept.iter().all(|frame| *frame == expected));
}

#[test]
fn frames_that_are_sent_cost_none() {
    let mut link = link();
    let mut cx = Context::from_waker(Waker::noop());
    let frame = Frame::Text("x".repeat(300).into());
    let mut send = |n: usize| {
        for _ in 0..n {
            assert!(link.poll_ready(&mut cx).is_ready());
            link.start_send(frame.clone()).unwrap();
            assert!(link.poll_flush(&mut cx).is_ready());
        }
    };
    send(1);
    assert_eq!(measure(|| send(10_000)).count_total, 0);
}
