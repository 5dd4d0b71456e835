//! The transport against servers on loopback and in memory.

mod closing;
mod dialling;
mod frames;
mod hostile;
mod support;
mod upgrading;
