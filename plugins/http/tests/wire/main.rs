//! The HTTP client on the wire.

mod dialling;
mod loopback;
mod proxies;
mod support;
mod tls;
