//! [`Arena`]: one shared copy of a stretch of the frame, which strings are slices of.

use alloc::sync::Arc;
use core::ops::Range;

use crate::Str;

/// Makes strings of places in a text with few allocations.
///
/// Copies a stretch of the text when the first string needs it and gives out slices. A stretch is at
/// most [`STRETCH`] bytes unless one string is longer, so that whoever keeps a message does not keep
/// a large frame. A frame up to that size, with one message or many, has one.
pub(super) struct Arena<'a> {
    text: &'a str,
    start: usize,
    copy: Option<Arc<str>>,
}

const STRETCH: usize = 4096;

impl<'a> Arena<'a> {
    pub(super) const fn new(text: &'a str) -> Self {
        Self {
            text,
            start: 0,
            copy: None,
        }
    }

    /// The string at `range` of the text.
    #[inline]
    pub(super) fn string(&mut self, range: Range<usize>) -> Str {
        if range.len() <= Str::INLINE {
            return Str::short(self.text, range);
        }
        // Places come in ascending order, so they are not in front of the stretch.
        let place = range.start.wrapping_sub(self.start)..range.end.wrapping_sub(self.start);
        if let Some(s) = self.copy.as_ref().and_then(|c| Str::slice(c, place)) {
            return s;
        }
        self.renew(range)
    }

    #[cold]
    fn renew(&mut self, range: Range<usize>) -> Str {
        let mut end = self.text.len().min(range.start + STRETCH).max(range.end);
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        let Some(stretch) = self.text.get(range.start..end) else {
            return Str::default();
        };
        let copy = Arc::from(stretch);
        self.start = range.start;
        let s = Str::slice(&copy, 0..range.len()).unwrap_or_default();
        self.copy = Some(copy);
        s
    }
}
