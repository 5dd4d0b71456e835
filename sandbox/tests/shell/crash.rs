//! The program, killed again and again while it is busy.
//!
//! Killing a process loses what it had in memory, not what it had handed to the system; that the
//! latter is flushed before it is acknowledged is for `core/journal` and `shell/store` to show.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ably_sandbox::{Sandbox, StartError};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value as Json, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};
use tokio_tungstenite::tungstenite::Message;

use crate::peer::{self, PATIENCE, exchange};

const KEY: &str = "app.key:secret";

/// Kills a server so many times; a release is checked with `ABLY_SANDBOX_KILLS=100`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killing_the_server_loses_nothing_that_was_acknowledged() {
    let kills = std::env::var("ABLY_SANDBOX_KILLS").ok();
    let kills = kills.map_or(5, |kills| kills.parse().expect("a number"));
    let acknowledged = survive(kills).await;
    println!("{acknowledged} messages acknowledged, {kills} kills, none lost");
    assert!(acknowledged > kills, "there was no load");
}

#[tokio::test]
async fn the_same_key_and_messages_come_back_and_the_directory_is_used_once() {
    let directory = Directory::new();
    let data = directory.0.join("data");
    let first = Sandbox::builder()
        .data(&data)
        .start()
        .await
        .expect("a sandbox");
    let answer = peer::request(
        &first,
        "POST",
        "/channels/a/messages",
        "",
        b"{\"data\":\"x\"}",
    )
    .await;
    assert_eq!(answer.status, 201);
    let refused = Sandbox::builder().data(&data).start().await;
    assert!(matches!(refused, Err(StartError::Data(_))), "{refused:?}");
    let key = first.key().to_owned();
    first.stop().await;
    let second = Sandbox::builder()
        .data(&data)
        .start_on_thread()
        .expect("a sandbox");
    assert_eq!(second.key(), key);
    let history = peer::request(&second, "GET", "/channels/a/messages", "", b"").await;
    assert_eq!(history.json()[0]["data"], "x");
    drop(second);
    std::fs::write(data.join("journal"), "a diary").expect("a file");
    let refused = Sandbox::builder().data(&data).start().await;
    assert!(matches!(refused, Err(StartError::Data(_))), "{refused:?}");
}

/// Messages by channel.
type Acknowledged = Arc<Mutex<BTreeSet<(String, String)>>>;

/// Returns how many messages were acknowledged, and are all there.
async fn survive(kills: usize) -> usize {
    let directory = Directory::new();
    let acknowledged = Acknowledged::default();
    for round in 0..kills {
        let (mut child, port) = start(&directory.0).await;
        let known = acknowledged.lock().expect("a lock").clone();
        let last = known.iter().filter(|(channel, _)| {
            round > 0 && channel.starts_with(&format!("persisted:{}:", round - 1))
        });
        check(port, last.cloned().collect()).await;
        let mut publishers = Vec::new();
        for publisher in 0..3 {
            let channel = format!("persisted:{round}:{publisher}");
            let sink = Arc::clone(&acknowledged);
            publishers.push(tokio::spawn(publish_by_socket(port, channel, sink)));
        }
        let channel = format!("persisted:{round}:rest");
        let sink = Arc::clone(&acknowledged);
        publishers.push(tokio::spawn(publish_by_rest(port, channel, sink)));
        let before = known.len();
        timeout(PATIENCE, async {
            while acknowledged.lock().expect("a lock").len() <= before {
                sleep(Duration::from_millis(1)).await;
            }
        })
        .await
        .expect("an acknowledgement");
        sleep(Duration::from_millis(7 * (round as u64 * 5 % 13))).await;
        child.kill().await.expect("to be killed");
        for publisher in publishers {
            publisher.await.expect("to end with its socket");
        }
        if round % 3 == 0 {
            // Starting writes, too.
            let mut child = spawn(&directory.0);
            sleep(Duration::from_millis(round as u64 * 3 % 31)).await;
            child.kill().await.expect("to be killed");
        }
    }
    let (_child, port) = start(&directory.0).await;
    let all = acknowledged.lock().expect("a lock").clone();
    let count = all.len();
    check(port, all).await;
    count
}

struct Directory(PathBuf);

impl Directory {
    fn new() -> Directory {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("ably-sandbox-crash-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).expect("a directory");
        let spec = json!({"namespaces": [{"id": "persisted", "persisted": true}]});
        std::fs::write(path.join("spec.json"), spec.to_string()).expect("a file");
        Directory(path)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn spawn(directory: &std::path::Path) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ably-sandbox"));
    command
        .args(["--listen", "127.0.0.1:0", "--key", KEY, "--data"])
        .arg(directory.join("data"))
        .arg("--app-spec")
        .arg(directory.join("spec.json"));
    let command = command.stdout(Stdio::piped()).kill_on_drop(true);
    command.spawn().expect("to start")
}

async fn start(directory: &std::path::Path) -> (Child, u16) {
    let mut child = spawn(directory);
    let mut out = BufReader::new(child.stdout.take().expect("stdout")).lines();
    let line = timeout(PATIENCE, out.next_line()).await.expect("a line");
    let line = line.expect("text").expect("to listen");
    let port = line.rsplit(':').next().and_then(|port| port.parse().ok());
    (child, port.expect("a port"))
}

// Keeps some publishes on their way until the socket ends.
async fn publish_by_socket(port: u16, channel: String, acknowledged: Acknowledged) {
    let url = format!("ws://127.0.0.1:{port}/?v=3&key={KEY}");
    // The kill may come before the socket is open; that something was acknowledged is asserted
    // before it.
    let Ok((socket, _)) = tokio_tungstenite::connect_async(url).await else {
        return;
    };
    let (mut sink, mut stream) = socket.split();
    let mut next = 0_u64;
    let mut done = 0_u64;
    loop {
        while next < done + 16 {
            let frame = json!({"action": 15, "channel": channel, "msgSerial": next,
                "messages": [{"data": next.to_string()}]});
            if sink.send(Message::text(frame.to_string())).await.is_err() {
                return;
            }
            next += 1;
        }
        let Ok(Some(Ok(Message::Text(text)))) = timeout(PATIENCE, stream.next()).await else {
            return;
        };
        let frame: Json = serde_json::from_str(&text).expect("JSON");
        if frame["action"] == 1 {
            assert_eq!(
                (&frame["msgSerial"], &frame["count"]),
                (&json!(done), &json!(1))
            );
            let message = (channel.clone(), done.to_string());
            acknowledged.lock().expect("a lock").insert(message);
            done += 1;
        }
    }
}

async fn publish_by_rest(port: u16, channel: String, acknowledged: Acknowledged) {
    for number in 0_u64.. {
        let body = json!({"data": number.to_string()}).to_string();
        let request = request("POST", &format!("/channels/{channel}/messages"), &body);
        let Ok(mut socket) = TcpStream::connect(("127.0.0.1", port)).await else {
            return;
        };
        let mut answer = Vec::new();
        let sent = socket.write_all(request.as_bytes()).await;
        let read = timeout(PATIENCE, socket.read_to_end(&mut answer)).await;
        if sent.is_err() || !matches!(read, Ok(Ok(_))) || !answer.starts_with(b"HTTP/1.1 201") {
            return;
        }
        let message = (channel.clone(), number.to_string());
        acknowledged.lock().expect("a lock").insert(message);
    }
}

/// Makes sure that all of these are in the history.
async fn check(port: u16, mut wanted: BTreeSet<(String, String)>) {
    let channels: BTreeSet<_> = wanted.iter().map(|(channel, _)| channel.clone()).collect();
    for channel in channels {
        let mut query = "limit=1000".to_owned();
        loop {
            let path = format!("/channels/{channel}/messages?{query}");
            let socket = TcpStream::connect(("127.0.0.1", port))
                .await
                .expect("a socket");
            let page = exchange(socket, request("GET", &path, "").as_bytes()).await;
            assert_eq!(page.status, 200);
            for message in page.json().as_array().expect("messages") {
                let data = message["data"].as_str().expect("text").to_owned();
                wanted.remove(&(channel.clone(), data));
            }
            let links = page.header("link").expect("links").split(", ");
            let next = links.filter(|link| link.contains("rel=\"next\"")).last();
            match next.and_then(|link| link.split(['?', '>']).nth(1)) {
                Some(next) => query = next.to_owned(),
                None => break,
            }
        }
    }
    assert_eq!(wanted, BTreeSet::new(), "acknowledged and lost");
}

fn request(method: &str, path: &str, body: &str) -> String {
    let key = ably_sandbox::wire::data::to_base64(KEY.as_bytes());
    let length = body.len();
    format!(
        "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Basic {key}\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    )
}
