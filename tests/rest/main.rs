//! REST as a whole: the client, the request machine, the plugin.
//!
//! Scripted parts run in virtual time; `sandbox` goes over real sockets to the sandbox.

mod auth;
mod auth_realtime;
mod auth_sandbox;
mod history;
mod pages;
mod presence;
mod publish;
mod push;
mod push_sandbox;
mod request;
mod request_ids;
mod resources;
mod resources_sandbox;
mod sandbox;
mod stats;
mod support;
mod token;
