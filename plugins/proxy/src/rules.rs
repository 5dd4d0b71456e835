//! [`Rules`]: which proxy is for which host.

use std::net::IpAddr;

use ably_base::{
    ByteStream, ErrorInfo, TransportError,
    engine::BoxFuture,
    ext::{Forwarding, Journey, Routes},
};

use crate::{
    address::{Address, Scheme, unbracketed},
    connect::open,
};

/// Which proxy is for which host.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rules {
    secure: Option<Address>,
    plain: Option<Address>,
    except: Vec<String>,
    /// The proxy's loopback is not ours.
    spares_loopback: bool,
}

impl Rules {
    /// Everything goes through `proxy`.
    pub(crate) fn all(proxy: Address) -> Self {
        Self {
            secure: Some(proxy.clone()),
            plain: Some(proxy),
            ..Self::default()
        }
    }

    /// What the environment says: see [`Rules::from_variables`].
    ///
    /// # Errors
    /// - `40000` a variable cannot be read.
    pub(crate) fn from_environment() -> Result<Self, ErrorInfo> {
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
    pub(crate) fn from_variables(get: impl Fn(&str) -> Option<String>) -> Result<Self, ErrorInfo> {
        let get = |name: &str| get(name).filter(|value| !value.trim().is_empty());
        let proxy = |lower: &str, upper: &str| {
            let Some(url) = get(lower).or_else(|| get(upper)) else {
                return Ok(None);
            };
            Address::parse(&url).map(Some).map_err(|error| {
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
    pub(crate) fn proxy_for(&self, tls: bool, host: &str) -> Option<&Address> {
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
    pub(crate) fn is_empty(&self) -> bool {
        self.secure.is_none() && self.plain.is_none()
    }
}

impl Routes for Rules {
    fn forwarding(&self, host: &str) -> Option<Forwarding> {
        let proxy = self.proxy_for(false, host)?;
        if proxy.scheme() == Scheme::Socks5 {
            return None;
        }
        let mut forwarding = Forwarding::default();
        forwarding.authorization = proxy.authorization();
        Some(forwarding)
    }

    fn open(&self, journey: Journey) -> BoxFuture<Result<Box<dyn ByteStream>, TransportError>> {
        match self.proxy_for(journey.tls, &journey.host).cloned() {
            Some(proxy) => Box::pin(open(proxy, journey)),
            None => journey.dial.dial(journey.host, journey.port),
        }
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

#[cfg(test)]
mod tests;
