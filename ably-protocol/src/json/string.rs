//! Strings of JSON with escapes.

use alloc::string::String;

use super::{
    out::{Out, Scratch},
    scan::plain_end,
};
use crate::Str;

/// Undoes the escapes of the inside of a checked string.
///
/// Half of a surrogate pair, which JavaScript can send and UTF-8 cannot hold, becomes U+FFFD.
pub(super) fn unescape(inside: &str) -> Str {
    // Undone, a string is never longer.
    if inside.len() <= Scratch::ROOM {
        let mut scratch = Scratch::new();
        unescape_into(inside, &mut scratch);
        let bytes = scratch.as_bytes();
        Str::from_utf8(bytes, 0..bytes.len()).unwrap_or_default()
    } else {
        let mut text = String::with_capacity(inside.len());
        unescape_into(inside, &mut text);
        text.into()
    }
}

fn unescape_into(inside: &str, out: &mut impl Out) {
    let mut rest = inside;
    loop {
        let (plain, tail) = rest
            .split_at_checked(plain_end(rest.as_bytes(), 0))
            .unwrap_or((rest, ""));
        out.put(plain);
        let mut chars = tail.chars();
        chars.next();
        let Some(kind) = chars.next() else {
            return;
        };
        rest = chars.as_str();
        out.put(match kind {
            '"' => "\"",
            '\\' => "\\",
            'n' => "\n",
            'r' => "\r",
            't' => "\t",
            'b' => "\u{8}",
            'f' => "\u{c}",
            'u' => {
                let (c, tail) = unicode(rest);
                rest = tail;
                out.put(c.encode_utf8(&mut [0; 4]));
                continue;
            }
            '/' => "/",
            // The string was checked: there is no other.
            _ => "",
        });
    }
}

/// The character of a `\u` escape whose digits start `rest`, and what follows.
fn unicode(rest: &str) -> (char, &str) {
    let Some((first, tail)) = hex(rest) else {
        return (char::REPLACEMENT_CHARACTER, rest);
    };
    if (0xd800..0xdc00).contains(&first) {
        if let Some((second @ 0xdc00..=0xdfff, tail)) = tail.strip_prefix("\\u").and_then(hex) {
            let code = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
            return (
                char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER),
                tail,
            );
        }
    }
    (
        char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER),
        tail,
    )
}

fn hex(rest: &str) -> Option<(u32, &str)> {
    let (digits, tail) = rest.split_at_checked(4)?;
    Some((u32::from_str_radix(digits, 16).ok()?, tail))
}

/// Where the escape that starts at `at` (a backslash) ends; `None` when there is no such escape.
pub(super) fn escape_end(bytes: &[u8], at: usize) -> Option<usize> {
    match bytes.get(at + 1)? {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(at + 2),
        b'u' => bytes
            .get(at + 2..at + 6)?
            .iter()
            .all(u8::is_ascii_hexdigit)
            .then_some(at + 6),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_undone() {
        for (inside, text) in [
            (r"a\nb\t\r\b\f\\\/\u0041", "a\nb\t\r\u{8}\u{c}\\/A"),
            (r"\ud83d\ude00!", "😀!"),
            (r"\ud83d", "\u{fffd}"),
            (r"\ude00x", "\u{fffd}x"),
            (r"\ud83d\u0041", "\u{fffd}A"),
            (r"\ud83d\ud83d\ude00", "\u{fffd}😀"),
            (r"é\u00e9", "éé"),
            ("", ""),
        ] {
            assert_eq!(unescape(inside), text, "{inside}");
            for times in [30, 200] {
                assert_eq!(
                    unescape(&inside.repeat(times)),
                    text.repeat(times),
                    "{inside}"
                );
            }
        }
    }

    #[test]
    fn unknown_escapes_are_refused() {
        for bad in [r"\x", r"\u12g4", r"\u123", r"\", r"\u+123"] {
            assert_eq!(escape_end(bad.as_bytes(), 0), None, "{bad}");
        }
    }
}
