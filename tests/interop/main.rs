//! Our client and ably-js understand each other through the sandbox, both ways.
//!
//! Needs Node and `npm ci` in this folder.

mod cuts;
mod delta;
mod messages;
mod peer;
mod presence;
mod push;
mod refusals;
mod rest;
mod stats;
mod support;
mod tokens;
