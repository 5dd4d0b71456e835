//! [`Link`]: one open WebSocket.

use std::{
    io,
    task::{Context, Poll, ready},
};

use ably_base::{ByteStream, Frame, TransportError, TransportLink};
use bytes::Bytes;

use crate::{
    error::{no_random, of_broken, of_close, of_violation, over, protocol},
    frame::{Opcode, Reader, Step, Violation, Writer},
};

/// Bytes collected before they are written without being asked to flush.
const WRITE_BUFFER: usize = 16 * 1024;
/// Reads, and frames that are no message, taken in one go, so that a flood of them starves nobody.
const MAX_STEPS: usize = 32;

pub(crate) struct Link {
    stream: Box<dyn ByteStream>,
    reader: Reader,
    writer: Writer,
    /// A ping for whose pong there was no room. The newest is enough (RFC 6455, 5.5.3): a peer that
    /// pings and does not read must not fill our memory.
    ping: Option<Bytes>,
    /// A pong or close has not gone out yet.
    answering: bool,
    active: bool,
    /// Our close is lined up, or out.
    closing: bool,
    /// Nothing more comes.
    ended: bool,
}

impl Link {
    /// A link on `stream`, of which `early` was read already.
    pub(crate) fn new(stream: Box<dyn ByteStream>, early: &[u8], max_frame_size: usize) -> Self {
        Self {
            stream,
            reader: Reader::new(max_frame_size, early),
            writer: Writer::new(),
            ping: None,
            answering: false,
            active: false,
            closing: false,
            ended: false,
        }
    }

    fn push(&mut self, opcode: Opcode, payload: &[u8]) -> Result<(), TransportError> {
        self.writer.push(opcode, payload).map_err(no_random)
    }

    /// Lines up the answer to a ping, when there is one to be answered and room.
    fn answer_ping(&mut self) -> Result<(), TransportError> {
        if self.closing || self.writer.unsent().len() >= WRITE_BUFFER {
            return Ok(());
        }
        match self.ping.take() {
            Some(bytes) => self.push(Opcode::Pong, &bytes),
            None => Ok(()),
        }
    }

    fn close(&mut self, code: Option<u16>, reason: &str) -> Result<(), TransportError> {
        if std::mem::replace(&mut self.closing, true) {
            return Ok(());
        }
        let payload = match code {
            Some(code) => [&code.to_be_bytes(), reason.as_bytes()].concat(),
            None => Vec::new(),
        };
        self.push(Opcode::Close, &payload)
    }

    /// Tells the peer why, as far as that goes without waiting.
    fn give_up(&mut self, cx: &mut Context<'_>, violation: Violation) -> TransportError {
        self.ended = true;
        if self.close(Some(violation.close_code()), "").is_ok() {
            let _ = self.poll_out(cx);
        }
        of_violation(violation)
    }

    /// Reads once; false when nothing more comes.
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        let error = match ready!(self.stream.poll_read(cx, self.reader.room())) {
            Ok(0) => io::ErrorKind::UnexpectedEof.into(),
            Ok(n) => {
                self.reader.filled(n);
                return Poll::Ready(Ok(()));
            }
            Err(error) => error,
        };
        self.ended = true;
        Poll::Ready(Err(of_broken(error)))
    }

    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        match ready!(self.stream.poll_write(cx, self.writer.unsent())).map_err(of_broken)? {
            0 => return Poll::Ready(Err(of_broken(io::ErrorKind::WriteZero.into()))),
            n => self.writer.sent(n),
        }
        Poll::Ready(self.answer_ping())
    }

    /// Writes all that waits, and flushes.
    fn poll_out(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        while !self.writer.unsent().is_empty() {
            ready!(self.poll_write(cx))?;
        }
        ready!(self.stream.poll_flush(cx)).map_err(of_broken)?;
        self.answering = false;
        Poll::Ready(Ok(()))
    }
}

impl TransportLink for Link {
    fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, TransportError>>> {
        for _ in 0..MAX_STEPS {
            if self.ended {
                return Poll::Ready(None);
            }
            match self.reader.next() {
                Ok(Some(Step::Text(text))) => return Poll::Ready(Some(Ok(Frame::Text(text)))),
                Ok(Some(Step::Binary(bytes))) => {
                    return Poll::Ready(Some(Ok(Frame::Binary(bytes))));
                }
                Ok(Some(Step::Part)) => {}
                Ok(Some(Step::Ping(bytes))) => {
                    self.active = true;
                    self.ping = Some(bytes);
                    self.answering = true;
                    self.answer_ping()?;
                }
                Ok(Some(Step::Pong)) => self.active = true,
                Ok(Some(Step::Close { code, reason })) => {
                    self.ended = true;
                    if self.close(code, &reason).is_ok() {
                        // As far as it goes without waiting.
                        let _ = self.poll_out(cx);
                    }
                    return Poll::Ready(Some(Err(of_close(code, reason))));
                }
                Ok(None) => {
                    if self.answering {
                        // A peer that takes nothing more may still have sent something.
                        let _ = self.poll_out(cx);
                    }
                    ready!(self.poll_fill(cx))?;
                }
                Err(violation) => return Poll::Ready(Some(Err(self.give_up(cx, violation)))),
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        while self.writer.unsent().len() >= WRITE_BUFFER {
            ready!(self.poll_write(cx))?;
        }
        Poll::Ready(Ok(()))
    }

    fn start_send(&mut self, frame: Frame) -> Result<(), TransportError> {
        if self.closing || self.ended {
            return Err(over());
        }
        match frame {
            Frame::Text(bytes) if std::str::from_utf8(&bytes).is_err() => {
                Err(protocol("a text frame is not UTF-8"))
            }
            Frame::Text(bytes) => self.push(Opcode::Text, &bytes),
            Frame::Binary(bytes) => self.push(Opcode::Binary, &bytes),
        }
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        self.poll_out(cx)
    }

    /// Sends a close and waits for the answer, throwing away what still comes: a socket that is
    /// dropped with unread bytes is reset, and what was sent last may be lost.
    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.close(None, "").is_err() {
            return Poll::Ready(());
        }
        let out = self.poll_out(cx);
        if matches!(out, Poll::Ready(Err(_))) {
            return Poll::Ready(());
        }
        for _ in 0..MAX_STEPS {
            if self.ended {
                return out.map(|_| ());
            }
            match self.reader.next() {
                Ok(Some(Step::Close { .. })) | Err(_) => self.ended = true,
                Ok(Some(_)) => {}
                Ok(None) => {
                    if ready!(self.poll_fill(cx)).is_err() {
                        return Poll::Ready(());
                    }
                }
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn saw_activity(&mut self) -> bool {
        std::mem::take(&mut self.active)
    }
}
