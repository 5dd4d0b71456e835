//! [`Arena`]: one shared copy of several strings of the frame.

use alloc::sync::Arc;
use core::ops::Range;

use ably_protocol::Str;

use crate::token::{Token, token};

/// Makes strings of places in the frame with few allocations.
///
/// When a string is too long to be kept in place, the ones that follow it in the frame are copied
/// along with it. What is copied at once is at most [`ROOM`] bytes, so that whoever keeps a message
/// does not keep a large frame; a longer string has a copy of its own.
#[derive(Default)]
pub(crate) struct Arena {
    copy: Option<Arc<str>>,
    /// Where strings start in the frame, and where they are in the copy. What is not UTF-8 has no
    /// character boundaries there and is not found.
    places: [(usize, Range<usize>); PLACES],
}

const ROOM: usize = 1024;
const PLACES: usize = 8;

impl Arena {
    /// The string at `range` of the frame; `None` when it is not UTF-8.
    #[inline]
    pub(crate) fn string(&mut self, frame: &[u8], range: Range<usize>) -> Option<Str> {
        if range.len() <= Str::INLINE || range.len() > ROOM {
            return Str::from_utf8(frame, range);
        }
        self.find(&range).or_else(|| {
            self.fill(frame, &range);
            self.find(&range).or_else(|| Str::from_utf8(frame, range))
        })
    }

    fn find(&self, range: &Range<usize>) -> Option<Str> {
        let copy = self.copy.as_ref()?;
        let (_, place) = self
            .places
            .iter()
            .find(|(start, place)| *start == range.start && place.len() == range.len())?;
        Str::slice(copy, place.clone())
    }

    /// Copies the string at `first` and those behind it, as many as there is room for.
    #[cold]
    fn fill(&mut self, frame: &[u8], first: &Range<usize>) -> Option<()> {
        self.copy = None;
        let mut room = [0; ROOM];
        let mut used = 0;
        let mut text = Some(first.clone());
        for slot in &mut self.places {
            *slot = (usize::MAX, 0..0);
            let Some(range) = text.take() else {
                continue;
            };
            let place = used..used + range.len();
            if let Some(room) = room.get_mut(place.clone()) {
                room.copy_from_slice(frame.get(range.clone())?);
                used = place.end;
                text = next_long(frame, range.end);
                *slot = (range.start, place);
            }
        }
        let text = core::str::from_utf8(room.get(..used)?).ok()?;
        self.copy = Some(Arc::from(text));
        Some(())
    }
}

/// The next string at or after `at` that is too long to be kept in place.
fn next_long(frame: &[u8], mut at: usize) -> Option<Range<usize>> {
    loop {
        at = match frame.get(at)? {
            0..=0x9f | 0xe0..=0xff => at + 1,
            tag @ 0xa0..=0xbe => at + 1 + usize::from(tag & 31),
            _ => match token(frame, at)? {
                (Token::Text(range), _) if range.len() > Str::INLINE => return Some(range),
                (_, end) => end,
            },
        };
    }
}
