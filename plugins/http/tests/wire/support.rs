//! A server of a few lines that answers with bytes, so that nothing stands between the test and
//! the wire.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use ably_base::{
    HttpClient, Plugin, Plugins, TransportError,
    engine::{HttpReply, HttpRequest},
    ext::{HttpContext, HttpResponse, collect},
};
use ably_http::Http;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpListener,
};

/// What the server saw and counts.
#[derive(Clone, Default)]
pub(crate) struct Seen {
    pub(crate) connections: Arc<AtomicUsize>,
    pub(crate) requests: Arc<Mutex<Vec<String>>>,
}

impl Seen {
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

/// Answers every request with `answer` and keeps the connection open, unless `answer` is empty.
pub(crate) async fn serve(answer: &'static [u8]) -> (SocketAddr, Seen) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let seen = Seen::default();
    let shared = seen.clone();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            shared.connections.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(talk(stream, shared.clone(), answer));
        }
    });
    (address, seen)
}

/// One connection's requests and answers.
pub(crate) async fn talk<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    seen: Seen,
    answer: &'static [u8],
) {
    while let Some(request) = read_request(&mut stream).await {
        seen.requests.lock().unwrap().push(request);
        if answer.is_empty() || stream.write_all(answer).await.is_err() {
            return;
        }
    }
}

/// Head and body of the next request.
pub(crate) async fn read_request<S: AsyncRead + Unpin>(stream: &mut S) -> Option<String> {
    let mut all = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&all).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|l| {
                    l.to_ascii_lowercase()
                        .strip_prefix("content-length:")?
                        .trim()
                        .parse()
                        .ok()
                })
                .unwrap_or(0);
            if body.len() >= length {
                return Some(text);
            }
        }
        match stream.read(&mut buffer).await {
            Ok(n) if n > 0 => all.extend_from_slice(&buffer[..n]),
            _ => return None,
        }
    }
}

/// The client that the plugin installs.
pub(crate) fn client(plugin: Http) -> Arc<dyn HttpClient> {
    client_with(plugin, &HttpContext::new())
}

/// The client that the plugin installs, set up for this.
pub(crate) fn client_with(plugin: Http, context: &HttpContext) -> Arc<dyn HttpClient> {
    let mut plugins = Plugins::none();
    plugin.install(&mut plugins).unwrap();
    let client = plugins.http().unwrap();
    client.configured(context).unwrap().unwrap()
}

pub(crate) fn get(url: impl Into<String>) -> HttpRequest {
    HttpRequest::new("GET", url.into())
}

pub(crate) async fn fetch(
    client: &Arc<dyn HttpClient>,
    request: HttpRequest,
) -> Result<HttpReply, TransportError> {
    collect(head(client, request).await?, 1024 * 1024).await
}

pub(crate) async fn head(
    client: &Arc<dyn HttpClient>,
    request: HttpRequest,
) -> Result<HttpResponse, TransportError> {
    let within = std::time::Duration::from_secs(10);
    tokio::time::timeout(within, client.execute(request))
        .await
        .expect("an answer within 10 s")
}
