//! [`Machine`]: what a link asks of the server, and what it makes of the answers. No IO: answers
//! and time are arguments.
//!
//! ```text
//!  receive lane   connect -> recv -> recv -> …             one at a time
//!  send lane      send -> send -> … -> close | disconnect   one at a time
//! ```
//!
//! The lanes know nothing of each other but the connectionKey, which the answer to `connect` brings
//! and without which there is nothing to send, and the end: DISCONNECTED, CLOSED, an ERROR of the
//! connection, or a failure.
//!
//! | answer | what comes of it |
//! |---|---|
//! | success with an array | its elements are frames |
//! | 204, or the end of a stream | nothing |
//! | success with anything else | failure |
//! | no success | see [`refusal`](crate::refusal) |
//! | to `close` or `disconnect` | the end, whatever it is |
//!
//! Spec: `comet.textile`; ably-js's `CometTransport`.

use std::{collections::VecDeque, time::Duration};

use ably_base::{
    FailureKind, Frame, TransportError,
    engine::{HttpRequest, Instant},
    protocol::json::split_list,
};
use bytes::Bytes;

use crate::{
    batch::Batch,
    error::{closed, malformed, protocol},
    lines::Collector,
    peek::{self, Incoming, Outgoing},
    refusal::{self, Head},
    urls::Urls,
};

#[cfg(test)]
mod tests;

/// A request for what the server has to say is answered within this.
const RECEIVE_TIMEOUT: Duration = Duration::from_secs(90);
/// A server that has nothing to say, and says so at once, is asked again after this.
const PAUSE: Duration = Duration::from_secs(1);

/// One of the two requests that may be under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lane {
    Receive,
    Send,
}

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ask {
    Connect,
    Receive,
    Send,
    Close,
    Disconnect,
}

impl Ask {
    /// Its answer brings what the server has to say.
    fn receives(self) -> bool {
        matches!(self, Self::Connect | Self::Receive)
    }

    /// Its answer ends the link.
    fn leaves(self) -> bool {
        matches!(self, Self::Close | Self::Disconnect)
    }
}

/// A request under way.
struct Exchange {
    ask: Ask,
    began: Instant,
    /// Given up by then.
    deadline: Option<Instant>,
    /// Once it came.
    head: Option<Head>,
    body: Collector,
    /// How many frames it has brought.
    frames: usize,
}

impl Exchange {
    fn succeeds(&self) -> bool {
        self.head.is_some_and(|h| (200..300).contains(&h.status))
    }
}

/// How far the link has come.
enum Stage {
    Open,
    /// Nothing more comes.
    Ended,
    /// Nothing more comes, because of this.
    Failed(TransportError),
}

/// The state of one link. It holds credentials and frames, so it has no `Debug`.
pub(crate) struct Machine {
    urls: Urls,
    limit: usize,
    send_timeout: Duration,
    stage: Stage,
    /// `connect` has been asked.
    begun: bool,
    receiving: Option<Exchange>,
    sending: Option<Exchange>,
    /// The server is not asked again before.
    not_before: Option<Instant>,
    frames: VecDeque<Bytes>,
    bytes: usize,
    out: Batch,
    /// To be asked once all is sent.
    leaving: Option<Ask>,
    /// An answer has come to its end since it was asked.
    active: bool,
}

impl Machine {
    /// A link to be opened. Answers, or lines of a stream, may have `limit` bytes; a request that
    /// sends is given up after `send_timeout`.
    pub(crate) fn new(urls: Urls, limit: usize, send_timeout: Duration) -> Self {
        Self {
            urls,
            limit,
            send_timeout,
            stage: Stage::Open,
            begun: false,
            receiving: None,
            sending: None,
            not_before: None,
            frames: VecDeque::new(),
            bytes: 0,
            out: Batch::default(),
            leaving: None,
            active: false,
        }
    }

    /// The next request to make, if any; call it again until there is none.
    pub(crate) fn poll_request(&mut self, now: Instant) -> Option<(Lane, HttpRequest)> {
        if self.is_over() {
            return None;
        }
        if self.receiving.is_none() {
            if let Some(ask) = self.next_receive(now) {
                return self.begin(Lane::Receive, ask, now);
            }
        }
        if self.sending.is_none() {
            if let Some(ask) = self.next_send() {
                return self.begin(Lane::Send, ask, now);
            }
        }
        None
    }

    fn next_receive(&self, now: Instant) -> Option<Ask> {
        if !self.begun {
            return Some(Ask::Connect);
        }
        // Who is leaving has heard enough.
        let waits = self.not_before.is_some_and(|at| at > now);
        (self.leaving.is_none() && !waits).then_some(Ask::Receive)
    }

    fn next_send(&self) -> Option<Ask> {
        if !self.urls.has_key() {
            return None;
        }
        if self.out.is_empty() {
            return self.leaving;
        }
        // What answers bring must have been taken before there are more of them, but who leaves
        // takes nothing any more.
        (self.leaving.is_some() || self.bytes < self.limit).then_some(Ask::Send)
    }

    fn begin(&mut self, lane: Lane, ask: Ask, now: Instant) -> Option<(Lane, HttpRequest)> {
        let url = match ask {
            Ask::Connect => Some(self.urls.connect()),
            Ask::Receive => self.urls.of("recv"),
            Ask::Send => self.urls.of("send"),
            Ask::Close => self.urls.of("close"),
            Ask::Disconnect => self.urls.of("disconnect"),
        }?;
        let mut request = HttpRequest::new(if ask == Ask::Send { "POST" } else { "GET" }, url);
        let json = || String::from("application/json");
        request.headers.push(("accept".into(), json()));
        if ask == Ask::Send {
            request.headers.push(("content-type".into(), json()));
            request.body = self.out.take();
        }
        let wait = match ask.receives() {
            true => RECEIVE_TIMEOUT,
            false => self.send_timeout,
        };
        self.begun |= ask == Ask::Connect;
        *self.slot(lane) = Some(Exchange {
            ask,
            began: now,
            deadline: Some(now.after(wait)),
            head: None,
            body: Collector::new(self.limit),
            frames: 0,
        });
        Some((lane, request))
    }

    fn slot(&mut self, lane: Lane) -> &mut Option<Exchange> {
        match lane {
            Lane::Receive => &mut self.receiving,
            Lane::Send => &mut self.sending,
        }
    }

    /// False when the answer is not awaited any more: abandon the request.
    pub(crate) fn awaits(&self, lane: Lane) -> bool {
        match lane {
            Lane::Receive => self.receiving.is_some(),
            Lane::Send => self.sending.is_some(),
        }
    }

    /// False while the body of this lane should not be read: there is enough to do.
    pub(crate) fn reads(&self, lane: Lane) -> bool {
        lane == Lane::Send || self.frames.is_empty()
    }

    /// The head of an answer came.
    pub(crate) fn on_head(&mut self, lane: Lane, head: Head) {
        let streams = self.urls.streams();
        if let Some(exchange) = self.slot(lane) {
            exchange.head = Some(head);
            if streams && exchange.ask.receives() && exchange.succeeds() {
                exchange.body.by_lines();
                // It goes on for as long as it likes; silence is for the client to judge.
                exchange.deadline = None;
            }
        }
    }

    /// A piece of a body came.
    pub(crate) fn on_chunk(&mut self, lane: Lane, chunk: Bytes) {
        let Some(exchange) = self.slot(lane) else {
            return;
        };
        let mut lines = Vec::new();
        let pushed = exchange.body.push(chunk, |line| lines.push(line));
        for line in lines.iter().filter(|line| !is_blank(line)) {
            self.on_list(lane, line);
        }
        if let Err(error) = pushed {
            self.on_failure(lane, error);
        }
    }

    /// A body has come to its end.
    pub(crate) fn on_end(&mut self, lane: Lane, now: Instant) {
        let Some(mut exchange) = self.slot(lane).take() else {
            return;
        };
        let rest = exchange.body.take();
        let succeeds = exchange.succeeds();
        let streamed = exchange.body.is_by_lines();
        if exchange.ask.leaves() {
            // It may hold CLOSED.
            let list = split_list(&rest).ok().filter(|_| succeeds);
            self.on_frames(list.unwrap_or_default());
            return self.end();
        }
        self.active |= exchange.ask.receives();
        let frames = match exchange.head {
            Some(Head { status: 204, .. }) => Ok(Vec::new()),
            _ if streamed && is_blank(&rest) => Ok(Vec::new()),
            Some(head) if !succeeds => refusal::frames(head, &rest, exchange.ask == Ask::Connect),
            _ => split_list(&rest).map_err(malformed),
        };
        match frames {
            Ok(frames) => exchange.frames += self.on_frames(frames),
            Err(error) => self.fail(error),
        }
        match exchange.ask {
            Ask::Connect if !self.urls.has_key() => {
                self.fail(protocol("the answer to connect holds no CONNECTED"));
            }
            Ask::Receive if exchange.frames == 0 && !self.is_over() => {
                self.not_before = Some(exchange.began.after(PAUSE)).filter(|at| *at > now);
            }
            _ => {}
        }
    }

    /// A request failed, or its answer broke off.
    pub(crate) fn on_failure(&mut self, lane: Lane, error: TransportError) {
        match self.slot(lane).take() {
            Some(exchange) if exchange.ask.leaves() => self.end(),
            Some(_) => self.fail(error),
            None => {}
        }
    }

    /// When to call [`Machine::on_time`], and then [`Machine::poll_request`].
    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        let exchanges = self.receiving.iter().chain(&self.sending);
        let waiting = self.not_before.filter(|_| self.receiving.is_none());
        exchanges.filter_map(|e| e.deadline).chain(waiting).min()
    }

    /// Gives up what has not been answered in time.
    pub(crate) fn on_time(&mut self, now: Instant) {
        for lane in [Lane::Receive, Lane::Send] {
            let deadline = self.slot(lane).as_ref().and_then(|e| e.deadline);
            if deadline.is_some_and(|at| at <= now) {
                self.on_failure(lane, TransportError::new(FailureKind::Timeout));
            }
        }
        self.not_before = self.not_before.filter(|at| *at > now);
    }

    fn on_list(&mut self, lane: Lane, list: &Bytes) {
        match split_list(list) {
            Ok(frames) => {
                let n = self.on_frames(frames);
                if let Some(exchange) = self.slot(lane) {
                    exchange.frames += n;
                }
            }
            Err(error) => self.fail(malformed(error)),
        }
    }

    /// Takes frames up to the last one there can be; returns how many.
    fn on_frames(&mut self, frames: Vec<Bytes>) -> usize {
        let before = self.frames.len();
        for frame in frames {
            if self.is_over() {
                break;
            }
            let seen = peek::incoming(&frame);
            if let Incoming::Connected(key) = &seen {
                let known = match key {
                    Some(key) => self.urls.set_key(key),
                    None if self.urls.has_key() => Ok(()),
                    None => Err(protocol("CONNECTED came without connectionKey")),
                };
                if let Err(error) = known {
                    self.fail(error);
                    break;
                }
            }
            self.bytes += frame.len();
            self.frames.push_back(frame);
            if seen == Incoming::Last {
                self.end();
            }
        }
        self.frames.len() - before
    }

    fn end(&mut self) {
        self.finish(Stage::Ended);
    }

    fn fail(&mut self, error: TransportError) {
        self.finish(Stage::Failed(error));
    }

    /// The first end is the one that counts.
    fn finish(&mut self, stage: Stage) {
        if !self.is_over() {
            self.stage = stage;
            self.receiving = None;
            self.sending = None;
            self.not_before = None;
        }
    }

    /// Nothing more is asked and nothing more comes but the frames that are there.
    pub(crate) fn is_over(&self) -> bool {
        !matches!(self.stage, Stage::Open)
    }

    /// True when there are frames.
    pub(crate) fn has_frame(&self) -> bool {
        !self.frames.is_empty()
    }

    /// The next frame.
    pub(crate) fn take_frame(&mut self) -> Option<Frame> {
        let frame = self.frames.pop_front()?;
        self.bytes -= frame.len();
        Some(Frame::Text(frame))
    }

    /// Why it is over, to be told once; `None` when it was to be.
    pub(crate) fn take_failure(&mut self) -> Option<TransportError> {
        if !self.is_over() {
            return None;
        }
        match std::mem::replace(&mut self.stage, Stage::Ended) {
            Stage::Failed(error) => Some(error),
            Stage::Open | Stage::Ended => None,
        }
    }

    /// True when a request for frames was answered since the last call: a sign of life, for the
    /// server's silence is counted from when it was asked.
    pub(crate) fn take_activity(&mut self) -> bool {
        std::mem::take(&mut self.active)
    }

    /// True when [`Machine::send`] takes another frame.
    pub(crate) fn has_room(&self) -> bool {
        self.out.has_room()
    }

    /// Sends a frame with the next request. CLOSE and DISCONNECT are requests of their own, after
    /// which nothing goes; the token of AUTH is shown from now on.
    ///
    /// # Errors
    /// The link is over, or being left, or the frame is binary.
    pub(crate) fn send(&mut self, frame: Frame) -> Result<(), TransportError> {
        let Frame::Text(frame) = frame else {
            return Err(protocol("only JSON can be sent"));
        };
        if self.leaving.is_some() {
            return Err(closed());
        }
        self.check()?;
        match peek::outgoing(&frame) {
            Outgoing::Close => self.leaving = Some(Ask::Close),
            Outgoing::Disconnect => self.leaving = Some(Ask::Disconnect),
            Outgoing::Auth(token) => {
                self.urls.set_token(token.expose());
                self.out.push(frame);
            }
            Outgoing::Other => self.out.push(frame),
        }
        Ok(())
    }

    /// # Errors
    /// The link is over.
    pub(crate) fn check(&self) -> Result<(), TransportError> {
        match &self.stage {
            Stage::Open => Ok(()),
            Stage::Ended => Err(closed()),
            Stage::Failed(error) => Err(error.clone()),
        }
    }

    /// True when what was sent has been answered, or never will be.
    pub(crate) fn is_flushed(&self) -> bool {
        let idle = self.out.is_empty() && self.sending.is_none() && self.leaving.is_none();
        idle || self.is_over()
    }

    /// Leaves the connection so that it can be resumed, unless it is being closed; what was taken
    /// is sent first. Nothing is received any more. Over when that is done.
    pub(crate) fn leave(&mut self) {
        self.receiving = None;
        self.frames.clear();
        self.bytes = 0;
        if self.urls.has_key() {
            self.leaving.get_or_insert(Ask::Disconnect);
        } else {
            self.end();
        }
    }
}

fn is_blank(line: &[u8]) -> bool {
    line.iter().all(u8::is_ascii_whitespace)
}
