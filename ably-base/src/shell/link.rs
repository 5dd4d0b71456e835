//! One open link and what is on its way out.

use std::{
    collections::VecDeque,
    sync::Arc,
    task::{Context, Poll},
};

use ably_engine::{
    Instant, OpId, TransportError,
    protocol::{Codec, ErrorInfo, Format, Frame, ProtocolMessage},
};
use bytes::BytesMut;

use crate::TransportLink;

pub(super) struct OpenLink {
    pub(super) op: OpId,
    link: Box<dyn TransportLink>,
    codec: Arc<dyn Codec>,
    out: VecDeque<Arc<ProtocolMessage>>,
    buffer: BytesMut,
    unflushed: bool,
    /// Why nothing is written any more.
    failed: Option<WriteError>,
    /// Being closed; gone by then at the latest.
    pub(super) closing: Option<Instant>,
}

/// What came of polling a link.
// Moved straight on into an input; boxing would cost an allocation a message.
#[allow(clippy::large_enum_variant)]
pub(super) enum Came {
    Message(Result<ProtocolMessage, ErrorInfo>),
    Activity,
    Closed(TransportError),
}

/// Why nothing more can be written.
pub(super) enum WriteError {
    Link(TransportError),
    /// The message of this serial cannot be encoded.
    Unsendable(Option<i64>, ErrorInfo),
}

impl From<TransportError> for WriteError {
    fn from(error: TransportError) -> Self {
        Self::Link(error)
    }
}

impl OpenLink {
    pub(super) fn new(op: OpId, link: Box<dyn TransportLink>, codec: Arc<dyn Codec>) -> Self {
        Self {
            op,
            link,
            codec,
            out: VecDeque::new(),
            buffer: BytesMut::new(),
            unflushed: false,
            failed: None,
            closing: None,
        }
    }

    pub(super) fn send(&mut self, message: Arc<ProtocolMessage>) {
        if self.failed.is_none() {
            self.out.push_back(message);
        }
    }

    /// Writes what waits, until that fails for the first time; see [`OpenLink::take_failure`].
    pub(super) fn poll_write(&mut self, cx: &mut Context<'_>) {
        if self.failed.is_some() {
            return;
        }
        if let Err(error) = self.try_write(cx) {
            self.failed = Some(error);
            self.out.clear();
        }
    }

    /// Why writing failed, if it did: the link is of no use once there is nothing left to read.
    pub(super) fn take_failure(&mut self) -> Option<WriteError> {
        self.failed.take()
    }

    /// Encodes and hands over what waits, as far as the link takes it.
    fn try_write(&mut self, cx: &mut Context<'_>) -> Result<(), WriteError> {
        while let Some(message) = self.out.front() {
            match self.link.poll_ready(cx) {
                Poll::Pending => break,
                Poll::Ready(r) => r?,
            }
            match self.codec.encode(message, &mut self.buffer) {
                Ok(()) => {
                    let bytes = self.buffer.split().freeze();
                    let frame = match self.codec.format() {
                        Format::Json => Frame::Text(bytes),
                        _ => Frame::Binary(bytes),
                    };
                    self.link.start_send(frame)?;
                    self.unflushed = true;
                }
                Err(error) => {
                    let serial = message.msg_serial;
                    return Err(WriteError::Unsendable(serial, error));
                }
            }
            self.out.pop_front();
        }
        if self.unflushed {
            match self.link.poll_flush(cx) {
                Poll::Pending => {}
                Poll::Ready(r) => {
                    r?;
                    self.unflushed = false;
                }
            }
        }
        Ok(())
    }

    /// Reads one frame.
    pub(super) fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Came> {
        let came = self.link.poll_recv(cx);
        let active = self.link.saw_activity();
        match came {
            Poll::Ready(Some(Ok(frame))) => Poll::Ready(Came::Message(self.codec.decode(&frame))),
            Poll::Ready(Some(Err(error))) => Poll::Ready(Came::Closed(error)),
            Poll::Ready(None) => Poll::Ready(Came::Closed(TransportError::new(
                ably_engine::FailureKind::Closed {
                    code: None,
                    reason: String::new(),
                },
            ))),
            Poll::Pending if active => Poll::Ready(Came::Activity),
            Poll::Pending => Poll::Pending,
        }
    }

    /// Drives a link that is being closed; true when it is gone.
    pub(super) fn poll_closed(&mut self, cx: &mut Context<'_>) -> bool {
        self.poll_write(cx);
        if self.failed.is_some() {
            return true;
        }
        if !self.out.is_empty() || self.unflushed {
            return false;
        }
        self.link.poll_close(cx).is_ready()
    }
}
