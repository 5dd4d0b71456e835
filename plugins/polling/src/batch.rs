//! [`Batch`]: what waits to be sent.

use bytes::{BufMut, Bytes, BytesMut};

/// Takes more until it has so many bytes; a frame more is then the most that one request carries.
const ROOM: usize = 64 * 1024;

/// Frames that wait for the request before them, in order.
#[derive(Default)]
pub(crate) struct Batch {
    frames: Vec<Bytes>,
    bytes: usize,
}

impl Batch {
    pub(crate) fn has_room(&self) -> bool {
        self.bytes < ROOM
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    pub(crate) fn push(&mut self, frame: Bytes) {
        // With its comma, so that many small ones count too.
        self.bytes += frame.len() + 1;
        self.frames.push(frame);
    }

    /// All of it as one JSON array.
    pub(crate) fn take(&mut self) -> Bytes {
        let mut body = BytesMut::with_capacity(self.bytes + 1);
        self.bytes = 0;
        for (i, frame) in self.frames.drain(..).enumerate() {
            body.put_u8(if i == 0 { b'[' } else { b',' });
            body.put_slice(&frame);
        }
        body.put_u8(b']');
        body.freeze()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_become_one_array_in_order() {
        let mut batch = Batch::default();
        batch.push(Bytes::from_static(b"{\"action\":10}"));
        assert_eq!(&batch.take()[..], b"[{\"action\":10}]");
        assert!(batch.is_empty());
        batch.push(Bytes::from_static(b"1"));
        batch.push(Bytes::from_static(b"2"));
        batch.push(Bytes::from_static(b"3"));
        assert_eq!(&batch.take()[..], b"[1,2,3]");
    }

    #[test]
    fn it_takes_more_until_it_is_full() {
        let mut batch = Batch::default();
        batch.push(Bytes::from(vec![b' '; ROOM - 2]));
        assert!(batch.has_room());
        batch.push(Bytes::from_static(b"0"));
        assert!(!batch.has_room());
        batch.take();
        assert!(batch.has_room());
    }
}
