//! Working out hosts and port.
//!
//! Spec: REC1, REC2.

use ably_engine::{
    Hosts,
    protocol::{ErrorCode, ErrorInfo, Str},
};

use super::ClientOptions;

impl ClientOptions {
    /// The hosts to connect to.
    ///
    /// # Errors
    /// - `40106` options that contradict each other.
    pub(crate) fn hosts(&self) -> Result<Hosts, ErrorInfo> {
        let own_host = self.rest_host.as_ref().or(self.realtime_host.as_ref());
        let conflict = |a: bool, b: bool| a && b;
        if conflict(
            self.endpoint.is_some(),
            self.environment.is_some() || own_host.is_some(),
        ) || conflict(self.environment.is_some(), own_host.is_some())
        {
            return Err(ErrorInfo::new(
                ErrorCode::NO_AUTH_METHOD,
                400,
                "endpoint, environment and rest_host/realtime_host are in conflict: use \
                 endpoint",
            ));
        }
        let (primary, mut fallbacks) = if let Some(host) = own_host {
            (Str::new(host), Vec::new())
        } else if let Some(name) = &self.environment {
            routed(name)
        } else {
            match self.endpoint.as_deref() {
                None => routed("main"),
                Some(e) if e == "localhost" || e.contains('.') || e.contains("::") => {
                    (Str::new(e), Vec::new())
                }
                Some(e) => match e.strip_prefix("nonprod:") {
                    Some(id) => (
                        Str::from(format!("{id}.realtime.ably-nonprod.net")),
                        fallback(id, "ably-realtime-nonprod.com"),
                    ),
                    None => routed(e),
                },
            }
        };
        if let Some(given) = &self.fallback_hosts {
            fallbacks = given.iter().map(Str::from).collect();
        } else if self.port.is_some() || self.tls_port.is_some() {
            // A port of one's own means a server of one's own.
            fallbacks.clear();
        }
        Ok(Hosts::new(primary, fallbacks))
    }

    /// The port to connect to.
    pub(crate) fn effective_port(&self) -> u16 {
        if self.tls {
            self.tls_port.unwrap_or(443)
        } else {
            self.port.unwrap_or(80)
        }
    }
}

fn routed(id: &str) -> (Str, Vec<Str>) {
    (
        Str::from(format!("{id}.realtime.ably.net")),
        fallback(id, "ably-realtime.com"),
    )
}

fn fallback(id: &str, domain: &str) -> Vec<Str> {
    ["a", "b", "c", "d", "e"]
        .map(|x| Str::from(format!("{id}.{x}.fallback.{domain}")))
        .into()
}
