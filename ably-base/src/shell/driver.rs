//! [`Driver`]: the one future of a client. It does IO and calls listeners, and decides nothing.
//!
//! A turn: hand inputs to the engine one at a time until it has something to tell listeners;
//! perform its outputs with the lock released; write, read at most [`MAX_FRAMES`] frames, look at
//! tokens, links and the timer; begin again while there is anything to do.

use std::{
    collections::VecDeque,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use ably_engine::{
    AnyBox, BoxFuture, Event, FailureKind, Input, LogLevel, LogRecord, OpId, Output,
    TransportError,
    protocol::{Codec, Format, json::JsonCodec},
};

use super::{
    keep::Keeper,
    link::{Came, OpenLink, WriteError},
    publish::{answer, submit_waiting},
    shared::Shared,
};
use crate::{
    Transport, TransportLink,
    auth::{Site, TokenWait, join},
    emitter::Before,
    ext::{ConnectContext, Timer},
};

/// Frames read before the engine gets to see them.
const MAX_FRAMES: usize = 64;
/// Turns before other tasks get a chance.
const MAX_TURNS: usize = 32;
/// How long a polite close may take.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(10);

/// What a link is opened for.
enum What {
    Frames(Format),
    Probe,
}

type Opening = BoxFuture<Result<Box<dyn TransportLink>, TransportError>>;

pub(crate) struct Driver {
    shared: Arc<Shared>,
    transports: Vec<Arc<dyn Transport>>,
    codec: Arc<dyn Codec>,
    context: ConnectContext,
    keeper: Option<Box<Keeper>>,
    timer: Box<dyn Timer>,
    opening: Vec<(OpId, What, Opening)>,
    fetching: Vec<(OpId, TokenWait)>,
    checking: Vec<(OpId, BoxFuture<bool>)>,
    link: Option<OpenLink>,
    closing: Vec<OpenLink>,
    inputs: VecDeque<Input>,
    outputs: Vec<Output>,
    wake: Vec<Waker>,
    answers: Vec<(OpId, AnyBox)>,
    finished: bool,
}

impl Driver {
    pub(crate) fn new(
        shared: Arc<Shared>,
        transports: Vec<Arc<dyn Transport>>,
        codec: Arc<dyn Codec>,
        context: ConnectContext,
        keeper: Option<Box<Keeper>>,
    ) -> Self {
        Self {
            timer: shared.runtime.timer(),
            shared,
            transports,
            codec,
            context,
            keeper,
            opening: Vec::new(),
            fetching: Vec::new(),
            checking: Vec::new(),
            link: None,
            closing: Vec::new(),
            inputs: VecDeque::new(),
            outputs: Vec::new(),
            wake: Vec::new(),
            answers: Vec::new(),
            finished: false,
        }
    }

    /// One turn; true when another should follow at once.
    fn turn(&mut self, cx: &mut Context<'_>) -> bool {
        let (next, told) = self.consult(cx);
        let mut outputs = std::mem::take(&mut self.outputs);
        let busy = !outputs.is_empty();
        for output in outputs.drain(..) {
            self.perform(output, told);
        }
        self.outputs = outputs;
        // Those who await an answer get it after listeners were told of what led to it.
        self.answer();
        for waker in self.wake.drain(..) {
            waker.wake();
        }
        let told = told.is_some();
        // An event was told: the engine may have more that belongs before anything new.
        if told || !self.inputs.is_empty() {
            return true;
        }
        let keep_at = self.keeper.as_mut().and_then(|k| k.keep(&self.shared));
        self.poll_io(cx);
        if !self.inputs.is_empty() {
            return true;
        }
        // A link that does not finish closing is given up in time, even if nothing else happens.
        let closing = self.closing.iter().filter_map(|link| link.closing).min();
        if let Some(at) = next.into_iter().chain(closing).chain(keep_at).min() {
            if !busy && self.timer.poll_until(cx, at).is_ready() {
                self.inputs.push_back(Input::Timeout);
                return true;
            }
        }
        busy
    }

    /// Feeds the engine and takes what it wants done, up to an event of a state.
    /// With an event comes who is to be told of it: who listens only when it can be seen already is
    /// not.
    fn consult(&mut self, cx: &mut Context<'_>) -> (Option<ably_engine::Instant>, Option<Before>) {
        let now = self.shared.runtime.now();
        let mut old_waker = None;
        let mut told = None;
        let next;
        {
            let mut guard = self.shared.lock();
            let l = &mut *guard;
            if !l.driver.as_ref().is_some_and(|w| w.will_wake(cx.waker())) {
                old_waker = l.driver.replace(cx.waker().clone());
            }
            // Once a turn, before inputs: a link that is always readable must not starve timers,
            // nor a timer that is always due the link.
            let mut due = l.engine.next_timeout().is_some_and(|at| at <= now.mono);
            'feed: loop {
                while let Some(output) = l.engine.poll_output() {
                    match output {
                        Output::Reply { id, value } => self.answers.push((id, value)),
                        output => {
                            let event = matches!(
                                output,
                                Output::Event(Event::Connection(_) | Event::Channel(..))
                            );
                            self.outputs.push(output);
                            if event {
                                told = Some(Before::now());
                                break 'feed;
                            }
                        }
                    }
                }
                if std::mem::take(&mut due) {
                    l.engine.handle_input(now, Input::Timeout);
                    continue;
                }
                match self.inputs.pop_front() {
                    Some(input) => l.engine.handle_input(now, input),
                    None if submit_waiting(l, now, &mut self.wake) => {}
                    None => break,
                }
            }
            next = l.engine.next_timeout();
        }
        drop(old_waker);
        (next, told)
    }

    fn answer(&mut self) {
        if self.answers.is_empty() {
            return;
        }
        let mut drop_later = Vec::new();
        {
            let mut l = self.shared.lock();
            for (id, value) in self.answers.drain(..) {
                let (waker, rest) = answer(&mut l, id, value);
                self.wake.extend(waker);
                drop_later.extend(rest);
            }
        }
        drop(drop_later);
    }

    fn perform(&mut self, output: Output, told: Option<Before>) {
        match output {
            Output::OpenTransport { op, target } => {
                let mut all = self.transports.iter();
                // The engine knows those that it was told of.
                if let Some(transport) = all.find(|t| t.id() == target.transport) {
                    let what = match target.is_probe {
                        true => What::Probe,
                        false => What::Frames(target.format),
                    };
                    let opening = transport.connect(target, self.context.clone());
                    self.opening.push((op, what, opening));
                }
            }
            Output::Send { op, message } => {
                if let Some(link) = self.link.as_mut().filter(|l| l.op == op) {
                    link.send(message);
                }
            }
            Output::CloseTransport { op } => {
                self.opening.retain(|(o, ..)| *o != op);
                if let Some(mut link) = self.link.take_if(|l| l.op == op) {
                    let now = self.shared.runtime.now();
                    link.closing = Some(now.mono.after(CLOSE_TIMEOUT));
                    self.closing.push(link);
                }
            }
            Output::FetchToken { op, generation } => {
                let site = Site::Realtime(self.shared.clone());
                self.fetching.push((op, join(&site, generation)));
            }
            Output::CheckConnectivity { op } => match self.shared.rest_core() {
                Ok(core) => {
                    let check = Box::pin(async move { core.check_connectivity().await });
                    self.checking.push((op, check));
                }
                // Who cannot ask takes it that there is a network.
                Err(_) => {
                    let online = true;
                    self.inputs.push_back(Input::Connectivity { op, online });
                }
            },
            Output::Cancel { op } => {
                self.checking.retain(|(o, _)| *o != op);
                self.fetching.retain(|(o, _)| *o != op);
                self.opening.retain(|(o, ..)| *o != op);
            }
            Output::Event(event) => self.tell(event, told),
            Output::Log(record) => self.shared.log(&record),
            Output::Finished => self.finished = true,
            // Answered where it was taken.
            Output::Reply { .. } => {}
            _ => {}
        }
    }

    /// Calls listeners. The lock is not held.
    fn tell(&self, event: Event, told: Option<Before>) {
        let before = told.unwrap_or_else(Before::now);
        let panicked = match event {
            Event::Connection(change) => {
                let listeners = &self.shared.connection;
                listeners.emit_to(before, &change.event, &change)
            }
            Event::Channel(id, change) => self
                .shared
                .find_listeners(id)
                .map_or(0, |l| l.states.emit_to(before, &change.event, &change)),
            Event::Messages(id, messages) => self
                .shared
                .find_listeners(id)
                .map_or(0, |l| l.messages.deliver(&messages)),
            Event::Behaviour(id, plugin, event) => self
                .shared
                .find_listeners(id)
                .map_or(0, |l| l.behaviours.emit(&plugin, &event)),
            _ => 0,
        };
        if panicked > 0 {
            self.shared.log(&LogRecord {
                level: LogLevel::Error,
                target: "listener",
                message: format!("{panicked} listener(s) panicked"),
            });
        }
    }

    fn poll_io(&mut self, cx: &mut Context<'_>) {
        self.poll_opening(cx);
        let mut i = 0;
        while let Some((op, fetching)) = self.fetching.get_mut(i) {
            match Pin::new(fetching).poll(cx) {
                Poll::Ready(result) => {
                    let result = result.map(|_| ());
                    self.inputs.push_back(Input::Token { op: *op, result });
                    drop(self.fetching.remove(i));
                }
                Poll::Pending => i += 1,
            }
        }
        let inputs = &mut self.inputs;
        self.checking.retain_mut(|(op, check)| {
            let checked = check.as_mut().poll(cx).map(|online| {
                inputs.push_back(Input::Connectivity { op: *op, online });
            });
            checked.is_pending()
        });
        self.poll_link(cx);
        let now = self.shared.runtime.now().mono;
        self.closing
            .retain_mut(|link| !(link.closing.is_some_and(|at| at <= now) || link.poll_closed(cx)));
    }

    fn poll_opening(&mut self, cx: &mut Context<'_>) {
        let mut i = 0;
        while let Some((op, what, opening)) = self.opening.get_mut(i) {
            match opening.as_mut().poll(cx) {
                Poll::Ready(Ok(link)) => {
                    let codec = match what {
                        What::Probe | What::Frames(Format::Json) => Arc::new(JsonCodec),
                        What::Frames(_) => self.codec.clone(),
                    };
                    let mut link = OpenLink::new(*op, link, codec);
                    if let What::Probe = what {
                        let now = self.shared.runtime.now();
                        link.closing = Some(now.mono.after(CLOSE_TIMEOUT));
                        self.closing.push(link);
                    } else {
                        self.link = Some(link);
                    }
                    self.inputs.push_back(Input::Opened { op: *op });
                    drop(self.opening.remove(i));
                }
                Poll::Ready(Err(error)) => {
                    self.inputs
                        .push_back(Input::TransportClosed { op: *op, error });
                    drop(self.opening.remove(i));
                }
                Poll::Pending => i += 1,
            }
        }
    }

    fn poll_link(&mut self, cx: &mut Context<'_>) {
        let Some(link) = &mut self.link else { return };
        let op = link.op;
        link.poll_write(cx);
        // Reading goes on after a failed write, for as many turns as it takes: what came before
        // says more about why, and is all that will come of it.
        for _ in 0..MAX_FRAMES {
            match link.poll_read(cx) {
                Poll::Ready(Came::Activity) => self.inputs.push_back(Input::Activity { op }),
                Poll::Ready(Came::Message(message)) => {
                    self.inputs.push_back(Input::Received { op, message });
                }
                Poll::Ready(Came::Closed(error)) => return self.lose_link(Some(error)),
                Poll::Pending => return self.lose_link(None),
            }
        }
    }

    /// Drops the link if it was closed, or can be neither read nor written.
    fn lose_link(&mut self, closed: Option<TransportError>) {
        let Some(link) = &mut self.link else { return };
        let op = link.op;
        let failed = match link.take_failure() {
            None => None,
            Some(WriteError::Link(error)) => Some(error),
            Some(WriteError::Unsendable(serial, error)) => {
                self.inputs
                    .push_back(Input::Unsendable { op, serial, error });
                Some(TransportError::new(FailureKind::Other))
            }
        };
        if let Some(error) = closed.or(failed) {
            self.link = None;
            self.inputs.push_back(Input::TransportClosed { op, error });
        }
    }
}

impl Future for Driver {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        for _ in 0..MAX_TURNS {
            if this.turn(cx) {
                continue;
            }
            if this.finished && this.link.is_none() && this.closing.is_empty() {
                return Poll::Ready(());
            }
            return Poll::Pending;
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.shared.end();
    }
}
