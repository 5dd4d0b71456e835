//! Ids of work in progress, and the two halves of an answer.

use core::{fmt, marker::PhantomData};

/// Names one piece of asynchronous work. Never reused, so a late answer cannot meet newer work.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OpId(pub u64);

impl fmt::Debug for OpId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "op{}", self.0)
    }
}

/// The machine's half of an answer: an obligation to reply exactly once.
#[must_use]
pub struct Reply<T> {
    pub(crate) id: OpId,
    _t: PhantomData<fn(T)>,
}

impl<T> fmt::Debug for Reply<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reply({:?})", self.id)
    }
}

/// The caller's half: the shell makes a future of it that yields `Result<T, ErrorInfo>`.
#[must_use]
pub struct Ticket<T> {
    id: OpId,
    _t: PhantomData<fn() -> T>,
}

impl<T> Ticket<T> {
    /// The id that [`crate::Output::Reply`] will carry.
    pub fn id(&self) -> OpId {
        self.id
    }
}

impl<T> fmt::Debug for Ticket<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ticket({:?})", self.id)
    }
}

pub(crate) fn pair<T>(id: OpId) -> (Reply<T>, Ticket<T>) {
    (
        Reply {
            id,
            _t: PhantomData,
        },
        Ticket {
            id,
            _t: PhantomData,
        },
    )
}
