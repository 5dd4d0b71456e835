//! Handshakes with a server of our own authority, over loopback.

use std::sync::Arc;

use ably_base::{
    ByteStream, ClientOptions, FailureKind, Plugin, Plugins, TlsProvider, TransportError,
    protocol::ErrorCode,
};
use ably_tls_native::NativeTls;
use ably_tokio_net::{AsyncStream, TokioStream};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ProtocolVersion, ServerConfig, SupportedProtocolVersion,
        crypto::ring,
        pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
        version::{TLS12, TLS13},
    },
};

/// An authority, and a server that has a certificate of it for `names`.
struct Site {
    authority_pem: String,
    authority_der: Vec<u8>,
    port: u16,
}

async fn site(names: &[&str], versions: &[&'static SupportedProtocolVersion]) -> Site {
    let mut params = CertificateParams::new([]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    // OpenSSL takes a certificate for self-signed whose names of subject and issuer are the same.
    let name = &mut params.distinguished_name;
    name.push(DnType::CommonName, "Authority of the tests");
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let names: Vec<String> = names.iter().map(|n| (*n).to_owned()).collect();
    let certificate = CertificateParams::new(names)
        .unwrap()
        .signed_by(&key, &authority)
        .unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(versions)
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der())),
        )
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // Says which version was agreed on, then echoes.
            if let Ok(mut stream) = acceptor.accept(stream).await {
                let version = match stream.get_ref().1.protocol_version() {
                    Some(ProtocolVersion::TLSv1_2) => 2,
                    Some(ProtocolVersion::TLSv1_3) => 3,
                    _ => 0,
                };
                stream.write_all(&[version]).await.unwrap();
                let (mut read, mut write) = tokio::io::split(stream);
                let _ = tokio::io::copy(&mut read, &mut write).await;
                let _ = write.shutdown().await;
            }
        }
    });
    Site {
        authority_pem: authority.pem(),
        authority_der: authority.der().to_vec(),
        port,
    }
}

async fn connect(
    tls: &NativeTls,
    name: &str,
    port: u16,
) -> Result<Box<dyn ByteStream>, TransportError> {
    let tcp = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    tls.connect(name.to_owned(), Box::new(TokioStream::new(tcp)))
        .await
}

async fn kind(tls: &NativeTls, name: &str, port: u16) -> (FailureKind, String) {
    let error = connect(tls, name, port).await.err().unwrap();
    (error.kind.clone(), error.to_string())
}

const BOTH: &[&SupportedProtocolVersion] = &[&TLS12, &TLS13];

#[tokio::test]
async fn an_extra_root_is_trusted_in_both_versions() {
    for (versions, agreed) in [(&[&TLS12][..], 2), (&[&TLS13], 3), (BOTH, 3)] {
        let site = site(&["ably.test", "127.0.0.1"], versions).await;
        let pem = NativeTls::no_roots().extra_roots_pem(site.authority_pem.as_bytes());
        let der = NativeTls::no_roots().extra_root_der(&site.authority_der);
        for tls in [pem.unwrap(), der.unwrap()] {
            for name in ["ably.test", "127.0.0.1"] {
                let stream = connect(&tls, name, site.port).await.unwrap();
                let mut stream = AsyncStream::new(stream);
                assert_eq!(stream.read_u8().await.unwrap(), agreed);
                // More than one record, to and fro.
                let (mut read, mut write) = tokio::io::split(stream);
                let sent: Vec<u8> = (0..100_000_u32).map(|n| n as u8).collect();
                let mut got = Vec::new();
                let send = async {
                    write.write_all(&sent).await.unwrap();
                    write.shutdown().await.unwrap();
                };
                let (_, read) = tokio::join!(send, read.read_to_end(&mut got));
                assert_eq!(read.unwrap(), sent.len());
                assert_eq!(got, sent);
            }
        }
    }
}

#[tokio::test]
async fn a_wrong_host_name_is_refused() {
    let site = site(&["ably.test"], BOTH).await;
    let tls = NativeTls::no_roots()
        .extra_roots_pem(site.authority_pem.as_bytes())
        .unwrap();
    for name in ["other.test", "127.0.0.1", "[::1]", "sub.ably.test"] {
        let (kind, _) = kind(&tls, name, site.port).await;
        assert_eq!(kind, FailureKind::Tls, "{name}");
    }
}

#[tokio::test]
async fn an_unknown_authority_is_refused() {
    let site = site(&["ably.test"], BOTH).await;
    let other = self::site(&["ably.test"], BOTH).await;
    let other = NativeTls::no_roots().extra_root_der(&other.authority_der);
    for tls in [other.unwrap(), NativeTls::new()] {
        let (kind, _) = kind(&tls, "ably.test", site.port).await;
        assert_eq!(kind, FailureKind::Tls);
    }
}

#[tokio::test]
async fn trusting_nobody_takes_nobody() {
    let site = site(&["ably.test"], BOTH).await;
    let (kind, _) = kind(&NativeTls::no_roots(), "ably.test", site.port).await;
    assert_eq!(kind, FailureKind::Tls);
}

#[tokio::test]
async fn a_peer_without_tls_is_a_failure_of_tls() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        // The first does not speak TLS, the second goes away.
        let (mut stream, _) = listener.accept().await.unwrap();
        stream
            .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            .await
            .unwrap();
        let _ = listener.accept().await.unwrap();
        std::future::pending::<()>().await;
    });
    let tls = NativeTls::new();
    assert_eq!(kind(&tls, "ably.test", port).await.0, FailureKind::Tls);
    assert_eq!(kind(&tls, "ably.test", port).await.0, FailureKind::Tls);
}

#[test]
fn a_root_that_is_none_is_refused() {
    for pem in [
        "",
        "no PEM",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    ] {
        let error = NativeTls::new()
            .extra_roots_pem(pem.as_bytes())
            .unwrap_err();
        assert_eq!(error.code(), ErrorCode::BAD_REQUEST, "{pem}");
    }
    let error = NativeTls::new().extra_root_der(b"\x30\x00").unwrap_err();
    assert_eq!(error.code(), ErrorCode::BAD_REQUEST);
}

#[test]
fn it_installs_itself_into_the_slot_for_tls() {
    let mut plugins = Plugins::none();
    plugins.install(&NativeTls::new()).unwrap();
    assert_eq!(plugins.tls().unwrap().id(), "native-tls");
    assert_eq!(Plugin::id(&NativeTls::new()), "native-tls");
    let mut options = ClientOptions::new().plugin(NativeTls::new());
    assert_eq!(options.plugins_mut().ids(), ["native-tls"]);
}
