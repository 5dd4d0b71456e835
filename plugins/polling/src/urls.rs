//! [`Urls`]: where the requests of a link go.

use std::fmt::{self, Write as _};

use ably_base::{Target, TransportError, protocol::Secret};

use crate::error::protocol;

/// The URLs of one link. They hold credentials.
pub(crate) struct Urls {
    base: String,
    connect: Secret,
    /// The credential as it stands in a query.
    auth: Secret,
    /// The connectionKey as it stands in a path.
    key: Option<Secret>,
    stream: bool,
}

impl Urls {
    /// Of a target, with a stream of answers or one at a time.
    ///
    /// # Errors
    /// - [`ably_base::FailureKind::Protocol`] host or query would change the meaning of the URL.
    pub(crate) fn new(target: &Target, mut stream: bool) -> Result<Self, TransportError> {
        let query = target.path_and_query.split_once('?').map_or("", |(_, q)| q);
        let odd = |b: u8| b <= b' ' || b == 0x7f;
        let leads_away = |b: u8| odd(b) || b"/?#@\\".contains(&b);
        if target.host.bytes().any(leads_away) || query.bytes().any(|b| odd(b) || b == b'#') {
            return Err(protocol("the host or the query cannot stand in a URL"));
        }
        let mut base = String::from(if target.tls { "https://" } else { "http://" });
        // Writing to a string does not fail.
        let _ = match target.host.contains(':') && !target.host.starts_with('[') {
            true => write!(base, "[{}]:{}/comet/", target.host, target.port),
            false => write!(base, "{}:{}/comet/", target.host, target.port),
        };
        let mut connect = String::with_capacity(query.len() + 32);
        let mut auth = String::new();
        let mut says_stream = false;
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            match name {
                // There is but one.
                "format" => continue,
                "key" | "access_token" | "accessToken" => {
                    append(&mut auth, pair);
                }
                // The application's word is the last.
                "stream" => {
                    says_stream = true;
                    stream = value != "false";
                }
                _ => {}
            }
            append(&mut connect, pair);
        }
        if !stream && !says_stream {
            append(&mut connect, "stream=false");
        }
        Ok(Self {
            base,
            connect: connect.into(),
            auth: auth.into(),
            key: None,
            stream,
        })
    }

    /// Whether answers come as streams.
    pub(crate) fn streams(&self) -> bool {
        self.stream
    }

    pub(crate) fn connect(&self) -> String {
        format!("{}connect?{}", self.base, self.connect.expose())
    }

    /// The URL of an operation of the connection; `None` while its key is not known.
    pub(crate) fn of(&self, operation: &str) -> Option<String> {
        let key = self.key.as_ref()?.expose();
        let auth = self.auth.expose();
        Some(format!("{}{key}/{operation}?{auth}", self.base))
    }

    pub(crate) fn has_key(&self) -> bool {
        self.key.is_some()
    }

    /// Later requests are for this connection.
    ///
    /// # Errors
    /// - [`ably_base::FailureKind::Protocol`] the key cannot stand in a path.
    pub(crate) fn set_key(&mut self, key: &str) -> Result<(), TransportError> {
        // URL parsers resolve dots even when they are encoded.
        if matches!(key, "" | "." | "..") {
            return Err(protocol("the connectionKey cannot stand in a path"));
        }
        self.key = Some(encode("", key).into());
        Ok(())
    }

    /// Later requests show this token.
    pub(crate) fn set_token(&mut self, token: &str) {
        self.auth = encode("access_token=", token).into();
    }
}

impl fmt::Debug for Urls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Urls({}[redacted])", self.base)
    }
}

fn append(query: &mut String, pair: &str) {
    if !query.is_empty() {
        query.push('&');
    }
    query.push_str(pair);
}

/// `prefix`, then `text` with all but unreserved characters percent-encoded.
fn encode(prefix: &str, text: &str) -> String {
    let mut out = String::with_capacity(prefix.len() + text.len() * 3);
    out.push_str(prefix);
    for b in text.bytes() {
        if b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~') {
            out.push(char::from(b));
        } else {
            let _ = write!(out, "%{b:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use ably_base::{FailureKind, Str, protocol::Format};

    fn target(host: &'static str, query: &str) -> Target {
        let path = format!("/?{query}");
        Target::new(Str::from_static(host), 443, true, path, Format::Json)
    }

    fn connect(query: &str, stream: bool) -> (String, bool) {
        let urls = Urls::new(&target("h", query), stream).unwrap();
        (urls.connect(), urls.streams())
    }

    #[test]
    fn connect_names_no_format() {
        let query = "key=a.b%3Ac&v=3&format=json&heartbeats=true&resume=x";
        let url = "https://h:443/comet/connect?key=a.b%3Ac&v=3&heartbeats=true&resume=x";
        assert_eq!(connect(query, true), (url.into(), true));
        assert_eq!(
            connect(query, false),
            (format!("{url}&stream=false"), false)
        );
    }

    #[test]
    fn a_transport_parameter_decides_how_answers_come() {
        let url = "https://h:443/comet/connect?stream=";
        assert_eq!(
            connect("stream=false", true),
            (format!("{url}false"), false)
        );
        assert_eq!(connect("stream=true", false), (format!("{url}true"), true));
    }

    #[test]
    fn other_requests_carry_the_credential_alone() {
        let mut urls =
            Urls::new(&target("::1", "access_token=t%2B1&v=3&echo=false"), true).unwrap();
        assert_eq!(urls.of("recv"), None);
        urls.set_key("i!k/..?é").unwrap();
        assert_eq!(
            urls.of("recv").unwrap(),
            "https://[::1]:443/comet/i%21k%2F..%3F%C3%A9/recv?access_token=t%2B1"
        );
        urls.set_token("n&w");
        urls.set_key("next").unwrap();
        assert_eq!(
            urls.of("send").unwrap(),
            "https://[::1]:443/comet/next/send?access_token=n%26w"
        );
    }

    #[test]
    fn nothing_leads_to_another_place() {
        for host in ["h/x", "h?x", "h#x", "u@h", "h\\x", "h\nx", "h x"] {
            let failed = Urls::new(&target(host, ""), true).unwrap_err();
            assert_eq!(failed.kind, FailureKind::Protocol, "{host}");
        }
        for query in ["a=b\r\nc", "a b", "a#b"] {
            let failed = Urls::new(&target("h", query), true).unwrap_err();
            assert_eq!(failed.kind, FailureKind::Protocol, "{query}");
        }
        let mut urls = Urls::new(&target("h", ""), true).unwrap();
        for key in ["", ".", ".."] {
            let failed = urls.set_key(key).unwrap_err();
            assert_eq!(failed.kind, FailureKind::Protocol, "{key}");
        }
        assert!(!urls.has_key());
    }

    #[test]
    fn debug_shows_no_credential() {
        let mut urls = Urls::new(&target("h", "key=a.b%3Asecret"), true).unwrap();
        urls.set_key("connkey").unwrap();
        assert_eq!(format!("{urls:?}"), "Urls(https://h:443/comet/[redacted])");
    }
}
