//! [`Reader`]: bytes from the front, each refused when there are none left.

use ably_base::{ErrorCode, ErrorInfo};

/// What is left of a part of a delta.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn byte(&mut self) -> Result<u8, ErrorInfo> {
        let (first, rest) = self.0.split_first().ok_or_else(short)?;
        self.0 = rest;
        Ok(*first)
    }

    pub(crate) fn take(&mut self, count: usize) -> Result<&'a [u8], ErrorInfo> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or_else(short)?;
        self.0 = rest;
        Ok(taken)
    }

    /// A number, seven bits a byte, highest first; 32 bits at most.
    pub(crate) fn number(&mut self) -> Result<u32, ErrorInfo> {
        let mut number = 0u64;
        for _ in 0..5 {
            let byte = self.byte()?;
            number = number << 7 | u64::from(byte & 0x7F);
            if byte & 0x80 == 0 {
                return u32::try_from(number).map_err(|_| large());
            }
        }
        Err(large())
    }

    /// A size or a position; 31 bits at most, so that two of them add up to one of 32.
    pub(crate) fn size(&mut self) -> Result<usize, ErrorInfo> {
        let number = self.number()?;
        let number = i32::try_from(number).map_err(|_| large())?;
        usize::try_from(number).map_err(|_| large())
    }
}

/// What every refusal of a delta is.
#[cold]
pub(crate) fn refused(why: &'static str) -> ErrorInfo {
    ErrorInfo::new(ErrorCode::DELTA_FAILED, 400, why)
}

#[cold]
fn short() -> ErrorInfo {
    refused("the delta ends too early")
}

#[cold]
fn large() -> ErrorInfo {
    refused("a number in the delta is too large")
}
