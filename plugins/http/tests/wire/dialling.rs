//! Requests over streams that the application opens.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use ably_base::{
    ByteStream, Dial, FailureKind, TransportError, engine::BoxFuture, ext::HttpContext,
};
use ably_http::{Http, TcpDialer, TokioStream};

use crate::support::{Seen, client_with, fetch, get, serve, talk};

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n[1]";

/// Leads everywhere to one address.
#[derive(Clone)]
struct Always {
    to: SocketAddr,
    asked: Arc<Mutex<Vec<(String, u16)>>>,
}

impl Dial for Always {
    fn dial(
        &self,
        host: String,
        port: u16,
    ) -> BoxFuture<Result<Box<dyn ByteStream>, TransportError>> {
        self.asked.lock().unwrap().push((host, port));
        TcpDialer.dial(self.to.ip().to_string(), self.to.port())
    }
}

#[tokio::test]
async fn requests_go_where_the_dialler_leads() {
    let (to, seen) = serve(OK).await;
    let asked = Arc::default();
    let dial = Always { to, asked };
    let mut context = HttpContext::new();
    context.dial = Some(Arc::new(dial.clone()));
    let client = client_with(Http::new(), &context);
    for url in [
        "http://ably.invalid/",
        "http://ably.invalid/again",
        "http://ably.invalid:8080/",
        "http://[2001:db8::1]/",
    ] {
        fetch(&client, get(url)).await.unwrap();
    }
    let asked = dial.asked.lock().unwrap().clone();
    let expected = [
        ("ably.invalid", 80),
        ("ably.invalid", 8080),
        ("[2001:db8::1]", 80),
    ];
    assert_eq!(asked, expected.map(|(host, port)| (host.to_owned(), port)));
    let hosts: Vec<_> = seen
        .requests()
        .iter()
        .filter_map(|r| r.lines().find_map(|l| l.strip_prefix("host: ")))
        .map(str::to_owned)
        .collect();
    assert_eq!(
        hosts,
        [
            "ably.invalid",
            "ably.invalid",
            "ably.invalid:8080",
            "[2001:db8::1]"
        ]
    );
}

#[tokio::test]
async fn what_the_dialler_says_is_the_failure() {
    struct Asleep;

    impl Dial for Asleep {
        fn dial(
            &self,
            _: String,
            _: u16,
        ) -> BoxFuture<Result<Box<dyn ByteStream>, TransportError>> {
            let cause = std::io::Error::other("the modem sleeps");
            let error = TransportError::with_source(FailureKind::Timeout, Arc::new(cause));
            Box::pin(std::future::ready(Err(error)))
        }
    }

    let mut context = HttpContext::new();
    context.dial = Some(Arc::new(Asleep));
    let client = client_with(Http::new(), &context);
    let error = fetch(&client, get("http://ably.invalid/"))
        .await
        .unwrap_err();
    assert_eq!(error.kind, FailureKind::Timeout, "{error:?}");
    assert!(error.to_string().contains("the modem sleeps"), "{error}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_unix_socket_serves_requests() {
    /// Dials the socket at this path.
    struct Unix(std::path::PathBuf);

    impl Dial for Unix {
        fn dial(
            &self,
            _: String,
            _: u16,
        ) -> BoxFuture<Result<Box<dyn ByteStream>, TransportError>> {
            let path = self.0.clone();
            Box::pin(async move {
                let stream = tokio::net::UnixStream::connect(path).await.unwrap();
                Ok(Box::new(TokioStream::new(stream)) as Box<dyn ByteStream>)
            })
        }
    }

    let name = format!("ably-http-{}.sock", std::process::id());
    let path = std::env::temp_dir().join(name);
    let listener = tokio::net::UnixListener::bind(&path).unwrap();
    let seen = Seen::default();
    let shared = seen.clone();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        talk(stream, shared, OK).await;
    });
    let mut context = HttpContext::new();
    context.dial = Some(Arc::new(Unix(path.clone())));
    let client = client_with(Http::new(), &context);
    let reply = fetch(&client, get("http://localhost/time")).await.unwrap();
    std::fs::remove_file(path).unwrap();
    assert_eq!(&reply.body[..], b"[1]");
    assert!(seen.requests()[0].starts_with("GET /time HTTP/1.1\r\n"));
}
