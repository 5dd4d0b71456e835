//! [`Collector`]: the pieces of a body, put together whole or by lines.

use ably_base::TransportError;
use bytes::{Buf, Bytes, BytesMut};

use crate::error::protocol;

/// Puts a body together. What lies in one piece is not copied.
pub(crate) struct Collector {
    by_lines: bool,
    limit: usize,
    /// All that is there, while it is one piece; else empty.
    one: Bytes,
    many: BytesMut,
}

impl Collector {
    /// Neither the body nor, with `by_lines`, any line of it may be larger than `limit` bytes.
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            by_lines: false,
            limit,
            one: Bytes::new(),
            many: BytesMut::new(),
        }
    }

    /// Gives out lines from now on.
    pub(crate) fn by_lines(&mut self) {
        self.by_lines = true;
    }

    pub(crate) fn is_by_lines(&self) -> bool {
        self.by_lines
    }

    /// Takes a piece, and gives the lines that it completes, without their ends, to `line`.
    ///
    /// # Errors
    /// - [`ably_base::FailureKind::Protocol`] the limit is passed.
    pub(crate) fn push(
        &mut self,
        mut piece: Bytes,
        mut line: impl FnMut(Bytes),
    ) -> Result<(), TransportError> {
        if self.by_lines {
            while let Some(at) = piece.iter().position(|b| *b == b'\n') {
                self.hold(piece.split_to(at))?;
                piece.advance(1);
                line(self.take());
            }
        }
        self.hold(piece)
    }

    /// What is there: the body, or the beginning of a line.
    pub(crate) fn take(&mut self) -> Bytes {
        if self.many.is_empty() {
            std::mem::take(&mut self.one)
        } else {
            self.many.split().freeze()
        }
    }

    fn hold(&mut self, piece: Bytes) -> Result<(), TransportError> {
        let held = self.one.len() + self.many.len();
        if piece.len() > self.limit.saturating_sub(held) {
            return Err(protocol("the answer is larger than the largest frame"));
        }
        if held == 0 {
            self.one = piece;
        } else {
            let one = std::mem::take(&mut self.one);
            self.many.extend_from_slice(&one);
            self.many.extend_from_slice(&piece);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ably_base::FailureKind;

    /// The lines that `pieces` complete, and what is left.
    fn lines(pieces: &[&'static str]) -> (Vec<String>, String) {
        let mut collector = Collector::new(100);
        collector.by_lines();
        let mut lines = Vec::new();
        let text = |b: &[u8]| String::from_utf8(b.to_vec()).unwrap();
        for piece in pieces {
            let piece = Bytes::from_static(piece.as_bytes());
            collector.push(piece, |l| lines.push(text(&l))).unwrap();
        }
        (lines, text(&collector.take()))
    }

    #[test]
    fn lines_come_out_the_same_however_they_are_cut() {
        let text = "[1]\n\n[2,3]\n[4";
        let expected = (
            vec!["[1]".to_owned(), String::new(), "[2,3]".into()],
            "[4".to_owned(),
        );
        for first in 0..=text.len() {
            for second in first..=text.len() {
                let cut = [&text[..first], &text[first..second], &text[second..]];
                assert_eq!(lines(&cut), expected, "{cut:?}");
            }
        }
    }

    #[test]
    fn what_is_in_one_piece_is_not_copied() {
        let piece = Bytes::from_static(b"[1]\n[2]");
        let mut collector = Collector::new(100);
        collector.push(piece.clone(), |_| ()).unwrap();
        assert_eq!(collector.take().as_ptr(), piece.as_ptr());
        collector.by_lines();
        let mut at = None;
        collector
            .push(piece.clone(), |line| at = Some(line.as_ptr()))
            .unwrap();
        assert_eq!(at, Some(piece.as_ptr()));
        assert_eq!(collector.take().as_ptr(), piece.slice(4..).as_ptr());
    }

    #[test]
    fn the_limit_is_that_of_the_body_or_of_a_line() {
        let kind = |result: Result<(), TransportError>| result.map_err(|e| e.kind);
        let ten = || Bytes::from_static(b"0123456789");
        let mut collector = Collector::new(20);
        assert_eq!(kind(collector.push(ten(), |_| ())), Ok(()));
        assert_eq!(kind(collector.push(ten(), |_| ())), Ok(()));
        let one = Bytes::from_static(b"x");
        assert_eq!(
            kind(collector.push(one.clone(), |_| ())),
            Err(FailureKind::Protocol)
        );
        let mut collector = Collector::new(20);
        collector.by_lines();
        for _ in 0..10 {
            assert_eq!(kind(collector.push(ten(), |_| ())), Ok(()));
            let end = Bytes::from_static(b"\n");
            assert_eq!(kind(collector.push(end, |_| ())), Ok(()));
        }
        assert_eq!(kind(collector.push(ten(), |_| ())), Ok(()));
        assert_eq!(kind(collector.push(ten(), |_| ())), Ok(()));
        assert_eq!(
            kind(collector.push(one, |_| ())),
            Err(FailureKind::Protocol)
        );
    }
}
