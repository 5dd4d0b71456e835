//! Our client and ably-js understand each other through the sandbox, both ways.
//!
//! Needs Node and `npm ci` in this folder.

mod annotations;
mod comet;
mod cuts;
mod delta;
mod expiry;
mod filters;
mod history;
mod messages;
mod pair;
mod peer;
mod polling;
mod presence;
mod presence_amid;
mod presence_cuts;
mod presence_members;
mod presence_sync;
mod push;
mod recover;
mod refusals;
mod rest;
mod rewind;
mod stats;
mod support;
mod tokens;
