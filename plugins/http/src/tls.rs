//! TLS, as the Cargo features have it.

use ably_base::protocol::ErrorSource;
use reqwest::ClientBuilder;

/// `https` URLs can be used.
pub(crate) const IS_THERE: bool = cfg!(any(feature = "rustls", feature = "native-tls"));

/// Sets up TLS with these further roots.
#[cfg(feature = "rustls")]
pub(crate) fn configure(
    builder: ClientBuilder,
    roots: &[Vec<u8>],
) -> Result<ClientBuilder, ErrorSource> {
    use std::sync::Arc;

    let mut store = rustls::RootCertStore::empty();
    store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    for der in roots {
        let added = store.add(der.clone().into());
        added.map_err(|error| Arc::new(error) as ErrorSource)?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Arc::new(error) as ErrorSource)?
        .with_root_certificates(store)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(builder.tls_backend_preconfigured(config))
}

/// Sets up TLS with these further roots.
#[cfg(all(feature = "native-tls", not(feature = "rustls")))]
pub(crate) fn configure(
    mut builder: ClientBuilder,
    roots: &[Vec<u8>],
) -> Result<ClientBuilder, ErrorSource> {
    for der in roots {
        let root = reqwest::Certificate::from_der(der)
            .map_err(|error| std::sync::Arc::new(error) as ErrorSource)?;
        builder = builder.add_root_certificate(root);
    }
    Ok(builder.tls_backend_native())
}

/// There is no TLS to set up.
#[cfg(not(any(feature = "native-tls", feature = "rustls")))]
#[allow(clippy::unnecessary_wraps)]
pub(crate) fn configure(
    builder: ClientBuilder,
    _: &[Vec<u8>],
) -> Result<ClientBuilder, ErrorSource> {
    Ok(builder)
}

/// True for an error of the TLS library.
pub(crate) fn is_tls(error: &(dyn std::error::Error + 'static)) -> bool {
    #[cfg(feature = "rustls")]
    if error.is::<rustls::Error>() {
        return true;
    }
    // native-tls has no error type that reqwest shows; its errors name themselves.
    let name = error.to_string();
    cfg!(feature = "native-tls") && (name.contains("SSL") || name.contains("certificate"))
}
