//! The server behind the proxy: where it is, and sockets to it.

use std::fmt;
use std::io;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// Where the server is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    host: String,
    port: u16,
    tls: bool,
}

impl Target {
    /// A server without TLS.
    pub fn plain(host: impl Into<String>, port: u16) -> Self {
        Self {
            host: host.into(),
            port,
            tls: false,
        }
    }

    /// A server with TLS.
    pub fn tls(host: impl Into<String>, port: u16) -> Self {
        Self {
            host: host.into(),
            port,
            tls: true,
        }
    }

    /// Reads an endpoint as clients take it (`main`, `nonprod:sandbox`, a host name) or a URL
    /// without a path. Spec: REC1b.
    ///
    /// # Errors
    /// It is none of these.
    pub fn parse(endpoint: &str) -> Result<Self, TargetError> {
        let bad = || TargetError(endpoint.to_owned());
        let (authority, tls) = match endpoint.split_once("://") {
            Some(("http" | "ws", rest)) => (rest.trim_end_matches('/'), false),
            Some(("https" | "wss", rest)) => (rest.trim_end_matches('/'), true),
            Some(_) => return Err(bad()),
            None => {
                let host = match endpoint.strip_prefix("nonprod:") {
                    Some(id) => format!("{id}.realtime.ably-nonprod.net"),
                    None if endpoint.contains('.') || endpoint == "localhost" => endpoint.into(),
                    None => format!("{endpoint}.realtime.ably.net"),
                };
                let valid = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
                if endpoint.is_empty() || !host.chars().all(valid) {
                    return Err(bad());
                }
                return Ok(Self::tls(host, 443));
            }
        };
        let default = if tls { 443 } else { 80 };
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, port.parse().map_err(|_| bad())?),
            _ => (authority, default),
        };
        if host.is_empty() || host.contains('/') {
            return Err(bad());
        }
        Ok(Self {
            host: host.to_owned(),
            port,
            tls,
        })
    }

    /// The URL of the server, without a path.
    pub fn url(&self) -> String {
        let scheme = if self.tls { "https" } else { "http" };
        format!("{scheme}://{}", self.authority())
    }

    /// Host and port.
    pub(crate) fn authority(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// Opens a socket.
    pub(crate) async fn connect(&self) -> io::Result<Box<dyn Stream>> {
        let socket = TcpStream::connect(self.authority()).await?;
        socket.set_nodelay(true)?;
        if !self.tls {
            return Ok(Box::new(socket));
        }
        let roots = RootCertStore {
            roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
        };
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from(self.host.clone()).map_err(io::Error::other)?;
        let connector = TlsConnector::from(Arc::new(config));
        Ok(Box::new(connector.connect(name, socket).await?))
    }
}

/// A socket of any kind.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// What was given is not an endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetError(String);

impl fmt::Display for TargetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not an endpoint", self.0)
    }
}

impl std::error::Error for TargetError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_are_read() {
        for (text, target) in [
            (
                "nonprod:sandbox",
                Target::tls("sandbox.realtime.ably-nonprod.net", 443),
            ),
            ("main", Target::tls("main.realtime.ably.net", 443)),
            ("a.example", Target::tls("a.example", 443)),
            ("http://127.0.0.1:8080", Target::plain("127.0.0.1", 8080)),
            ("http://localhost/", Target::plain("localhost", 80)),
            ("wss://a.example", Target::tls("a.example", 443)),
            ("http://[::1]:81", Target::plain("[::1]", 81)),
            ("http://[::1]", Target::plain("[::1]", 80)),
        ] {
            assert_eq!(Target::parse(text), Ok(target), "{text}");
        }
        for text in ["", "ftp://x", "http://", "http://a:b", "http://a/b", "a b"] {
            assert!(Target::parse(text).is_err(), "{text}");
        }
    }
}
