//! Unpredictable names from one seed.
//!
//! The seed is an argument, so a test replays exactly and the server stays unguessable: names are
//! the output of HMAC-SHA256 under the seed, in counter mode.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// A source of names.
pub(crate) struct Entropy {
    seed: [u8; 32],
    counter: u64,
    pool: Vec<u8>,
}

impl Entropy {
    /// Starts a source; equal seeds give equal names.
    pub(crate) fn new(seed: [u8; 32]) -> Entropy {
        Entropy {
            seed,
            counter: 0,
            pool: Vec::new(),
        }
    }

    /// Returns `length` letters and digits, about 5.9 bits each.
    pub(crate) fn name(&mut self, length: usize) -> String {
        let mut name = String::with_capacity(length);
        while name.len() < length {
            // 62 * 4 = 248: the bytes above would favour the first letters.
            let byte = usize::from(self.byte());
            if let Some(letter) = LETTERS.get(byte % 62).filter(|_| byte < 248) {
                name.push(char::from(*letter));
            }
        }
        name
    }

    fn byte(&mut self) -> u8 {
        loop {
            if let Some(byte) = self.pool.pop() {
                return byte;
            }
            self.pool = hmac_sha256(&self.seed, &self.counter.to_be_bytes());
            self.counter += 1;
        }
    }
}

impl fmt::Debug for Entropy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Entropy(..)")
    }
}

/// Returns HMAC-SHA256 of `text` under `key`.
pub(crate) fn hmac_sha256(key: &[u8], text: &[u8]) -> Vec<u8> {
    // HMAC takes keys of any length, so there is no failing case.
    match Hmac::<Sha256>::new_from_slice(key) {
        Ok(mut mac) => {
            mac.update(text);
            mac.finalize().into_bytes().to_vec()
        }
        Err(_) => Vec::new(),
    }
}

/// Compares secrets in time that depends on their lengths only.
pub(crate) fn same_secret(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |diff, (x, y)| diff | (x ^ y)) == 0
}

const LETTERS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
