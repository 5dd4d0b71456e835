//! Requests through proxies.

use std::sync::Arc;

use ably_base::{
    FailureKind, HttpClient, Plugin, Plugins,
    ext::{HttpContext, ProxyOptions},
    protocol::Secret,
};
use ably_http::Http;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::support::{client_with, fetch, get, serve};

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n[1]";

fn through(url: &str) -> Arc<dyn HttpClient> {
    let mut plugins = Plugins::none();
    ably_proxy::Proxy.install(&mut plugins).unwrap();
    let mut options = ProxyOptions::new();
    options.url = Some(Secret::from(url));
    let mut context = HttpContext::new();
    context.routes = plugins.proxy().unwrap().routes(&options).unwrap();
    client_with(Http::new(), &context)
}

#[tokio::test]
async fn plain_requests_go_to_an_http_proxy_as_they_are() {
    let (address, seen) = serve(OK).await;
    let client = through(&format!("http://me:p4ss%3Aw0rd@{address}"));
    // Resolves nowhere, so it is the proxy that answers.
    let reply = fetch(&client, get("http://ably.invalid/time?a=b"))
        .await
        .unwrap();
    assert_eq!(&reply.body[..], b"[1]");
    let request = seen.requests().remove(0);
    assert!(request.starts_with("GET http://ably.invalid/time?a=b HTTP/1.1\r\n"));
    // me:p4ss:w0rd
    let authorization = "\r\nproxy-authorization: basic bwu6cdrzczp3mhjk\r\n";
    assert!(
        request.to_ascii_lowercase().contains(authorization),
        "{request}"
    );
}

#[tokio::test]
async fn socks_5_gets_the_name() {
    let (server, _) = serve(OK).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let proxy = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut greeting = [0; 2];
        stream.read_exact(&mut greeting).await.unwrap();
        let mut methods = vec![0; greeting[1].into()];
        stream.read_exact(&mut methods).await.unwrap();
        stream.write_all(&[5, 0]).await.unwrap();
        let mut head = [0; 5];
        stream.read_exact(&mut head).await.unwrap();
        assert_eq!(head[..4], [5, 1, 0, 3]);
        let mut name = vec![0; usize::from(head[4]) + 2];
        stream.read_exact(&mut name).await.unwrap();
        let reply = [5, 0, 0, 1, 127, 0, 0, 1, 0, 80];
        stream.write_all(&reply).await.unwrap();
        let mut server = TcpStream::connect(server).await.unwrap();
        tokio::spawn(async move { tokio::io::copy_bidirectional(&mut stream, &mut server).await });
        name
    });
    let client = through(&format!("socks5://{address}"));
    let reply = fetch(&client, get("http://ably.invalid/")).await.unwrap();
    assert_eq!(&reply.body[..], b"[1]");
    assert_eq!(proxy.await.unwrap(), b"ably.invalid\0\x50");
}

#[tokio::test]
async fn a_proxy_that_is_not_there_is_classified_without_credentials() {
    let unused = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = unused.local_addr().unwrap();
    drop(unused);
    for scheme in ["http", "socks5"] {
        let client = through(&format!("{scheme}://me:hunter2@{address}"));
        let error = fetch(&client, get("http://ably.invalid/"))
            .await
            .unwrap_err();
        assert_eq!(error.kind, FailureKind::Refused, "{scheme}: {error:?}");
        let printed = format!("{error} {error:?}");
        assert!(printed.contains("through the proxy"), "{printed}");
        assert!(!printed.contains("hunter2"), "{printed}");
    }
}
