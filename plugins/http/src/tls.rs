//! TLS: the client's TLS plugin hands over its library's configuration, so that HTTP trusts whom the
//! connection trusts.

use std::any::Any;

use reqwest::ClientBuilder;

/// Takes the configuration of a TLS library that reqwest was built with.
///
/// # Errors
/// It is of another library, or of a Cargo feature that is not enabled: the builder as it was.
#[allow(clippy::result_large_err, clippy::needless_pass_by_value)]
pub(crate) fn configure(
    builder: ClientBuilder,
    config: Box<dyn Any + Send>,
) -> Result<ClientBuilder, ClientBuilder> {
    #[cfg(feature = "rustls")]
    let config = match config.downcast::<rustls::ClientConfig>() {
        Ok(mut config) => {
            config.alpn_protocols = vec![b"http/1.1".to_vec()];
            return Ok(builder.tls_backend_preconfigured(*config));
        }
        Err(config) => config,
    };
    #[cfg(feature = "native-tls")]
    let config = match config.downcast::<native_tls::TlsConnector>() {
        Ok(connector) => return Ok(builder.tls_backend_preconfigured(*connector)),
        Err(config) => config,
    };
    drop(config);
    Err(builder)
}

/// Sets up that nobody is trusted: reqwest would otherwise choose for itself.
pub(crate) fn disable(builder: ClientBuilder) -> ClientBuilder {
    #[cfg(feature = "rustls")]
    {
        let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map(|b| b.with_root_certificates(rustls::RootCertStore::empty()));
        if let Ok(config) = config {
            return builder.tls_backend_preconfigured(config.with_no_client_auth());
        }
    }
    #[cfg(feature = "native-tls")]
    {
        let mut connector = native_tls::TlsConnector::builder();
        if let Ok(connector) = connector.disable_built_in_roots(true).build() {
            return builder.tls_backend_preconfigured(connector);
        }
    }
    builder
}

/// True for an error of the TLS library.
pub(crate) fn is_tls(error: &(dyn std::error::Error + 'static)) -> bool {
    #[cfg(feature = "rustls")]
    if error.is::<rustls::Error>() {
        return true;
    }
    #[cfg(feature = "native-tls")]
    if error.is::<native_tls::Error>() {
        return true;
    }
    let _ = error;
    false
}
