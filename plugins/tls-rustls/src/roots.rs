//! [`Roots`]: whom to trust.

use std::{io, sync::Arc};

use ably_base::{FailureKind, TransportError};
use tokio_rustls::rustls::{RootCertStore, pki_types::CertificateDer};

/// Where the authorities come from, besides those of the application's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Roots {
    Platform,
    Bundled,
    None,
}

impl Roots {
    /// Collects the authorities.
    ///
    /// # Errors
    /// - [`FailureKind::Tls`] there is none at all.
    pub(crate) fn load(
        self,
        extra: &[CertificateDer<'static>],
    ) -> Result<RootCertStore, TransportError> {
        let mut store = RootCertStore::empty();
        let mut why = String::new();
        match self {
            Self::Platform => {
                let found = rustls_native_certs::load_native_certs();
                if let Some(error) = found.errors.first() {
                    why = format!(" ({error})");
                }
                // A platform may hold certificates that webpki does not read.
                store.add_parsable_certificates(found.certs);
            }
            Self::Bundled => store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
            Self::None => {}
        }
        store.add_parsable_certificates(extra.iter().cloned());
        if store.is_empty() {
            let text = format!(
                "no certificate authority was found on this system{why}: install its CA \
                 certificates, use `Rustls::bundled_roots`, or add your own"
            );
            return Err(TransportError::with_source(
                FailureKind::Tls,
                Arc::new(io::Error::other(text)),
            ));
        }
        Ok(store)
    }
}
