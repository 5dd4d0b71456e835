//! [`Link`]: one open WebSocket.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use ably_base::{Frame, TransportError, TransportLink};
use futures_core::Stream;
use futures_sink::Sink;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Error as WsError, Message, Utf8Bytes,
        protocol::{CloseFrame, Role, WebSocketConfig, frame::coding::CloseCode},
    },
};

use crate::{
    AsyncStream,
    error::{of_close, of_web_socket, protocol},
};

/// Bytes read at once. Frames are slices of this buffer, so one that is kept keeps all of it.
const READ_BUFFER: usize = 16 * 1024;
/// Bytes collected before they are written without being asked to flush.
const WRITE_BUFFER: usize = 16 * 1024;
/// Pings and pongs taken in one go, so that a flood of them starves nobody.
const MAX_CONTROL: usize = 32;

pub(crate) struct Link {
    socket: WebSocketStream<AsyncStream>,
    active: bool,
    /// Our close is out.
    closing: bool,
    /// Nothing more comes.
    ended: bool,
}

impl Link {
    pub(crate) async fn new(stream: AsyncStream, max_frame_size: usize) -> Self {
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER)
            .write_buffer_size(WRITE_BUFFER)
            .max_message_size(Some(max_frame_size))
            .max_frame_size(Some(max_frame_size));
        Self {
            socket: WebSocketStream::from_raw_socket(stream, Role::Client, Some(config)).await,
            active: false,
            closing: false,
            ended: false,
        }
    }

    fn socket(&mut self) -> Pin<&mut WebSocketStream<AsyncStream>> {
        Pin::new(&mut self.socket)
    }

    /// Tells the peer why, as far as that goes without waiting.
    fn give_up(&mut self, cx: &mut Context<'_>, error: &WsError) {
        let code = match error {
            WsError::Capacity(_) => CloseCode::Size,
            WsError::Utf8(_) => CloseCode::Invalid,
            WsError::Protocol(_) => CloseCode::Protocol,
            _ => return,
        };
        let frame = CloseFrame {
            code,
            reason: Utf8Bytes::from_static(""),
        };
        if self
            .socket()
            .start_send(Message::Close(Some(frame)))
            .is_ok()
        {
            let _ = self.socket().poll_flush(cx);
        }
    }
}

impl TransportLink for Link {
    fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, TransportError>>> {
        for _ in 0..MAX_CONTROL {
            match ready!(self.socket().poll_next(cx)) {
                Some(Ok(Message::Text(text))) => {
                    return Poll::Ready(Some(Ok(Frame::Text(text.into()))));
                }
                Some(Ok(Message::Binary(bytes))) => {
                    return Poll::Ready(Some(Ok(Frame::Binary(bytes))));
                }
                // The pong goes out with the next look for a frame.
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => self.active = true,
                Some(Ok(Message::Close(frame))) => {
                    self.ended = true;
                    // The answer to it, as far as it goes without waiting.
                    let _ = self.socket().poll_flush(cx);
                    return Poll::Ready(Some(Err(of_close(frame))));
                }
                // Not given out by reading.
                Some(Ok(Message::Frame(_))) => {}
                Some(Err(error)) => {
                    self.give_up(cx, &error);
                    return Poll::Ready(Some(Err(of_web_socket(error))));
                }
                None => return Poll::Ready(None),
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        self.socket().poll_ready(cx).map_err(of_web_socket)
    }

    fn start_send(&mut self, frame: Frame) -> Result<(), TransportError> {
        let message = match frame {
            Frame::Text(bytes) => Message::Text(
                Utf8Bytes::try_from(bytes).map_err(|_| protocol("a text frame is not UTF-8"))?,
            ),
            Frame::Binary(bytes) => Message::Binary(bytes),
        };
        self.socket().start_send(message).map_err(of_web_socket)
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        self.socket().poll_flush(cx).map_err(of_web_socket)
    }

    /// Sends a close and waits for the answer, throwing away what still comes: a socket that is
    /// dropped with unread bytes is reset, and what was sent last may be lost.
    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.closing {
            if ready!(self.socket().poll_close(cx)).is_err() {
                return Poll::Ready(());
            }
            self.closing = true;
        }
        if self.ended {
            return Poll::Ready(());
        }
        for _ in 0..MAX_CONTROL {
            match ready!(self.socket().poll_next(cx)) {
                Some(Ok(Message::Close(_)) | Err(_)) | None => return Poll::Ready(()),
                Some(Ok(_)) => {}
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn saw_activity(&mut self) -> bool {
        std::mem::take(&mut self.active)
    }
}
