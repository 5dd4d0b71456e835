//! The HTTP client on the wire.

mod loopback;
mod proxies;
mod support;
mod tls;
