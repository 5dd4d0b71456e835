//! What lies between a client and the server: TLS that both kinds of traffic share, and proxies.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use ably::{
    ByteStream, ClientOptions, ConnectionState, Dial, ErrorCode, FailureKind, Realtime, Rest,
    TransportError,
    engine::BoxFuture,
    plugins::{rustls::Rustls, websocket::TcpDialer},
    prelude::*,
};
use ably_sandbox::Sandbox;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::timeout,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, crypto::ring, pki_types::PrivateKeyDer},
};

/// Against a hanging test; nothing here waits for it.
const PATIENCE: Duration = Duration::from_secs(20);

/// Resolves nowhere, so what arrives has come through a proxy.
const NOWHERE: &str = "ably.invalid";

/// A sandbox with TLS for this machine and for [`NOWHERE`], and the certificate that it signed
/// itself, in DER.
async fn sandbox_with_tls() -> (Sandbox, Vec<u8>) {
    let names = ["127.0.0.1".to_owned(), NOWHERE.to_owned()];
    let own = rcgen::generate_simple_self_signed(names).expect("a certificate");
    let sandbox = Sandbox::builder()
        .tls(own.cert.pem(), own.signing_key.serialize_pem())
        .start()
        .await
        .expect("the sandbox starts");
    (sandbox, own.cert.der().to_vec())
}

fn options(sandbox: &Sandbox) -> ClientOptions {
    ClientOptions::with_key(sandbox.key())
        .endpoint(sandbox.host())
        .tls_port(sandbox.port())
}

type Dialling = BoxFuture<Result<Box<dyn ByteStream>, TransportError>>;

/// A realtime client connects, and sends a request as well.
async fn works(options: ClientOptions) {
    let client = Realtime::new(options).expect("a client");
    let connected = client.connection().when_state(ConnectionState::Connected);
    let connected = timeout(PATIENCE, connected).await.expect("in time");
    connected.expect("connected");
    let time = timeout(PATIENCE, client.time()).await.expect("in time");
    time.expect("the server's time");
}

/// Neither connection nor request is made, and TLS is why.
async fn trusts_nobody(options: ClientOptions) {
    let rest = Rest::new(options.clone()).expect("a client");
    let time = timeout(PATIENCE, rest.time()).await.expect("in time");
    assert_eq!(kind_of(&time.expect_err("refused")), FailureKind::Tls);

    let client = Realtime::new(options).expect("a client");
    let disconnected = client
        .connection()
        .when_state(ConnectionState::Disconnected);
    let disconnected = timeout(PATIENCE, disconnected).await.expect("in time");
    disconnected.expect("disconnected");
    let reason = client.connection().error_reason().expect("a reason");
    assert_eq!(kind_of(&reason), FailureKind::Tls);
}

fn kind_of(error: &ErrorInfo) -> FailureKind {
    let mut source = std::error::Error::source(error);
    loop {
        let error = source.expect("the error of the transport");
        if let Some(error) = error.downcast_ref::<TransportError>() {
            return error.kind.clone();
        }
        source = error.source();
    }
}

#[tokio::test]
async fn one_root_is_enough_for_connection_and_requests() {
    let (sandbox, root) = sandbox_with_tls().await;
    let trusting = Rustls::no_roots().extra_root_der(&root).expect("a root");
    works(options(&sandbox).plugin(trusting)).await;
    for wary in [Rustls::new(), Rustls::bundled_roots(), Rustls::no_roots()] {
        trusts_nobody(options(&sandbox).plugin(wary)).await;
    }
    sandbox.stop().await;
}

/// A way to `to` on this machine that swallows WebSockets, as some firewalls do.
#[cfg(feature = "polling")]
async fn firewall(to: u16) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let head = read_head(&mut stream).await?;
                if head.to_ascii_lowercase().contains("\r\nupgrade: websocket") {
                    std::future::pending::<()>().await;
                }
                let to = SocketAddr::from(([127, 0, 0, 1], to));
                let mut server = TcpStream::connect(to).await?;
                server.write_all(head.as_bytes()).await?;
                tokio::io::copy_bidirectional(&mut stream, &mut server).await
            });
        }
    });
    port
}

#[cfg(feature = "polling")]
#[tokio::test]
async fn where_websockets_do_not_get_through_the_client_polls() {
    let sandbox = Sandbox::start().await.expect("the sandbox starts");
    let port = firewall(sandbox.port()).await;
    let options = ClientOptions::with_key(sandbox.key())
        .endpoint(sandbox.host())
        .port(port)
        .tls(false)
        .connectivity_check_url(sandbox.url() + "/time")
        .storage(ably::MemoryStorage::new())
        .web_socket_slow_timeout(Duration::from_millis(50))
        .web_socket_connect_timeout(Duration::from_millis(100));
    works(options.clone()).await;
    let client = Realtime::new(options).expect("a client");
    let channel = client.channels().get("polled");
    let mut messages = channel.subscribe(());
    let talk = async {
        channel.attach().await.expect("attached");
        channel.publish("name", "data").await.expect("acknowledged");
        messages.next().await.expect("a message").expect("no gap")
    };
    let message = timeout(PATIENCE, talk).await.expect("in time");
    assert_eq!(message.data, "data");
    sandbox.stop().await;
}

#[cfg(feature = "native-tls")]
#[tokio::test]
async fn native_tls_does_all_that_rustls_does() {
    use ably::plugins::native_tls::NativeTls;

    let (sandbox, root) = sandbox_with_tls().await;
    let trusting = NativeTls::no_roots().extra_root_der(&root).expect("a root");
    works(options(&sandbox).plugin(trusting.clone())).await;
    let (port, asked) = proxy(sandbox.port()).await;
    let through = options(&sandbox)
        .endpoint(NOWHERE)
        .proxy(format!("http://127.0.0.1:{port}"));
    works(through.plugin(trusting.clone())).await;
    assert!(asked.lock().expect("no panic").len() >= 2);
    // The right authority, the wrong name.
    let elsewhere = options(&sandbox).endpoint("localhost").plugin(trusting);
    trusts_nobody(elsewhere).await;
    for wary in [NativeTls::new(), NativeTls::no_roots()] {
        trusts_nobody(options(&sandbox).plugin(wary)).await;
    }
    sandbox.stop().await;
}

#[tokio::test]
async fn the_tls_library_is_rustls_unless_the_options_say_otherwise() {
    let options = || ClientOptions::with_key("appId.keyId:secret").auto_connect(false);
    let id = |client: &Realtime| client.plugins().tls().map(|tls| tls.id());
    let client = Realtime::new(options()).expect("a client");
    assert_eq!(id(&client), Some("rustls"));
    let client = Realtime::new(options().tls_backend("rustls")).expect("a client");
    assert_eq!(id(&client), Some("rustls"));

    let native = options().tls_backend("native-tls");
    if cfg!(feature = "native-tls") {
        let client = Realtime::new(native).expect("a client");
        assert_eq!(id(&client), Some("native-tls"));
    } else {
        for error in [
            Realtime::new(native.clone()).expect_err("refused"),
            Rest::new(native).expect_err("refused"),
        ] {
            assert_eq!(error.code(), ErrorCode::MISSING_PLUGIN);
            assert!(error.message().contains("`native-tls`"), "{error}");
        }
    }
}

async fn read_head(stream: &mut TcpStream) -> std::io::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

/// A proxy for HTTP CONNECT that leads everything to `port` of this machine, and the heads of the
/// requests that it got.
async fn proxy(to: u16) -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let asked: Arc<Mutex<Vec<String>>> = Arc::default();
    let noted = asked.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let noted = noted.clone();
            tokio::spawn(async move {
                let head = read_head(&mut stream).await?;
                noted.lock().expect("no panic").push(head);
                stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
                let to = SocketAddr::from(([127, 0, 0, 1], to));
                let mut server = TcpStream::connect(to).await?;
                tokio::io::copy_bidirectional(&mut stream, &mut server).await
            });
        }
    });
    (port, asked)
}

#[tokio::test]
async fn connection_and_requests_go_through_the_proxy() {
    let (sandbox, root) = sandbox_with_tls().await;
    let (port, asked) = proxy(sandbox.port()).await;
    let tls = Rustls::no_roots().extra_root_der(&root).expect("a root");
    let options = options(&sandbox).endpoint(NOWHERE).plugin(tls);
    works(options.proxy(format!("http://me:pass@127.0.0.1:{port}"))).await;

    let asked = asked.lock().expect("no panic").clone();
    // The connection, and the request.
    assert_eq!(asked.len(), 2, "{asked:?}");
    let to = format!("CONNECT {NOWHERE}:{} HTTP/1.1\r\n", sandbox.port());
    for request in asked {
        assert!(request.starts_with(&to), "{request}");
        let request = request.to_ascii_lowercase();
        // me:pass
        let authorization = "\r\nproxy-authorization: basic bwu6cgfzcw==\r\n";
        assert!(request.contains(authorization), "{request}");
        assert!(!request.contains("key="), "{request}");
    }
    sandbox.stop().await;
}

/// Leads everywhere to `port` of this machine, and notes who was asked for.
#[derive(Clone)]
struct Here {
    port: u16,
    asked: Arc<Mutex<Vec<(String, u16)>>>,
}

impl Dial for Here {
    fn dial(&self, host: String, port: u16) -> Dialling {
        self.asked.lock().expect("no panic").push((host, port));
        TcpDialer.dial("127.0.0.1".into(), self.port)
    }
}

#[tokio::test]
async fn connection_and_requests_go_where_the_dialler_leads() {
    let (sandbox, root) = sandbox_with_tls().await;
    let dial = Here {
        port: sandbox.port(),
        asked: Arc::default(),
    };
    let tls = Rustls::no_roots().extra_root_der(&root).expect("a root");
    let options = options(&sandbox).endpoint(NOWHERE).plugin(tls);
    works(options.dial(dial.clone())).await;
    let asked = dial.asked.lock().expect("no panic").clone();
    // For the connection, and for the request.
    let expected = (NOWHERE.to_owned(), sandbox.port());
    assert_eq!(asked, [expected.clone(), expected]);
    sandbox.stop().await;
}

#[tokio::test]
async fn a_proxy_that_cannot_be_used_is_refused_without_its_credentials() {
    let options = ClientOptions::with_key("appId.keyId:secret").proxy("ftp://me:hunter2@p.test");
    assert!(!format!("{options:?}").contains("hunter2"));
    for error in [
        Realtime::new(options.clone()).expect_err("refused"),
        Rest::new(options.clone()).expect_err("refused"),
    ] {
        assert_eq!(error.code(), ErrorCode::BAD_REQUEST);
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
    // The base has no proxies by itself.
    let options = options
        .plugin(ably::plugins::tokio::Tokio)
        .plugin(ably::plugins::websocket::WebSocketTransport)
        .tls(false)
        .allow_basic_auth_without_tls(true);
    let error = ably::BaseRealtime::new(options).expect_err("refused");
    assert_eq!(error.code(), ErrorCode::MISSING_PLUGIN);
    assert!(error.message().contains("`proxy`"), "{error}");
}

/// An authUrl over TLS, for this machine and for [`NOWHERE`], that answers with `token`: its port,
/// and the certificate that it signed itself, in DER.
async fn auth_server(token: String) -> (u16, Vec<u8>) {
    let names = ["127.0.0.1".to_owned(), NOWHERE.to_owned()];
    let own = rcgen::generate_simple_self_signed(names).expect("a certificate");
    let key = PrivateKeyDer::try_from(own.signing_key.serialize_der()).expect("a key");
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![own.cert.der().clone()], key)
        .expect("a configuration");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, token) = (acceptor.clone(), token.clone());
            tokio::spawn(async move {
                let mut stream = acceptor.accept(stream).await?;
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(stream.read_u8().await?);
                }
                let length = token.len();
                let head = format!(
                    "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: {length}\r\n\
                     connection: close\r\n\r\n"
                );
                stream.write_all(head.as_bytes()).await?;
                stream.write_all(token.as_bytes()).await?;
                stream.shutdown().await
            });
        }
    });
    (port, own.cert.der().to_vec())
}

/// A token of the sandbox.
async fn token(options: ClientOptions) -> String {
    let rest = Rest::new(options).expect("a client");
    let details = timeout(PATIENCE, rest.auth().request_token(None, None)).await;
    let details = details.expect("in time").expect("a token");
    details.token.expose().clone()
}

#[tokio::test]
async fn an_auth_url_is_asked_over_tls() {
    let (sandbox, root) = sandbox_with_tls().await;
    let tls = Rustls::no_roots().extra_root_der(&root).expect("a root");
    let token = token(options(&sandbox).plugin(tls.clone())).await;
    let (port, root) = auth_server(token.clone()).await;
    let wary = tls.clone();
    let tls = tls.extra_root_der(&root).expect("a root");
    let options = ClientOptions::new()
        .endpoint(sandbox.host())
        .tls_port(sandbox.port())
        .auth_url(format!("https://127.0.0.1:{port}/auth"));
    works(options.clone().plugin(tls.clone())).await;
    let rest = Rest::new(options.clone().plugin(tls)).expect("a client");
    let history = rest.channels().get("c").history(());
    let history = timeout(PATIENCE, history).await.expect("in time");
    history.expect("what the channel has");
    let used = rest.auth().token_details().expect("a token");
    assert_eq!(used.token.expose(), &token);

    let rest = Rest::new(options.plugin(wary)).expect("a client");
    let refused = timeout(PATIENCE, rest.auth().request_token(None, None)).await;
    let refused = refused.expect("in time").expect_err("not trusted");
    assert_eq!(refused.code(), ErrorCode::AUTH_CALLBACK_FAILED);
    assert_eq!(kind_of(&refused), FailureKind::Tls);
    sandbox.stop().await;
}

#[tokio::test]
async fn an_auth_url_over_tls_without_tls_is_told() {
    use ably::plugins::{http::Http, token::Token, tokio::Tokio, websocket::WebSocketTransport};

    let options = ClientOptions::new()
        .endpoint("127.0.0.1")
        .tls(false)
        .auth_url("https://127.0.0.1:9/auth")
        .plugin(Tokio)
        .plugin(WebSocketTransport)
        .plugin(Http::new())
        .plugin(Token);
    let client = ably::BaseRealtime::new(options).expect("a client");
    let failed = client.connection().when_state(ConnectionState::Failed);
    let failed = timeout(PATIENCE, failed).await.expect("in time");
    failed.expect("failed");
    let reason = client.connection().error_reason().expect("a reason");
    assert_eq!(reason.code(), ErrorCode::MISSING_PLUGIN);
    assert!(reason.message().contains("TLS"), "{reason}");
}

#[tokio::test]
async fn an_auth_url_is_asked_through_the_proxy() {
    let (port, root) = auth_server("a-token".into()).await;
    let (through, asked) = proxy(port).await;
    let tls = Rustls::no_roots().extra_root_der(&root).expect("a root");
    let options = ClientOptions::new()
        .auth_url(format!("https://{NOWHERE}:{port}/auth"))
        .proxy(format!("http://127.0.0.1:{through}"))
        .plugin(tls);
    assert_eq!(token(options.clone()).await, "a-token");
    let client = Realtime::new(options.auto_connect(false)).expect("a client");
    let details = timeout(PATIENCE, client.auth().request_token(None, None)).await;
    let details = details.expect("in time").expect("a token");
    assert_eq!(details.token.expose(), "a-token");

    let asked = asked.lock().expect("no panic").clone();
    assert_eq!(asked.len(), 2, "{asked:?}");
    let to = format!("CONNECT {NOWHERE}:{port} HTTP/1.1\r\n");
    for request in asked {
        assert!(request.starts_with(&to), "{request}");
    }
}
