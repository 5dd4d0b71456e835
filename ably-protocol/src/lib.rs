//! Ably's wire types and the codec contract, `no_std` + `alloc`.
//!
//! Holds what both ends of a connection say to each other and nothing about when they say it: no
//! clock, no socket, no state machine. A [`Codec`] turns a [`Frame`] into a [`ProtocolMessage`] and
//! back; [`json::JsonCodec`] is built in, MessagePack is a plugin.
//!
//! Strings are [`Str`]: cheap to clone, usually a slice of the frame they came in, so that
//! receiving a message costs about one allocation.

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
#[cfg(test)]
extern crate std;

mod action;
mod annotation;
mod codec;
mod data;
mod details;
mod digits;
mod error;
mod error_code;
mod flags;
mod item;
pub mod json;
mod message;
mod presence_message;
mod protocol_message;
mod secret;
mod text;
pub mod wire;

pub use action::Action;
pub use annotation::{Annotation, AnnotationAction};
pub use codec::{Codec, Format, Frame};
pub use data::{Data, JsonText, Payload};
pub use details::{AuthDetails, ConnectionDetails};
pub use error::{ErrorInfo, ErrorInfoBuilder, ErrorSource};
pub use error_code::ErrorCode;
pub use flags::{ChannelMode, Flags};
pub use item::{Item, Items, RawItems, Value};
pub use message::{Message, MessageAction, Messages, Operation};
pub use presence_message::{PresenceAction, PresenceMessage};
pub use protocol_message::{Params, ProtocolMessage};
pub use secret::Secret;
pub use text::Str;

/// The version of Ably's protocol that these types speak, sent as `v` and `X-Ably-Version`.
///
/// Spec: CSV2, RTN2f, RSC7e (ably-js 2.12.0 sends 3).
pub const PROTOCOL_VERSION: &str = "3";
