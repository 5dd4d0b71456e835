//! The frames of a WebSocket, seen from a client: bytes to messages and back, without IO.
//!
//! Of our own, because it sees every credential that goes over the wire: it logs nothing. No
//! extensions, no fragments of our own.
//!
//! ```text
//! stream -> Reader::room/filled -> Reader::next -> Step      Writer::push -> Writer::unsent/sent -> stream
//! ```
//!
//! RFC 6455, sections 5 to 8.

mod head;
mod reader;
mod violation;
mod writer;

pub(crate) use head::Opcode;
pub(crate) use reader::{Reader, Step};
pub(crate) use violation::Violation;
pub(crate) use writer::Writer;

/// A buffer that a large frame has made larger than this is not kept for the next one.
const KEEP: usize = 64 * 1024;
