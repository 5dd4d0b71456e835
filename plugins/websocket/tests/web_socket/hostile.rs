//! Servers that break the rules of RFC 6455, or lean on them.

use std::{future::poll_fn, task::Poll, time::Duration};

use ably_base::{FailureKind, Frame};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream},
    time::timeout,
};

use crate::support::{Link, raw};

/// The largest message of the links in here.
const LIMIT: usize = 1000;

fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        len @ 0..126 => frame.push(len as u8),
        len => {
            frame.push(126);
            frame.extend((len as u16).to_be_bytes());
        }
    }
    [&frame[..], payload].concat()
}

/// A frame of the client: its opcode, and what is in it without the mask.
async fn sent(stream: &mut DuplexStream) -> (u8, Vec<u8>) {
    let mut head = [0; 6];
    stream.read_exact(&mut head).await.unwrap();
    let [first, second, key @ ..] = head;
    assert_eq!(first & 0xf0, 0x80, "not one whole frame");
    assert!((0x80..0x80 + 126).contains(&second), "not masked, or long");
    let mut payload = vec![0; usize::from(second & 0x7f)];
    stream.read_exact(&mut payload).await.unwrap();
    for (byte, key) in payload.iter_mut().zip(key.iter().cycle()) {
        *byte ^= key;
    }
    (first & 0x0f, payload)
}

/// What comes, up to an error. Time is virtual: a link that waits for more is given up at once.
async fn until_it_fails(link: &mut Link) -> (Vec<Frame>, FailureKind) {
    let mut frames = Vec::new();
    loop {
        let came = timeout(Duration::from_secs(1), link.recv()).await;
        match came.expect("an error").expect("not the end") {
            Ok(frame) => frames.push(frame),
            Err(error) => break (frames, error.kind),
        }
    }
}

/// What comes of `bytes`, `piece` of them at a time: the messages, the error, and the close that
/// the server gets for it.
async fn outcome(bytes: &[u8], piece: usize) -> (Vec<Frame>, FailureKind, Vec<u8>) {
    let (mut link, mut server) = raw(64 * 1024, LIMIT).await;
    let write = async {
        for piece in bytes.chunks(piece) {
            server.write_all(piece).await.unwrap();
            tokio::task::yield_now().await;
        }
    };
    let read = until_it_fails(&mut link);
    let ((), (frames, kind)) = tokio::join!(write, read);
    // Nothing comes after it, and nothing can be sent.
    assert!(link.recv().await.is_none());
    let sending = link.0.start_send(Frame::Binary("x".into())).unwrap_err();
    assert!(matches!(sending.kind, FailureKind::Closed { .. }));
    let (opcode, close) = sent(&mut server).await;
    assert_eq!(opcode, 8);
    link.close().await;
    (frames, kind, close)
}

/// Checks that `bytes`, however they come, fail the link with a close of this code.
async fn fails(what: &str, bytes: &[u8], code: u16) {
    for piece in [bytes.len(), 1] {
        let (frames, kind, close) = outcome(bytes, piece).await;
        assert_eq!(frames, [], "{what}");
        assert_eq!(kind, FailureKind::Protocol, "{what}");
        assert_eq!(close, code.to_be_bytes(), "{what}");
    }
}

#[tokio::test(start_paused = true)]
async fn heads_that_must_not_be() {
    fails("a mask", &[0x81, 0x81, 1, 2, 3, 4, b'a' ^ 1], 1002).await;
    for bit in [0x40, 0x20, 0x10, 0x70] {
        fails("a reserved bit", &frame(0x81 | bit, b"a"), 1002).await;
        fails("a reserved bit of a ping", &frame(0x89 | bit, b""), 1002).await;
    }
    for opcode in [0x3, 0x4, 0x5, 0x6, 0x7, 0xb, 0xc, 0xd, 0xe, 0xf] {
        fails("a reserved opcode", &frame(0x80 | opcode, b""), 1002).await;
    }
}

#[tokio::test(start_paused = true)]
async fn control_frames_that_must_not_be() {
    for opcode in [0x8, 0x9, 0xa] {
        fails("a fragment", &frame(opcode, b""), 1002).await;
        fails("126 bytes", &frame(0x80 | opcode, &[b'a'; 126]), 1002).await;
        let long = [0x80 | opcode, 127, 0, 0, 0, 0, 0, 0, 0, 1];
        fails("a length of 64 bits", &long, 1002).await;
    }
}

#[tokio::test(start_paused = true)]
async fn messages_in_the_wrong_order() {
    fails("a continuation of nothing", &frame(0x80, b"a"), 1002).await;
    fails("a part of nothing", &frame(0x00, b"a"), 1002).await;
    for begun in [0x01, 0x02] {
        for next in [0x81, 0x82, 0x01, 0x02] {
            let bytes = [frame(begun, b"a"), frame(next, b"b")].concat();
            fails("a message in another", &bytes, 1002).await;
        }
    }
    // The first message is at its end.
    let bytes = [frame(0x01, b"a"), frame(0x80, b"b"), frame(0x80, b"c")].concat();
    let (frames, kind, close) = outcome(&bytes, bytes.len()).await;
    assert_eq!(frames, [Frame::Text("ab".into())]);
    assert_eq!(kind, FailureKind::Protocol);
    assert_eq!(close, 1002_u16.to_be_bytes());
}

#[tokio::test(start_paused = true)]
async fn more_than_is_allowed() {
    // The head alone is enough.
    fails("1001 bytes", &frame(0x82, &[7; 1001])[..4], 1009).await;
    fails("65536 bytes", &[0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0], 1009).await;
    let largest = [&[0x82, 127, 0x7f][..], &[0xff; 7]].concat();
    fails("2^63 - 1 bytes", &largest, 1009).await;
    // The limit would be met if the upper half were lost.
    fails("2^32 bytes", &[0x82, 127, 0, 0, 0, 1, 0, 0, 0, 1], 1009).await;
    let parts = [frame(0x02, &[7; 600]), frame(0x00, &[7; 400])].concat();
    let over = [&parts[..], &frame(0x80, b"x")[..2]].concat();
    fails("1001 bytes in parts", &over, 1009).await;
    let overflow = [&parts[..], &[0x80], &largest[1..]].concat();
    fails("parts that overflow", &overflow, 1009).await;
    // The whole limit in parts is not too much.
    let whole = [parts, frame(0x80, b""), frame(0x88, b"")].concat();
    let (frames, _, _) = outcome(&whole, whole.len()).await;
    assert_eq!(frames, [Frame::Binary(vec![7; LIMIT].into())]);
}

#[tokio::test(start_paused = true)]
async fn a_length_with_the_top_bit() {
    for first in [0x81, 0x82] {
        let lone = [first, 127, 0x80, 0, 0, 0, 0, 0, 0, 0];
        fails("the top bit", &lone, 1002).await;
        let all = [&[first, 127][..], &[0xff; 8]].concat();
        fails("all bits", &all, 1002).await;
    }
}

#[tokio::test(start_paused = true)]
async fn text_that_is_not_utf_8() {
    let bad: [&[u8]; 7] = [
        b"\xff",
        b"a\x80",
        // One byte, a surrogate, more than there is, and too many bytes for a slash.
        b"\xe2\x98",
        b"\xed\xa0\x80",
        b"\xf4\x90\x80\x80",
        b"\xc0\xaf",
        b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80edited",
    ];
    for text in bad {
        fails("in one frame", &frame(0x81, text), 1007).await;
        for at in 0..text.len() {
            let (a, b) = text.split_at(at);
            let parts = [frame(0x01, a), frame(0x89, b"!"), frame(0x80, b)].concat();
            let (_, kind, _) = pinged(&parts).await;
            assert_eq!(kind, FailureKind::Protocol, "{text:?} cut at {at}");
        }
        // Binary messages may hold anything.
        let (frames, _, _) = outcome(&[frame(0x82, text), frame(0x88, b"")].concat(), 1).await;
        assert_eq!(frames, [Frame::Binary(text.to_vec().into())]);
    }
}

/// As [`outcome`], with a pong before the close.
async fn pinged(bytes: &[u8]) -> (Vec<Frame>, FailureKind, Vec<u8>) {
    let (mut link, mut server) = raw(64 * 1024, LIMIT).await;
    server.write_all(bytes).await.unwrap();
    let (frames, kind) = until_it_fails(&mut link).await;
    assert_eq!(sent(&mut server).await, (10, b"!".to_vec()));
    let (opcode, close) = sent(&mut server).await;
    assert_eq!(opcode, 8);
    (frames, kind, close)
}

#[tokio::test(start_paused = true)]
async fn a_character_may_be_cut_anywhere() {
    let text = "κόσμε ☃ 🦀".as_bytes();
    for at in 0..=text.len() {
        let (a, b) = text.split_at(at);
        let parts = [
            frame(0x01, a),
            frame(0x89, b"!"),
            frame(0x00, b""),
            frame(0x8a, b"?"),
            frame(0x80, b),
            frame(0x88, b""),
        ];
        let (frames, kind, close) = pinged(&parts.concat()).await;
        assert_eq!(frames, [Frame::Text("κόσμε ☃ 🦀".into())]);
        let code = Some(1005);
        let reason = String::new();
        assert_eq!(kind, FailureKind::Closed { code, reason });
        assert!(close.is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn closes_that_must_not_be() {
    fails("half a code", &frame(0x88, b"\x03"), 1002).await;
    for code in [0_u16, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535] {
        fails("a bad code", &frame(0x88, &code.to_be_bytes()), 1002).await;
    }
    fails("a reason", &frame(0x88, b"\x03\xe8\xff"), 1007).await;
    // The longest good one.
    let reason = "x".repeat(123);
    let payload = [b"\x0f\xa0", reason.as_bytes()].concat();
    let (frames, kind, close) = outcome(&frame(0x88, &payload), 1).await;
    assert_eq!(frames, []);
    let code = Some(4000);
    assert_eq!(kind, FailureKind::Closed { code, reason });
    assert_eq!(close, payload);
}

#[tokio::test(start_paused = true)]
async fn nothing_after_a_close_is_read() {
    let bytes = [frame(0x88, b"\x03\xe8"), frame(0x81, b"late")].concat();
    let (frames, kind, _) = outcome(&bytes, bytes.len()).await;
    assert_eq!(frames, []);
    let code = Some(1000);
    let reason = String::new();
    assert_eq!(kind, FailureKind::Closed { code, reason });
}

#[tokio::test(start_paused = true)]
async fn pings_of_a_server_that_does_not_read_fill_nothing() {
    let (mut link, mut server) = raw(4096, LIMIT).await;
    let write = async {
        for n in 0..20_000_u32 {
            let ping = frame(0x89, &n.to_be_bytes().repeat(30));
            server.write_all(&ping).await.unwrap();
        }
        server.write_all(&frame(0x81, b"end")).await.unwrap();
        server
    };
    let (frame, mut server) = tokio::join!(link.frame(), write);
    assert_eq!(frame, Frame::Text("end".into()));
    // What waited, and the newest that did not fit in: not all of them.
    let read = async {
        let mut pongs = 0;
        loop {
            let (opcode, payload) = sent(&mut server).await;
            assert_eq!(opcode, 10);
            pongs += 1;
            if payload == 19_999_u32.to_be_bytes().repeat(30) {
                break pongs;
            }
        }
    };
    let (pongs, ()) = tokio::join!(read, link.flush());
    assert!(pongs < 200, "{pongs} pongs waited");
}

#[tokio::test(start_paused = true)]
async fn fragments_without_end_let_others_run() {
    let (mut link, mut server) = raw(64 * 1024, LIMIT).await;
    server.write_all(&frame(0x01, b"a")).await.unwrap();
    server
        .write_all(&frame(0x00, b"").repeat(10_000))
        .await
        .unwrap();
    server.write_all(&frame(0x80, b"z")).await.unwrap();
    let turns = turns_until_a_frame(&mut link).await;
    assert!(turns >= 10_000 / 32, "{turns}");
}

async fn turns_until_a_frame(link: &mut Link) -> usize {
    let mut turns = 0;
    let came = poll_fn(|cx| {
        turns += 1;
        match link.0.poll_recv(cx) {
            Poll::Ready(came) => Poll::Ready(came),
            Poll::Pending => Poll::Pending,
        }
    });
    assert_eq!(came.await.unwrap().unwrap(), Frame::Text("az".into()));
    turns
}

#[tokio::test(start_paused = true)]
async fn closing_does_not_end_in_a_deadlock_with_a_server_that_only_writes() {
    let (mut link, mut server) = raw(4096, LIMIT).await;
    while poll_fn(|cx| Poll::Ready(link.0.poll_ready(cx)))
        .await
        .is_ready()
    {
        link.send(Frame::Binary(vec![7; 1000].into())).await;
    }
    // The server writes more than fits before it reads.
    let peer = async {
        for _ in 0..100 {
            server.write_all(&frame(0x82, &[7; 1000])).await.unwrap();
        }
        let (mut read, mut write) = tokio::io::split(server);
        let mut all = Vec::new();
        while !all.ends_with(&[0x88, 0x80]) && all.iter().rev().nth(5) != Some(&0x88) {
            all.push(read.read_u8().await.unwrap());
        }
        write.write_all(&frame(0x88, b"")).await.unwrap();
    };
    tokio::join!(link.close(), peer);
}
