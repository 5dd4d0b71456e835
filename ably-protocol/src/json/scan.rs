//! Scans JSON text: eight bytes at a time through strings, and numbers.

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = ONES << 7;

/// The first byte at or after `at` that a string does not hold as it is: a quote, a backslash or a
/// control character. The length of `bytes` when there is none.
pub(super) fn plain_end(bytes: &[u8], mut at: usize) -> usize {
    let mut rest = bytes.get(at..).unwrap_or_default();
    while let Some((chunk, tail)) = rest.split_first_chunk::<8>() {
        let hits = special(u64::from_le_bytes(*chunk));
        if hits != 0 {
            return at + (hits.trailing_zeros() / 8) as usize;
        }
        at += 8;
        rest = tail;
    }
    for byte in rest {
        if matches!(byte, b'"' | b'\\' | 0..0x20) {
            break;
        }
        at += 1;
    }
    at
}

/// The high bit of every byte that is special. Bytes above a true hit may be false hits; the lowest
/// is always true.
fn special(word: u64) -> u64 {
    let quote = word ^ (ONES * b'"' as u64);
    let escape = word ^ (ONES * b'\\' as u64);
    let is_control = word.wrapping_sub(ONES * 0x20) & !word;
    let is_quote = quote.wrapping_sub(ONES) & !quote;
    let is_escape = escape.wrapping_sub(ONES) & !escape;
    (is_control | is_quote | is_escape) & HIGH
}

/// A number of JSON.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Number {
    Int(i64),
    Float(f64),
}

/// Reads the number at `at`: its value and where it ends. `None` when the grammar is broken.
pub(super) fn number(text: &str, at: usize) -> Option<(Number, usize)> {
    let bytes = text.as_bytes();
    let negative = bytes.get(at) == Some(&b'-');
    let start = at + usize::from(negative);
    let mut end = start;
    let mut whole = 0u64;
    let mut fits = true;
    while let Some(digit @ b'0'..=b'9') = bytes.get(end) {
        match whole
            .checked_mul(10)
            .and_then(|n| n.checked_add(u64::from(digit - b'0')))
        {
            Some(n) => whole = n,
            None => fits = false,
        }
        end += 1;
    }
    if end == start || (end > start + 1 && bytes.get(start) == Some(&b'0')) {
        return None;
    }
    let integral = !matches!(bytes.get(end), Some(b'.' | b'e' | b'E'));
    if integral && fits {
        if let Ok(n) = i64::try_from(whole) {
            return Some((Number::Int(if negative { -n } else { n }), end));
        }
    }
    if bytes.get(end) == Some(&b'.') {
        end = digits(bytes, end + 1)?;
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        end += 1;
        if matches!(bytes.get(end), Some(b'+' | b'-')) {
            end += 1;
        }
        end = digits(bytes, end)?;
    }
    let float: f64 = text.get(at..end)?.parse().ok()?;
    Some((Number::Float(float), end))
}

/// Where the run of at least one digit ends.
fn digits(bytes: &[u8], start: usize) -> Option<usize> {
    let mut end = start;
    while matches!(bytes.get(end), Some(b'0'..=b'9')) {
        end += 1;
    }
    (end > start).then_some(end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    #[test]
    fn plain_end_agrees_with_a_plain_loop_for_every_byte_at_every_place() {
        for special in 0..=255u8 {
            for place in 0..20 {
                let mut bytes: Vec<u8> = std::vec![b'a'; 20];
                bytes[place] = special;
                bytes[19] = 0xff;
                let expected = bytes
                    .iter()
                    .position(|b| matches!(b, b'"' | b'\\' | 0..0x20))
                    .unwrap_or(20);
                assert_eq!(plain_end(&bytes, 0), expected, "{special} at {place}");
            }
        }
    }

    #[test]
    fn numbers_follow_the_grammar() {
        for (text, value) in [
            ("0", Number::Int(0)),
            ("-12,", Number::Int(-12)),
            ("9223372036854775807", Number::Int(i64::MAX)),
            (
                "9223372036854775808",
                Number::Float(9_223_372_036_854_775_808.0),
            ),
            ("1.5e3", Number::Float(1500.0)),
            ("1E2", Number::Float(100.0)),
            (
                "123456789012345678901234567890",
                Number::Float(1.234_567_890_123_456_8e29),
            ),
        ] {
            assert_eq!(number(text, 0).unwrap().0, value, "{text}");
        }
        for bad in ["", "-", "01", "1.", "1.e3", "1e", "1e+", ".5", "+1", "NaN"] {
            assert_eq!(number(bad, 0), None, "{bad}");
        }
    }
}
