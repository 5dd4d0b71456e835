//! [`Digits`]: a number in decimal without an allocation.

/// The decimal digits of a number.
pub(crate) struct Digits {
    bytes: [u8; 20],
    start: usize,
}

impl Digits {
    pub(crate) fn of(number: u64) -> Self {
        let mut bytes = [b'0'; 20];
        let mut start = bytes.len();
        let mut rest = number;
        for place in bytes.iter_mut().rev() {
            *place = b'0' + (rest % 10) as u8;
            rest /= 10;
            start -= 1;
            if rest == 0 {
                break;
            }
        }
        Self { bytes, start }
    }

    pub(crate) fn as_str(&self) -> &str {
        self.bytes
            .get(self.start..)
            .and_then(|d| core::str::from_utf8(d).ok())
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn digits_are_those_of_display() {
        for n in [0, 7, 10, 99, 120, 1_700_000_000_001, u64::MAX] {
            assert_eq!(Digits::of(n).as_str(), n.to_string());
        }
    }
}
