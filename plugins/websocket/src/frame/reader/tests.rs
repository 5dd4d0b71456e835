use super::*;

/// Hands `bytes` over, `piece` at a time, and tells all that comes of them.
fn steps(limit: usize, bytes: &[u8], piece: usize) -> (Vec<Step>, Option<Violation>) {
    let mut reader = Reader::new(limit, &[]);
    let mut steps = Vec::new();
    let mut rest = bytes;
    loop {
        match reader.next() {
            Ok(Some(step)) => steps.push(step),
            Ok(None) if rest.is_empty() => return (steps, None),
            Ok(None) => {
                let room = reader.room();
                let n = piece.min(room.len()).min(rest.len());
                room[..n].copy_from_slice(&rest[..n]);
                reader.filled(n);
                rest = &rest[n..];
            }
            Err(violation) => return (steps, Some(violation)),
        }
    }
}

fn text(text: &str) -> Step {
    Step::Text(Bytes::copy_from_slice(text.as_bytes()))
}

#[test]
fn the_frames_of_rfc_6455_are_read_however_they_are_cut() {
    // Section 5.7: a hello, the same in two fragments with a ping between, and 256 bytes.
    let bytes = [
        &b"\x81\x05Hello\x01\x03Hel\x89\x05Hello\x80\x02lo\x82\x7e\x01\x00"[..],
        &[7; 256],
        b"\x8a\x00\x88\x06\x03\xe8done",
    ]
    .concat();
    for piece in 1..bytes.len() {
        let (steps, violation) = steps(1000, &bytes, piece);
        assert_eq!(violation, None);
        let expected = [
            text("Hello"),
            Step::Part,
            Step::Ping("Hello".into()),
            text("Hello"),
            Step::Binary(vec![7; 256].into()),
            Step::Pong,
            Step::Close {
                code: Some(1000),
                reason: "done".into(),
            },
        ];
        assert_eq!(steps, expected, "{piece} at a time");
    }
}

#[test]
fn bytes_that_came_early_are_read_first() {
    let mut reader = Reader::new(1000, b"\x81\x05He");
    assert_eq!(reader.next(), Ok(None));
    reader.room()[..3].copy_from_slice(b"llo");
    reader.filled(3);
    assert_eq!(reader.next(), Ok(Some(text("Hello"))));
}

#[test]
fn what_is_announced_takes_no_memory() {
    let limit = 16 << 20;
    // A frame of 16 MiB, of which little comes.
    let mut reader = Reader::new(limit, &[0x82, 127, 0, 0, 0, 0, 1, 0, 0, 0]);
    assert_eq!(reader.next(), Ok(None));
    let mut came = 10;
    for _ in 0..100 {
        let room = reader.room().len();
        assert!(room <= came.max(READ), "{room} for {came}");
        reader.filled(1000);
        came += 1000;
        assert_eq!(reader.next(), Ok(None));
        let all = reader.buffer.capacity();
        assert!(all <= 4 * (came + READ), "{all} for {came}");
    }
}

#[test]
fn the_room_of_a_large_frame_is_given_back() {
    for opcode in [0x81, 0x82] {
        let mut bytes = vec![opcode, 127, 0, 0, 0, 0, 0, 0x20, 0, 0];
        bytes.resize(bytes.len() + (2 << 20), b'x');
        bytes.extend(b"\x89\x00");
        let mut reader = Reader::new(2 << 20, &bytes);
        assert!(reader.next().unwrap().is_some());
        assert!(reader.buffer.capacity() <= KEEP);
        assert_eq!(reader.next(), Ok(Some(Step::Ping(Bytes::new()))));
    }
}

#[test]
fn codes_that_may_be_sent() {
    let good = [1000, 1003, 1007, 1011, 1012, 1014, 3000, 4000, 4999];
    let bad = [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535];
    for (codes, may) in [(&good[..], true), (&bad[..], false)] {
        for code in codes {
            assert_eq!(may_be_sent(*code), may, "{code}");
        }
    }
}
