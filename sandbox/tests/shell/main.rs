//! The server over loopback sockets, with raw clients: good ones and bad ones.

mod comet;
mod command;
mod crash;
mod faults;
mod hostile;
mod http;
mod peer;
mod tls;
mod websocket;
