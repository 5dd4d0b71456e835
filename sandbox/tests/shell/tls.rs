//! TLS.

use std::sync::Arc;

use ably_sandbox::{Sandbox, StartError};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::peer::exchange;

#[tokio::test]
async fn https_is_served_with_the_given_certificate() {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let sandbox = Sandbox::builder()
        .tls(made.cert.pem(), made.signing_key.serialize_pem())
        .start()
        .await
        .expect("a sandbox");
    assert_eq!(
        sandbox.url(),
        format!("https://127.0.0.1:{}", sandbox.port())
    );
    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone()).expect("a root");
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let socket = TcpStream::connect((sandbox.host(), sandbox.port()))
        .await
        .expect("a socket");
    let name = ServerName::try_from("localhost").expect("a name");
    let socket = TlsConnector::from(Arc::new(config))
        .connect(name, socket)
        .await
        .expect("TLS");
    let request = b"GET /time HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    assert_eq!(exchange(socket, request).await.status, 200);
    // Plain HTTP on the same port is dropped and harms nobody.
    let plain = TcpStream::connect((sandbox.host(), sandbox.port()))
        .await
        .expect("a socket");
    let mut bytes = Vec::new();
    let mut plain = plain;
    tokio::io::AsyncWriteExt::write_all(&mut plain, request)
        .await
        .expect("to write");
    let _ = tokio::io::AsyncReadExt::read_to_end(&mut plain, &mut bytes).await;
    assert!(!bytes.starts_with(b"HTTP"));
}

#[tokio::test]
async fn files_that_are_no_pem_are_refused() {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let key = made.signing_key.serialize_pem();
    for (certificate, key) in [("", key.as_str()), (made.cert.pem().as_str(), "nonsense")] {
        let outcome = Sandbox::builder().tls(certificate, key).start().await;
        assert!(matches!(outcome, Err(StartError::Tls(_))), "{outcome:?}");
    }
    let outcome = Sandbox::builder().key("nonsense").start().await;
    assert!(
        matches!(&outcome, Err(StartError::Key(error)) if error.code == 40005),
        "{outcome:?}"
    );
    let outcome = Sandbox::builder().app_spec("{").start().await;
    assert!(matches!(outcome, Err(StartError::Spec(_))), "{outcome:?}");
    let outcome = Sandbox::builder().listen("nowhere").start().await;
    assert!(matches!(outcome, Err(StartError::Listen(_))), "{outcome:?}");
}
