//! The core in virtual time: no sockets, no clock, no sleeps.

mod annotations;
mod batch;
mod capability;
mod comet;
mod connection;
mod delta;
mod filter;
mod history;
mod hostile;
mod journal;
mod jwt;
mod occupancy;
mod presence;
mod publish;
mod push;
mod rest;
mod resume;
mod revoke;
mod secrets;
mod stats;
mod status;
mod subscribe;
mod token;
mod world;
