//! The HTTP transports of the Ably client, for where WebSockets do not get through:
//! [`XhrPolling`] and [`Comet`].
//!
//! The connection is tried over a WebSocket first. When neither that opens nor another one elsewhere,
//! and there is a network, it is made over HTTP; that then comes first, until WebSockets open again.
//!
//! ```
//! use ably_base::ClientOptions;
//! use ably_polling::XhrPolling;
//!
//! // … and plugins for WebSockets, HTTP, TLS and the runtime.
//! let options = ClientOptions::with_key("appId.keyId:secret").plugin(XhrPolling);
//! // Over HTTP alone:
//! let polling = options.transports(["xhr_polling"]);
//! ```
//!
//! With both installed [`XhrPolling`] is taken, unless `transports` leaves it out.
//!
//! Each is both the transport and its plugin. Requests go through the client's HTTP plugin and
//! time-outs through its runtime, so both work wherever those do.
//!
//! ```text
//!  Link     makes requests, reads answers          polled, knows no protocol
//!    |
//!  Machine  which requests, and what answers mean   no IO, no clock
//! ```
//!
//! ably-js: `CometTransport` and what is built on it. Spec: `comet.textile`.

mod batch;
mod error;
mod lines;
mod link;
mod machine;
mod peek;
mod refusal;
mod transport;
mod urls;

pub use transport::{Comet, XhrPolling};
