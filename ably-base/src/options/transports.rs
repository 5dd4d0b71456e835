//! Which of the installed transports a client uses.

use std::sync::Arc;

use ably_engine::protocol::{ErrorCode, ErrorInfo};

use super::ClientOptions;
use crate::Transport;

/// The transports that ably-js knows, with the plugins and features that bring them.
const KNOWN: [(&str, &str, &str); 3] = [
    ("web_socket", "WebSocketTransport", "websocket"),
    ("xhr_polling", "XHRPolling", "polling"),
    ("comet", "XHRPolling", "polling"),
];

/// Those that work where WebSockets do not, the preferred one first.
const BASE: [&str; 2] = ["xhr_polling", "comet"];

impl ClientOptions {
    /// The transport that is tried first.
    ///
    /// # Errors
    /// - `40000` a transport is asked for that nobody knows.
    /// - `40019` none that may be used is installed.
    pub(crate) fn choose_transport(&self) -> Result<Arc<dyn Transport>, ErrorInfo> {
        let asked = self.transports.as_deref();
        let unknown = |name: &&String| {
            self.plugins.transport(name).is_none() && KNOWN.iter().all(|(id, ..)| id != name)
        };
        if let Some(name) = asked.unwrap_or_default().iter().find(unknown) {
            return Err(bad(format!("there is no transport called {name:?}")));
        }
        let all = self.plugins.transports();
        let may = |id: &str| asked.is_none_or(|names| names.iter().any(|name| name == id));
        let preferred = all.iter().find(|t| may(t.id()) && !BASE.contains(&t.id()));
        let base = || {
            let mut named = BASE.iter().filter(|id| may(id));
            named.find_map(|id| self.plugins.transport(id))
        };
        let chosen = preferred.or_else(base).cloned();
        chosen.ok_or_else(|| match KNOWN.iter().find(|(id, ..)| may(id)) {
            Some((_, plugin, feature)) => ErrorInfo::missing_plugin(plugin, feature),
            None => bad("no transport may be used".into()),
        })
    }
}

fn bad(why: String) -> ErrorInfo {
    ErrorInfo::new(ErrorCode::BAD_REQUEST, 400, why)
}
