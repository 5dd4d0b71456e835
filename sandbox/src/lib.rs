//! A local server that speaks the Ably protocol.
