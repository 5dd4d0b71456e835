//! WebSockets through proxies of a few lines, on this machine.

mod environment;
mod support;
mod through;
