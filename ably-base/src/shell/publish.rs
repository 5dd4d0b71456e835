//! [`Publish`]: a publish that waits for room when the outbox is full.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use ably_engine::{
    ChannelId, Now, PublishError,
    protocol::{ErrorCode, ErrorInfo, Message},
};

use super::{
    pending::Pending,
    shared::{Handles, Locked, Slot, ended},
};

/// A publish, to be awaited for its acknowledgement.
///
/// The messages are taken when `publish` is called: when the outbox has room they are on their way
/// already, else they go as soon as there is room, in the order of the calls, whether this is
/// awaited or not.
///
/// # Cancel safety
/// Dropping it forgets the acknowledgement; messages that still wait for room are not sent.
#[must_use = "a publish that waits for room is not sent when this is dropped"]
pub struct Publish(State);

enum State {
    Sent(Pending<()>),
    Waiting { handles: Arc<Handles>, turn: u64 },
    Failed(ErrorInfo),
    Done,
}

/// A publish that waits for room.
pub(crate) struct Waiting {
    turn: u64,
    channel: ChannelId,
    messages: Vec<Message>,
    pub(crate) waker: Option<Waker>,
}

impl std::fmt::Debug for Publish {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self.0 {
            State::Sent(_) => "Publish(sent)",
            State::Waiting { .. } => "Publish(waiting)",
            State::Failed(_) => "Publish(failed)",
            State::Done => "Publish(done)",
        })
    }
}

/// Messages that `try_publish` hands back: the outbox is full.
#[derive(Debug)]
pub struct Full(pub Vec<Message>);

impl std::fmt::Display for Full {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} messages were not taken: too many wait for an acknowledgement already",
            self.0.len()
        )
    }
}

impl std::error::Error for Full {}

impl Publish {
    /// Publishes, or waits for room.
    pub(crate) fn start(
        handles: &Arc<Handles>,
        channel: ChannelId,
        messages: Vec<Message>,
    ) -> Self {
        let messages = match Self::attempt(handles, channel, messages) {
            Ok(pending) => return Self(State::Sent(pending)),
            Err(Full(messages)) => messages,
        };
        let waiting = handles.0.mutate(|l, _| {
            if l.dead {
                return Err(messages);
            }
            let turn = l.next_turn;
            l.next_turn += 1;
            l.room.push_back(Waiting {
                turn,
                channel,
                messages,
                waker: None,
            });
            Ok(turn)
        });
        Self(match waiting {
            Ok(turn) => State::Waiting {
                handles: handles.clone(),
                turn,
            },
            Err(_) => State::Failed(ended()),
        })
    }

    /// Publishes, or hands the messages back.
    pub(crate) fn attempt(
        handles: &Arc<Handles>,
        channel: ChannelId,
        messages: Vec<Message>,
    ) -> Result<Pending<()>, Full> {
        let mut full = None;
        let pending = Pending::call(handles, |l, now| {
            // Those who wait go first.
            if !l.room.is_empty() {
                full = Some(messages);
                return Err(ended());
            }
            l.engine
                .publish(now, channel, messages)
                .map_err(|e| match e {
                    PublishError::Full(messages) => {
                        full = Some(messages);
                        ended()
                    }
                    PublishError::Refused(error) => error,
                })
        });
        match full {
            Some(messages) => Err(Full(messages)),
            None => Ok(pending),
        }
    }
}

impl Future for Publish {
    type Output = Result<(), ErrorInfo>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if let State::Waiting { handles, turn } = &self.0 {
            let (handles, turn) = (handles.clone(), *turn);
            let mut l = handles.0.lock();
            let next = match l.submitted.remove(&turn) {
                Some(Ok(id)) => State::Sent(Pending::of(&handles, id)),
                Some(Err(error)) => State::Failed(error),
                None if l.dead => State::Failed(ended()),
                None => {
                    let mine = l.room.iter_mut().find(|w| w.turn == turn);
                    let old = mine.and_then(|w| w.waker.replace(cx.waker().clone()));
                    drop(l);
                    drop(old);
                    return Poll::Pending;
                }
            };
            drop(l);
            self.0 = next;
        }
        match &mut self.0 {
            State::Sent(pending) => Pin::new(pending).poll(cx),
            State::Failed(error) => {
                let error = error.clone();
                self.0 = State::Done;
                Poll::Ready(Err(error))
            }
            State::Waiting { .. } | State::Done => Poll::Ready(Err(ErrorInfo::new(
                ErrorCode::INTERNAL,
                500,
                "this publish was awaited already",
            ))),
        }
    }
}

impl Drop for Publish {
    fn drop(&mut self) {
        let State::Waiting { handles, turn } = &self.0 else {
            return;
        };
        let mut l = handles.0.lock();
        let waiting = l.room.iter().position(|w| w.turn == *turn);
        let waiting = waiting.and_then(|at| l.room.remove(at));
        let answer = match l.submitted.remove(turn) {
            Some(Ok(id)) => l.replies.remove(&id),
            _ => None,
        };
        // What is given up is dropped outside the lock.
        drop(l);
        drop((waiting, answer));
    }
}

/// Sends what waits and has room now, in order; true when something was sent. Wakers to wake
/// outside the lock go to `wake`.
pub(super) fn submit_waiting(l: &mut Locked, now: Now, wake: &mut Vec<Waker>) -> bool {
    let mut sent = false;
    while let Some(mut first) = l.room.pop_front() {
        let bytes = first.messages.iter().map(Message::size).sum();
        if !l.engine.has_room(bytes) {
            l.room.push_front(first);
            break;
        }
        let outcome = match l.engine.publish(now, first.channel, first.messages) {
            Ok(ticket) => {
                l.replies.insert(ticket.id(), Slot::Waiting(None));
                Ok(ticket.id())
            }
            Err(PublishError::Refused(error)) => Err(error),
            Err(PublishError::Full(messages)) => {
                first.messages = messages;
                l.room.push_front(first);
                break;
            }
        };
        l.submitted.insert(first.turn, outcome);
        wake.extend(first.waker);
        sent = true;
    }
    sent
}

/// Puts an answer into its slot; gives back the waker to wake outside the lock, and what is to be
/// dropped there.
pub(super) fn answer(
    l: &mut Locked,
    id: ably_engine::OpId,
    value: ably_engine::AnyBox,
) -> (Option<std::task::Waker>, Option<ably_engine::AnyBox>) {
    match l.replies.get_mut(&id) {
        Some(slot @ Slot::Waiting(_)) => match std::mem::replace(slot, Slot::Done(value)) {
            Slot::Waiting(waker) => (waker, None),
            Slot::Done(old) => (None, Some(old)),
        },
        _ => (None, Some(value)),
    }
}
