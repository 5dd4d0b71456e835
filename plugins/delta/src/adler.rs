//! Adler-32, which some encoders add to a window.

/// The checksum of `bytes`, begun with `seed`: 1 as RFC 1950 has it, 0 in open-vcdiff.
pub(crate) fn adler32(seed: u32, bytes: &[u8]) -> u32 {
    let (mut a, mut b) = (seed, 0);
    // As many bytes as can be summed before 32 bits overflow.
    for chunk in bytes.chunks(5552) {
        for byte in chunk {
            a += u32::from(*byte);
            b += a;
        }
        a %= 65521;
        b %= 65521;
    }
    b << 16 | a
}

#[cfg(test)]
mod tests {
    use super::adler32;

    #[test]
    fn known_values() {
        assert_eq!(adler32(1, b""), 1);
        assert_eq!(adler32(1, b"Wikipedia"), 0x11E6_0398);
        assert_eq!(adler32(1, &[255; 100_000]), 0x149A_302C);
        assert_eq!(adler32(0, b""), 0);
        assert_eq!(adler32(0, b"a"), 0x0061_0061);
    }
}
