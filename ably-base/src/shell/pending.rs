//! [`Pending`]: a future of an answer of the engine.

use std::{
    future::Future,
    marker::PhantomData,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use ably_engine::{
    MaybeSend, OpId, Ticket,
    protocol::{ErrorCode, ErrorInfo},
};

use super::shared::{Handles, Locked, Slot, ended};

/// The answer to a call, to be awaited.
///
/// The work began when the call was made. Dropping this forgets the answer, not the work.
#[must_use = "the work goes on, but its outcome is lost"]
pub struct Pending<T> {
    handles: Arc<Handles>,
    state: State,
    _t: PhantomData<fn() -> T>,
}

enum State {
    Waiting(OpId),
    Failed(ErrorInfo),
    Taken,
}

impl<T: MaybeSend + 'static> Pending<T> {
    /// Makes the call `f` and a future of its ticket.
    pub(crate) fn call(
        handles: &Arc<Handles>,
        f: impl FnOnce(&mut Locked, ably_engine::Now) -> Result<Ticket<T>, ErrorInfo>,
    ) -> Self {
        let state = handles.0.mutate(|l, now| {
            if l.dead {
                return State::Failed(ended());
            }
            match f(l, now) {
                Ok(ticket) => {
                    l.replies.insert(ticket.id(), Slot::Waiting(None));
                    State::Waiting(ticket.id())
                }
                Err(error) => State::Failed(error),
            }
        });
        Self {
            handles: handles.clone(),
            state,
            _t: PhantomData,
        }
    }

    /// The answer of this id, whose slot is there.
    pub(super) fn of(handles: &Arc<Handles>, id: OpId) -> Self {
        Self {
            handles: handles.clone(),
            state: State::Waiting(id),
            _t: PhantomData,
        }
    }

    /// An answer that is an error already.
    pub(crate) fn failed(handles: &Arc<Handles>, error: ErrorInfo) -> Self {
        Self {
            handles: handles.clone(),
            state: State::Failed(error),
            _t: PhantomData,
        }
    }
}

impl<T: 'static> Future for Pending<T> {
    type Output = Result<T, ErrorInfo>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let id = match &self.state {
            State::Waiting(id) => *id,
            State::Failed(error) => {
                let error = error.clone();
                self.state = State::Taken;
                return Poll::Ready(Err(error));
            }
            State::Taken => return Poll::Ready(Err(taken())),
        };
        let mut locked = self.handles.0.lock();
        let dead = locked.dead;
        match locked.replies.get_mut(&id) {
            Some(Slot::Done(_)) => {}
            _ if dead => {
                drop(locked);
                self.state = State::Taken;
                return Poll::Ready(Err(ended()));
            }
            Some(Slot::Waiting(waker)) => {
                let known = waker.as_ref().is_some_and(|w| w.will_wake(cx.waker()));
                let old = (!known)
                    .then(|| waker.replace(cx.waker().clone()))
                    .flatten();
                drop(locked);
                drop(old);
                return Poll::Pending;
            }
            None => {
                drop(locked);
                return Poll::Ready(Err(taken()));
            }
        }
        let done = locked.replies.remove(&id);
        drop(locked);
        self.state = State::Taken;
        Poll::Ready(match done {
            Some(Slot::Done(value)) => match value.downcast::<Result<T, ErrorInfo>>() {
                Ok(value) => *value,
                Err(_) => Err(taken()),
            },
            _ => Err(taken()),
        })
    }
}

impl<T> Drop for Pending<T> {
    fn drop(&mut self) {
        if let State::Waiting(id) = self.state {
            let slot = self.handles.0.lock().replies.remove(&id);
            // The answer, if there is one, is dropped here, outside the lock.
            drop(slot);
        }
    }
}

impl<T> std::fmt::Debug for Pending<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pending")
    }
}

/// Awaited again after it was ready.
fn taken() -> ErrorInfo {
    ErrorInfo::new(ErrorCode::INTERNAL, 500, "this answer was taken already")
}
