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
//! # A client
//! Needs a runtime and a transport; [`BaseRest`] needs a runtime and an HTTP client. What is missing is
//! `40019`, when the client is made or when an operation would need it:
//!
//! ```
//! use ably_base::{BaseRealtime, ClientOptions};
//!
//! let options = ClientOptions::with_key("appId.keyId:secret");
//! // With `ably_tokio::Tokio`, `ably_websocket::WebSocketTransport` and `ably_tls_rustls::Rustls`
//! // handed to `options.plugin(…)` this connects.
//! let error = BaseRealtime::new(options).unwrap_err();
//! assert_eq!(error.code(), 40019);
//! assert!(error.message().contains("`tokio`"));
//! ```
//!
//! # A plugin
//! Fills slots of [`Plugins`]. Here one of an application that keeps what push notifications need in
//! a map:
//!
//! ```
//! use std::{collections::BTreeMap, sync::{Arc, Mutex}};
//! use ably_base::{ClientOptions, ErrorInfo, Plugin, Plugins, ext::PushPlatform};
//!
//! #[derive(Default)]
//! struct Device(Mutex<BTreeMap<String, String>>);
//!
//! impl PushPlatform for Device {
//!     fn load(&self, name: &str) -> Option<String> {
//!         self.0.lock().ok()?.get(name).cloned()
//!     }
//!     fn store(&self, name: &str, value: Option<&str>) {
//!         let Ok(mut all) = self.0.lock() else { return };
//!         match value {
//!             Some(value) => all.insert(name.into(), value.into()),
//!             None => all.remove(name),
//!         };
//!     }
//! }
//!
//! struct DevicePlugin;
//!
//! impl Plugin for DevicePlugin {
//!     fn id(&self) -> &'static str {
//!         "my-device"
//!     }
//!     fn install(&self, into: &mut Plugins) -> Result<(), ErrorInfo> {
//!         into.set_push(Arc::new(Device::default()));
//!         Ok(())
//!     }
//! }
//!
//! let options = ClientOptions::with_key("appId.keyId:secret").plugin(DevicePlugin);
//! assert!(options.plugins().push().is_some());
//! ```
//!
//! | to bring | implement | put it in with |
//! |---|---|---|
//! | a way for frames | [`Transport`] | `add_transport`, or [`ClientOptions::transport`] |
//! | a way for bytes: a Unix socket, a resolver | [`Dial`] | `set_dial`, or [`ClientOptions::dial`] |
//! | TLS | [`TlsProvider`] | `add_tls` |
//! | HTTP | [`HttpClient`] | `set_http` |
//! | a runtime | [`Runtime`] | `set_runtime` |
//! | a wire format | [`Codec`](protocol::Codec) | `add_codec` |
//! | a step of `encoding` | [`PayloadEncoding`] | `add_encoding` |
//! | something that lives in channels and owns protocol actions | [`BehaviourFactory`] | `add_behaviour` |
//! | signatures of token requests | [`TokenSigner`](ext::TokenSigner) | `set_signer` |
//! | proxies | [`ProxyProvider`](ext::ProxyProvider) | `set_proxy` |
//! | a device for push | [`PushPlatform`](ext::PushPlatform) | `set_push` |
//! | requests of its own | an extension trait over [`HasRest`] | nothing: import it |
//!
//! A slot that can have one only keeps the first. [`TokenSource`] and [`LogSink`] are options, not
//! plugins: closures will do.

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
    ByteStream, ConnectContext, Dial, HttpClient, LogSink, MemoryStorage, Plugin, Plugins,
    Registered, RestAgentOptions, Runtime, Storage, TlsProvider, TokenSource, Transport,
    TransportLink,
};
#[doc(hidden)]
pub use inventory;
pub use options::{ClientOptions, LastConnection};
pub use rest::{BaseRest, HasRest, RestChannel, RestChannels, RestCore};
pub use shell::{Full, Pending, Publish};
pub use streams::{StreamReader, Streamed, Streams};
