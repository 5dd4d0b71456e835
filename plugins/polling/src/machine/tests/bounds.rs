//! Time, queues, and whatever may come.

use super::*;

#[test]
fn requests_are_given_up_in_time() {
    let mut m = connected(false);
    assert_eq!(m.next_timeout(), Some(T0.after(RECEIVE_TIMEOUT)));
    m.sends("1");
    m.asks().unwrap();
    assert_eq!(m.next_timeout(), Some(T0.after(SEND_TIMEOUT)));
    // The head alone does not save it.
    m.on_head(Lane::Send, head(200));
    m.on_time(T0.after(SEND_TIMEOUT - Duration::from_micros(1)));
    assert!(!m.is_over());
    m.on_time(T0.after(SEND_TIMEOUT));
    assert_eq!(m.failure(), Some(FailureKind::Timeout));

    let mut m = connected(false);
    m.on_time(T0.after(RECEIVE_TIMEOUT));
    assert_eq!(m.failure(), Some(FailureKind::Timeout));
    assert_eq!(m.next_timeout(), None);

    // A close that is not answered is one all the same.
    let mut m = connected(false);
    m.sends(r#"{"action":7}"#);
    m.asks().unwrap();
    m.on_time(T0.after(SEND_TIMEOUT));
    assert!(m.is_over());
    assert_eq!(m.failure(), None);
}

#[test]
fn a_stream_may_be_silent_once_it_has_begun() {
    let mut m = connected(true);
    assert_eq!(m.next_timeout(), Some(T0.after(RECEIVE_TIMEOUT)));
    m.on_head(Lane::Receive, head(200));
    assert_eq!(m.next_timeout(), None);
    m.on_time(T0.after(RECEIVE_TIMEOUT * 2));
    assert!(!m.is_over());
    // A refusal is no stream.
    let mut m = connected(true);
    m.on_head(Lane::Receive, head(500));
    assert_eq!(m.next_timeout(), Some(T0.after(RECEIVE_TIMEOUT)));
}

#[test]
fn a_server_that_says_nothing_at_once_is_not_asked_without_end() {
    let says_nothing = [
        (false, 200, "[]"),
        (false, 200, "null"),
        (false, 204, ""),
        (true, 200, ""),
    ];
    for (stream, status, body) in says_nothing {
        let mut m = connected(stream);
        m.answer(Lane::Receive, status, body);
        assert!(m.take_activity());
        assert_eq!(m.asks(), None, "{status} {body}");
        assert_eq!(m.next_timeout(), Some(T0.after(PAUSE)));
        let before = T0.after(PAUSE - Duration::from_micros(1));
        m.on_time(before);
        assert_eq!(m.asks_at(before), None);
        m.on_time(T0.after(PAUSE));
        assert_eq!(m.asks_at(T0.after(PAUSE)), receive(RECV));
    }
    // One that took its time is.
    let mut m = connected(false);
    m.answer_at(T0.after(PAUSE), Lane::Receive, 200, "[]");
    assert_eq!(m.asks_at(T0.after(PAUSE)), receive(RECV));
    // And so is a stream that said something.
    let mut m = connected(true);
    m.answer(Lane::Receive, 200, "[{\"action\":0}]\n");
    assert_eq!(m.asks(), receive(RECV));
}

#[test]
fn the_answer_to_a_receive_is_a_sign_of_life() {
    let mut m = connected(false);
    m.sends("1");
    m.asks().unwrap();
    m.answer(Lane::Send, 204, "");
    assert!(!m.take_activity());
    m.answer_at(T0.after(PAUSE), Lane::Receive, 204, "");
    assert!(m.take_activity() && !m.take_activity());
}

#[test]
fn queues_are_bounded() {
    let mut m = connected(false);
    m.sends("1");
    m.asks().unwrap();
    while m.has_room() {
        m.sends(&format!("\"{}\"", "x".repeat(1000)));
    }
    assert!(m.bytes == 0 && m.out.take().len() < 67_000);
    // Nor are answers collected without end while nobody takes the frames.
    let frames = format!("[\"{}\"]", "x".repeat(LIMIT - 4));
    let mut m = connected(false);
    let mut answers = 0;
    loop {
        m.sends("1");
        if m.asks().is_none() {
            break;
        }
        m.answer(Lane::Send, 200, &frames);
        answers += 1;
        assert!(answers < 10);
    }
    assert_eq!(answers, 2);
    assert!(!m.reads(Lane::Receive) && m.reads(Lane::Send));
    assert_eq!(m.took().len(), 2);
    assert!(m.asks().is_some() && m.reads(Lane::Receive));
}

/// Xorshift.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % n as u64).unwrap()
    }
}

#[test]
fn whatever_comes_in_whatever_order_is_borne() {
    let update = CONNECTED.replace("k!1", "k2");
    let pieces: [&[u8]; 14] = [
        b"[",
        b"]",
        b",",
        b"\n",
        b"{\"action\":0}",
        b"{\"action\":6}",
        b"{\"action\":9,\"channel\":\"c\"}",
        b"{\"error\":{\"code\":40142}}",
        update.as_bytes(),
        b"\"",
        b"{\"action\":",
        b"\xff\x00",
        b"[[[[[[",
        b"null",
    ];
    let mut ends = [0; 3];
    for seed in 1..4000 {
        let mut random = Random(seed);
        let mut m = connected(random.below(2) == 0);
        let mut now = T0;
        for _ in 0..random.below(60) {
            let lane = [Lane::Receive, Lane::Send][random.below(2)];
            match random.below(10) {
                0 => m.on_head(lane, head([200, 204, 302, 401, 500][random.below(5)])),
                1..=3 => {
                    let n = random.below(4);
                    let chunk: Vec<u8> = (0..n)
                        .flat_map(|_| pieces[random.below(pieces.len())])
                        .copied()
                        .collect();
                    m.on_chunk(lane, Bytes::from(chunk));
                }
                4 => m.on_end(lane, now),
                5 if random.below(8) == 0 => {
                    m.on_failure(lane, TransportError::new(FailureKind::Other));
                }
                6 => {
                    now = now.after(Duration::from_millis(300));
                    m.on_time(now);
                }
                7 => {
                    let frame = pieces[4 + random.below(5)];
                    let _ = m.send(Frame::Text(Bytes::copy_from_slice(frame)));
                }
                8 if random.below(8) == 0 => m.leave(),
                _ => drop(m.take_frame()),
            }
            while let Some((_, request)) = m.poll_request(now) {
                assert!(!m.is_over());
                let of_the_connection = |k: &str| {
                    request
                        .url
                        .starts_with(&format!("https://h:443/comet/{k}/"))
                };
                assert!(
                    of_the_connection("k%211") || of_the_connection("k2"),
                    "{}",
                    request.url
                );
            }
            if m.is_over() {
                assert!(m.is_flushed() && !m.awaits(Lane::Receive) && !m.awaits(Lane::Send));
                assert_eq!(m.next_timeout(), None);
            }
            assert_eq!(m.bytes, m.frames.iter().map(Bytes::len).sum::<usize>());
        }
        let end = match (m.is_over(), m.take_failure()) {
            (false, _) => 0,
            (true, None) => 1,
            (true, Some(_)) => 2,
        };
        ends[end] += 1;
    }
    // All of it was reached.
    assert!(ends.iter().all(|n| *n > 100), "{ends:?}");
}
