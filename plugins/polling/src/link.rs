//! [`Link`]: makes the requests of a [`Machine`] and tells it what comes of them.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use ably_base::{
    Frame, HttpClient, Runtime, TransportError, TransportLink,
    engine::{BoxFuture, Instant},
    ext::{Body, HttpResponse, Timer},
};

use crate::{
    error::closed,
    machine::{Lane, Machine},
    refusal::Head,
};

/// Steps taken in one go, so that a server that answers at once starves nobody.
const MAX_STEPS: usize = 64;

/// A request under way.
enum Flight {
    Head(BoxFuture<Result<HttpResponse, TransportError>>),
    Body(Box<dyn Body>),
}

pub(crate) struct Link {
    machine: Machine,
    http: Arc<dyn HttpClient>,
    runtime: Arc<dyn Runtime>,
    timer: Box<dyn Timer>,
    receiving: Option<Flight>,
    sending: Option<Flight>,
}

impl Link {
    pub(crate) fn new(
        machine: Machine,
        http: Arc<dyn HttpClient>,
        runtime: Arc<dyn Runtime>,
    ) -> Self {
        Self {
            machine,
            http,
            timer: runtime.timer(),
            runtime,
            receiving: None,
            sending: None,
        }
    }

    /// Ready once there is a frame.
    ///
    /// # Errors
    /// The server could not be reached, or is not Ably.
    pub(crate) fn poll_open(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        self.drive(cx);
        if self.machine.has_frame() {
            Poll::Ready(Ok(()))
        } else if self.machine.is_over() {
            Poll::Ready(Err(self.machine.take_failure().unwrap_or_else(closed)))
        } else {
            Poll::Pending
        }
    }

    /// Goes on until everything waits for the server, for time, or for frames to be taken.
    fn drive(&mut self, cx: &mut Context<'_>) {
        for _ in 0..MAX_STEPS {
            let now = self.runtime.now().mono;
            self.machine.on_time(now);
            let mut moved = false;
            while let Some((lane, request)) = self.machine.poll_request(now) {
                let head = self.http.execute(request);
                *self.flight(lane) = Some(Flight::Head(head));
                moved = true;
            }
            for lane in [Lane::Receive, Lane::Send] {
                moved |= self.poll_lane(lane, now, cx);
            }
            if moved {
                continue;
            }
            match self.machine.next_timeout() {
                Some(at) if self.timer.poll_until(cx, at).is_ready() => {}
                _ => return,
            }
        }
        cx.waker().wake_by_ref();
    }

    fn flight(&mut self, lane: Lane) -> &mut Option<Flight> {
        match lane {
            Lane::Receive => &mut self.receiving,
            Lane::Send => &mut self.sending,
        }
    }

    /// True when something came.
    fn poll_lane(&mut self, lane: Lane, now: Instant, cx: &mut Context<'_>) -> bool {
        let reads = self.machine.reads(lane);
        let awaited = self.machine.awaits(lane);
        let flight = self.flight(lane);
        if !awaited {
            *flight = None;
        }
        match flight {
            None => return false,
            Some(Flight::Head(head)) => match head.as_mut().poll(cx) {
                Poll::Pending => return false,
                Poll::Ready(Ok(response)) => {
                    let head = Head::new(response.status, &response.headers);
                    *flight = Some(Flight::Body(response.body));
                    self.machine.on_head(lane, head);
                }
                Poll::Ready(Err(error)) => {
                    *flight = None;
                    self.machine.on_failure(lane, error);
                }
            },
            Some(Flight::Body(_)) if !reads => return false,
            Some(Flight::Body(body)) => match body.poll_chunk(cx) {
                Poll::Pending => return false,
                Poll::Ready(Some(Ok(chunk))) => self.machine.on_chunk(lane, chunk),
                Poll::Ready(end) => {
                    *flight = None;
                    match end {
                        Some(Err(error)) => self.machine.on_failure(lane, error),
                        _ => self.machine.on_end(lane, now),
                    }
                }
            },
        }
        true
    }
}

impl TransportLink for Link {
    fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, TransportError>>> {
        if !self.machine.has_frame() {
            self.drive(cx);
        }
        match self.machine.take_frame() {
            Some(frame) => Poll::Ready(Some(Ok(frame))),
            None if self.machine.is_over() => Poll::Ready(self.machine.take_failure().map(Err)),
            None => Poll::Pending,
        }
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        // What is taken in one go is sent with one request.
        if !self.machine.has_room() {
            self.drive(cx);
        }
        match self.machine.check() {
            Ok(()) if !self.machine.has_room() => Poll::Pending,
            checked => Poll::Ready(checked),
        }
    }

    fn start_send(&mut self, frame: Frame) -> Result<(), TransportError> {
        self.machine.send(frame)
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        self.drive(cx);
        match self.machine.check() {
            Ok(()) if !self.machine.is_flushed() => Poll::Pending,
            checked => Poll::Ready(checked),
        }
    }

    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.machine.leave();
        self.drive(cx);
        match self.machine.is_over() {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    }

    fn saw_activity(&mut self) -> bool {
        self.machine.take_activity()
    }
}
