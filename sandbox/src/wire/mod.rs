//! The wire format, written for this server alone.
//!
//! Nothing here is shared with the client crates: a mistake made in both places would otherwise
//! agree with itself. Holds the value model with its two encodings, and the protocol's records. It
//! does not judge what the records mean; `core` does.
//!
//! Spec: TR, TM, TP, TI.

pub mod action;
pub mod annotation;
pub mod codec;
pub mod data;
pub mod error;
pub mod flags;
pub mod message;
pub mod presence;
pub mod protocol;
pub mod value;

pub use annotation::Annotation;
pub use codec::Format;
pub use data::Data;
pub use error::ErrorInfo;
pub use message::Message;
pub use presence::PresenceMessage;
pub use protocol::{Frame, ProtocolMessage, Request};
pub use value::Value;
