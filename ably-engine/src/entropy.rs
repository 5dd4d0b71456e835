//! [`Entropy`]: randomness as an argument.

use alloc::string::String;

use crate::MaybeSend;

/// Where random bytes come from: jitter, nonces, ids and IVs.
///
/// # Behaviour
/// - Outside tests it must be a cryptographically secure generator.
pub trait Entropy: MaybeSend {
    /// Fills `out` with random bytes.
    fn fill(&mut self, out: &mut [u8]);
}

/// A random number in `[0, 1)` from 32 bits.
pub(crate) fn fraction(entropy: &mut dyn Entropy) -> f64 {
    let mut b = [0; 4];
    entropy.fill(&mut b);
    f64::from(u32::from_le_bytes(b)) / (f64::from(u32::MAX) + 1.0)
}

/// A random string of 16 letters and digits, for ids.
pub(crate) fn id(entropy: &mut dyn Entropy) -> String {
    const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut b = [0; 16];
    entropy.fill(&mut b);
    b.iter()
        .map(|b| char::from(ALPHABET.get(usize::from(b % 32)).copied().unwrap_or(b'a')))
        .collect()
}
