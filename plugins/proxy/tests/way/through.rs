//! Through the proxy that the options name.

use std::sync::Arc;

use ably_base::{
    ByteStream, ErrorCode, FailureKind, Plugin, Plugins, TlsProvider, TransportError,
    engine::BoxFuture, ext::ProxyOptions, protocol::Secret,
};
use ably_proxy::Proxy;

use crate::support::{
    Always, PASSWORD, USER_INFO, connect_proxy, context, greeted, server, socks_proxy,
};

const OK: &str = "HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\n";
const DONE: &[u8] = &[5, 0, 0, 1, 127, 0, 0, 1, 0, 80];

#[tokio::test]
async fn http_connect_names_the_host_and_leads_there() {
    let (port, asked) = connect_proxy(server().await, OK).await;
    let cx = context(Some(&format!("http://127.0.0.1:{port}")));
    for (host, to) in [
        ("ably.invalid", "ably.invalid:8080"),
        ("::1", "[::1]:8080"),
        ("[::1]", "[::1]:8080"),
    ] {
        greeted(&cx, host, 8080).await.unwrap();
        let request = asked.all().pop().unwrap();
        assert_eq!(
            request,
            format!("CONNECT {to} HTTP/1.1\r\nHost: {to}\r\n\r\n")
        );
    }
}

#[tokio::test]
async fn http_connect_shows_the_credentials() {
    let (port, asked) = connect_proxy(server().await, OK).await;
    let cx = context(Some(&format!("http://{USER_INFO}@127.0.0.1:{port}")));
    greeted(&cx, "ably.invalid", 443).await.unwrap();
    // me:p4ss:w0rd
    let line = "\r\nProxy-Authorization: Basic bWU6cDRzczp3MHJk\r\n\r\n";
    let request = asked.all().remove(0);
    assert!(request.ends_with(line), "{request}");
}

#[tokio::test]
async fn a_proxy_that_refuses_is_told_from_one_that_babbles() {
    let to = server().await;
    for (answer, kind, text) in [
        (
            "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n",
            FailureKind::Unreachable,
            "credentials",
        ),
        (
            "HTTP/1.1 502 Bad Gateway\r\n\r\n",
            FailureKind::Unreachable,
            "does not lead to the host",
        ),
        ("SSH-2.0\r\n\r\n", FailureKind::Protocol, "not HTTP"),
    ] {
        let (port, _) = connect_proxy(to, answer).await;
        let cx = context(Some(&format!("http://{USER_INFO}@127.0.0.1:{port}")));
        let error = greeted(&cx, "ably.invalid", 443).await.unwrap_err();
        assert_eq!(error.kind, kind, "{error}");
        let printed = error.to_string();
        let place = format!("127.0.0.1:{port}");
        assert!(printed.contains(text), "{printed}");
        assert!(printed.contains(&place), "{printed}");
    }
}

#[tokio::test]
async fn a_proxy_that_is_not_there_is_refused() {
    let unused = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = unused.local_addr().unwrap().port();
    drop(unused);
    for scheme in ["http", "socks5"] {
        let cx = context(Some(&format!("{scheme}://{USER_INFO}@127.0.0.1:{port}")));
        let error = greeted(&cx, "ably.invalid", 443).await.unwrap_err();
        assert_eq!(error.kind, FailureKind::Refused, "{error}");
        assert!(error.to_string().contains("through the proxy"), "{error}");
    }
}

#[tokio::test]
async fn socks_5_gets_names_and_addresses_as_they_are() {
    // The address in the reply may be of any kind.
    for reply in [
        DONE,
        &[5, 0, 0, 3, 2, b'a', b'b', 0, 80],
        &[
            5, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 80,
        ],
    ] {
        let (port, asked) = socks_proxy(server().await, None, reply).await;
        for scheme in ["socks5", "socks5h"] {
            let cx = context(Some(&format!("{scheme}://127.0.0.1:{port}")));
            for (host, to) in [
                ("ably.invalid", "ably.invalid 8080"),
                ("192.0.2.1", "192.0.2.1 8080"),
                ("[2001:db8::1]", "2001:db8::1 8080"),
            ] {
                greeted(&cx, host, 8080).await.unwrap();
                assert_eq!(asked.all().pop().unwrap(), to);
            }
        }
    }
}

#[tokio::test]
async fn socks_5_shows_the_credentials_when_asked() {
    let to = server().await;
    let (port, _) = socks_proxy(to, Some(PASSWORD), DONE).await;
    let cx = |user_info: &str| context(Some(&format!("socks5://{user_info}127.0.0.1:{port}")));
    greeted(&cx(&format!("{USER_INFO}@")), "ably.invalid", 80)
        .await
        .unwrap();
    for wrong in ["", "me:p4ss@", "you:p4ss%3Aw0rd@"] {
        let error = greeted(&cx(wrong), "ably.invalid", 80).await.unwrap_err();
        assert_eq!(error.kind, FailureKind::Unreachable, "{wrong:?}: {error}");
        assert!(error.to_string().contains("credentials"), "{error}");
    }
    // One that does not ask is not told.
    let (port, _) = socks_proxy(to, None, DONE).await;
    let cx = context(Some(&format!("socks5://{USER_INFO}@127.0.0.1:{port}")));
    greeted(&cx, "ably.invalid", 80).await.unwrap();
}

#[tokio::test]
async fn what_socks_5_says_is_classified() {
    let to = server().await;
    for (reply, kind) in [
        (
            &[5, 1, 0, 1, 0, 0, 0, 0, 0, 0][..],
            FailureKind::Unreachable,
        ),
        (&[5, 4, 0, 1, 0, 0, 0, 0, 0, 0], FailureKind::Unreachable),
        (&[5, 5, 0, 1, 0, 0, 0, 0, 0, 0], FailureKind::Refused),
        (&[5, 6, 0, 1, 0, 0, 0, 0, 0, 0], FailureKind::Timeout),
        (&[4, 9, 0, 1, 0, 0, 0, 0, 0, 0], FailureKind::Protocol),
        (&[5, 0, 0, 9, 0], FailureKind::Protocol),
    ] {
        let (port, _) = socks_proxy(to, None, reply).await;
        let cx = context(Some(&format!("socks5://127.0.0.1:{port}")));
        let error = greeted(&cx, "ably.invalid", 80).await.unwrap_err();
        assert_eq!(error.kind, kind, "{reply:?}: {error}");
    }
}

#[tokio::test]
async fn a_host_cannot_smuggle_lines() {
    let (port, asked) = connect_proxy(server().await, OK).await;
    let cx = context(Some(&format!("http://127.0.0.1:{port}")));
    let error = greeted(&cx, "a\r\nX: y", 80).await.unwrap_err();
    assert_eq!(error.kind, FailureKind::Protocol);
    assert_eq!(asked.all(), Vec::<String>::new());
}

#[tokio::test]
async fn the_application_s_dialler_reaches_the_proxy() {
    let (port, asked) = connect_proxy(server().await, OK).await;
    let dial = Always(port, Arc::default());
    let mut cx = context(Some("http://proxy.invalid:3128"));
    cx.dial = Some(Arc::new(dial.clone()));
    greeted(&cx, "ably.invalid", 80).await.unwrap();
    assert_eq!(*dial.1.lock().unwrap(), ["proxy.invalid:3128"]);
    assert_eq!(asked.all().len(), 1);
}

/// No TLS at all, but it notes with whom it was wanted.
struct NotedTls(Arc<std::sync::Mutex<Vec<String>>>);

impl TlsProvider for NotedTls {
    fn id(&self) -> &'static str {
        "noted"
    }

    fn connect(
        &self,
        server_name: String,
        stream: Box<dyn ByteStream>,
    ) -> BoxFuture<Result<Box<dyn ByteStream>, TransportError>> {
        self.0.lock().unwrap().push(server_name);
        Box::pin(std::future::ready(Ok(stream)))
    }
}

#[tokio::test]
async fn an_https_proxy_is_spoken_to_over_tls() {
    let (port, _) = connect_proxy(server().await, OK).await;
    let mut cx = context(Some(&format!("https://127.0.0.1:{port}")));
    let error = greeted(&cx, "ably.invalid", 80).await.unwrap_err();
    assert_eq!(error.kind, FailureKind::Tls);
    assert!(error.to_string().contains("`rustls`"), "{error}");

    let names = Arc::default();
    cx.tls = Some(Arc::new(NotedTls(Arc::clone(&names))));
    greeted(&cx, "ably.invalid", 80).await.unwrap();
    // The host itself is without TLS here.
    assert_eq!(*names.lock().unwrap(), ["127.0.0.1"]);
}

#[test]
fn it_fills_its_slot_and_refuses_what_is_no_proxy() {
    let mut plugins = Plugins::none();
    plugins.install(&Proxy).unwrap();
    assert_eq!(plugins.ids(), ["Proxy"]);
    assert_eq!(Plugin::id(&Proxy), "Proxy");
    let mut options = ProxyOptions::new();
    options.from_environment = false;
    let provider = plugins.proxy().unwrap();
    assert!(provider.routes(&options).unwrap().is_none());
    options.url = Some(Secret::from("socks4://hunter2@proxy.test"));
    let error = provider.routes(&options).err().unwrap();
    assert_eq!(error.code(), ErrorCode::BAD_REQUEST);
    assert!(!format!("{error} {error:?} {options:?}").contains("hunter2"));
}
