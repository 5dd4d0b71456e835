//! TLS: what the TLS plugin trusts, HTTP trusts.

use std::{net::SocketAddr, sync::Arc};

use ably_base::{
    FailureKind, HttpClient, TlsProvider,
    ext::{HttpContext, NoTls},
};
use ably_http::Http;
use ably_tls_rustls::Rustls;
use tokio::net::TcpListener;
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, crypto::ring, pki_types::PrivateKeyDer},
};

use crate::support::{Seen, client_with, fetch, get, serve, talk};

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n[1]";

/// A TLS server for `localhost`; gives its certificate.
async fn serve_tls() -> (SocketAddr, Vec<u8>, Seen) {
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
    let seen = Seen::default();
    let shared = seen.clone();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            if let Ok(stream) = acceptor.accept(stream).await {
                shared
                    .connections
                    .fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                tokio::spawn(talk(stream, shared.clone(), OK));
            }
        }
    });
    (address, certificate.to_vec(), seen)
}

fn with(tls: impl TlsProvider + 'static) -> Arc<dyn HttpClient> {
    let mut context = HttpContext::new();
    context.tls = Some(Arc::new(tls));
    client_with(Http::new(), &context)
}

/// `trusting` knows the root that `wary` does not.
async fn tells_them_apart(
    trusting: Arc<dyn HttpClient>,
    wary: Arc<dyn HttpClient>,
    address: SocketAddr,
    seen: Seen,
) {
    let url = |host| format!("https://{host}:{}/", address.port());
    assert!(trusting.has_tls());
    for _ in 0..2 {
        let reply = fetch(&trusting, get(url("localhost"))).await.unwrap();
        assert_eq!(&reply.body[..], b"[1]");
    }
    assert_eq!((seen.connections(), seen.requests().len()), (1, 2));
    for (client, host) in [
        (&wary, "localhost"),
        // The right authority, the wrong name.
        (&trusting, "127.0.0.1"),
    ] {
        let error = fetch(client, get(url(host))).await.unwrap_err();
        assert_eq!(error.kind, FailureKind::Tls, "{error:?}");
    }
    assert_eq!(seen.requests().len(), 2);
}

#[tokio::test]
async fn rustls_is_asked_whom_to_trust() {
    let (address, root, seen) = serve_tls().await;
    let trusting = Rustls::no_roots().extra_root_der(&root).unwrap();
    let wary = Rustls::bundled_roots();
    tells_them_apart(with(trusting), with(wary), address, seen).await;
    // Nothing of ours became the process's default.
    assert!(tokio_rustls::rustls::crypto::CryptoProvider::get_default().is_none());
}

#[tokio::test]
async fn a_tls_plugin_that_trusts_nobody_is_not_passed_over() {
    let (address, _, seen) = serve_tls().await;
    let client = with(NoTls);
    assert!(client.has_tls());
    let url = format!("https://localhost:{}/", address.port());
    let error = fetch(&client, get(url)).await.unwrap_err();
    assert_eq!(error.kind, FailureKind::Tls);
    assert_eq!(seen.connections(), 0);
    // Plain HTTP does not mind.
    let (address, _) = serve(OK).await;
    let url = format!("http://{address}/");
    fetch(&client, get(url)).await.unwrap();
}
