//! Delta compression: what ably-js takes as its plugin `vcdiff`.
//!
//! On a channel with the param `delta=vcdiff` the server sends only how a message differs from the
//! one before it, where that is smaller. Install [`Vcdiff`] and ask for deltas; messages come as
//! they were published. Without the plugin such a channel fails with `40019` on the first delta.
//!
//! ```no_run
//! use ably_base::{BaseRealtime, ChannelOptions, ClientOptions};
//! use ably_delta::Vcdiff;
//!
//! # fn main() -> Result<(), ably_base::ErrorInfo> {
//! let options = ClientOptions::with_key("app.key:secret").plugin(Vcdiff::new());
//! let client = BaseRealtime::new(options)?;
//! let deltas = ChannelOptions::new().param("delta", "vcdiff");
//! let channel = client.channels().get_with("prices", deltas)?;
//! # let _ = channel; Ok(())
//! # }
//! ```
//!
//! Worth it where messages are large and resemble each other; it costs memory, for the latest payload
//! of every channel is kept as what the next delta may build on.
//!
//! A delta may make 16 MiB, or what [`Vcdiff::max_output`] says. One that cannot be applied is `40018`:
//! the channel attaches again from the last good message by itself, and tells the code as the reason of
//! `attaching`.
//!
//! [`Vcdiff::with_decoder`] takes a [`DeltaDecoder`] of yours in place of the one that is here.
//!
//! Spec: PC3, RTL18–RTL20.

mod adler;
mod decoder;
mod delta_decoder;
mod instruction;
mod plugin;
mod reader;

pub use decoder::decode;
pub use delta_decoder::DeltaDecoder;
pub use plugin::{MAX_OUTPUT, Vcdiff};
