//! The WebSocket transport of the Ably client.
//!
//! [`WebSocketTransport`] is both the transport (`web_socket`) and its plugin. It dials with the
//! application's [`Dial`](ably_base::Dial) or with [`TcpDialer`], which tries addresses side by
//! side; wraps the stream with the client's [`TlsProvider`](ably_base::TlsProvider) when the target
//! wants TLS; and makes the upgrade itself, so that no library gets to log a URL that holds a key.
//!
//! ```text
//! Target -> Dial (TcpDialer: happy eyeballs) -> Routes (a proxy?) -> TlsProvider -> upgrade -> Link (frames)
//! ```
//!
//! [`TokioStream`] and [`AsyncStream`] turn tokio's streams into [`ByteStream`]s and back, for
//! those who write diallers.
//!
//! # What is logged
//! Nothing. The frames are made and read here too, so no library gets to see a token or a key.
//!
//! [`ByteStream`]: ably_base::ByteStream

mod accept_key;
mod error;
mod frame;
mod link;
mod transport;
mod upgrade;

pub use ably_tokio_net::{AsyncStream, TcpDialer, TokioStream};
pub use transport::WebSocketTransport;
