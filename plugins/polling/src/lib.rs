//! The HTTP transports of the Ably client, for where WebSockets do not get through:
//! [`XhrPolling`] and [`Comet`].
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
