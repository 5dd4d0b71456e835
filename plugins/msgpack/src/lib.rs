//! Ably's binary format: the plugin [`MsgPack`] and its codec.
//!
//! [`MsgPackCodec`] holds what MessagePack spells differently from JSON; the shape of the messages
//! is in [`ably_protocol::wire`].
//!
//! Spec: RSL4c, TO3f, RTN2a.

#![no_std]
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing
    )
)]

extern crate alloc;

mod arena;
mod codec;
mod plugin;
mod reader;
mod token;
mod writer;

pub use codec::MsgPackCodec;
pub use plugin::MsgPack;
