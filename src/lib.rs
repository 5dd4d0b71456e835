//! The Ably realtime and REST client for Rust.
//!
//! [`Realtime`] keeps a connection, on which messages come and go; [`Rest`] makes requests and
//! nothing else. The names are those of ably-js 2.12.0 in snake_case.
//!
//! ```no_run
//! use ably::prelude::*;
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let client = Realtime::new("appId.keyId:secret")?;
//!     let channel = client.channels().get("greetings");
//!     let mut messages = channel.subscribe("hello");
//!     messages.attached().await?;
//!     channel.publish("hello", "world").await?;
//!     if let Some(message) = messages.next().await {
//!         println!("{:?}", message?.data);
//!     }
//!     client.close();
//!     client.connection().closed().await;
//!     Ok(())
//! }
//! ```
//!
//! # How calls behave
//! - What the connection does starts when it is called: the message of [`Channel::publish`] is on its
//!   way whether its future is awaited or not. A REST request starts when it is awaited.
//! - While there is no connection, operations wait for it. Why there is none is in
//!   [`Connection::error_reason`].
//! - Dropping a future is safe; every method says under "Cancel safety" what it leaves undone.
//! - Events come to callbacks (`on`, `subscribe_with`) or as a stream (`state_changes`, `subscribe`),
//!   which is unsubscribed by dropping it. A callback runs on the client's own task: it must not
//!   block, and if it captures the client, then as [`WeakRealtime`].
//! - Handles are cheap to clone and may go to any thread. When the last one of a client is dropped,
//!   the client closes in the background.
//!
//! # Errors
//! Every failure is an [`ErrorInfo`]: a [code](ErrorCode), an HTTP-like status, a sentence, and what
//! led to it. Methods list their codes. `40019` is a plugin that is missing; the message names the
//! feature that brings it.
//!
//! # Limits
//! | what | default | beyond it |
//! |---|---|---|
//! | a publish | 65,536 bytes, or what the server says | `40009` |
//! | publishes that wait for an acknowledgement | 10,000, and 16 MiB | `publish` waits, [`Channel::try_publish`] gives them back |
//! | a stream of messages | 65,536, and 64 MiB | [`Lagged`] tells how many were missed |
//! | a frame | 16 MiB | the connection is made anew |
//! | the answer to a request | 64 MiB | `80013` |
//! | JSON | 128 levels | `40013` |
//!
//! # Features
//! Everything beyond connecting, publishing and subscribing is a plugin in a crate of its own, so a
//! client carries only what it uses. This one speaks to a server at hand, without TLS:
//!
//! ```toml
//! ably = { version = "0.1", default-features = false, features = ["tokio", "websocket"] }
//! ```
//!
//! Add `rustls` for Ably itself; `token` and `http` to sign token requests or ask an authUrl; then what
//! the program calls. A client that only makes requests needs `tokio`, `http`, `rest` and `rustls`.
//!
//! | feature | brings | ably-js |
//! |---|---|---|
//! | `tokio` | the runtime | |
//! | `websocket` | the transport | `WebSocketTransport` |
//! | `polling` | transports over HTTP, for where WebSockets do not get through; not a default; brings `http`: [`plugins::polling`] | `XHRPolling` |
//! | `rustls` | TLS, for the transport and for `http` | |
//! | `native-tls` | the same with the platform's library; `rustls` comes first unless [`ClientOptions::tls_backend`] says otherwise | |
//! | `proxy` | outbound proxies, of the options and of the environment | |
//! | `http` | HTTP requests, over hyper | `FetchRequest` |
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
//! and `polling` too, as ably-js is.
//!
//! # Where plugins come from
//! [`Realtime`] is [`BaseRealtime`] and [`Rest`] is [`BaseRest`], with the plugins that the enabled
//! features bring. A library on top of Ably should use these, and leave the features to the program.
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
