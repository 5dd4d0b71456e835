//! The HTTP transports under a whole client: what is asked, and what is made of the answers.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod connecting;
mod ending;
mod hostile;
mod messages;
mod sandbox;
mod support;
mod time;
mod tokens;
