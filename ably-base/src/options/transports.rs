//! Which of the installed transports a client uses.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use ably_engine::{
    BaseTransport, LogLevel, LogRecord, Target, TransportInfo,
    protocol::{ErrorCode, ErrorInfo, Format},
};

use super::ClientOptions;
use crate::{Transport, ext::TracingSink};

/// The transports that ably-js knows, with the plugins and features that bring them.
const KNOWN: [(&str, &str, &str); 3] = [
    ("web_socket", "WebSocketTransport", "websocket"),
    ("xhr_polling", "XHRPolling", "polling"),
    ("comet", "XHRPolling", "polling"),
];

/// Says by opening that WebSockets get through.
const PROBE_URL: &str = "wss://ws-up.ably-realtime.com";

/// Those that work where WebSockets do not, the preferred one first.
const BASE: [&str; 2] = ["xhr_polling", "comet"];

impl ClientOptions {
    /// The names of the transports that may be used, such as `web_socket`, `xhr_polling` and
    /// `comet`. Default: those that are installed. Of two that work where WebSockets do not,
    /// `xhr_polling` is taken. ably-js's `transports`.
    pub fn transports(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.transports = Some(names.into_iter().map(Into::into).collect());
        self.choose = Some(choose);
        self
    }

    fn may_use(&self, id: &str) -> bool {
        let names = self.transports.as_deref();
        names.is_none_or(|names| names.iter().any(|name| name == id))
    }

    /// Whether there is what `transport` needs; logs it when there is not.
    fn can_use(&self, transport: &dyn Transport) -> bool {
        if !transport.uses_http() {
            return true;
        }
        let http = self.rest_config();
        let Err(error) = http.and_then(|config| config.transport_http(&self.plugins)) else {
            return true;
        };
        if self.engine.log_level >= LogLevel::Major {
            let sink = self.log_handler.clone();
            let sink = sink.unwrap_or_else(|| Arc::new(TracingSink));
            let id = transport.id();
            let record = LogRecord {
                level: LogLevel::Major,
                target: "connection",
                message: format!("the transport {id} cannot be used: {error}"),
            };
            // Where would a panic be told?
            let _ = catch_unwind(AssertUnwindSafe(|| sink.log(&record)));
        }
        false
    }
}

/// The transports to use, and what the engine is to know of a second one.
pub(crate) type Chosen = (Vec<Arc<dyn Transport>>, Option<BaseTransport>);
pub(crate) type ChooseFn = fn(&ClientOptions) -> Result<Chosen, ErrorInfo>;

/// The transports to use, the preferred one first. A client that has one transport and names
/// none does not carry this.
///
/// # Errors
/// - `40000` a transport is asked for that nobody knows; the URL of the connectivity check over
///   WebSockets cannot be read.
/// - `40019` none that may be used is installed.
pub(crate) fn choose(options: &ClientOptions) -> Result<Chosen, ErrorInfo> {
    let plugins = &options.plugins;
    let asked = options.transports.as_deref().unwrap_or_default();
    let unknown = |name: &&String| {
        plugins.transport(name).is_none() && KNOWN.iter().all(|(id, ..)| id != name)
    };
    if let Some(name) = asked.iter().find(unknown) {
        let known = KNOWN.map(|(id, ..)| format!("`{id}`")).join(", ");
        return Err(bad(format!(
            "there is no transport called {name:?}: there are {known}"
        )));
    }
    let mut all = plugins.transports().iter();
    let preferred = all.find(|t| options.may_use(t.id()) && !BASE.contains(&t.id()));
    let mut named = BASE.iter().filter(|id| options.may_use(id));
    let mut base = named.find_map(|id| plugins.transport(id));
    if preferred.is_some() && options.transports.is_none() {
        // Nobody has asked for it: a client that does without is as good as before.
        base = base.filter(|base| options.can_use(&***base));
    }
    let chosen: Vec<_> = preferred.into_iter().chain(base).cloned().collect();
    let fall_back = match chosen.as_slice() {
        [] => {
            return Err(match KNOWN.iter().find(|(id, ..)| options.may_use(id)) {
                Some((_, plugin, feature)) => ErrorInfo::missing_plugin(plugin, feature),
                None => bad("no transport may be used".into()),
            });
        }
        [_, base] => {
            let url = options.ws_connectivity_check_url.as_deref();
            let probe = target(url.unwrap_or(PROBE_URL)).ok_or_else(|| {
                bad("ws_connectivity_check_url is not the URL of a WebSocket server".into())
            })?;
            Some(BaseTransport::new(info(&**base, options), probe))
        }
        _ => None,
    };
    Ok((chosen, fall_back))
}

/// What the engine has to know of a transport.
pub(crate) fn info(transport: &dyn Transport, options: &ClientOptions) -> TransportInfo {
    let mut info = TransportInfo::new(transport.id());
    info.heartbeats = !transport.sees_pings();
    info.json_only = transport.json_only();
    if transport.uses_http() {
        info.send_delay = options.http_request_timeout;
    }
    info
}

/// Where a URL leads; without a scheme it is `wss`.
fn target(url: &str) -> Option<Target> {
    let (scheme, rest) = url.split_once("://").unwrap_or(("wss", url));
    let (tls, default_port) = match scheme {
        "wss" => (true, 443),
        "ws" => (false, 80),
        _ => return None,
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at_checked(end)?;
    let path = path.split('#').next().unwrap_or_default();
    let bracket = authority.rfind(']').unwrap_or(0);
    let (host, port) = match authority.rfind(':').filter(|at| *at > bracket) {
        Some(at) => (authority.get(..at)?, authority.get(at + 1..)?.parse().ok()?),
        None => (authority, default_port),
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    if host.is_empty() || host.contains('@') || url.contains(char::is_whitespace) {
        return None;
    }
    let slash = if path.starts_with('/') { "" } else { "/" };
    let path = format!("{slash}{path}");
    Some(Target::new(host.into(), port, tls, path, Format::Json))
}

fn bad(why: String) -> ErrorInfo {
    ErrorInfo::new(ErrorCode::BAD_REQUEST, 400, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_of_the_probe() {
        let at = |url| {
            target(url).map(|t| (t.tls, t.host.as_str().to_owned(), t.port, t.path_and_query))
        };
        let is = |tls, host: &str, port, path: &str| Some((tls, host.into(), port, path.into()));
        assert_eq!(at(PROBE_URL), is(true, "ws-up.ably-realtime.com", 443, "/"));
        assert_eq!(at("a.example"), is(true, "a.example", 443, "/"));
        assert_eq!(at("ws://[::1]:80?x=1#y"), is(false, "::1", 80, "/?x=1"));
        assert_eq!(at("ws://[::1]/up"), is(false, "::1", 80, "/up"));
        for bad in [
            "",
            "https://a.example",
            "wss://",
            "wss://a:b",
            "wss://u@a",
            "wss://a b",
        ] {
            assert_eq!(at(bad), None, "{bad}");
        }
    }
}
