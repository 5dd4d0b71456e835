//! A proxy that makes trouble on purpose, for testing Ably clients.
//!
//! It stands between a client and a server, passes on what they say, and keeps a log of it. Rules
//! pick frames, connections and requests and say what happens to them instead; actions do something
//! at once. It is what Ably's `uts/docs/proxy.md` specifies, for tests in this process
//! ([`Session`]), and for others as a program with an HTTP interface ([`Control`]).
//!
//! [`Rules`] decides and does no IO. Only text frames can be matched, as in the original: clients
//! must not use the binary protocol. It listens on loopback only, for it passes secrets through and
//! logs them.

mod control;
mod event;
mod http;
mod rule;
mod rules;
mod session;
mod socket;
mod upstream;

pub use control::Control;
pub use event::{Direction, Event, Initiator, Log, What};
pub use rule::{Action, Match, Rule, RuleError, WireAction};
pub use rules::{Fired, Position, Rules, Subject};
pub use session::{ActionError, Builder, Session};
pub use upstream::{Target, TargetError};
