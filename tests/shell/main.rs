//! Handles and driver on virtual time: what holds whatever the server, the application and the
//! runtime do.

mod callbacks;
mod clock;
mod connection;
mod decoding;
mod end;
mod fallback;
mod listeners;
mod outbox;
mod peer;
mod publish;
mod reasons;
mod recovery;
mod robust;
mod subscribe;
mod transports;
mod world;
