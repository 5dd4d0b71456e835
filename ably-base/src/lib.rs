//! A minimal Ably client and the extension points on which everything else is built.
//!
//! [`BaseRealtime`] connects, publishes and subscribes with the plugins that it is given and no
//! others: it brings no transport, TLS, HTTP, crypto or MessagePack of its own, and knows no async
//! runtime. The crate `ably` adds the default plugins; a library that extends Ably depends on this
//! crate only.
//!
//! ```text
//!  handles (Realtime, Connection, Channel)     lock the engine, call it, unlock, wake the driver
//!        |
//!  driver (one future a client)                performs outputs, feeds inputs, runs callbacks
//!        |
//!  ably-engine                                 decides everything; no IO
//! ```
//!
//! What plugins implement: [`Transport`], [`HttpClient`], [`Runtime`], [`Dial`], [`TlsProvider`],
//! [`TokenSource`], [`TokenSigner`](ext::TokenSigner), [`LogSink`], and from the engine [`PayloadEncoding`] and [`BehaviourFactory`].

mod auth;
mod client;
mod emitter;
pub mod ext;
mod options;
pub mod rest;
mod shell;
mod streams;

pub use ably_engine::{
    self as engine, BehaviourCx, BehaviourFactory, Capability, CapabilityOp, ChannelBehaviour,
    ChannelChange, ChannelEvent, ChannelOptions, ChannelProperties, ChannelState,
    ChannelStateChange, ConnectionEvent, ConnectionState, ConnectionStateChange, Credential,
    DecodeFailure, FailureKind, LogLevel, LogRecord, MessageMeta, PayloadEncoding, PayloadStep,
    PluginOption, Target, TokenDetails, TokenParams, TokenRequest, TransportError,
    encoding::FromEncoded,
    protocol::{
        self, Annotation, AnnotationAction, ChannelMode, Data, ErrorCode, ErrorInfo, Format, Frame,
        JsonText, Message, MessageAction, Operation, PresenceAction, PresenceMessage, Str,
    },
};
pub use auth::{Auth, AuthMethod, AuthOptions};
pub use client::{
    BaseRealtime, Channel, Channels, Connection, DeriveOptions, Lagged, Names, PresenceOf,
    StateChanges, Subscribed, Subscription, WeakRealtime,
};
pub use emitter::{Emitter, Events, ListenerId};
pub use ext::{
    ByteStream, ConnectContext, Dial, HttpClient, LogSink, Plugin, Plugins, Registered,
    RestAgentOptions, Runtime, TlsProvider, TokenSource, Transport, TransportLink,
};
#[doc(hidden)]
pub use inventory;
pub use options::ClientOptions;
pub use rest::{BaseRest, HasRest, RestChannel, RestChannels, RestCore};
pub use shell::{Full, Pending, Publish};
pub use streams::{StreamReader, Streamed, Streams};
