//! The Ably realtime and REST client for Rust.
//!
//! [`Realtime`] is [`BaseRealtime`] with the plugins that the enabled features bring. Everything
//! beyond connecting, publishing and subscribing is a plugin of its own, so a client carries only
//! what it uses:
//!
//! ```toml
//! ably = { version = "0.1", default-features = false, features = ["tokio", "websocket"] }
//! ```
//!
//! ```no_run
//! use ably::{Realtime, prelude::*};
//!
//! # async fn f() -> Result<(), ably::ErrorInfo> {
//! let client = Realtime::new("appId.keyId:secret")?;
//! let channel = client.channels().get("news")?;
//! channel.publish("greeting", "hello").await?;
//! # Ok(())
//! # }
//! ```
//!
//! Plugins come in by three ways, and the first that fills a slot keeps it: those handed over with
//! [`ClientOptions::plugin`], then those that a linked crate has registered with
//! [`register_plugin!`], then those of the enabled features. [`BaseRealtime`] takes the first way
//! only.

mod client;
pub mod plugins;
pub mod prelude;

pub use ably_base::*;
pub use client::Realtime;
pub use plugins::{DefaultPlugins, default_plugins};
