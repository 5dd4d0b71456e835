//! Reaching a host, or not.

use std::{future::Future, pin::pin, sync::Arc, task::Poll, time::Duration};

use ably_base::{
    ByteStream, ConnectContext, Dial, FailureKind, Format, Frame, Plugin, Plugins, Target,
    TransportError, engine::BoxFuture,
};
use ably_websocket::{TokioStream, WebSocketTransport};
use futures_util::{SinkExt, StreamExt};
use tokio::{
    io::AsyncReadExt,
    net::{UnixListener, UnixStream},
};
use tokio_tungstenite::tungstenite::Message;

use crate::support::{connect, listen, pipes, target};

async fn failure(target: Target, cx: ConnectContext) -> FailureKind {
    connect(target, cx).await.unwrap_err().kind
}

#[tokio::test]
async fn a_port_where_nobody_listens_is_refused() {
    let (listener, port) = listen().await;
    drop(listener);
    for host in ["127.0.0.1", "localhost"] {
        let kind = failure(target(host, port), ConnectContext::new()).await;
        assert_eq!(kind, FailureKind::Refused, "{host}");
    }
}

#[tokio::test]
async fn a_name_that_does_not_exist_is_dns() {
    // RFC 6761: `.invalid` never resolves.
    let kind = failure(target("ably.invalid", 80), ConnectContext::new()).await;
    assert_eq!(kind, FailureKind::Dns);
}

#[tokio::test]
async fn an_ipv6_literal_is_reached_with_and_without_brackets() {
    let Ok(listener) = tokio::net::TcpListener::bind(("::1", 0)).await else {
        return; // a machine without IPv6
    };
    let port = listener.local_addr().unwrap().port();
    for host in ["::1", "[::1]"] {
        let server = async {
            let (stream, _) = listener.accept().await.unwrap();
            tokio_tungstenite::accept_async(stream).await.unwrap()
        };
        let (link, mut server) =
            tokio::join!(connect(target(host, port), ConnectContext::new()), server);
        server.send(Message::text("hi")).await.unwrap();
        assert_eq!(link.unwrap().frame().await, Frame::Text("hi".into()));
    }
}

/// A dialler for Unix sockets.
struct Unix(std::path::PathBuf);

impl Dial for Unix {
    fn dial(&self, _: String, _: u16) -> BoxFuture<Result<Box<dyn ByteStream>, TransportError>> {
        let path = self.0.clone();
        Box::pin(async move {
            let stream = UnixStream::connect(path)
                .await
                .map_err(|_| TransportError::new(FailureKind::Unreachable))?;
            Ok(Box::new(TokioStream::new(stream)) as Box<dyn ByteStream>)
        })
    }
}

#[tokio::test]
async fn a_dialler_of_the_application_is_used() {
    let folder = std::env::temp_dir().join(format!("ably-web-socket-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("socket");
    let listener = UnixListener::bind(&path).unwrap();
    let mut cx = ConnectContext::new();
    cx.dial = Some(Arc::new(Unix(path.clone())));
    let server = async {
        let (stream, _) = listener.accept().await.unwrap();
        tokio_tungstenite::accept_async(stream).await.unwrap()
    };
    // No such host, so nothing but the dialler can have reached the server.
    let (link, mut server) = tokio::join!(connect(target("ably.invalid", 1), cx.clone()), server);
    let mut link = link.unwrap();
    link.send(Frame::Text("hi".into())).await;
    link.flush().await;
    assert_eq!(server.next().await.unwrap().unwrap(), Message::text("hi"));

    // What it says about a failure is passed on.
    drop(listener);
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(
        failure(target("ably.invalid", 1), cx).await,
        FailureKind::Unreachable
    );
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_is_dropped_closes_its_stream() {
    let (cx, mut dialled) = pipes(1024);
    let attempt = connect(target("ably.test", 8080), cx);
    // The server never answers.
    let given_up = tokio::time::timeout(Duration::from_secs(10), attempt).await;
    assert!(given_up.is_err(), "it was answered");
    let (host, port, mut stream) = dialled.recv().await.unwrap();
    assert_eq!((host.as_str(), port), ("ably.test", 8080));
    let mut request = String::new();
    stream.read_to_string(&mut request).await.unwrap();
    assert!(request.starts_with("GET /"), "{request}");
}

#[tokio::test]
async fn tls_without_a_provider_is_a_failure_of_tls() {
    let (cx, _dialled) = pipes(1024);
    let target = Target::new("ably.test".into(), 443, true, "/".into(), Format::Json);
    let error = connect(target, cx).await.unwrap_err();
    assert_eq!(error.kind, FailureKind::Tls);
    assert!(error.to_string().contains("`rustls`"), "{error}");
}

#[test]
fn outside_a_runtime_it_names_the_feature() {
    let mut attempt = pin!(connect(target("127.0.0.1", 1), ConnectContext::new()));
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    let Poll::Ready(Err(error)) = attempt.as_mut().poll(&mut cx) else {
        panic!("it did not fail at once");
    };
    assert_eq!(error.kind, FailureKind::Other);
    assert!(error.to_string().contains("`tokio`"), "{error}");
}

#[test]
fn it_is_the_plugin_that_ably_js_calls_web_socket_transport() {
    let mut plugins = Plugins::none();
    plugins.install(&WebSocketTransport).unwrap();
    assert_eq!(Plugin::id(&WebSocketTransport), "WebSocketTransport");
    let transport = &plugins.transports()[0];
    assert_eq!(transport.id(), "web_socket");
    assert!(transport.sees_pings() && transport.uses_tls_provider());
}
