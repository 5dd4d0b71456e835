//! The HTTP client on the wire.

mod loopback;
mod support;
#[cfg(feature = "rustls")]
mod tls;
