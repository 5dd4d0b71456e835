//! The Ably client engine, sans IO, `no_std` + `alloc`.
//!
//! Plain structs and synchronous functions. Time ([`Now`]) and randomness ([`Entropy`]) are
//! arguments; sockets, tokens and HTTP are [`Output`]s that come back as [`Input`]s. There is no
//! clock, task or socket in here, so a seed replays exactly.
//!
//! Whoever has made a call that takes `now` does all that [`Engine::poll_output`] then has to be
//! done, and comes back with the next [`Input`], or when [`Engine::next_timeout`] has come.
//!
//! ```text
//!             calls (connect, attach, publish …)        Input (frames, tokens, timeouts)
//!                      \                                  /
//!                       v                                v
//!   Engine = Connection (states, attempts, resume) + Outbox (serials, ACK) + Channels + Behaviours
//!                                        |
//!                                        v
//!             Output (open, send, close, fetch token, reply, events, log)
//! ```

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

mod auth;
mod behaviour;
mod bounds;
mod channel;
mod config;
mod connection;
pub mod encoding;
mod engine;
mod entropy;
mod io;
mod log;
mod op;
mod outbox;
pub mod request;
mod time;
mod timers;

pub use auth::{
    AuthConfig, AuthState, Capability, CapabilityOp, Credential, Key, TokenDetails, TokenParams,
    TokenRequest,
};
pub use behaviour::{
    Attachment, BehaviourCx, BehaviourFactory, ChannelBehaviour, ChannelChange, SendId,
};
pub use bounds::{AnyArc, AnyBox, BoxFuture, MaybeSend, MaybeSync};
pub use channel::{
    ChannelEvent, ChannelId, ChannelOptions, ChannelProperties, ChannelState, ChannelStateChange,
    PluginOption, PublishError,
};
pub use config::{Config, Hosts, Timeouts, TransportInfo};
pub use connection::{
    BaseTransport, ConnectionEvent, ConnectionState, ConnectionStateChange, RecoveryMark,
};
pub use encoding::{DecodeFailure, MessageMeta, PayloadEncoding, PayloadStep};
pub use engine::Engine;
pub use entropy::Entropy;
pub use io::{Event, FailureKind, HttpReply, HttpRequest, Input, Output, Target, TransportError};
pub use log::{LogLevel, LogRecord};
pub use op::{OpId, Reply, Ticket};
pub use time::{Instant, Now};

pub use ably_protocol as protocol;
