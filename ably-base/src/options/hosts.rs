//! Working out hosts and port.
//!
//! Spec: REC1, REC2.

use ably_engine::{
    Hosts,
    protocol::{ErrorCode, ErrorInfo, Str},
};

use super::ClientOptions;

impl ClientOptions {
    /// The hosts to connect to. Options that are empty texts are as good as none, as in ably-js.
    ///
    /// # Errors
    /// - `40106` options that contradict each other.
    /// - `40000` a fallback host, or the id after `nonprod:`, is empty.
    pub(crate) fn hosts(&self) -> Result<Hosts, ErrorInfo> {
        let set = |option: &Option<String>| option.clone().filter(|text| !text.is_empty());
        let (endpoint, environment) = (set(&self.endpoint), set(&self.environment));
        let own_host = set(&self.rest_host).or_else(|| set(&self.realtime_host));
        let conflict = |a: bool, b: bool| a && b;
        if conflict(
            endpoint.is_some(),
            environment.is_some() || own_host.is_some(),
        ) || conflict(environment.is_some(), own_host.is_some())
        {
            return Err(ErrorInfo::new(
                ErrorCode::NO_AUTH_METHOD,
                400,
                "endpoint, environment and rest_host/realtime_host are in conflict: use \
                 endpoint",
            ));
        }
        let (primary, mut fallbacks) = if let Some(host) = own_host {
            (Str::from(host), Vec::new())
        } else if let Some(name) = environment {
            routed(&name)
        } else {
            match endpoint.as_deref() {
                None => routed("main"),
                Some(e) if e == "localhost" || e.contains('.') || e.contains("::") => {
                    (Str::new(e), Vec::new())
                }
                Some(e) => match e.strip_prefix("nonprod:") {
                    // DEVIATION: REC1b3 - ably-js takes it for a host that begins with a dot.
                    Some("") => return Err(empty("the id after `nonprod:` is empty")),
                    Some(id) => (
                        Str::from(format!("{id}.realtime.ably-nonprod.net")),
                        fallback(id, "ably-realtime-nonprod.com"),
                    ),
                    None => routed(e),
                },
            }
        };
        if let Some(given) = &self.fallback_hosts {
            if given.iter().any(String::is_empty) {
                return Err(empty("a fallback host is empty"));
            }
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

fn empty(what: &'static str) -> ErrorInfo {
    ErrorInfo::new(ErrorCode::BAD_REQUEST, 400, what)
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
