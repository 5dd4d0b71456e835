//! [`Head`]: what stands in front of a frame's payload.
//!
//! ```text
//! FIN RSV RSV RSV opcode(4) | MASK length(7) | longer length (16 or 64) | masking key (32)
//! ```
//!
//! RFC 6455, section 5.2.

use super::Violation;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Opcode {
    Continuation,
    Text,
    Binary,
    Close,
    Ping,
    Pong,
}

impl Opcode {
    fn of(number: u8) -> Result<Self, Violation> {
        Ok(match number {
            0x0 => Self::Continuation,
            0x1 => Self::Text,
            0x2 => Self::Binary,
            0x8 => Self::Close,
            0x9 => Self::Ping,
            0xA => Self::Pong,
            _ => return Err(Violation::Opcode(number)),
        })
    }

    fn number(self) -> u8 {
        match self {
            Self::Continuation => 0x0,
            Self::Text => 0x1,
            Self::Binary => 0x2,
            Self::Close => 0x8,
            Self::Ping => 0x9,
            Self::Pong => 0xA,
        }
    }

    pub(super) fn is_control(self) -> bool {
        matches!(self, Self::Close | Self::Ping | Self::Pong)
    }
}

const FIN: u8 = 0x80;
const RESERVED: u8 = 0x70;
const MASKED: u8 = 0x80;
/// The largest payload of a control frame, and of any frame whose length is in the second byte.
const SHORT: u64 = 125;
const LEN_16: u8 = 126;
const LEN_64: u8 = 127;

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Head {
    /// It is the whole message or its last fragment.
    pub(super) is_last: bool,
    pub(super) opcode: Opcode,
    /// Bytes of the payload.
    pub(super) len: u64,
    /// Bytes of the head.
    pub(super) size: usize,
}

impl Head {
    /// Reads the head of a server's frame; `None` when there is not enough of it.
    ///
    /// A length in more bytes than it needs is taken, as ably-js's library does.
    pub(super) fn read(bytes: &[u8]) -> Result<Option<Self>, Violation> {
        let Some(&[first, second]) = bytes.first_chunk() else {
            return Ok(None);
        };
        if first & RESERVED != 0 {
            return Err(Violation::ReservedBits);
        }
        let opcode = Opcode::of(first & 0x0F)?;
        let is_last = first & FIN != 0;
        if second & MASKED != 0 {
            return Err(Violation::Masked);
        }
        let short = second & !MASKED;
        if opcode.is_control() && !is_last {
            return Err(Violation::FragmentedControl);
        }
        if opcode.is_control() && u64::from(short) > SHORT {
            return Err(Violation::LongControl);
        }
        let longer = bytes.get(2..).unwrap_or_default();
        let (len, size) = match short {
            LEN_16 => match longer.first_chunk() {
                Some(len) => (u16::from_be_bytes(*len).into(), 4),
                None => return Ok(None),
            },
            LEN_64 => match longer.first_chunk() {
                Some(len) => (u64::from_be_bytes(*len), 10),
                None => return Ok(None),
            },
            len => (len.into(), 2),
        };
        if len > i64::MAX as u64 {
            return Err(Violation::Length);
        }
        Ok(Some(Self {
            is_last,
            opcode,
            len,
            size,
        }))
    }

    /// Appends the head of a client's frame, which is a whole message.
    pub(super) fn write(opcode: Opcode, len: usize, key: [u8; 4], into: &mut Vec<u8>) {
        into.push(FIN | opcode.number());
        match (u8::try_from(len), u16::try_from(len)) {
            (Ok(len), _) if u64::from(len) <= SHORT => into.push(MASKED | len),
            (_, Ok(len)) => {
                into.push(MASKED | LEN_16);
                into.extend(len.to_be_bytes());
            }
            _ => {
                into.push(MASKED | LEN_64);
                into.extend((len as u64).to_be_bytes());
            }
        }
        into.extend(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Option<(bool, Opcode, u64, usize)> {
        let head = Head::read(bytes).expect("a head");
        head.map(|h| (h.is_last, h.opcode, h.len, h.size))
    }

    #[test]
    fn heads_of_rfc_6455_are_read() {
        // Section 5.7, without the payloads.
        assert_eq!(read(&[0x81, 0x05]), Some((true, Opcode::Text, 5, 2)));
        assert_eq!(read(&[0x01, 0x03]), Some((false, Opcode::Text, 3, 2)));
        assert_eq!(
            read(&[0x80, 0x02]),
            Some((true, Opcode::Continuation, 2, 2))
        );
        assert_eq!(read(&[0x89, 0x05]), Some((true, Opcode::Ping, 5, 2)));
        assert_eq!(
            read(&[0x82, 0x7E, 0x01, 0x00]),
            Some((true, Opcode::Binary, 256, 4))
        );
        let long = [0x82, 0x7F, 0, 0, 0, 0, 0, 1, 0, 0];
        assert_eq!(read(&long), Some((true, Opcode::Binary, 65536, 10)));
        // More than it needs.
        let long = [0x82, 0x7F, 0, 0, 0, 0, 0, 0, 0, 5];
        assert_eq!(read(&long), Some((true, Opcode::Binary, 5, 10)));
    }

    #[test]
    fn a_head_in_part_is_waited_for() {
        for bytes in [
            &[][..],
            &[0x81],
            &[0x81, 126],
            &[0x81, 126, 1],
            &[0x81, 127, 0, 0, 0, 0, 0, 0, 1],
        ] {
            assert_eq!(read(bytes), None, "{bytes:?}");
        }
    }

    #[test]
    fn heads_of_each_length_are_written() {
        let cases: [(usize, &[u8]); 6] = [
            (0, &[0x81, 0x80]),
            (125, &[0x81, 0x80 | 125]),
            (126, &[0x81, 0x80 | 126, 0, 126]),
            (255, &[0x81, 0x80 | 126, 0, 255]),
            (65535, &[0x81, 0x80 | 126, 255, 255]),
            (65536, &[0x81, 0x80 | 127, 0, 0, 0, 0, 0, 1, 0, 0]),
        ];
        for (len, head) in cases {
            let mut into = Vec::new();
            Head::write(Opcode::Text, len, [1, 2, 3, 4], &mut into);
            assert_eq!(into, [head, &[1, 2, 3, 4]].concat(), "{len}");
        }
    }
}
