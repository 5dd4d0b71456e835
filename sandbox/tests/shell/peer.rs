//! Raw clients: one for WebSocket, one for HTTP.

use std::time::Duration;

use ably_sandbox::Sandbox;
use ably_sandbox::wire::Format;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value as Json, json};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

/// Longer than anything here takes; only a hang gets there.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Peer {
    socket: Socket,
    format: Format,
}

impl Peer {
    /// Opens a WebSocket with the sandbox's key.
    pub(crate) async fn open(sandbox: &Sandbox, params: &str) -> Peer {
        let path = format!("/?v=3&key={}&{params}", sandbox.key());
        Peer::open_path(sandbox, &path).await
    }

    pub(crate) async fn open_path(sandbox: &Sandbox, path: &str) -> Peer {
        let url = format!("ws://{}:{}{path}", sandbox.host(), sandbox.port());
        let (socket, _) = tokio_tungstenite::connect_async(url)
            .await
            .expect("the upgrade");
        let format = if path.contains("format=msgpack") {
            Format::Msgpack
        } else {
            Format::Json
        };
        Peer { socket, format }
    }

    /// Opens a WebSocket and takes CONNECTED.
    pub(crate) async fn connect(sandbox: &Sandbox, params: &str) -> (Peer, Json) {
        let mut peer = Peer::open(sandbox, params).await;
        let connected = peer.next().await;
        assert_eq!(connected["action"], 4, "{connected}");
        (peer, connected)
    }

    pub(crate) async fn raw(&mut self, message: Message) {
        // The server may have had enough already; what it said then is what counts.
        let _ = timeout(PATIENCE, self.socket.send(message))
            .await
            .expect("to be read");
    }

    /// Takes the two directions apart.
    pub(crate) fn split(self) -> (Writer, Reader) {
        let (sink, stream) = self.socket.split();
        (Writer(sink), Reader(stream))
    }

    /// Sends a message that the server must take in to the end.
    pub(crate) async fn raw_whole(&mut self, message: Message) {
        let sent = timeout(PATIENCE, self.socket.send(message)).await;
        sent.expect("to be read").expect("to be read to the end");
    }

    pub(crate) async fn send(&mut self, frame: Json) {
        let value = Format::Json
            .decode(frame.to_string().as_bytes())
            .expect("JSON");
        let bytes = self.format.encode(&value);
        let message = match self.format {
            Format::Json => Message::text(String::from_utf8(bytes).expect("text")),
            Format::Msgpack => Message::binary(bytes),
        };
        self.raw(message).await;
    }

    /// Takes the next frame; `None` when the socket is at its end.
    pub(crate) async fn try_next(&mut self) -> Option<Json> {
        loop {
            let next = timeout(PATIENCE, self.socket.next())
                .await
                .expect("to hear something");
            let bytes = match next {
                Some(Ok(Message::Text(text))) if self.format == Format::Json => {
                    text.as_bytes().to_vec()
                }
                Some(Ok(Message::Binary(bytes))) if self.format == Format::Msgpack => {
                    bytes.to_vec()
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                Some(Ok(other)) => panic!("a frame of the wrong kind: {other:?}"),
            };
            let value = self.format.decode(&bytes).expect("a frame");
            return serde_json::from_slice(&Format::Json.encode(&value)).ok();
        }
    }

    pub(crate) async fn next(&mut self) -> Json {
        self.try_next().await.expect("a frame")
    }

    /// Takes frames until one has an action.
    pub(crate) async fn until(&mut self, action: u64) -> Json {
        loop {
            let frame = self.next().await;
            if frame["action"] == action {
                return frame;
            }
        }
    }

    pub(crate) async fn attach(&mut self, channel: &str) -> Json {
        self.send(json!({"action": 10, "channel": channel})).await;
        self.until(11).await
    }

    pub(crate) async fn publish(&mut self, serial: u64, channel: &str, data: &str) {
        self.send(
            json!({"action": 15, "channel": channel, "msgSerial": serial,
            "messages": [{"name": "n", "data": data}]}),
        )
        .await;
        let answer = self.until(1).await;
        assert_eq!(answer["msgSerial"], serial);
    }

    /// Expects the connection to fail with a code, and the socket to end after that.
    pub(crate) async fn expect_failure(&mut self, code: u64) {
        let frame = self.until(9).await;
        assert_eq!(frame["error"]["code"], code, "{frame}");
        assert_eq!(self.try_next().await, None);
    }
}

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// The sending half of a JSON peer.
pub(crate) struct Writer(SplitSink<Socket, Message>);

impl Writer {
    pub(crate) async fn send(&mut self, frame: Json) {
        let sent = timeout(PATIENCE, self.0.send(Message::text(frame.to_string()))).await;
        sent.expect("to be read").expect("a socket");
    }
}

/// The receiving half of a JSON peer.
pub(crate) struct Reader(SplitStream<Socket>);

impl Reader {
    /// Takes the next frame; `None` when the socket is at its end.
    pub(crate) async fn next(&mut self) -> Option<Json> {
        loop {
            match timeout(PATIENCE, self.0.next())
                .await
                .expect("to hear something")
            {
                Some(Ok(Message::Text(text))) => return serde_json::from_str(&text).ok(),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                _ => return None,
            }
        }
    }
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, text)| text)
    }

    pub(crate) fn json(&self) -> Json {
        serde_json::from_slice(&self.body).expect("JSON")
    }
}

/// Sends a whole request and reads the answer.
pub(crate) async fn exchange(
    mut socket: impl AsyncRead + AsyncWrite + Unpin,
    request: &[u8],
) -> Answer {
    let _ = socket.write_all(request).await;
    let mut bytes = Vec::new();
    let read = timeout(PATIENCE, socket.read_to_end(&mut bytes))
        .await
        .expect("an end");
    // A peer that was not read to the end resets the socket after its answer.
    let _ = read;
    let split = bytes
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .expect("a head");
    let head = String::from_utf8(bytes[..split].to_vec()).expect("text");
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    Answer {
        status: status.expect("a status"),
        head,
        body: bytes[split + 4..].to_vec(),
    }
}

/// Makes a request with the sandbox's key.
pub(crate) async fn request(
    sandbox: &Sandbox,
    method: &str,
    path: &str,
    headers: &str,
    body: &[u8],
) -> Answer {
    let socket = TcpStream::connect((sandbox.host(), sandbox.port()))
        .await
        .expect("a socket");
    let key = ably_sandbox::wire::data::to_base64(sandbox.key().as_bytes());
    let length = body.len();
    let mut request = format!(
        "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Basic {key}\r\n\
         Content-Length: {length}\r\n{headers}\r\n"
    )
    .into_bytes();
    request.extend_from_slice(body);
    exchange(socket, &request).await
}
