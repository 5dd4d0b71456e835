//! [`Rustls`].

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
};

use ably_base::{
    ByteStream, ErrorInfo, FailureKind, Plugin, Plugins, TlsProvider, TransportError,
    engine::BoxFuture, protocol::ErrorCode,
};
use ably_tokio_net::{AsyncStream, TokioStream};
use tokio_rustls::{
    TlsConnector,
    rustls::{
        ClientConfig, RootCertStore,
        crypto::ring,
        pki_types::{CertificateDer, ServerName, pem::PemObject},
    },
};

use crate::roots::Roots;

/// TLS with rustls and ring, and the plugin that installs it: the feature `rustls` of `ably`.
///
/// # Behaviour
/// - TLS 1.2 and 1.3. A certificate must be of a trusted authority and for the host's name.
/// - Authorities are read when the first connection is made, and kept; so are sessions, which
///   makes the next handshake shorter. HTTP uses the same.
#[derive(Clone)]
#[must_use]
pub struct Rustls {
    roots: Roots,
    extra: Vec<CertificateDer<'static>>,
    config: Arc<Mutex<Option<Arc<ClientConfig>>>>,
}

impl Rustls {
    /// Trusts the authorities of the platform: on Unix the system's certificate files, or those
    /// that `SSL_CERT_FILE` and `SSL_CERT_DIR` name.
    pub fn new() -> Self {
        Self::of(Roots::Platform)
    }

    /// Trusts the authorities that Mozilla trusts, as of the build: for systems without any.
    pub fn bundled_roots() -> Self {
        Self::of(Roots::Bundled)
    }

    /// Trusts nobody yet: add authorities of your own.
    pub fn no_roots() -> Self {
        Self::of(Roots::None)
    }

    fn of(roots: Roots) -> Self {
        Self {
            roots,
            extra: Vec::new(),
            config: Arc::default(),
        }
    }

    /// Trusts the certificates in a PEM file as well.
    ///
    /// # Errors
    /// - `40000` there is no certificate in it, or one that cannot be read.
    pub fn extra_roots_pem(mut self, pem: &[u8]) -> Result<Self, ErrorInfo> {
        let mut found = 0;
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(|e| bad_root(&e.to_string()))?;
            self = self.extra_root_der(certificate.as_ref())?;
            found += 1;
        }
        if found == 0 {
            return Err(bad_root("there is no certificate in the PEM text"));
        }
        Ok(self)
    }

    /// Trusts this certificate, in DER, as well.
    ///
    /// # Errors
    /// - `40000` it cannot be read.
    pub fn extra_root_der(mut self, der: &[u8]) -> Result<Self, ErrorInfo> {
        let certificate = CertificateDer::from(der.to_vec());
        RootCertStore::empty()
            .add(certificate.clone())
            .map_err(|e| bad_root(&e.to_string()))?;
        self.extra.push(certificate);
        self.config = Arc::default();
        Ok(self)
    }

    /// The configuration, made when it is first needed.
    fn config(&self) -> Result<Arc<ClientConfig>, TransportError> {
        let mut made = self.config.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(config) = &*made {
            return Ok(config.clone());
        }
        let roots = self.roots.load(&self.extra)?;
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|e| TransportError::with_source(FailureKind::Tls, Arc::new(e)))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(made.insert(Arc::new(config)).clone())
    }
}

impl Default for Rustls {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for Rustls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rustls")
            .field("roots", &self.roots)
            .field("extra", &self.extra.len())
            .finish_non_exhaustive()
    }
}

impl TlsProvider for Rustls {
    fn id(&self) -> &'static str {
        "rustls"
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
            let name = ServerName::try_from(name.to_owned())
                .map_err(|e| TransportError::with_source(FailureKind::Tls, Arc::new(e)))?;
            let connector = TlsConnector::from(this.config()?);
            match connector.connect(name, AsyncStream::new(stream)).await {
                Ok(stream) => Ok(Box::new(TokioStream::new(stream)) as Box<dyn ByteStream>),
                Err(error) => Err(of_handshake(error)),
            }
        })
    }
}

impl Plugin for Rustls {
    fn id(&self) -> &'static str {
        "rustls"
    }

    fn install(&self, into: &mut Plugins) -> Result<(), ErrorInfo> {
        into.add_tls(Arc::new(self.clone()));
        Ok(())
    }
}

/// A handshake that did not come to its end; a peer that goes away in the middle of it is a
/// failure of TLS too.
fn of_handshake(error: io::Error) -> TransportError {
    let kind = match error.kind() {
        io::ErrorKind::TimedOut => FailureKind::Timeout,
        _ => FailureKind::Tls,
    };
    TransportError::with_source(kind, Arc::new(error))
}

fn bad_root(why: &str) -> ErrorInfo {
    ErrorInfo::new(
        ErrorCode::BAD_REQUEST,
        400,
        format!("a certificate authority could not be added: {why}"),
    )
}
