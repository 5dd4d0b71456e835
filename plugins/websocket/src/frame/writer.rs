//! [`Writer`]: messages to the bytes that a client sends.
//!
//! RFC 6455, section 5.3.

use super::{KEEP, Opcode, head::Head};

/// Frames on their way out.
pub(crate) struct Writer {
    out: Vec<u8>,
    /// Of `out`, what is gone already.
    sent: usize,
    keys: Keys,
}

impl Writer {
    pub(crate) fn new() -> Self {
        Self {
            out: Vec::new(),
            sent: 0,
            keys: Keys::new(),
        }
    }

    /// Appends a frame.
    ///
    /// # Errors
    /// The system has no random bytes for its key; nothing is appended.
    pub(crate) fn push(&mut self, opcode: Opcode, payload: &[u8]) -> Result<(), getrandom::Error> {
        let key = self.keys.next()?;
        self.out.drain(..self.sent);
        self.sent = 0;
        self.out.reserve(payload.len() + 14);
        Head::write(opcode, payload.len(), key, &mut self.out);
        let start = self.out.len();
        self.out.extend_from_slice(payload);
        mask(self.out.get_mut(start..).unwrap_or_default(), key);
        Ok(())
    }

    /// What is to be written.
    pub(crate) fn unsent(&self) -> &[u8] {
        self.out.get(self.sent..).unwrap_or_default()
    }

    /// Notes that the first `n` bytes of it are written.
    pub(crate) fn sent(&mut self, n: usize) {
        self.sent = self.out.len().min(self.sent + n);
        if self.sent == self.out.len() {
            self.sent = 0;
            self.out.clear();
            self.out.shrink_to(KEEP);
        }
    }
}

fn mask(payload: &mut [u8], key: [u8; 4]) {
    let [a, b, c, d] = key;
    let twice = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let mut chunks = payload.chunks_exact_mut(8);
    for chunk in &mut chunks {
        if let Ok(chunk) = <&mut [u8; 8]>::try_from(chunk) {
            *chunk = (u64::from_ne_bytes(*chunk) ^ twice).to_ne_bytes();
        }
    }
    for (byte, key) in chunks.into_remainder().iter_mut().zip(key.iter().cycle()) {
        *byte ^= key;
    }
}

/// Masking keys: nobody may foresee them. From the system, for many frames at once.
struct Keys {
    bytes: [u8; 256],
    taken: usize,
}

impl Keys {
    fn new() -> Self {
        Self {
            bytes: [0; 256],
            taken: 256,
        }
    }

    fn next(&mut self) -> Result<[u8; 4], getrandom::Error> {
        loop {
            let rest = self.bytes.get(self.taken..).unwrap_or_default();
            if let Some(key) = rest.first_chunk() {
                self.taken += 4;
                return Ok(*key);
            }
            getrandom::fill(&mut self.bytes)?;
            self.taken = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_masked_hello_of_rfc_6455() {
        let mut payload = *b"Hello";
        mask(&mut payload, [0x37, 0xfa, 0x21, 0x3d]);
        assert_eq!(payload, [0x7f, 0x9f, 0x4d, 0x51, 0x58]);
    }

    #[test]
    fn every_byte_is_masked_with_its_own_byte_of_the_key() {
        for len in 0..40 {
            let mut payload = vec![0; len];
            mask(&mut payload, [1, 2, 3, 4]);
            let expected: Vec<u8> = (0..len).map(|i| (i % 4) as u8 + 1).collect();
            assert_eq!(payload, expected);
        }
    }

    #[test]
    fn each_frame_has_a_key_of_its_own() {
        let mut keys = Keys::new();
        let all: BTreeSet<_> = (0..200).map(|_| keys.next().unwrap()).collect();
        assert!(all.len() > 195, "{}", all.len());
    }

    #[test]
    fn what_is_written_in_pieces_goes_on_where_it_was() {
        let mut writer = Writer::new();
        let mut written = Vec::new();
        writer.push(Opcode::Binary, &[7; 300]).unwrap();
        written.extend_from_slice(&writer.unsent()[..100]);
        writer.sent(100);
        writer.push(Opcode::Ping, &[]).unwrap();
        written.extend_from_slice(writer.unsent());
        let rest = writer.unsent().len();
        assert_eq!(rest, 4 + 4 + 300 - 100 + 2 + 4);
        writer.sent(rest);
        assert!(writer.unsent().is_empty());
        assert_eq!(written[..4], [0x82, 0x80 | 126, 1, 44]);
        let key: [u8; 4] = written[4..8].try_into().unwrap();
        mask(&mut written[8..308], key);
        assert_eq!(written[8..308], [7; 300]);
        assert_eq!(written[308..310], [0x89, 0x80]);
    }

    #[test]
    fn the_room_of_a_large_frame_is_given_back() {
        let mut writer = Writer::new();
        writer.push(Opcode::Binary, &vec![7; 1 << 20]).unwrap();
        writer.sent(writer.unsent().len());
        assert!(writer.out.capacity() <= KEEP, "{}", writer.out.capacity());
    }
}
