//! Working out hosts and port.
//!
//! Spec: REC1, REC2.

use std::net::Ipv6Addr;

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
    /// - `40000` a fallback host, or the id after `nonprod:`, is empty; a host is more than a host.
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
        check(
            "endpoint",
            "a host name or a routing policy",
            &self.endpoint,
        )?;
        check("environment", "a routing policy", &self.environment)?;
        check("rest_host", "a host name", &self.rest_host)?;
        check("realtime_host", "a host name", &self.realtime_host)?;
        check(
            "fallback_hosts",
            "a list of host names",
            self.fallback_hosts.iter().flatten(),
        )?;
        let (primary, mut fallbacks) = if let Some(host) = own_host {
            (Str::from(host), Vec::new())
        } else if let Some(name) = environment {
            routed(&name)
        } else {
            match endpoint.as_deref() {
                None => routed("main"),
                Some(e) if e == "localhost" || e.contains('.') || is_ipv6(e) => {
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

/// Refuses what would make another URL of a host: a scheme, a port, a path, a blank.
fn check<'a>(
    option: &str,
    what: &str,
    texts: impl IntoIterator<Item = &'a String>,
) -> Result<(), ErrorInfo> {
    let is_more = |text: &str| {
        let id = text.strip_prefix("nonprod:");
        let host = id.filter(|_| option == "endpoint").unwrap_or(text);
        let splits = |c: char| c.is_whitespace() || c.is_control() || "/\\?#@".contains(c);
        host.contains(splits) || (host.contains([':', '[', ']']) && !is_ipv6(host))
    };
    if texts.into_iter().any(|text| is_more(text)) {
        return Err(ErrorInfo::new(
            ErrorCode::BAD_REQUEST,
            400,
            format!(
                "`{option}` is {what}, without scheme, port or path: use `port`, `tls_port` and \
                 `tls`"
            ),
        ));
    }
    Ok(())
}

/// An IPv6 address, with or without brackets; what follows a `%` is the zone.
fn is_ipv6(host: &str) -> bool {
    let inside = host.strip_prefix('[').and_then(|h| h.strip_suffix(']'));
    let address = inside.unwrap_or(host).split('%').next();
    address.is_some_and(|address| address.parse::<Ipv6Addr>().is_ok())
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
