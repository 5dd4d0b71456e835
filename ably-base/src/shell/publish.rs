//! [`Publish`]: a publish that waits for room when the outbox is full.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use ably_engine::{
    ChannelId, PublishError,
    protocol::{ErrorCode, ErrorInfo, Message},
};

use super::{
    pending::Pending,
    shared::{Handles, Locked, Slot, ended},
};

/// A publish, to be awaited for its acknowledgement.
///
/// The messages are taken when `publish` is called: when the outbox has room they are on their way
/// already, else they wait here for their turn.
///
/// # Cancel safety
/// Dropping it forgets the acknowledgement; messages that still wait for room are not sent.
#[must_use = "a publish that waits for room is only sent when awaited"]
pub struct Publish(State);

enum State {
    Sent(Pending<()>),
    Waiting {
        handles: Arc<Handles>,
        channel: ChannelId,
        messages: Vec<Message>,
        turn: u64,
    },
    Done,
}

impl std::fmt::Debug for Publish {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self.0 {
            State::Sent(_) => "Publish(sent)",
            State::Waiting { .. } => "Publish(waiting)",
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
        match Self::attempt(handles, channel, messages, None) {
            Ok(pending) => Self(State::Sent(pending)),
            Err(Full(messages)) => {
                let turn = {
                    let mut l = handles.0.lock();
                    let turn = l.next_turn;
                    l.next_turn += 1;
                    l.room.push_back((turn, None));
                    turn
                };
                let handles = handles.clone();
                Self(State::Waiting {
                    handles,
                    channel,
                    messages,
                    turn,
                })
            }
        }
    }

    /// Publishes, or hands the messages back.
    pub(crate) fn attempt(
        handles: &Arc<Handles>,
        channel: ChannelId,
        messages: Vec<Message>,
        turn: Option<u64>,
    ) -> Result<Pending<()>, Full> {
        let mut full = None;
        let pending = Pending::call(handles, |l, now| {
            // Those who wait go first.
            if l.room
                .front()
                .is_some_and(|(first, _)| Some(*first) != turn)
            {
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
        loop {
            match &mut self.0 {
                State::Sent(pending) => return Pin::new(pending).poll(cx),
                State::Done => {
                    return Poll::Ready(Err(ErrorInfo::new(
                        ErrorCode::INTERNAL,
                        500,
                        "this publish was awaited already",
                    )));
                }
                State::Waiting {
                    handles,
                    channel,
                    messages,
                    turn,
                } => {
                    let (handles, channel, turn) = (handles.clone(), *channel, *turn);
                    {
                        let mut l = handles.0.lock();
                        if l.dead {
                            drop(l);
                            self.0 = State::Done;
                            return Poll::Ready(Err(ended()));
                        }
                        if !take_turn(&mut l, turn, messages, cx) {
                            return Poll::Pending;
                        }
                    }
                    let messages = std::mem::take(messages);
                    match Self::attempt(&handles, channel, messages, Some(turn)) {
                        Ok(pending) => {
                            leave(&handles, turn);
                            self.0 = State::Sent(pending);
                        }
                        Err(Full(messages)) => {
                            self.0 = State::Waiting {
                                handles,
                                channel,
                                messages,
                                turn,
                            };
                        }
                    }
                }
            }
        }
    }
}

/// True when it is this one's turn and there is room; else its waker is kept.
fn take_turn(l: &mut Locked, turn: u64, messages: &[Message], cx: &mut Context<'_>) -> bool {
    let first = l.room.front().is_some_and(|(t, _)| *t == turn);
    if first && l.engine.has_room(messages.iter().map(Message::size).sum()) {
        return true;
    }
    if let Some((_, waker)) = l.room.iter_mut().find(|(t, _)| *t == turn) {
        *waker = Some(cx.waker().clone());
    }
    false
}

/// Leaves the queue and wakes the next.
fn leave(handles: &Handles, turn: u64) {
    let next = {
        let mut l = handles.0.lock();
        l.room.retain(|(t, _)| *t != turn);
        l.room.front_mut().and_then(|(_, waker)| waker.take())
    };
    if let Some(waker) = next {
        waker.wake();
    }
}

impl Drop for Publish {
    fn drop(&mut self) {
        if let State::Waiting { handles, turn, .. } = &self.0 {
            leave(handles, *turn);
        }
    }
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
