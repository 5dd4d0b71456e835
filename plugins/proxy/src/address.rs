//! [`Address`]: where a proxy is, read from a URL.

use std::{fmt, net::IpAddr};

use ably_base::{ErrorCode, ErrorInfo, protocol::Secret};
use base64::{Engine, engine::general_purpose::STANDARD};

/// What is spoken with a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    /// HTTP CONNECT.
    Http,
    /// HTTP CONNECT over TLS.
    Https,
    /// SOCKS 5. Names are resolved by the proxy.
    Socks5,
}

/// One proxy. Its credentials are in no text that it prints.
#[derive(Clone)]
pub(crate) struct Address {
    scheme: Scheme,
    host: String,
    port: u16,
    /// As in the URL, so perhaps percent-encoded.
    user_info: Option<Secret<String>>,
}

impl Address {
    /// Reads `[http|https|socks5|socks5h://][user[:password]@]host[:port]`; `http` when there is no
    /// scheme. The ports are 80, 443 and 1080 when there is none.
    ///
    /// # Errors
    /// - `40000` it cannot be read, or is of another kind. The text is not repeated.
    pub(crate) fn parse(url: &str) -> Result<Self, ErrorInfo> {
        let bad = |why| {
            let text = format!("the proxy's URL cannot be used: {why}");
            ErrorInfo::new(ErrorCode::BAD_REQUEST, 400, text)
        };
        let (scheme, rest) = url.trim().split_once("://").unwrap_or(("http", url.trim()));
        let is = |name| scheme.eq_ignore_ascii_case(name);
        let (scheme, default) = if is("http") {
            (Scheme::Http, 80)
        } else if is("https") {
            (Scheme::Https, 443)
        } else if is("socks5") || is("socks5h") {
            (Scheme::Socks5, 1080)
        } else {
            return Err(bad("it is neither http, https nor socks5"));
        };
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        let (user_info, address) = match authority.rsplit_once('@') {
            Some((user_info, address)) => (Some(user_info), address),
            None => (None, authority),
        };
        // The colons of an IPv6 literal stand in brackets.
        let (host, port) = match address.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => {
                (host, port.parse().map_err(|_| bad("its port is none"))?)
            }
            _ => (address, default),
        };
        let odd = |b: u8| b <= b' ' || b == 0x7f || b"/?#@\"<>\\^`{|}".contains(&b);
        let host = host.to_ascii_lowercase();
        if unbracketed(&host).is_empty()
            || host.bytes().any(odd)
            || authority.bytes().any(|b| b <= b' ')
        {
            return Err(bad("its host is none"));
        }
        if host != unbracketed(&host) && unbracketed(&host).parse::<IpAddr>().is_err()
            || host == unbracketed(&host) && host.contains(':')
        {
            return Err(bad("its IPv6 address is none"));
        }
        Ok(Self {
            scheme,
            host,
            port,
            user_info: user_info.map(|u| Secret::new(u.to_owned())),
        })
    }

    /// What is spoken with it.
    pub(crate) fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Its host; an IPv6 address is in brackets.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// Its port.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// User and password, if it wants any.
    pub(crate) fn credentials(&self) -> Option<Secret<(String, String)>> {
        let user_info = self.user_info.as_ref()?.expose();
        let (user, password) = user_info.split_once(':').unwrap_or((user_info, ""));
        Some(Secret::new((decoded(user), decoded(password))))
    }

    /// The value of `Proxy-Authorization`, if it wants one.
    pub(crate) fn authorization(&self) -> Option<Secret<String>> {
        let credentials = self.credentials()?;
        let (user, password) = credentials.expose();
        let text = STANDARD.encode(format!("{user}:{password}"));
        Some(Secret::new(format!("Basic {text}")))
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {}:{}", self.scheme, self.host, self.port)
    }
}

/// A host without the brackets of an IPv6 address, which belong to URLs.
pub(crate) fn unbracketed(host: &str) -> &str {
    let inner = host.strip_prefix('[').and_then(|h| h.strip_suffix(']'));
    inner.unwrap_or(host)
}

/// Undoes percent-encoding; what is not any stays.
fn decoded(text: &str) -> String {
    let digit = |b: Option<&u8>| b.and_then(|b| char::from(*b).to_digit(16));
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        at += 1;
        let escaped = (*byte == b'%')
            .then(|| Some(digit(bytes.get(at))? << 4 | digit(bytes.get(at + 1))?))
            .flatten();
        match escaped {
            Some(value) => {
                out.push(value as u8);
                at += 2;
            }
            None => out.push(*byte),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_read_with_its_defaults() {
        use Scheme::{Http, Https, Socks5};
        for (url, scheme, host, port) in [
            ("proxy.test", Http, "proxy.test", 80),
            ("proxy.test:3128", Http, "proxy.test", 3128),
            ("HTTP://Proxy.Test:3128/", Http, "proxy.test", 3128),
            ("https://proxy.test", Https, "proxy.test", 443),
            ("socks5://10.0.0.1", Socks5, "10.0.0.1", 1080),
            ("socks5h://[::1]:9050", Socks5, "[::1]", 9050),
            ("http://[fe80::1]", Http, "[fe80::1]", 80),
        ] {
            let proxy = Address::parse(url).unwrap();
            assert_eq!(
                (proxy.scheme(), proxy.host(), proxy.port()),
                (scheme, host, port),
                "{url}"
            );
            assert!(proxy.credentials().is_none());
            assert!(proxy.authorization().is_none());
        }
    }

    #[test]
    fn credentials_are_read_and_never_printed() {
        let proxy = Address::parse("http://us%40er:p%3Aw%2f%zz@proxy.test:8080").unwrap();
        let credentials = proxy.credentials().unwrap();
        assert_eq!(
            credentials.expose(),
            &("us@er".to_owned(), "p:w/%zz".to_owned())
        );
        // "us@er:p:w/%zz"
        let authorization = proxy.authorization().unwrap();
        assert_eq!(authorization.expose(), "Basic dXNAZXI6cDp3LyV6eg==");
        let printed = format!("{proxy:?} {authorization:?}");
        for secret in ["us%40er", "us@er", "p%3A", "p:w", "dXNAZXI6"] {
            assert!(!printed.contains(secret), "{printed}");
        }
        // A user without a password.
        let proxy = Address::parse("me@proxy.test").unwrap();
        assert_eq!(
            proxy.credentials().unwrap().expose(),
            &("me".to_owned(), String::new())
        );
    }

    #[test]
    fn what_is_no_proxy_is_refused_without_repeating_it() {
        for url in [
            "",
            "http://",
            "socks4://hunter2@proxy.test",
            "ftp://hunter2@proxy.test",
            "http://hunter2@proxy.test:port",
            "http://hunter2@proxy.test:99999",
            "http://hunter2@pro xy.test",
            "http://hunter2@proxy.test/path",
            "http://hunter2@::1",
            "http://hunter2@[no]:1",
            "http://hun\r\nter2@proxy.test",
        ] {
            let error = Address::parse(url).unwrap_err();
            assert_eq!(error.code(), ErrorCode::BAD_REQUEST, "{url}");
            let printed = format!("{error} {error:?}");
            assert!(!printed.contains("hunter2"), "{printed}");
        }
    }
}
