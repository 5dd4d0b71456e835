//! Ably's binary format: the plugin [`MsgPack`] and its codec.
//!
//! With it a client speaks MessagePack, over the connection and over REST: bytes need no base64, and
//! messages are smaller. Without it everything goes as JSON. What the application sees is the same.
//!
//! ```
//! use ably_base::ClientOptions;
//! use ably_msgpack::MsgPack;
//!
//! let options = ClientOptions::with_key("appId.keyId:secret").plugin(MsgPack);
//! // With the plugin, and JSON none the less: to read what goes over the wire.
//! let readable = options.clone().use_binary_protocol(false);
//! ```
//!
//! A frame that is nested deeper than 128 or has other forms than Ably's is refused with `40013` and
//! skipped. Integers that an `i64` cannot hold become floats.
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
