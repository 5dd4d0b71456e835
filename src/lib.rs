//! The Ably realtime and REST client for Rust.
//!
//! [`Realtime`] is [`BaseRealtime`] and [`Rest`] is [`BaseRest`], with the plugins that the enabled
//! features bring. Everything beyond connecting, publishing and subscribing is a plugin of its own,
//! so a client carries only what it uses:
//!
//! ```toml
//! ably = { version = "0.1", default-features = false, features = ["tokio", "websocket"] }
//! ```
//!
//! | feature | brings | ably-js |
//! |---|---|---|
//! | `tokio` | the runtime | |
//! | `websocket` | the transport | `WebSocketTransport` |
//! | `rustls` | TLS, for the transport and for `http` | |
//! | `native-tls` | the same with the platform's library; `rustls` comes first unless [`ClientOptions::tls_backend`] says otherwise | |
//! | `proxy` | outbound proxies, of the options and of the environment | |
//! | `http` | HTTP requests, over reqwest | `FetchRequest` |
//! | `token` | signed token requests, authUrl; implied by `http` and `rest` | in its base |
//! | `rest` | publishing without a connection, history, batches, status: [`plugins::rest`] | `Rest` |
//! | `stats` | what the application has used: [`plugins::stats`] | part of `Rest` |
//! | `push` | push notifications: [`plugins::push`] | part of `Rest`, `Push` |
//! | `msgpack` | the binary protocol | `MsgPack` |
//! | `crypto` | encrypted channels: [`plugins::crypto`] | `Crypto` |
//! | `delta` | only what changed between messages; not a default: [`plugins::delta`] | `vcdiff` |
//! | `presence` | who is on a channel: [`plugins::presence`] | `RealtimePresence` |
//! | `annotations` | what is added to messages: [`plugins::annotations`] | `Annotations` |
//! | `filter` | subscriptions to messages by more than their name: [`plugins::filter`] | `MessageInteractions` |
//!
//! `full` is all of these but `native-tls`, which needs OpenSSL on Linux; `default` is without `delta`
//! too, as ably-js is.
//!
//! Plugins come in by three ways, and the first that fills a slot keeps it: those handed over with
//! [`ClientOptions::plugin`], then those that a linked crate has registered with
//! [`register_plugin!`], then those of the enabled features. [`BaseRealtime`] takes the first way
//! only.

mod client;
pub mod plugins;
pub mod prelude;

pub use ably_base::*;
pub use client::{Realtime, Rest};
pub use plugins::{DefaultPlugins, default_plugins};

/// The README's examples compile.
#[cfg(all(doctest, feature = "tokio", feature = "websocket"))]
#[doc = include_str!("../README.md")]
pub struct Readme;
