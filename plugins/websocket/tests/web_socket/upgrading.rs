//! Servers that answer the upgrade in their own way.

use ably_base::{FailureKind, Frame};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::support::{Link, SECRET, connect, pipes, target};

/// Connects to a server that reads the request and answers with what `answer` makes of it.
async fn answered(answer: impl FnOnce(&str) -> Vec<u8>) -> (Result<Link, FailureKind>, String) {
    let (cx, mut dialled) = pipes(64 * 1024);
    let server = async {
        let (_, _, mut stream) = dialled.recv().await.unwrap();
        let request = head(&mut stream).await;
        stream.write_all(&answer(&request)).await.unwrap();
        (request, stream)
    };
    let link = async { connect(target("ably.test", 8080), cx).await };
    // The server goes away when it has answered.
    let server = async { server.await.0 };
    let (link, request) = tokio::join!(link, server);
    (link.map_err(|e| e.kind), request)
}

async fn head(stream: &mut DuplexStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8(head).unwrap()
}

fn accepting(request: &str) -> String {
    let key = request
        .lines()
        .find_map(|l| l.strip_prefix("Sec-WebSocket-Key: "))
        .unwrap();
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: WebSocket\r\nconnection: upgrade\r\n\
         sec-websocket-accept: {}\r\n\r\n",
        derive_accept_key(key.as_bytes())
    )
}

#[tokio::test]
async fn the_request_is_an_upgrade_with_a_fresh_key() {
    let mut keys = Vec::new();
    for _ in 0..2 {
        let (link, request) = answered(|r| accepting(r).into()).await;
        link.unwrap();
        let mut lines = request.split("\r\n");
        assert_eq!(
            lines.next(),
            Some(format!("GET /?key=appId.keyId:{SECRET}&v=3 HTTP/1.1").as_str())
        );
        for line in [
            "Host: ably.test:8080",
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
        ] {
            assert!(request.contains(line), "{line}");
        }
        keys.extend(
            lines
                .find(|l| l.starts_with("Sec-WebSocket-Key"))
                .map(str::to_owned),
        );
    }
    assert_eq!(keys.len(), 2);
    assert_ne!(keys[0], keys[1]);
}

#[tokio::test]
async fn frames_that_come_with_the_answer_are_not_lost() {
    let (link, _) = answered(|r| [accepting(r).as_bytes(), &[0x81, 2, b'h', b'i']].concat()).await;
    assert_eq!(link.unwrap().frame().await, Frame::Text("hi".into()));
}

#[tokio::test]
async fn another_status_is_told() {
    for status in [301, 401, 429, 503] {
        let answer = format!("HTTP/1.1 {status} No\r\nLocation: /\r\nContent-Length: 2\r\n\r\nno");
        let (link, _) = answered(|_| answer.into()).await;
        assert_eq!(link.unwrap_err(), FailureKind::HttpStatus(status));
    }
}

#[tokio::test]
async fn what_is_not_http_is_refused() {
    let (link, _) = answered(|_| b"SSH-2.0-OpenSSH_9.9\r\n\r\n".to_vec()).await;
    assert_eq!(link.unwrap_err(), FailureKind::Protocol);
    let (link, _) = answered(|_| b"\xff\r\n\r\n".to_vec()).await;
    assert_eq!(link.unwrap_err(), FailureKind::Protocol);
}

#[tokio::test]
async fn a_key_that_is_not_answered_is_refused() {
    let (link, _) = answered(|r| {
        accepting(
            &r.to_lowercase()
                .replace("sec-websocket-key", "Sec-WebSocket-Key"),
        )
        .into()
    })
    .await;
    assert_eq!(link.unwrap_err(), FailureKind::Protocol);
}

#[tokio::test]
async fn a_head_without_end_is_refused() {
    let (link, _) = answered(|_| vec![b'x'; 20 * 1024]).await;
    assert_eq!(link.unwrap_err(), FailureKind::Protocol);
}

#[tokio::test]
async fn a_server_that_goes_away_is_told() {
    let (link, _) = answered(|_| b"HTTP/1.1 101 Sw".to_vec()).await;
    assert_eq!(link.unwrap_err(), FailureKind::Other);
}

#[tokio::test]
async fn the_head_may_come_in_pieces() {
    let (cx, mut dialled) = pipes(64 * 1024);
    let server = async {
        let (_, _, mut stream) = dialled.recv().await.unwrap();
        let request = head(&mut stream).await;
        for byte in [accepting(&request).as_bytes(), &[0x81, 1, b'a']].concat() {
            stream.write_all(&[byte]).await.unwrap();
            tokio::task::yield_now().await;
        }
        stream
    };
    let (link, _stream) = tokio::join!(connect(target("ably.test", 80), cx), server);
    assert_eq!(link.unwrap().frame().await, Frame::Text("a".into()));
}
