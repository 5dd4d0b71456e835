//! [`Out`]: where text goes, piece by piece.

use alloc::string::String;
use bytes::{BufMut, BytesMut};

/// Takes pieces of text.
pub(super) trait Out {
    fn put(&mut self, text: &str);
}

impl Out for BytesMut {
    fn put(&mut self, text: &str) {
        self.put_slice(text.as_bytes());
    }
}

impl Out for String {
    fn put(&mut self, text: &str) {
        self.push_str(text);
    }
}

/// Text of limited length that is put together without an allocation.
pub(super) struct Scratch {
    bytes: [u8; Self::ROOM],
    len: usize,
}

impl Scratch {
    pub(super) const ROOM: usize = 1024;

    pub(super) const fn new() -> Self {
        Self {
            bytes: [0; Self::ROOM],
            len: 0,
        }
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

impl Out for Scratch {
    fn put(&mut self, text: &str) {
        let end = self.len + text.len();
        if let Some(room) = self.bytes.get_mut(self.len..end) {
            room.copy_from_slice(text.as_bytes());
            self.len = end;
        }
    }
}
