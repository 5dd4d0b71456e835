//! [`decode`]: VCDIFF as open-vcdiff writes it.
//!
//! Accepted: version 0, and open-vcdiff's `S`; the default code table; windows with or without a
//! segment of the base; checksums, which must be right. Everything else of RFC 3284 is refused:
//! secondary compression, code tables and headers of an application's own, windows that build on
//! earlier ones, and open-vcdiff's interleaved form.
//!
//! Every instruction costs a byte of the delta and all of them together may not make more than the
//! bound, so time and memory are bounded too.
//!
//! Spec: RFC 3284.

use ably_base::ErrorInfo;

use crate::{
    adler::adler32,
    instruction::{Instruction, of_code},
    reader::{Reader, refused},
};

const MAGIC: [u8; 3] = [0xD6, 0xC3, 0xC4];
const STANDARD: u8 = 0;
const OPEN_VCDIFF: u8 = b'S';

const SOURCE: u8 = 1;
const CHECKSUM: u8 = 4;

/// Applies `delta` to `base`; at most `max_output` bytes may come of it.
///
/// # Errors
/// - `40018` the delta is damaged, is not of the accepted form, does not fit the base, or makes
///   too much.
pub fn decode(delta: &[u8], base: &[u8], max_output: usize) -> Result<Vec<u8>, ErrorInfo> {
    let mut delta = Reader::new(delta);
    if delta.take(3)? != MAGIC {
        return Err(refused("the delta is not VCDIFF"));
    }
    let version = delta.byte()?;
    if version != STANDARD && version != OPEN_VCDIFF {
        return Err(refused("the delta has a version that is not known here"));
    }
    if delta.byte()? != 0 {
        return Err(refused(
            "the delta has a compressor, a code table or a header of its own",
        ));
    }
    let mut out = Vec::new();
    loop {
        window(&mut delta, version, base, &mut out, max_output)?;
        if delta.is_empty() {
            return Ok(out);
        }
    }
}

fn window(
    delta: &mut Reader<'_>,
    version: u8,
    base: &[u8],
    out: &mut Vec<u8>,
    max_output: usize,
) -> Result<(), ErrorInfo> {
    let indicator = delta.byte()?;
    if indicator & !(SOURCE | CHECKSUM) != 0 {
        return Err(refused("a window of the delta is of an unknown kind"));
    }
    let mut segment: &[u8] = &[];
    if indicator & SOURCE != 0 {
        let (size, position) = (delta.size()?, delta.size()?);
        let end = position.checked_add(size);
        segment = end
            .and_then(|end| base.get(position..end))
            .ok_or_else(|| refused("the delta was made for a longer payload"))?;
    }
    let length = delta.size()?;
    let mut body = Reader::new(delta.take(length)?);
    let target = body.size()?;
    if target > max_output.saturating_sub(out.len()) {
        return Err(refused("the delta makes more than is allowed"));
    }
    if body.byte()? != 0 {
        return Err(refused("a window of the delta is compressed"));
    }
    let (data, codes, addresses) = (body.size()?, body.size()?, body.size()?);
    let checksum = match (indicator & CHECKSUM != 0, version) {
        (false, _) => None,
        (true, OPEN_VCDIFF) => Some((0, body.number()?)),
        (true, _) => {
            let bytes = body.take(4)?.iter();
            Some((1, bytes.fold(0, |sum, byte| sum << 8 | u32::from(*byte))))
        }
    };
    let window = Window {
        segment,
        start: out.len(),
        left: target,
        data: Reader::new(body.take(data)?),
        codes: Reader::new(body.take(codes)?),
        addresses: Reader::new(body.take(addresses)?),
        cache: Cache::new(),
    };
    if !body.is_empty() {
        return Err(refused("a window of the delta holds more than it says"));
    }
    // No more than what was sent, whatever the delta claims; the rest grows as it is made.
    out.reserve(target.min(base.len() + length));
    let start = window.start;
    window.run(out)?;
    match checksum {
        Some((seed, sum)) if out.get(start..).map(|made| adler32(seed, made)) != Some(sum) => {
            Err(refused("the checksum of the delta is wrong"))
        }
        _ => Ok(()),
    }
}

/// A window being carried out.
struct Window<'a> {
    segment: &'a [u8],
    /// Where its part of the output begins.
    start: usize,
    /// How much it has still to make.
    left: usize,
    data: Reader<'a>,
    codes: Reader<'a>,
    addresses: Reader<'a>,
    cache: Cache,
}

impl Window<'_> {
    fn run(mut self, out: &mut Vec<u8>) -> Result<(), ErrorInfo> {
        while !self.codes.is_empty() {
            let (first, second) = of_code(self.codes.byte()?);
            self.carry_out(first, out)?;
            if let Some(second) = second {
                self.carry_out(second, out)?;
            }
        }
        if self.left != 0 || !self.data.is_empty() || !self.addresses.is_empty() {
            return Err(refused("a window of the delta does not add up"));
        }
        Ok(())
    }

    fn carry_out(&mut self, instruction: Instruction, out: &mut Vec<u8>) -> Result<(), ErrorInfo> {
        let size = match instruction {
            Instruction::Add(0) | Instruction::Copy(0, _) | Instruction::Run => {
                self.codes.size()?
            }
            Instruction::Add(size) | Instruction::Copy(size, _) => size,
        };
        self.left = self
            .left
            .checked_sub(size)
            .ok_or_else(|| refused("a window of the delta makes more than it says"))?;
        match instruction {
            Instruction::Add(_) => out.extend_from_slice(self.data.take(size)?),
            Instruction::Run => out.resize(out.len() + size, self.data.byte()?),
            Instruction::Copy(_, mode) => self.copy(size, mode, out)?,
        }
        Ok(())
    }

    /// Copies from the segment, from what the window has made, or across the border of both. What
    /// is copied may reach into what it makes.
    fn copy(&mut self, mut size: usize, mode: u8, out: &mut Vec<u8>) -> Result<(), ErrorInfo> {
        let here = self.segment.len() + (out.len() - self.start);
        let address = self.cache.address(mode, here, &mut self.addresses)?;
        let mut from = self.start;
        if let Some(source) = self.segment.get(address..) {
            let part = source.get(..size).unwrap_or(source);
            out.extend_from_slice(part);
            size -= part.len();
        } else {
            from += address - self.segment.len();
        }
        while size > 0 {
            // What lies between is a whole number of repetitions.
            let part = size.min(out.len().saturating_sub(from));
            if part == 0 {
                return Err(refused("a copy in the delta has nothing to copy"));
            }
            out.extend_from_within(from..from + part);
            size -= part;
        }
        Ok(())
    }
}

const NEAR: usize = 4;
const SAME: usize = 3;

/// Earlier addresses, that new ones may be written relative to.
struct Cache {
    near: [u32; NEAR],
    next: usize,
    same: [u32; SAME * 256],
}

impl Cache {
    fn new() -> Self {
        Self {
            near: [0; NEAR],
            next: 0,
            same: [0; SAME * 256],
        }
    }

    /// Reads an address, which is before `here`.
    fn address(
        &mut self,
        mode: u8,
        here: usize,
        from: &mut Reader<'_>,
    ) -> Result<usize, ErrorInfo> {
        let mode = usize::from(mode);
        let wrong = || refused("an address in the delta is out of range");
        let known =
            |address: Option<&u32>| address.and_then(|address| usize::try_from(*address).ok());
        let address = match mode {
            0 => Some(from.size()?),
            1 => here.checked_sub(from.size()?),
            2..6 => {
                let offset = from.size()?;
                known(self.near.get(mode - 2)).and_then(|near| near.checked_add(offset))
            }
            _ => known(self.same.get((mode - 6) * 256 + usize::from(from.byte()?))),
        };
        let address = address
            .filter(|address| *address < here)
            .ok_or_else(wrong)?;
        let kept = u32::try_from(address).map_err(|_| wrong())?;
        if let Some(slot) = self.near.get_mut(self.next) {
            *slot = kept;
        }
        self.next = (self.next + 1) % NEAR;
        if let Some(slot) = self.same.get_mut(address % (SAME * 256)) {
            *slot = kept;
        }
        Ok(address)
    }
}
