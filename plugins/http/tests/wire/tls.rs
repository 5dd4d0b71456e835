//! TLS with rustls.

use std::{net::SocketAddr, sync::Arc};

use ably_base::FailureKind;
use ably_http::Http;
use tokio::net::TcpListener;
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, crypto::ring, pki_types::PrivateKeyDer},
};

use crate::support::{Seen, client, fetch, get, talk};

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n[1]";

/// A TLS server for `localhost`; gives its certificate.
async fn serve_tls() -> (SocketAddr, Vec<u8>) {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".into()]).unwrap();
    let certificate = made.cert.der().clone();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            if let Ok(stream) = acceptor.accept(stream).await {
                tokio::spawn(talk(stream, Seen::default(), OK));
            }
        }
    });
    (address, certificate.to_vec())
}

#[tokio::test]
async fn a_certificate_that_is_trusted_is_taken_and_another_is_not() {
    let (address, root) = serve_tls().await;
    let url = |host| format!("https://{host}:{}/", address.port());
    let trusting = client(Http::new().root_certificate(root));
    let reply = fetch(&trusting, get(url("localhost"))).await.unwrap();
    assert_eq!(&reply.body[..], b"[1]");
    for (client, host) in [
        (client(Http::new()), "localhost"),
        // The right authority, the wrong name.
        (trusting, "127.0.0.1"),
    ] {
        let error = fetch(&client, get(url(host))).await.unwrap_err();
        assert_eq!(error.kind, FailureKind::Tls, "{error:?}");
    }
    // Nothing of ours became the process's default.
    assert!(tokio_rustls::rustls::crypto::CryptoProvider::get_default().is_none());
}

#[test]
fn a_root_that_is_none_is_an_error_when_the_client_is_made() {
    use ably_base::{Plugin, Plugins};
    let plugin = Http::new().root_certificate(*b"nonsense");
    let error = plugin.install(&mut Plugins::none()).unwrap_err();
    assert_eq!(error.code(), 40000);
}
