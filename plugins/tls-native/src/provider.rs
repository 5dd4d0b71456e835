//! [`NativeTls`].

use std::{
    error::Error,
    io,
    sync::{Arc, Mutex, PoisonError},
};

use ably_base::{
    ByteStream, ErrorInfo, FailureKind, Plugin, Plugins, TlsProvider, TransportError,
    engine::BoxFuture, protocol::ErrorCode,
};
use ably_tokio_net::{AsyncStream, TokioStream};
use native_tls::{Certificate, Protocol, TlsConnector};

/// TLS with the platform's library, and the plugin that installs it: the feature `native-tls` of
/// `ably`.
///
/// # Behaviour
/// - TLS 1.2 and what is newer. A certificate must be of a trusted authority and for the host's
///   name.
/// - Authorities are read when the first connection is made, and kept.
#[derive(Clone)]
#[must_use]
pub struct NativeTls {
    trusts_platform: bool,
    extra: Vec<Certificate>,
    connector: Arc<Mutex<Option<TlsConnector>>>,
}

impl NativeTls {
    /// Trusts whom the platform trusts.
    pub fn new() -> Self {
        Self {
            trusts_platform: true,
            extra: Vec::new(),
            connector: Arc::default(),
        }
    }

    /// Trusts nobody yet: add authorities of your own.
    pub fn no_roots() -> Self {
        Self {
            trusts_platform: false,
            ..Self::new()
        }
    }

    /// Trusts the certificates in a PEM file as well.
    ///
    /// # Errors
    /// - `40000` there is no certificate in it, or one that cannot be read.
    pub fn extra_roots_pem(mut self, pem: &[u8]) -> Result<Self, ErrorInfo> {
        let found = Certificate::stack_from_pem(pem).map_err(|e| bad_root(&e.to_string()))?;
        if found.is_empty() {
            return Err(bad_root("there is no certificate in the PEM text"));
        }
        self.extra.extend(found);
        self.connector = Arc::default();
        Ok(self)
    }

    /// Trusts this certificate, in DER, as well.
    ///
    /// # Errors
    /// - `40000` it cannot be read.
    pub fn extra_root_der(mut self, der: &[u8]) -> Result<Self, ErrorInfo> {
        let certificate = Certificate::from_der(der).map_err(|e| bad_root(&e.to_string()))?;
        self.extra.push(certificate);
        self.connector = Arc::default();
        Ok(self)
    }

    /// The library's configuration, made when it is first needed.
    fn connector(&self) -> Result<TlsConnector, TransportError> {
        let mut made = self
            .connector
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(connector) = &*made {
            return Ok(connector.clone());
        }
        let mut builder = TlsConnector::builder();
        builder.min_protocol_version(Some(Protocol::Tlsv12));
        builder.disable_built_in_roots(!self.trusts_platform);
        for certificate in &self.extra {
            builder.add_root_certificate(certificate.clone());
        }
        let connector = builder.build().map_err(failed)?;
        Ok(made.insert(connector).clone())
    }
}

impl Default for NativeTls {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for NativeTls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NativeTls")
            .field("trusts_platform", &self.trusts_platform)
            .field("extra", &self.extra.len())
            .finish_non_exhaustive()
    }
}

impl TlsProvider for NativeTls {
    fn id(&self) -> &'static str {
        "native-tls"
    }

    fn connect(
        &self,
        server_name: String,
        stream: Box<dyn ByteStream>,
    ) -> BoxFuture<Result<Box<dyn ByteStream>, TransportError>> {
        let this = self.clone();
        Box::pin(async move {
            // The brackets of an IPv6 literal belong to URLs.
            let name = server_name
                .strip_prefix('[')
                .and_then(|n| n.strip_suffix(']'))
                .unwrap_or(&server_name);
            let connector = tokio_native_tls::TlsConnector::from(this.connector()?);
            match connector.connect(name, AsyncStream::new(stream)).await {
                Ok(stream) => Ok(Box::new(TokioStream::new(stream)) as Box<dyn ByteStream>),
                Err(error) => Err(failed(error)),
            }
        })
    }
}

impl Plugin for NativeTls {
    fn id(&self) -> &'static str {
        "native-tls"
    }

    fn install(&self, into: &mut Plugins) -> Result<(), ErrorInfo> {
        into.add_tls(Arc::new(self.clone()));
        Ok(())
    }
}

/// A handshake that did not come to its end; a peer that goes away in the middle of it is a
/// failure of TLS too.
fn failed(error: native_tls::Error) -> TransportError {
    let mut kind = FailureKind::Tls;
    let mut source: Option<&(dyn Error + 'static)> = Some(&error);
    while let Some(inner) = source {
        let io = inner.downcast_ref::<io::Error>();
        if io.is_some_and(|io| io.kind() == io::ErrorKind::TimedOut) {
            kind = FailureKind::Timeout;
        }
        source = inner.source();
    }
    TransportError::with_source(kind, Arc::new(error))
}

fn bad_root(why: &str) -> ErrorInfo {
    ErrorInfo::new(
        ErrorCode::BAD_REQUEST,
        400,
        format!("a certificate authority could not be added: {why}"),
    )
}
