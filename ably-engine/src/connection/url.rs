//! The connection URL.
//!
//! Spec: RTN2, RTN23b, RTC1f.

use alloc::{string::String, vec::Vec};
use core::fmt::Write as _;

use ably_protocol::PROTOCOL_VERSION;

use crate::Engine;

impl Engine {
    /// Path and query of the next attempt. Later parameters of the same name win, so that
    /// `transportParams` override (RTC1f1).
    pub(super) fn connection_path(&self) -> String {
        let c = &self.config;
        let mut params: Vec<(&str, String)> = Vec::new();
        if let Some((name, secret)) = self.auth.query() {
            params.push((name, secret.expose().clone()));
        }
        params.push(("v", PROTOCOL_VERSION.into()));
        if !self.conn.transport.json_only {
            params.push(("format", c.format.as_str().into()));
        }
        let heartbeats = if self.conn.transport.heartbeats {
            "true"
        } else {
            "false"
        };
        params.push(("heartbeats", heartbeats.into()));
        if !c.echo_messages {
            params.push(("echo", "false".into()));
        }
        if let Some(id) = &c.client_id {
            params.push(("clientId", String::from(id.as_str())));
        }
        if let Some(key) = &self.conn.key {
            params.push(("resume", String::from(key.as_str())));
        } else if let Some(recovery) = self.conn.recovery_serials() {
            params.push(("recover", String::from(recovery.connection_key.as_str())));
        }
        if !c.agent.is_empty() {
            params.push(("agent", c.agent.clone()));
        }
        for (name, value) in &c.transport_params {
            params.retain(|(n, _)| n != name);
            params.push((name, value.clone()));
        }
        let mut path = String::from("/");
        for (i, (name, value)) in params.iter().enumerate() {
            path.push(if i == 0 { '?' } else { '&' });
            encode(name, &mut path);
            path.push('=');
            encode(value, &mut path);
        }
        path
    }
}

/// Percent-encodes all but unreserved characters.
fn encode(text: &str, into: &mut String) {
    for b in text.bytes() {
        if b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~') {
            into.push(char::from(b));
        } else {
            // Writing to a string does not fail.
            let _ = write!(into, "%{b:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_breaks_out_of_its_parameter() {
        let mut out = String::new();
        encode("a&b=c d/é#%", &mut out);
        assert_eq!(out, "a%26b%3Dc%20d%2F%C3%A9%23%25");
    }
}
