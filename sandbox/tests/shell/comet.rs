//! Comet over HTTP, with raw clients.

use std::time::Duration;

use ably_sandbox::{Limits, Sandbox, Selector};
use futures_util::future::select;
use serde_json::{Value as Json, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::peer::{Answer, PATIENCE, Peer, exchange, request};

/// An answer that goes on: its head, and what comes line by line.
struct Stream {
    socket: BufReader<TcpStream>,
    head: String,
    rest: Vec<u8>,
}

impl Stream {
    async fn open(sandbox: &Sandbox, path: &str) -> Stream {
        let socket = TcpStream::connect((sandbox.host(), sandbox.port())).await;
        let mut socket = BufReader::new(socket.expect("a socket"));
        let key = sandbox.key();
        let request = format!("GET {path}key={key} HTTP/1.1\r\nHost: x\r\n\r\n");
        socket.write_all(request.as_bytes()).await.expect("written");
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            let read = timeout(PATIENCE, socket.read_line(&mut head)).await;
            assert_ne!(read.expect("in time").expect("a line"), 0, "{head}");
        }
        Stream {
            socket,
            head,
            rest: Vec::new(),
        }
    }

    /// Takes the next chunk; `None` at the end, or when the socket is dropped before it.
    async fn chunk(&mut self) -> Option<Vec<u8>> {
        let mut size = String::new();
        let read = timeout(PATIENCE, self.socket.read_line(&mut size)).await;
        read.expect("in time").ok()?;
        let size = usize::from_str_radix(size.trim(), 16).ok()?;
        let mut chunk = vec![0; size + 2];
        self.socket.read_exact(&mut chunk).await.ok()?;
        chunk.truncate(size);
        (size > 0).then_some(chunk)
    }

    /// Takes the next line of frames.
    async fn next(&mut self) -> Option<Vec<Json>> {
        loop {
            if let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.rest.drain(..=end).collect();
                return Some(serde_json::from_slice(&line).expect("an array of frames"));
            }
            let chunk = self.chunk().await?;
            self.rest.extend(chunk);
        }
    }

    /// Takes lines until a frame has an action.
    async fn until(&mut self, action: u64) -> Json {
        loop {
            let frames = self.next().await.expect("more frames");
            let mut frames = frames.into_iter();
            if let Some(frame) = frames.find(|frame| frame["action"] == action) {
                return frame;
            }
        }
    }
}

async fn connect(sandbox: &Sandbox, params: &str) -> (Stream, Json) {
    let path = format!("/comet/connect?v=3&{params}&");
    let mut stream = Stream::open(sandbox, &path).await;
    let first = stream.next().await.expect("frames");
    assert_eq!((first.len(), &first[0]["action"]), (1, &json!(4)));
    (stream, first[0].clone())
}

async fn polling(sandbox: &Sandbox, params: &str) -> Json {
    let path = format!("/comet/connect?v=3&stream=false&{params}");
    let answer = request(sandbox, "GET", &path, "", b"").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let frames = answer.json();
    assert_eq!(
        (frames.as_array().map(Vec::len), &frames[0]["action"]),
        (Some(1), &json!(4))
    );
    frames[0].clone()
}

fn key(connected: &Json) -> String {
    let key = &connected["connectionDetails"]["connectionKey"];
    key.as_str().expect("a key").to_owned()
}

async fn at(sandbox: &Sandbox, key: &str, what: &str) -> Answer {
    request(sandbox, "GET", &format!("/comet/{key}/{what}"), "", b"").await
}

async fn send(sandbox: &Sandbox, key: &str, body: &[u8]) -> Answer {
    let path = format!("/comet/{key}/send");
    request(
        sandbox,
        "POST",
        &path,
        "Content-Type: application/json\r\n",
        body,
    )
    .await
}

fn code(answer: &Answer) -> (u16, u64) {
    let code = answer.json()["error"]["code"].as_u64();
    let code = code.expect("a code");
    assert_eq!(
        answer.header("x-ably-errorcode"),
        Some(code.to_string().as_str())
    );
    (answer.status, code)
}

const ATTACH: &[u8] = br#"[{"action":10,"channel":"a"}]"#;
const PUBLISH: &[u8] =
    br#"[{"action":15,"channel":"a","msgSerial":0,"messages":[{"data":"one"}]}]"#;

#[tokio::test]
async fn a_stream_is_json_arrays_one_a_line() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let (mut stream, connected) = connect(&sandbox, "").await;
    let head = stream.head.to_ascii_lowercase();
    assert!(head.contains("transfer-encoding: chunked"), "{head}");
    assert!(head.contains("content-type: application/json"), "{head}");
    let key = key(&connected);
    let sent = send(&sandbox, &key, ATTACH).await;
    assert_eq!((sent.status, sent.body.len()), (204, 0));
    stream.until(11).await;
    assert_eq!(send(&sandbox, &key, PUBLISH).await.status, 204);
    assert_eq!(stream.until(15).await["messages"][0]["data"], "one");
    assert_eq!(at(&sandbox, &key, "close").await.status, 204);
    stream.until(8).await;
    assert_eq!(stream.next().await, None);
    assert!(sandbox.connections().is_empty());
}

#[tokio::test]
async fn polls_hang_until_there_is_something() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let key = key(&polling(&sandbox, "").await);
    assert_eq!(send(&sandbox, &key, ATTACH).await.status, 204);
    let attached = at(&sandbox, &key, "recv").await;
    assert_eq!(
        (attached.status, &attached.json()[0]["action"]),
        (200, &json!(11))
    );
    let (polled, sent) = tokio::join!(at(&sandbox, &key, "recv"), async {
        // Most likely the recv hangs by then; either way it is answered.
        tokio::task::yield_now().await;
        send(&sandbox, &key, PUBLISH).await
    });
    assert_eq!(sent.status, 204);
    let mut frames = polled.json().as_array().expect("frames").clone();
    if frames.len() < 2 {
        let more = at(&sandbox, &key, "recv").await.json();
        frames.extend(more.as_array().expect("frames").clone());
    }
    let mut actions: Vec<_> = frames
        .iter()
        .filter_map(|one| one["action"].as_u64())
        .collect();
    actions.sort_unstable();
    assert_eq!(actions, [1, 15]);
    assert_eq!(at(&sandbox, &key, "disconnect").await.status, 204);
    let again = polling(&sandbox, &format!("resume={key}")).await;
    assert!(again["error"].is_null());
}

#[tokio::test]
async fn a_new_recv_ends_the_one_that_hangs() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let (mut first, connected) = connect(&sandbox, "").await;
    let key = key(&connected);
    let mut second = Stream::open(&sandbox, &format!("/comet/{key}/recv?")).await;
    assert_eq!(first.next().await, None);
    // What ended politely lets the socket live.
    let again = "GET /time HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    first
        .socket
        .write_all(again.as_bytes())
        .await
        .expect("written");
    let mut answer = String::new();
    let read = timeout(PATIENCE, first.socket.read_to_string(&mut answer)).await;
    read.expect("in time").expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    send(&sandbox, &key, ATTACH).await;
    second.until(11).await;

    let key = super::comet::key(&polling(&sandbox, "").await);
    let (one, two) = (at(&sandbox, &key, "recv"), at(&sandbox, &key, "recv"));
    let ended = select(Box::pin(one), Box::pin(two)).await;
    let (ended, hanging) = ended.factor_first();
    assert_eq!((ended.status, ended.json()), (200, json!([])));
    send(&sandbox, &key, ATTACH).await;
    assert_eq!(hanging.await.json()[0]["action"], 11);
}

#[tokio::test]
async fn refusals_are_errors_that_clients_read() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let get = async |path: &str| {
        let socket = TcpStream::connect((sandbox.host(), sandbox.port())).await;
        let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        exchange(socket.expect("a socket"), request.as_bytes()).await
    };
    let wrong = get("/comet/connect?v=3&key=no.such:key").await;
    assert_eq!(code(&wrong), (401, 40101));
    let wrong = get("/comet/connect?v=3&access_token=x&stream=false").await;
    assert_eq!(code(&wrong), (401, 40143));
    assert_eq!(code(&get("/comet/x/recv").await), (401, 40101));
    for what in ["recv", "close", "disconnect"] {
        assert_eq!(code(&at(&sandbox, "x", what).await), (400, 80018));
    }
    assert_eq!(code(&send(&sandbox, "x", b"[]").await), (400, 80018));
    assert_eq!(code(&at(&sandbox, "x", "send").await), (405, 40500));
    assert_eq!(code(&at(&sandbox, "x", "what").await), (404, 40400));
    assert_eq!(code(&at(&sandbox, "", "").await), (404, 40400));
    let posted = request(&sandbox, "POST", "/comet/connect?v=3", "", b"").await;
    assert_eq!(code(&posted), (405, 40500));
}

#[tokio::test]
async fn bodies_that_are_none_end_the_connection_and_nothing_else() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let (mut bystander, _) = Peer::connect(&sandbox, "").await;
    let nested = format!("[{}{}]", "[".repeat(100_000), "]".repeat(100_000));
    let large = vec![b' '; 600_000];
    for (body, expected) in [
        (&b""[..], 40001),
        (b"garbage", 40001),
        (b"\xff\xfe", 40001),
        (nested.as_bytes(), 40001),
        (b"{}", 80013),
        (b"[null]", 80013),
        (&large, 40009),
    ] {
        let (mut stream, connected) = connect(&sandbox, "").await;
        let answer = send(&sandbox, &key(&connected), body).await;
        assert_eq!(code(&answer), (400, expected));
        assert_eq!(stream.until(9).await["error"]["code"], expected);
        assert_eq!(stream.next().await, None);
    }
    bystander.publish(0, "a", "still here").await;
}

#[tokio::test]
async fn a_body_that_breaks_off_says_nothing() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let (mut stream, connected) = connect(&sandbox, "").await;
    let key = key(&connected);
    let socket = TcpStream::connect((sandbox.host(), sandbox.port())).await;
    let mut socket = socket.expect("a socket");
    let request = format!(
        "POST /comet/{key}/send?key={} HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n[",
        sandbox.key()
    );
    socket.write_all(request.as_bytes()).await.expect("written");
    socket.shutdown().await.expect("ended");
    let mut answer = Vec::new();
    let read = timeout(PATIENCE, socket.read_to_end(&mut answer)).await;
    let _ = read.expect("the socket's end");
    send(&sandbox, &key, ATTACH).await;
    stream.until(11).await;
}

async fn until_lost(sandbox: &Sandbox, key: &str) {
    // Nothing tells of a loss but the list.
    let lost = async {
        while sandbox.connections().iter().any(|one| one.connected) {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, lost).await.expect("the loss is noticed");
    assert_eq!(code(&at(sandbox, key, "recv").await), (400, 80003));
}

#[tokio::test]
async fn a_stream_whose_socket_breaks_is_noticed_at_once() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let (stream, connected) = connect(&sandbox, "").await;
    drop(stream);
    until_lost(&sandbox, &key(&connected)).await;
    let (_again, resumed) = connect(&sandbox, &format!("resume={}", key(&connected))).await;
    assert_eq!(resumed["connectionId"], connected["connectionId"]);
}

#[tokio::test]
async fn a_poll_whose_socket_breaks_leaves_everything_for_the_next() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let key = key(&polling(&sandbox, "").await);
    let broken = at(&sandbox, &key, "recv");
    assert!(timeout(Duration::from_millis(100), broken).await.is_err());
    send(&sandbox, &key, ATTACH).await;
    let next = at(&sandbox, &key, "recv").await;
    assert_eq!(next.json()[0]["action"], 11);
}

#[tokio::test]
async fn a_cut_is_no_end_of_an_answer() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let (mut stream, connected) = connect(&sandbox, "clientId=alice").await;
    sandbox.refuse("alice");
    assert_eq!(sandbox.cut("alice"), 1);
    let mut rest = Vec::new();
    let read = timeout(PATIENCE, stream.socket.read_to_end(&mut rest)).await;
    let _ = read.expect("the socket's end");
    assert_eq!(rest, b"", "a last chunk would be a polite end");
    until_lost(&sandbox, &key(&connected)).await;
    let socket = TcpStream::connect((sandbox.host(), sandbox.port())).await;
    let mut socket = socket.expect("a socket");
    let request = format!(
        "GET /comet/connect?v=3&clientId=alice&key={} HTTP/1.1\r\nHost: x\r\n\r\n",
        sandbox.key()
    );
    socket.write_all(request.as_bytes()).await.expect("written");
    let read = timeout(PATIENCE, socket.read_to_end(&mut rest)).await;
    let _ = read.expect("the socket's end");
    assert_eq!(rest, b"");

    sandbox.restore("alice");
    let resumed = polling(
        &sandbox,
        &format!("resume={}&clientId=alice", key(&connected)),
    )
    .await;
    let again = key(&resumed);
    let recv = async {
        let socket = TcpStream::connect((sandbox.host(), sandbox.port())).await;
        let mut socket = socket.expect("a socket");
        let request = format!(
            "GET /comet/{again}/recv?key={} HTTP/1.1\r\nHost: x\r\n\r\n",
            sandbox.key()
        );
        socket.write_all(request.as_bytes()).await.expect("written");
        let mut rest = Vec::new();
        let read = timeout(PATIENCE, socket.read_to_end(&mut rest)).await;
        let _ = read.expect("the socket's end");
        rest
    };
    let cut = async { sandbox.cut(Selector::All) };
    let (rest, cut) = tokio::join!(recv, cut);
    assert_eq!((rest.as_slice(), cut), (&b""[..], 1));
}

#[tokio::test]
async fn a_stream_that_has_become_old_ends_whole() {
    let limits = Limits {
        comet_stream: 0,
        max_idle_interval: 30,
        ..Limits::default()
    };
    let sandbox = Sandbox::builder().limits(limits).start().await;
    let sandbox = sandbox.expect("a sandbox");
    let (mut stream, connected) = connect(&sandbox, "").await;
    while stream.next().await.is_some() {}
    let mut next = Stream::open(&sandbox, &format!("/comet/{}/recv?", key(&connected))).await;
    while next.next().await.is_some() {}
}

#[tokio::test]
async fn browsers_may() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let origin = "Origin: https://app.example\r\n";
    let asked = request(&sandbox, "OPTIONS", "/comet/x/send", origin, b"").await;
    assert_eq!(asked.status, 204);
    let connected = request(
        &sandbox,
        "GET",
        "/comet/connect?v=3&stream=false",
        origin,
        b"",
    )
    .await;
    let refused = request(&sandbox, "GET", "/comet/x/recv", origin, b"").await;
    for answer in [&asked, &connected, &refused] {
        let header = |name: &str| answer.header(&format!("access-control-{name}"));
        assert_eq!(header("allow-origin"), Some("https://app.example"));
        assert_eq!(header("allow-credentials"), Some("true"));
        assert_eq!(answer.header("vary"), Some("Origin"));
    }
}

#[tokio::test]
async fn stopping_ends_what_hangs() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let (mut stream, _) = connect(&sandbox, "").await;
    timeout(PATIENCE, sandbox.stop()).await.expect("stopped");
    assert_eq!(stream.next().await, None);
}
