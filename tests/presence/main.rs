//! What the language-neutral cases leave open: errors, states, syncs that go wrong, streams, bounds.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod answers;
mod data;
mod get;
mod operations;
mod own_members;
mod streams;
mod support;
mod sync;
