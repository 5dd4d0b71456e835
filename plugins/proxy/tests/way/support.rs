//! A server, and proxies that lead to it whatever the name: `ably.invalid` resolves nowhere, so
//! what arrives has come through a proxy.

use std::{
    future::poll_fn,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use ably_base::{
    ByteStream, ConnectContext, Dial, Format, Frame, Plugins, Target, Transport, TransportError,
    engine::BoxFuture, ext::ProxyOptions, protocol::Secret,
};
use ably_proxy::Proxy;
use ably_websocket::{TcpDialer, WebSocketTransport};
use futures_util::SinkExt;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_tungstenite::tungstenite::Message;

pub(crate) const PASSWORD: &str = "p4ss:w0rd";

/// `me` and [`PASSWORD`] as they stand in a URL.
pub(crate) const USER_INFO: &str = "me:p4ss%3Aw0rd";

async fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// A WebSocket server that greets and waits.
pub(crate) async fn server() -> SocketAddr {
    let (listener, address) = listen().await;
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                let mut socket = tokio_tungstenite::accept_async(stream).await.unwrap();
                socket.send(Message::text("hello")).await.unwrap();
                std::future::pending::<()>().await;
            });
        }
    });
    address
}

/// What a proxy was asked for.
#[derive(Clone, Default)]
pub(crate) struct Asked(Arc<Mutex<Vec<String>>>);

impl Asked {
    fn note(&self, text: impl Into<String>) {
        self.0.lock().unwrap().push(text.into());
    }

    pub(crate) fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

/// A proxy for HTTP CONNECT that answers with `answer` and then leads to `to`.
pub(crate) async fn connect_proxy(to: SocketAddr, answer: &'static str) -> (u16, Asked) {
    let (listener, address) = listen().await;
    let asked = Asked::default();
    let noted = asked.clone();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                match stream.read_u8().await {
                    Ok(byte) => head.push(byte),
                    Err(_) => break,
                }
            }
            noted.note(String::from_utf8(head).unwrap());
            stream.write_all(answer.as_bytes()).await.unwrap();
            if answer.contains(" 200 ") {
                pipe(stream, to);
            }
        }
    });
    (address.port(), asked)
}

/// A SOCKS 5 proxy that answers the request with `reply`, and leads to `to` when it says 0.
pub(crate) async fn socks_proxy(
    to: SocketAddr,
    password: Option<&'static str>,
    reply: &'static [u8],
) -> (u16, Asked) {
    let (listener, address) = listen().await;
    let asked = Asked::default();
    let noted = asked.clone();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let _ = socks(stream, to, password, reply, &noted).await;
        }
    });
    (address.port(), asked)
}

async fn socks(
    mut stream: TcpStream,
    to: SocketAddr,
    password: Option<&str>,
    reply: &[u8],
    asked: &Asked,
) -> std::io::Result<()> {
    assert_eq!(stream.read_u8().await?, 5);
    let methods = text(&mut stream).await?;
    match password {
        None => stream.write_all(&[5, 0]).await?,
        Some(_) if !methods.contains(&2) => return stream.write_all(&[5, 255]).await,
        Some(password) => {
            stream.write_all(&[5, 2]).await?;
            assert_eq!(stream.read_u8().await?, 1);
            let user = text(&mut stream).await?;
            let said = text(&mut stream).await?;
            let right = user == b"me" && said == password.as_bytes();
            stream.write_all(&[1, u8::from(!right)]).await?;
            if !right {
                return Ok(());
            }
        }
    }
    let mut head = [0; 4];
    stream.read_exact(&mut head).await?;
    let host = match head {
        [5, 1, 0, 1] => {
            let mut address = [0; 4];
            stream.read_exact(&mut address).await?;
            std::net::Ipv4Addr::from(address).to_string()
        }
        [5, 1, 0, 4] => {
            let mut address = [0; 16];
            stream.read_exact(&mut address).await?;
            std::net::Ipv6Addr::from(address).to_string()
        }
        [5, 1, 0, 3] => String::from_utf8(text(&mut stream).await?).unwrap(),
        _ => panic!("{head:?}"),
    };
    asked.note(format!("{host} {}", stream.read_u16().await?));
    stream.write_all(reply).await?;
    if reply[1] == 0 {
        pipe(stream, to);
    }
    Ok(())
}

async fn text(stream: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let mut text = vec![0; stream.read_u8().await?.into()];
    stream.read_exact(&mut text).await?;
    Ok(text)
}

fn pipe(mut stream: TcpStream, to: SocketAddr) {
    tokio::spawn(async move {
        let mut server = TcpStream::connect(to).await.unwrap();
        let _ = tokio::io::copy_bidirectional(&mut stream, &mut server).await;
    });
}

/// A context with the routes that these options mean.
pub(crate) fn context(url: Option<&str>) -> ConnectContext {
    let mut plugins = Plugins::none();
    plugins.install(&Proxy).unwrap();
    let mut options = ProxyOptions::new();
    options.url = url.map(|url| Secret::new(url.to_owned()));
    let mut cx = ConnectContext::new();
    cx.routes = plugins.proxy().unwrap().routes(&options).unwrap();
    cx
}

/// Connects to a host and waits for the greeting. No text on the way may hold the password.
pub(crate) async fn greeted(
    cx: &ConnectContext,
    host: &str,
    port: u16,
) -> Result<(), TransportError> {
    let target = Target::new(host.into(), port, false, "/?v=3".into(), Format::Json);
    let attempt = WebSocketTransport.connect(target, cx.clone());
    let within = std::time::Duration::from_secs(10);
    let attempt = tokio::time::timeout(within, attempt)
        .await
        .expect("in time");
    let mut link = attempt.inspect_err(|error| {
        let printed = format!("{error} {error:?}");
        for secret in [PASSWORD, "p4ss", "bWU6"] {
            assert!(!printed.contains(secret), "{printed}");
        }
    })?;
    let frame = poll_fn(|cx| link.poll_recv(cx)).await.unwrap()?;
    assert_eq!(frame, Frame::Text("hello".into()));
    Ok(())
}

/// A dialler that leads everything to one place and remembers what for.
#[derive(Clone)]
pub(crate) struct Always(pub(crate) u16, pub(crate) Arc<Mutex<Vec<String>>>);

impl Dial for Always {
    fn dial(
        &self,
        host: String,
        port: u16,
    ) -> BoxFuture<Result<Box<dyn ByteStream>, TransportError>> {
        self.1.lock().unwrap().push(format!("{host}:{port}"));
        TcpDialer.dial("127.0.0.1".into(), self.0)
    }
}
