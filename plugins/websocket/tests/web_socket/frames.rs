//! Frames to and fro, their limits, pings, and back-pressure.

use std::future::poll_fn;

use ably_base::{FailureKind, Frame};
use futures_util::{SinkExt, StreamExt};
use tokio::io::AsyncWriteExt;
use tokio_tungstenite::tungstenite::{
    Message,
    protocol::frame::{
        Frame as WsFrame,
        coding::{CloseCode, Data, OpCode},
    },
};

use crate::support::{pair, piped};

fn text(s: &str) -> Frame {
    Frame::Text(s.to_owned().into())
}

fn binary(bytes: &[u8]) -> Frame {
    Frame::Binary(bytes.to_vec().into())
}

#[tokio::test]
async fn frames_go_both_ways_in_order() {
    let (mut link, mut server) = pair(1 << 20).await;
    let frames = [
        text("{\"a\":\"☃\"}"),
        binary(&[0, 255, 128]),
        text(""),
        binary(&[]),
    ];
    for frame in &frames {
        link.send(frame.clone()).await;
    }
    link.flush().await;
    for _ in &frames {
        let message = server.next().await.unwrap().unwrap();
        server.send(message).await.unwrap();
    }
    for frame in frames {
        assert_eq!(link.frame().await, frame);
    }
}

#[tokio::test]
async fn big_frames_go_both_ways() {
    let (mut link, mut server) = pair(4 << 20).await;
    for n in [65_535, 65_536, 1 << 20, 4 << 20] {
        let frame = binary(&(0..n).map(|i| (i % 251) as u8).collect::<Vec<_>>());
        link.send(frame.clone()).await;
        let there = async {
            let message = server.next().await.unwrap().unwrap();
            server.send(message).await.unwrap();
        };
        let back = async {
            link.flush().await;
            link.frame().await
        };
        let (_, came) = tokio::join!(there, back);
        assert!(came == frame, "{n} bytes came back changed");
    }
}

#[tokio::test]
async fn fragments_are_put_together() {
    let (mut link, mut server) = pair(1 << 20).await;
    // The snowman is cut in two.
    let snowman = "☃".as_bytes();
    for (opcode, payload, last) in [
        (Data::Text, &snowman[..1], false),
        (Data::Continue, &snowman[1..], false),
        (Data::Continue, b"!", true),
    ] {
        let frame = WsFrame::message(payload.to_vec(), OpCode::Data(opcode), last);
        server.send(Message::Frame(frame)).await.unwrap();
    }
    assert_eq!(link.frame().await, text("☃!"));
}

#[tokio::test]
async fn a_frame_at_the_limit_passes_and_one_more_byte_fails_the_link() {
    let (mut link, mut server) = pair(1000).await;
    server.send(Message::binary(vec![7; 1000])).await.unwrap();
    assert_eq!(link.frame().await, binary(&[7; 1000]));

    server.send(Message::binary(vec![7; 1001])).await.unwrap();
    assert_eq!(link.error().await.kind, FailureKind::Protocol);
    let Some(Ok(Message::Close(Some(close)))) = server.next().await else {
        panic!("no close");
    };
    assert_eq!(close.code, CloseCode::Size);
}

#[tokio::test]
async fn fragments_count_together_towards_the_limit() {
    let (mut link, mut server) = pair(1000).await;
    for (opcode, last) in [(Data::Binary, false), (Data::Continue, true)] {
        let frame = WsFrame::message(vec![7; 501], OpCode::Data(opcode), last);
        server.send(Message::Frame(frame)).await.unwrap();
    }
    assert_eq!(link.error().await.kind, FailureKind::Protocol);
}

#[tokio::test]
async fn text_that_is_not_utf_8_fails_the_link() {
    let (mut link, mut server) = pair(1000).await;
    let frame = WsFrame::message(vec![0xff], OpCode::Data(Data::Text), true);
    server.send(Message::Frame(frame)).await.unwrap();
    assert_eq!(link.error().await.kind, FailureKind::Protocol);
    let Some(Ok(Message::Close(Some(close)))) = server.next().await else {
        panic!("no close");
    };
    assert_eq!(close.code, CloseCode::Invalid);

    let (mut link, _server) = pair(1000).await;
    let sent = link.0.start_send(Frame::Text(vec![0xff].into()));
    assert_eq!(sent.unwrap_err().kind, FailureKind::Protocol);
}

#[tokio::test]
async fn a_peer_that_breaks_the_protocol_fails_the_link() {
    let bytes: [(&str, &[u8]); 4] = [
        ("a masked frame", &[0x81, 0x81, 1, 2, 3, 4, 5]),
        ("a reserved bit", &[0xc1, 0x01, b'a']),
        ("a reserved opcode", &[0x83, 0x00]),
        ("a continuation of nothing", &[0x80, 0x00]),
    ];
    for (what, bytes) in bytes {
        let (mut link, mut server) = pair(1000).await;
        server.get_mut().write_all(bytes).await.unwrap();
        assert_eq!(link.error().await.kind, FailureKind::Protocol, "{what}");
    }
}

#[tokio::test]
async fn rtn23b_a_ping_is_answered_and_counts_as_activity() {
    let (mut link, mut server) = pair(1000).await;
    assert!(!link.0.saw_activity());
    server.send(Message::Ping("x".into())).await.unwrap();
    // The link has nothing to give: poll it until it has seen the ping.
    poll_fn(|cx| {
        let came = link.0.poll_recv(cx);
        assert!(came.is_pending(), "{came:?}");
        match link.0.saw_activity() {
            true => std::task::Poll::Ready(()),
            false => std::task::Poll::Pending,
        }
    })
    .await;
    assert!(!link.0.saw_activity(), "told once");
    // The pong went out without anything else being sent.
    let pong = server.next().await.unwrap().unwrap();
    assert_eq!(pong, Message::Pong("x".into()));
    server.send(Message::text("after")).await.unwrap();
    assert_eq!(link.frame().await, text("after"));
}

#[tokio::test]
async fn a_flood_of_pings_lets_others_run() {
    let (mut link, mut server) = piped(1 << 20).await;
    for _ in 0..1000 {
        server.send(Message::Ping("".into())).await.unwrap();
    }
    let mut turns = 0;
    server.send(Message::text("end")).await.unwrap();
    let frame = poll_fn(|cx| {
        turns += 1;
        link.0.poll_recv(cx)
    })
    .await;
    assert_eq!(frame.unwrap().unwrap(), text("end"));
    assert!(turns >= 1000 / 32, "{turns}");
}

#[tokio::test]
async fn a_peer_that_does_not_read_holds_the_sender_back() {
    let (mut link, mut server) = piped(4096).await;
    let mut sent = 0_u32;
    // Until the link says so: the pipe, and the buffer of the link, and one frame more.
    while poll_fn(|cx| std::task::Poll::Ready(link.0.poll_ready(cx)))
        .await
        .is_ready()
    {
        link.send(binary(&[sent as u8; 1024])).await;
        sent += 1;
        assert!(sent < 100, "no back-pressure");
    }
    let read = async {
        for n in 0..sent {
            let message = server.next().await.unwrap().unwrap();
            assert_eq!(message.into_data(), vec![n as u8; 1024]);
        }
    };
    tokio::join!(read, link.flush());
}
