//! [`Token`]: what a MessagePack value starts with.

use core::ops::Range;

use ably_protocol::wire::Kind;

/// A whole scalar, or the head of a list or map.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Token {
    /// Nil, or an extension that Ably does not use.
    Nil,
    Bool(bool),
    Int(i64),
    Float(f64),
    /// Where the text is.
    Text(Range<usize>),
    /// Where the bytes are.
    Binary(Range<usize>),
    List(usize),
    Map(usize),
}

/// Reads the token at `at`: it and where it ends. `None` when the input ends inside it or no token
/// starts like this.
#[inline]
pub(crate) fn token(bytes: &[u8], at: usize) -> Option<(Token, usize)> {
    let tag = *bytes.get(at)?;
    let at = at + 1;
    Some(match tag {
        0..=0x7f => (Token::Int(tag.into()), at),
        0x80..=0x8f => (Token::Map((tag & 15).into()), at),
        0x90..=0x9f => (Token::List((tag & 15).into()), at),
        0xa0..=0xbf => text(bytes, at, (tag & 31).into())?,
        0xe0..=0xff => (Token::Int((tag as i8).into()), at),
        0xc2 | 0xc3 => (Token::Bool(tag == 0xc3), at),
        0xc4..=0xc6 => {
            let (len, at) = length(bytes, at, 1 << (tag - 0xc4))?;
            let end = end(bytes, at, len)?;
            (Token::Binary(at..end), end)
        }
        0xc7..=0xc9 => {
            let (len, at) = length(bytes, at, 1 << (tag - 0xc7))?;
            (Token::Nil, end(bytes, at, len.checked_add(1)?)?)
        }
        0xca => {
            let raw: [u8; 4] = *bytes.get(at..)?.first_chunk()?;
            (Token::Float(f32::from_be_bytes(raw).into()), at + 4)
        }
        0xcb => {
            let raw: [u8; 8] = *bytes.get(at..)?.first_chunk()?;
            (Token::Float(f64::from_be_bytes(raw)), at + 8)
        }
        0xcc..=0xcf => {
            let (n, at) = unsigned(bytes, at, 1 << (tag - 0xcc))?;
            let token = i64::try_from(n).map_or(Token::Float(n as f64), Token::Int);
            (token, at)
        }
        0xd0..=0xd3 => {
            let width = 1 << (tag - 0xd0);
            let (n, at) = unsigned(bytes, at, width)?;
            let unused = 64 - 8 * width as u32;
            (Token::Int(((n << unused) as i64) >> unused), at)
        }
        0xd4..=0xd8 => (Token::Nil, end(bytes, at, 1 + (1 << (tag - 0xd4)))?),
        0xd9..=0xdb => {
            let (len, at) = length(bytes, at, 1 << (tag - 0xd9))?;
            text(bytes, at, len)?
        }
        0xdc | 0xdd => {
            let (len, at) = length(bytes, at, 2 << (tag - 0xdc))?;
            (Token::List(len), at)
        }
        0xde | 0xdf => {
            let (len, at) = length(bytes, at, 2 << (tag - 0xde))?;
            (Token::Map(len), at)
        }
        0xc0 => (Token::Nil, at),
        // 0xc1 is never used.
        0xc1 => return None,
    })
}

/// Where the text is when the shortest kind of it starts at `at`, as nearly every key does.
#[inline]
pub(crate) fn short_text(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    match bytes.get(at)? {
        tag @ 0xa0..=0xbf => {
            let start = at + 1;
            let end = start + usize::from(tag & 31);
            (end <= bytes.len()).then_some(start..end)
        }
        _ => None,
    }
}

/// What the token that starts with `tag` will be.
pub(crate) fn kind(tag: u8) -> Kind {
    match tag {
        0..=0x7f | 0xca..=0xd3 | 0xe0..=0xff => Kind::Number,
        0x80..=0x8f | 0xde | 0xdf => Kind::Map,
        0x90..=0x9f | 0xdc | 0xdd => Kind::List,
        0xa0..=0xbf | 0xd9..=0xdb => Kind::Text,
        0xc0 | 0xc7..=0xc9 | 0xd4..=0xd8 => Kind::Null,
        0xc2 | 0xc3 => Kind::Bool,
        0xc4..=0xc6 => Kind::Binary,
        0xc1 => Kind::Invalid,
    }
}

fn text(bytes: &[u8], at: usize, len: usize) -> Option<(Token, usize)> {
    let end = end(bytes, at, len)?;
    Some((Token::Text(at..end), end))
}

/// Where `len` bytes from `at` end, when there are so many.
fn end(bytes: &[u8], at: usize, len: usize) -> Option<usize> {
    at.checked_add(len).filter(|end| *end <= bytes.len())
}

fn length(bytes: &[u8], at: usize, width: usize) -> Option<(usize, usize)> {
    let (n, at) = unsigned(bytes, at, width)?;
    Some((usize::try_from(n).ok()?, at))
}

fn unsigned(bytes: &[u8], at: usize, width: usize) -> Option<(u64, usize)> {
    let end = at.checked_add(width)?;
    let raw = bytes.get(at..end)?;
    let n = raw.iter().fold(0, |n, b| n << 8 | u64::from(*b));
    Some((n, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tag_is_read_or_refused_and_agrees_with_its_kind() {
        for tag in 0..=255u8 {
            let mut bytes = [0u8; 64];
            bytes[0] = tag;
            let expected = match token(&bytes, 0).map(|(t, _)| t) {
                None => Kind::Invalid,
                Some(Token::Nil) => Kind::Null,
                Some(Token::Bool(_)) => Kind::Bool,
                Some(Token::Int(_) | Token::Float(_)) => Kind::Number,
                Some(Token::Text(_)) => Kind::Text,
                Some(Token::Binary(_)) => Kind::Binary,
                Some(Token::List(_)) => Kind::List,
                Some(Token::Map(_)) => Kind::Map,
            };
            assert_eq!(kind(tag), expected, "{tag:#x}");
        }
    }

    #[test]
    fn numbers_of_every_width_have_their_value() {
        let cases: [(&[u8], Token); 13] = [
            (&[0x7f], Token::Int(127)),
            (&[0xff], Token::Int(-1)),
            (&[0xcc, 0xff], Token::Int(255)),
            (&[0xcd, 1, 0], Token::Int(256)),
            (&[0xce, 0xff, 0xff, 0xff, 0xff], Token::Int(4_294_967_295)),
            (
                &[0xcf, 0, 0, 1, 0x8b, 0xcf, 0xe5, 0x68, 0],
                Token::Int(1_700_000_000_000),
            ),
            (
                &[0xcf, 0x80, 0, 0, 0, 0, 0, 0, 0],
                Token::Float(9_223_372_036_854_775_808.0),
            ),
            (&[0xd0, 0x80], Token::Int(-128)),
            (&[0xd1, 0xff, 0], Token::Int(-256)),
            (&[0xd2, 0x80, 0, 0, 0], Token::Int(-2_147_483_648)),
            (&[0xd3, 0x80, 0, 0, 0, 0, 0, 0, 0], Token::Int(i64::MIN)),
            (&[0xca, 0x3f, 0xc0, 0, 0], Token::Float(1.5)),
            (&[0xcb, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0], Token::Float(1.5)),
        ];
        for (bytes, expected) in cases {
            assert_eq!(token(bytes, 0), Some((expected, bytes.len())), "{bytes:x?}");
            assert_eq!(token(&bytes[..bytes.len() - 1], 0), None, "{bytes:x?} cut");
        }
    }

    #[test]
    fn a_length_beyond_the_input_is_refused() {
        for tag in [0xc6, 0xc9, 0xdb] {
            assert_eq!(token(&[tag, 0xff, 0xff, 0xff, 0xff], 0), None);
        }
        assert_eq!(token(&[0xd4, 0], 0), None);
        assert_eq!(token(&[0xd8], 0), None);
    }
}
