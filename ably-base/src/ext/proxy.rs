//! [`Proxies`]: the way out of networks that have no direct one.
//!
//! Which proxy is for which host, from a URL or from the environment. Opens nothing: transports and
//! HTTP clients do, and ask here, so that all of a client's traffic takes the same way.
//!
//! Not in spec and not in ably-js: what curl and others read from the environment.

use std::{fmt, net::IpAddr};

use ably_engine::protocol::{ErrorCode, ErrorInfo, Secret};
use base64::{Engine, engine::general_purpose::STANDARD};

/// What is spoken with a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProxyScheme {
    /// HTTP CONNECT.
    Http,
    /// HTTP CONNECT over TLS.
    Https,
    /// SOCKS 5. Names are resolved by the proxy.
    Socks5,
}

/// One proxy. Its credentials are in no text that it prints.
#[derive(Clone)]
pub struct Proxy {
    scheme: ProxyScheme,
    host: String,
    port: u16,
    /// As in the URL, so perhaps percent-encoded.
    user_info: Option<Secret<String>>,
}

impl Proxy {
    /// Reads `[http|https|socks5|socks5h://][user[:password]@]host[:port]`; `http` when there is no
    /// scheme. The ports are 80, 443 and 1080 when there is none.
    ///
    /// # Errors
    /// - `40000` it cannot be read, or is of another kind. The text is not repeated.
    pub fn parse(url: &str) -> Result<Self, ErrorInfo> {
        let bad = |why| {
            let text = format!("the proxy's URL cannot be used: {why}");
            ErrorInfo::new(ErrorCode::BAD_REQUEST, 400, text)
        };
        let (scheme, rest) = url.trim().split_once("://").unwrap_or(("http", url.trim()));
        let is = |name| scheme.eq_ignore_ascii_case(name);
        let (scheme, default) = if is("http") {
            (ProxyScheme::Http, 80)
        } else if is("https") {
            (ProxyScheme::Https, 443)
        } else if is("socks5") || is("socks5h") {
            (ProxyScheme::Socks5, 1080)
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
    pub fn scheme(&self) -> ProxyScheme {
        self.scheme
    }

    /// Its host; an IPv6 address is in brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// User and password, if it wants any.
    pub fn credentials(&self) -> Option<Secret<(String, String)>> {
        let user_info = self.user_info.as_ref()?.expose();
        let (user, password) = user_info.split_once(':').unwrap_or((user_info, ""));
        Some(Secret::new((decoded(user), decoded(password))))
    }

    /// The value of `Proxy-Authorization`, if it wants one.
    pub fn authorization(&self) -> Option<Secret<String>> {
        let credentials = self.credentials()?;
        let (user, password) = credentials.expose();
        let text = STANDARD.encode(format!("{user}:{password}"));
        Some(Secret::new(format!("Basic {text}")))
    }

    /// Its URL with the credentials, for an HTTP library that goes through it.
    pub fn url(&self) -> Secret<String> {
        let scheme = match self.scheme {
            ProxyScheme::Http => "http",
            ProxyScheme::Https => "https",
            ProxyScheme::Socks5 => "socks5h",
        };
        let user_info = self.user_info.as_ref().map_or("", |u| u.expose());
        let at = if user_info.is_empty() { "" } else { "@" };
        let (host, port) = (&self.host, self.port);
        Secret::new(format!("{scheme}://{user_info}{at}{host}:{port}"))
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Proxy({:?} {}:{})", self.scheme, self.host, self.port)
    }
}

/// Which proxy is for which host.
#[derive(Clone, Debug, Default)]
pub struct Proxies {
    secure: Option<Proxy>,
    plain: Option<Proxy>,
    except: Vec<String>,
    /// The proxy's loopback is not ours.
    spares_loopback: bool,
}

impl Proxies {
    /// Everything goes directly.
    pub fn none() -> Self {
        Self::default()
    }

    /// Everything goes through `proxy`.
    pub fn all(proxy: Proxy) -> Self {
        Self {
            secure: Some(proxy.clone()),
            plain: Some(proxy),
            ..Self::default()
        }
    }

    /// What the environment says: see [`Proxies::from_variables`].
    ///
    /// # Errors
    /// - `40000` a variable cannot be read.
    pub fn from_environment() -> Result<Self, ErrorInfo> {
        Self::from_variables(|name| std::env::var(name).ok())
    }

    /// What variables say: `https_proxy` with TLS, `http_proxy` without, else `all_proxy`, but
    /// `no_proxy` for the hosts it names: names with what is below them, addresses, networks such
    /// as `10.0.0.0/8`, or `*`. Upper case does as well. Never for loopback addresses.
    ///
    /// `HTTP_PROXY` does not count in a CGI program, where a request can set it.
    ///
    /// # Errors
    /// - `40000` a variable cannot be read.
    pub fn from_variables(get: impl Fn(&str) -> Option<String>) -> Result<Self, ErrorInfo> {
        let get = |name: &str| get(name).filter(|value| !value.trim().is_empty());
        let proxy = |lower: &str, upper: &str| {
            let Some(url) = get(lower).or_else(|| get(upper)) else {
                return Ok(None);
            };
            Proxy::parse(&url).map(Some).map_err(|error| {
                let text = format!("the environment's {upper}: {}", error.message());
                ErrorInfo::new(error.code(), error.status_code(), text)
            })
        };
        let http = match get("REQUEST_METHOD") {
            Some(_) => "http_proxy",
            None => "HTTP_PROXY",
        };
        let all = proxy("all_proxy", "ALL_PROXY")?;
        let except = get("no_proxy").or_else(|| get("NO_PROXY"));
        Ok(Self {
            secure: proxy("https_proxy", "HTTPS_PROXY")?.or_else(|| all.clone()),
            plain: proxy("http_proxy", http)?.or(all),
            except: except
                .iter()
                .flat_map(|list| list.split(','))
                .map(|entry| entry.trim().to_ascii_lowercase())
                .filter(|entry| !entry.is_empty())
                .collect(),
            spares_loopback: true,
        })
    }

    /// The proxy that leads to `host`, with TLS or without.
    pub fn proxy_for(&self, tls: bool, host: &str) -> Option<&Proxy> {
        let proxy = if tls { &self.secure } else { &self.plain };
        let proxy = proxy.as_ref()?;
        let host = unbracketed(host.trim_end_matches('.')).to_ascii_lowercase();
        let address: Option<IpAddr> = host.parse().ok();
        let is_loopback = match address {
            Some(address) => address.is_loopback(),
            None => host == "localhost" || host.ends_with(".localhost"),
        };
        let direct = self.spares_loopback && is_loopback
            || self.except.iter().any(|entry| names(entry, &host, address));
        (!direct).then_some(proxy)
    }

    /// True when everything goes directly.
    pub fn is_empty(&self) -> bool {
        self.secure.is_none() && self.plain.is_none()
    }
}

/// Whether an entry of `no_proxy` names this host.
fn names(entry: &str, host: &str, address: Option<IpAddr>) -> bool {
    if entry == "*" {
        return true;
    }
    let Some(address) = address else {
        let name = entry.strip_prefix('*').unwrap_or(entry);
        let name = name.trim_matches('.');
        let above = host.strip_suffix(name);
        return !name.is_empty() && above.is_some_and(|a| a.is_empty() || a.ends_with('.'));
    };
    let (network, bits) = match entry.split_once('/') {
        Some((network, bits)) => (network, bits.parse::<u32>().ok()),
        None => (entry, Some(128)),
    };
    let (Ok(network), Some(bits)) = (unbracketed(network).parse(), bits) else {
        return false;
    };
    let (network, width) = number(network);
    let (address, width_of_address) = number(address);
    let rest = width.saturating_sub(bits);
    let shifted = |n: u128| n.checked_shr(rest).unwrap_or(0);
    width == width_of_address && shifted(network) == shifted(address)
}

/// An address as a number, and its bits.
fn number(address: IpAddr) -> (u128, u32) {
    match address {
        IpAddr::V4(v4) => (u128::from(v4.to_bits()), 32),
        IpAddr::V6(v6) => (v6.to_bits(), 128),
    }
}

fn unbracketed(host: &str) -> &str {
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
mod tests;
