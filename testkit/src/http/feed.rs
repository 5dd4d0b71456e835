//! [`BodyFeed`]: a body that the test writes piece by piece.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use ably_base::{FailureKind, TransportError, ext::Body};
use bytes::Bytes;

/// The test's end of a body. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct BodyFeed(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    pieces: VecDeque<Option<Result<Bytes, FailureKind>>>,
    waker: Option<Waker>,
    abandoned: bool,
}

impl BodyFeed {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sends a piece.
    pub fn send(&self, piece: impl Into<Bytes>) {
        self.push(Some(Ok(piece.into())));
    }

    /// Ends the body.
    pub fn end(&self) {
        self.push(None);
    }

    /// Breaks the body off.
    pub fn fail(&self, kind: FailureKind) {
        self.push(Some(Err(kind)));
    }

    /// True when the client has given the body up, or read it to its end.
    pub fn is_abandoned(&self) -> bool {
        self.lock().abandoned
    }

    pub(super) fn body(&self) -> FedBody {
        FedBody(self.clone())
    }

    fn push(&self, piece: Option<Result<Bytes, FailureKind>>) {
        let waker = {
            let mut state = self.lock();
            state.pieces.push_back(piece);
            state.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The client's end.
pub(super) struct FedBody(BodyFeed);

impl Body for FedBody {
    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, TransportError>>> {
        let mut state = self.0.lock();
        match state.pieces.pop_front() {
            Some(piece) => Poll::Ready(piece.map(|p| p.map_err(TransportError::new))),
            None => {
                state.waker = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl Drop for FedBody {
    fn drop(&mut self) {
        self.0.lock().abandoned = true;
    }
}
