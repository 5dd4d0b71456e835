//! One socket of a client, or what comet has for one, as far as the core knows it: what is waiting to be sent on it, and when
//! it was last heard.
//!
//! What waits is bounded. A client that does not read is told so, if it ever reads again, and
//! dropped; its connection can be resumed.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::core::comet::Comet;
use crate::core::journal::Journal;
use crate::core::limits::Limits;
use crate::wire::error::DISCONNECTED;
use crate::wire::{ErrorInfo, Format, Frame, ProtocolMessage, action};

/// Names a transport for the life of the server.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct TransportId(pub(crate) u64);

/// Something to do on a socket.
#[derive(Clone, Debug)]
pub enum Outgoing {
    /// Send a frame.
    Frame(Arc<Frame>),
    /// Send a WebSocket ping.
    Ping,
    /// Close politely; nothing follows.
    Close,
    /// Drop the socket without a word; nothing follows.
    Cut,
}

/// A transport's state.
#[derive(Debug)]
pub(crate) struct Transport {
    pub(crate) format: Format,
    pub(crate) connection: Option<String>,
    pub(crate) heartbeats: bool,
    pub(crate) idle_interval: u64,
    pub(crate) last_received: u64,
    pub(crate) last_sent: u64,
    pub(crate) ended: bool,
    /// Set if the transport is made of HTTP requests.
    pub(crate) comet: Option<Comet>,
    /// What is to be done, and the record that must be durable before.
    outbox: VecDeque<(u64, Outgoing)>,
    outbox_bytes: usize,
}

impl Transport {
    pub(crate) fn new(format: Format, idle_interval: u64, now: u64) -> Transport {
        Transport {
            format,
            connection: None,
            heartbeats: false,
            idle_interval,
            last_received: now,
            last_sent: now,
            ended: false,
            comet: None,
            outbox: VecDeque::new(),
            outbox_bytes: 0,
        }
    }

    /// Queues a frame that may be sent once a record is durable; `false` means that the client was
    /// too slow and is now being dropped.
    pub(crate) fn send(
        &mut self,
        frame: Arc<Frame>,
        after: u64,
        limits: &Limits,
        now: u64,
    ) -> bool {
        if self.ended {
            return true;
        }
        let bytes = self.outbox_bytes + frame.weight();
        if self.outbox.len() >= limits.max_outbox_frames || bytes > limits.max_outbox_bytes {
            self.outbox.clear();
            self.outbox_bytes = 0;
            let error = ErrorInfo::bad(DISCONNECTED, "the client reads too slowly");
            let farewell = ProtocolMessage::new(action::DISCONNECTED).with_error(error);
            let farewell = Outgoing::Frame(Arc::new(Frame::new(farewell)));
            self.outbox.push_back((0, farewell));
            self.end(Outgoing::Close);
            return false;
        }
        self.outbox_bytes = bytes;
        self.last_sent = now;
        self.outbox.push_back((after, Outgoing::Frame(frame)));
        true
    }

    /// Queues a ping.
    pub(crate) fn ping(&mut self, now: u64) {
        if !self.ended {
            self.last_sent = now;
            self.outbox.push_back((0, Outgoing::Ping));
        }
    }

    /// Ends the transport: after what waits if `how` is a close, else at once.
    pub(crate) fn end(&mut self, how: Outgoing) {
        if matches!(how, Outgoing::Cut) {
            self.outbox.clear();
            self.outbox_bytes = 0;
        }
        self.ended = true;
        self.outbox.push_back((0, how));
    }

    /// Takes the next thing to do, unless it must wait.
    pub(crate) fn poll(&mut self, journal: &Journal) -> Option<Outgoing> {
        let next = self.outbox.front();
        next.filter(|(after, _)| journal.is_durable(*after))?;
        let (_, next) = self.outbox.pop_front()?;
        if let Outgoing::Frame(frame) = &next {
            self.outbox_bytes = self.outbox_bytes.saturating_sub(frame.weight());
        }
        Some(next)
    }

    /// Says whether there is something to do, now or later.
    pub(crate) fn has_waiting(&self) -> bool {
        !self.outbox.is_empty()
    }

    /// Says whether so much waits that reading from the client should pause.
    pub(crate) fn is_congested(&self, limits: &Limits) -> bool {
        self.outbox_bytes > limits.outbox_high_water
            || self.outbox.len() > limits.max_outbox_frames / 2
    }
}
