//! Reading keys written as base64.
//!
//! Lenient, because others wrote them: both alphabets, with or without padding, white space
//! between.
//!
//! Spec: RSE1c.

/// The bytes that `text` stands for; `None` when it is not base64.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let text = text.trim_end_matches(['=', ' ', '\n', '\r', '\t']);
    // Once allocated it is never moved: no copy of a key is left behind.
    let mut out = Vec::with_capacity(text.len());
    let (mut bits, mut count) = (0u32, 0u32);
    for c in text.bytes() {
        let value = match c {
            b'A'..=b'Z' => c - b'A',
            b'a'..=b'z' => c - b'a' + 26,
            b'0'..=b'9' => c - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            b' ' | b'\n' | b'\r' | b'\t' => continue,
            _ => return None,
        };
        bits = (bits << 6) | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count) as u8);
        }
    }
    // One character alone holds no byte.
    (count < 6).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rse1c_both_alphabets_with_and_without_padding() {
        for (text, bytes) in [
            ("", &[][..]),
            ("AA==", &[0]),
            ("AA", &[0]),
            ("_-_-", &[0xff, 0xef, 0xfe]),
            ("/+/+", &[0xff, 0xef, 0xfe]),
            ("aGV\nsbG8=\n", b"hello"),
            ("aGVsbG8", b"hello"),
        ] {
            assert_eq!(decode(text).as_deref(), Some(bytes), "{text:?}");
        }
        for text in ["A", "AA=A", "????", "é", "AAAAA"] {
            assert_eq!(decode(text), None, "{text:?}");
        }
    }
}
