//! [`Reader`]: the bytes that a server sends to messages.
//!
//! A head's word for the size of a frame takes no memory: there is at most four times what has come
//! of the message, and a read ahead.
//!
//! RFC 6455, sections 5.4, 5.5, 6.2 and 8.1.

use bytes::{Buf, Bytes, BytesMut};

use super::{KEEP, Opcode, Violation, head::Head};

/// Bytes read at once. Messages are slices of this buffer, so one that is kept keeps all of it: a
/// codec copies what is small.
const READ: usize = 16 * 1024;
/// Less room than this is not worth a read.
const LEAST: usize = 4 * 1024;

/// What one frame has brought.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Text(Bytes),
    Binary(Bytes),
    /// A fragment that is not the last one.
    Part,
    /// To be answered with the same bytes.
    Ping(Bytes),
    Pong,
    Close {
        code: Option<u16>,
        reason: String,
    },
}

pub(crate) struct Reader {
    buffer: BytesMut,
    /// Of `buffer`, what came from the server; the rest is room.
    filled: usize,
    /// The size of the frame in front, when it is known.
    needed: usize,
    /// The largest message.
    limit: usize,
    /// The message of which there are fragments: is it text, and what there is of it.
    begun: Option<(bool, BytesMut)>,
}

impl Reader {
    /// A reader of messages up to `limit` bytes, of which `early` has come already.
    pub(crate) fn new(limit: usize, early: &[u8]) -> Self {
        Self {
            buffer: BytesMut::from(early),
            filled: early.len(),
            needed: 0,
            limit,
            begun: None,
        }
    }

    /// Where to put what comes next; never empty.
    pub(crate) fn room(&mut self) -> &mut [u8] {
        if self.buffer.len() - self.filled < LEAST {
            let missing = self.needed.saturating_sub(self.filled);
            let more = missing.clamp(READ, READ.max(self.filled));
            // So that only what is unread is moved.
            self.buffer.truncate(self.filled);
            self.buffer.reserve(more);
            self.buffer.resize(self.filled + more, 0);
        }
        self.buffer.get_mut(self.filled..).unwrap_or_default()
    }

    /// Notes that the first `n` bytes of the room hold what came.
    pub(crate) fn filled(&mut self, n: usize) {
        self.filled = self.buffer.len().min(self.filled + n);
    }

    /// Takes the next frame; `None` when it is not all there.
    ///
    /// # Errors
    /// The server broke the rules; nothing that follows has a meaning.
    pub(crate) fn next(&mut self) -> Result<Option<Step>, Violation> {
        let unread = self.buffer.get(..self.filled).unwrap_or_default();
        let Some(head) = Head::read(unread)? else {
            self.needed = 0;
            return Ok(None);
        };
        let len = self.allowed(&head)?;
        let end = head.size + len;
        let Some(payload) = unread.get(head.size..end) else {
            self.needed = end;
            return Ok(None);
        };
        let step = match (head.opcode, head.is_last) {
            (Opcode::Text, true) => {
                check_text(payload)?;
                return Ok(Some(Step::Text(self.take(head.size, end))));
            }
            (Opcode::Binary, true) => return Ok(Some(Step::Binary(self.take(head.size, end)))),
            (Opcode::Text | Opcode::Binary, false) => {
                self.begun = Some((head.opcode == Opcode::Text, BytesMut::from(payload)));
                Step::Part
            }
            (Opcode::Continuation, is_last) => continued(&mut self.begun, payload, is_last)?,
            (Opcode::Ping, _) => Step::Ping(Bytes::copy_from_slice(payload)),
            (Opcode::Pong, _) => Step::Pong,
            (Opcode::Close, _) => closed(payload)?,
        };
        self.pass(end);
        Ok(Some(step))
    }

    /// The length of a frame that may come now, and is not too much.
    fn allowed(&self, head: &Head) -> Result<usize, Violation> {
        let too_large = Violation::TooLarge { limit: self.limit };
        let len = usize::try_from(head.len).map_err(|_| too_large)?;
        if head.opcode.is_control() {
            return Ok(len);
        }
        let before = match (&self.begun, head.opcode == Opcode::Continuation) {
            (None, false) => 0,
            (Some((_, begun)), true) => begun.len(),
            (None, true) => return Err(Violation::Unbegun),
            (Some(_), false) => return Err(Violation::Interrupted),
        };
        match before.checked_add(len) {
            Some(all) if all <= self.limit => Ok(len),
            _ => Err(too_large),
        }
    }

    /// Takes the payload between `start` and `end`, without a copy.
    fn take(&mut self, start: usize, end: usize) -> Bytes {
        let mut frame = self.buffer.split_to(end);
        self.filled -= end;
        self.outgrown(end);
        frame.advance(start);
        frame.freeze()
    }

    /// Passes over the first `end` bytes.
    fn pass(&mut self, end: usize) {
        self.buffer.advance(end);
        self.filled -= end;
        self.outgrown(end);
    }

    /// Leaves a buffer that has grown for the frame that was taken.
    fn outgrown(&mut self, frame: usize) {
        if frame > KEEP {
            self.buffer = BytesMut::from(self.buffer.get(..self.filled).unwrap_or_default());
        }
    }
}

/// Adds to the message that has begun.
fn continued(
    begun: &mut Option<(bool, BytesMut)>,
    payload: &[u8],
    is_last: bool,
) -> Result<Step, Violation> {
    let (is_text, mut message) = begun.take().ok_or(Violation::Unbegun)?;
    message.extend_from_slice(payload);
    if !is_last {
        *begun = Some((is_text, message));
        return Ok(Step::Part);
    }
    if !is_text {
        return Ok(Step::Binary(message.freeze()));
    }
    check_text(&message)?;
    Ok(Step::Text(message.freeze()))
}

/// Reads what is in a close.
fn closed(payload: &[u8]) -> Result<Step, Violation> {
    let (code, reason) = match payload.split_first_chunk() {
        Some((code, reason)) => (Some(u16::from_be_bytes(*code)), reason),
        None if payload.is_empty() => (None, payload),
        None => return Err(Violation::ShortClose),
    };
    if let Some(code) = code.filter(|code| !may_be_sent(*code)) {
        return Err(Violation::CloseCode(code));
    }
    let reason = std::str::from_utf8(reason).map_err(|_| Violation::NotUtf8)?;
    Ok(Step::Close {
        code,
        reason: reason.to_owned(),
    })
}

/// Whether a close frame may carry `code`: one of the registered ones, or of those that libraries
/// and applications give a meaning. RFC 6455, 7.4, and IANA's registry.
fn may_be_sent(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}

fn check_text(bytes: &[u8]) -> Result<(), Violation> {
    std::str::from_utf8(bytes)
        .map(|_| ())
        .map_err(|_| Violation::NotUtf8)
}

#[cfg(test)]
mod tests;
