//! How links end, from either side.

use ably_base::{FailureKind, Frame};
use futures_util::{SinkExt, StreamExt};
use tokio_tungstenite::tungstenite::{
    Message,
    protocol::{CloseFrame, frame::coding::CloseCode},
};

use crate::support::{pair, piped};

fn closed(code: u16, reason: &str) -> FailureKind {
    FailureKind::Closed {
        code: Some(code),
        reason: reason.to_owned(),
    }
}

#[tokio::test]
async fn the_peer_s_close_tells_code_and_reason() {
    for (code, reason) in [
        (1000, ""),
        (1001, "going away"),
        (1011, "oops"),
        (4321, "own"),
    ] {
        let (mut link, mut server) = pair(1000).await;
        let frame = CloseFrame {
            code: CloseCode::from(code),
            reason: reason.into(),
        };
        server.send(Message::text("last")).await.unwrap();
        server.close(Some(frame.clone())).await.unwrap();
        assert_eq!(link.frame().await, Frame::Text("last".into()));
        assert_eq!(link.error().await.kind, closed(code, reason));
        // The close is answered.
        let answer = server.next().await.unwrap().unwrap();
        assert_eq!(answer, Message::Close(Some(frame)));
    }
}

#[tokio::test]
async fn a_close_without_a_code_is_1005() {
    let (mut link, mut server) = pair(1000).await;
    server.close(None).await.unwrap();
    assert_eq!(link.error().await.kind, closed(1005, ""));
}

#[tokio::test]
async fn a_stream_that_just_ends_is_1006() {
    let (mut link, server) = pair(1000).await;
    drop(server);
    assert_eq!(link.error().await.kind, closed(1006, ""));
}

#[tokio::test]
async fn a_stream_that_ends_in_a_frame_is_1006() {
    use tokio::io::AsyncWriteExt;
    let (mut link, mut server) = pair(1000).await;
    server
        .get_mut()
        .write_all(&[0x81, 0x05, b'h'])
        .await
        .unwrap();
    drop(server);
    assert_eq!(link.error().await.kind, closed(1006, ""));
}

#[tokio::test]
async fn sending_to_a_peer_that_is_gone_is_1006() {
    let (mut link, server) = piped(1000).await;
    drop(server);
    link.send(Frame::Text("x".into())).await;
    let error = std::future::poll_fn(|cx| link.0.poll_flush(cx))
        .await
        .unwrap_err();
    assert_eq!(error.kind, closed(1006, ""));
}

#[tokio::test]
async fn closing_sends_what_was_taken_and_waits_for_the_answer() {
    let (mut link, mut server) = pair(1 << 20).await;
    for n in 0..100 {
        link.send(Frame::Binary(vec![n; 1000].into())).await;
    }
    // Something is on its way to the client, which would reset a socket that is just dropped.
    server.send(Message::text("unread")).await.unwrap();
    let peer = async {
        let mut got = 0;
        while let Some(Ok(message)) = server.next().await {
            match message {
                Message::Binary(bytes) => {
                    assert_eq!(bytes, vec![got; 1000]);
                    got += 1;
                }
                other => assert_eq!(other, Message::Close(None)),
            }
        }
        got
    };
    let (_, got) = tokio::join!(link.close(), peer);
    assert_eq!(got, 100);
}

#[tokio::test]
async fn closing_after_the_peer_has_gone_ends() {
    let (mut link, server) = pair(1000).await;
    drop(server);
    link.close().await;
    let (mut link, mut server) = pair(1000).await;
    server.close(None).await.unwrap();
    assert_eq!(link.error().await.kind, closed(1005, ""));
    link.close().await;
}
