//! [`Str`], the string type of the wire types.
//!
//! Immutable UTF-8 that is cheap to clone: a literal, up to 30 bytes in place, or a slice of a
//! shared buffer. A received frame is copied once into such a buffer and all strings of its
//! messages are slices of it.

use alloc::{string::String, sync::Arc};
use core::{
    borrow::Borrow,
    cmp::Ordering,
    fmt, hash,
    ops::{Deref, Range},
};

const INLINE: usize = Str::INLINE;

/// An immutable string, cheap to clone (at most a reference count).
#[derive(Clone)]
pub struct Str(Repr);

#[derive(Clone)]
enum Repr {
    Static(&'static str),
    Inline { len: u8, bytes: [u8; INLINE] },
    Shared { buf: Arc<str>, start: u32, end: u32 },
}

impl Str {
    /// Strings up to this many bytes are kept in place.
    pub const INLINE: usize = 30;

    /// Makes a string of a literal; allocates nothing.
    pub const fn from_static(text: &'static str) -> Self {
        Self(Repr::Static(text))
    }

    /// Copies `text`: in place when it is short, else into a buffer of its own.
    pub fn new(text: &str) -> Self {
        Self::concat(&[text])
    }

    /// Joins `parts` into one string with at most one allocation.
    pub fn concat(parts: &[&str]) -> Self {
        let len = parts.iter().map(|p| p.len()).sum::<usize>();
        if len == 0 {
            return Self::from_static("");
        }
        let mut bytes = [0; INLINE];
        if let Some(mut room) = bytes.get_mut(..len) {
            for part in parts {
                let (head, tail) = room.split_at_mut(part.len());
                head.copy_from_slice(part.as_bytes());
                room = tail;
            }
            return Self(Repr::Inline {
                len: len as u8,
                bytes,
            });
        }
        if let [one] = parts {
            return Self::whole(Arc::from(*one));
        }
        let mut joined = String::with_capacity(len);
        for part in parts {
            joined.push_str(part);
        }
        Self::whole(Arc::from(joined))
    }

    /// Takes all of a shared buffer.
    pub fn whole(buf: Arc<str>) -> Self {
        match u32::try_from(buf.len()) {
            Ok(end) => Self(Repr::Shared { buf, start: 0, end }),
            // Nothing on the wire comes near 4 GiB; what an application makes up is cut at a
            // character boundary rather than wrapped around.
            Err(_) => {
                let mut end = u32::MAX;
                while !buf.is_char_boundary(end as usize) {
                    end -= 1;
                }
                Self(Repr::Shared { buf, start: 0, end })
            }
        }
    }

    /// Takes the slice `part` of `buf`, where `part` was borrowed from a text with the same layout
    /// as `buf` that starts at address `origin`. Falls back to a copy when it was not.
    ///
    /// A codec parses borrowed from the frame, copies the frame once into `buf` and re-homes every
    /// borrowed string with this.
    pub fn rehome(buf: &Arc<str>, origin: *const u8, part: &str) -> Self {
        let start = (part.as_ptr() as usize).wrapping_sub(origin as usize);
        let end = start.wrapping_add(part.len());
        match (u32::try_from(start), u32::try_from(end)) {
            (Ok(s), Ok(e)) if buf.get(start..end) == Some(part) => Self(Repr::Shared {
                buf: buf.clone(),
                start: s,
                end: e,
            }),
            _ => Self::new(part),
        }
    }

    /// Copies `range` of `text`, at most [`Str::INLINE`] bytes, in place.
    #[inline]
    pub(crate) fn short(text: &str, range: Range<usize>) -> Self {
        match window(text.as_bytes(), &range) {
            Some(bytes) => Self(Repr::Inline {
                len: range.len() as u8,
                bytes: *bytes,
            }),
            None => Self::new(text.get(range).unwrap_or_default()),
        }
    }

    /// Copies `range` of `source`; `None` when it is not UTF-8.
    #[inline]
    pub fn from_utf8(source: &[u8], range: Range<usize>) -> Option<Self> {
        match window(source, &range) {
            Some(bytes) if starts_ascii(bytes, range.len()) => Some(Self(Repr::Inline {
                len: range.len() as u8,
                bytes: *bytes,
            })),
            _ => core::str::from_utf8(source.get(range)?).ok().map(Self::new),
        }
    }

    /// Takes the slice `range` of `buf`; `None` when there is no such slice.
    pub fn slice(buf: &Arc<str>, range: Range<usize>) -> Option<Self> {
        buf.get(range.clone())?;
        Some(Self(Repr::Shared {
            buf: buf.clone(),
            start: u32::try_from(range.start).ok()?,
            end: u32::try_from(range.end).ok()?,
        }))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Repr::Static(s) => s,
            Repr::Inline { len, bytes } => bytes
                .get(..usize::from(*len))
                .and_then(|b| core::str::from_utf8(b).ok())
                .unwrap_or_default(),
            Repr::Shared { buf, start, end } => {
                buf.get(*start as usize..*end as usize).unwrap_or_default()
            }
        }
    }

    /// The text as bytes; cheaper than through [`Str::as_str`] when it is kept in place.
    pub fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Repr::Static(s) => s.as_bytes(),
            Repr::Inline { len, bytes } => bytes.get(..usize::from(*len)).unwrap_or_default(),
            Repr::Shared { buf, start, end } => buf
                .as_bytes()
                .get(*start as usize..*end as usize)
                .unwrap_or_default(),
        }
    }

    /// The length in bytes.
    pub fn len(&self) -> usize {
        self.as_bytes().len()
    }

    /// True when there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// True when cloning shares a buffer larger than this string, so that keeping it keeps more.
    pub fn is_slice_of_larger(&self) -> bool {
        matches!(&self.0, Repr::Shared { buf, start, end } if (end - start) as usize != buf.len())
    }
}

/// The start of `range` in a stretch as long as what a string holds in place, when there is one and
/// the range fits: a copy of fixed length is several times cheaper, and what lies behind the string
/// is never shown.
#[inline]
fn window<'a>(source: &'a [u8], range: &Range<usize>) -> Option<&'a [u8; INLINE]> {
    if range.len() > INLINE {
        return None;
    }
    source.get(range.start..)?.first_chunk()
}

/// True when the first `len` bytes are ASCII. All bytes are looked at, so that no loop is needed.
#[inline]
fn starts_ascii(bytes: &[u8; INLINE], len: usize) -> bool {
    let mut all = 0;
    for (at, byte) in bytes.iter().enumerate() {
        all |= if (at as u8) < len as u8 { *byte } else { 0 };
    }
    all < 0x80
}

impl Default for Str {
    fn default() -> Self {
        Self::from_static("")
    }
}

impl Deref for Str {
    type Target = str;
    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<str> for Str {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl Borrow<str> for Str {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Debug for Str {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for Str {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl PartialEq for Str {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for Str {}

impl PartialEq<str> for Str {
    fn eq(&self, other: &str) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl PartialEq<&str> for Str {
    fn eq(&self, other: &&str) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl PartialEq<String> for Str {
    fn eq(&self, other: &String) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl PartialOrd for Str {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Str {
    fn cmp(&self, other: &Self) -> Ordering {
        // The order of UTF-8 is the order of its bytes.
        self.as_bytes().cmp(other.as_bytes())
    }
}

impl hash::Hash for Str {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl From<&str> for Str {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for Str {
    fn from(text: String) -> Self {
        if text.len() <= INLINE {
            Self::new(&text)
        } else {
            Self::whole(Arc::from(text))
        }
    }
}

impl From<&String> for Str {
    fn from(text: &String) -> Self {
        Self::new(text)
    }
}

impl From<Arc<str>> for Str {
    fn from(buf: Arc<str>) -> Self {
        Self::whole(buf)
    }
}

impl From<Str> for String {
    fn from(text: Str) -> Self {
        Self::from(text.as_str())
    }
}

impl serde::Serialize for Str {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn all_three_forms_read_back_the_same_text() {
        let long = "a string that is longer than thirty bytes, surely";
        let shared: Arc<str> = Arc::from(long);
        for (text, made) in [
            ("", Str::new("")),
            ("short", Str::new("short")),
            (
                "exactly thirty bytes long text",
                Str::new("exactly thirty bytes long text"),
            ),
            (long, Str::new(long)),
            (long, Str::from(long.to_string())),
            (
                "longer",
                Str::rehome(&shared, shared.as_ptr(), shared.get(17..23).unwrap()),
            ),
            ("a:b:7", Str::concat(&["a", ":", "b", ":7"])),
        ] {
            assert_eq!(made.as_str(), text);
            assert_eq!(made.clone(), made);
        }
        assert!(core::mem::size_of::<Str>() <= 32);
    }

    #[test]
    fn bytes_are_taken_when_they_are_utf8() {
        let source = "ab\u{e9}d".repeat(20);
        let source = source.as_bytes();
        for (range, text) in [
            (0..2, Some("ab")),
            (0..4, Some("ab\u{e9}")),
            (0..3, None),
            (97..100, Some("\u{e9}d")),
            (98..100, None),
            (100..100, Some("")),
            (99..101, None),
        ] {
            assert_eq!(Str::from_utf8(source, range).as_deref(), text);
        }
        let long = Str::from_utf8(source, 0..40).unwrap();
        assert_eq!((long.len(), long.is_empty()), (40, false));
        assert_eq!(long.as_bytes(), &source[..40]);
        assert!(long < Str::new("b") && long != *"ab");
    }

    #[test]
    fn rehome_copies_what_is_not_part_of_the_buffer() {
        let buf: Arc<str> = Arc::from("abcdef");
        let stranger = "xyz";
        let s = Str::rehome(&buf, buf.as_ptr(), stranger);
        assert_eq!(s, "xyz");
        assert!(!s.is_slice_of_larger());
        let own = Str::rehome(&buf, buf.as_ptr(), buf.get(1..3).unwrap());
        assert_eq!(own, "bc");
        assert!(own.is_slice_of_larger());
    }
}
