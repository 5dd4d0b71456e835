//! TCP for the Ably client's plugins that stand on tokio.
//!
//! [`TcpDialer`] is the dialler of those to whom the application gives none: it tries addresses side
//! by side. [`TokioStream`] and [`AsyncStream`] turn tokio's streams into [`ByteStream`]s and back.
//! Which way a stream goes, and what is spoken over it, is the plugins' matter.
//!
//! Applications that write diallers find these types in `ably-websocket` and `ably-http` too.
//!
//! [`ByteStream`]: ably_base::ByteStream

mod dial;
mod error;
mod eyeballs;
mod stream;

pub use dial::TcpDialer;
pub use error::of_io;
pub use eyeballs::{STAGGER, connect_first, interleave};
pub use stream::{AsyncStream, TokioStream};
