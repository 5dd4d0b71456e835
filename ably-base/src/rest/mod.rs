//! REST: the part that every request shares.
//!
//! [`RestCore`] sends requests: hosts, retries, credentials, headers, limits. [`BaseRest`] is a
//! client that has nothing else; a realtime client has a core too, made when it is asked for
//! first. What can be asked of Ably is in plugins, as extension traits on whatever [`HasRest`].

mod channels;
mod client;
mod config;
mod connectivity;
mod core;
mod path;
mod request;

pub use self::core::{HasRest, RestCore};
pub use channels::{RestChannel, RestChannels};
pub use client::BaseRest;
pub use path::RestPath;
pub use request::RestRequest;

pub(crate) use self::core::{Door, Inner};
pub(crate) use config::RestConfig;
pub(crate) use connectivity::Connectivity;
pub(crate) use path::encode;
