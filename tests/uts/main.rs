//! Cases of Ably's Universal Test Specs, derived. Each test names its cases with `// UTS: <id>`;
//! `coverage.tsv` lists them all. One module per folder of the specs, one file per document.

mod live;
mod support;

mod annotations;
mod auth;
mod channels;
mod client;
mod connection;
mod integration;
mod messages;
mod presence;
mod proxy;
mod push;
mod realtime_auth;
mod resources;
mod rest;
mod stats;
