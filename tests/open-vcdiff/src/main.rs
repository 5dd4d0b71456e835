//! Deltas against open-vcdiff, the library that Ably uses: it reads what the sandbox writes, and we
//! read what it writes, in its own form too. `cargo xtask release-check open-vcdiff` runs this.
//!
//! It is never shown a damaged delta: it ends the process at some of them.

use ably_base::ErrorCode;
use ably_sandbox::core::vcdiff as sandbox_vcdiff;
use vcdiff::{FORMAT_CHECKSUM, FORMAT_INTERLEAVED, FORMAT_STANDARD};

const PAIRS: usize = 500;
const MAX: usize = 1 << 20;

fn main() {
    let mut state = 0x9E37_79B9_7F4A_7C15u64;
    let mut next = |n: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % n as u64) as usize
    };
    for _ in 0..PAIRS {
        let (base, target) = pair(&mut next);
        let written = sandbox_vcdiff::encode(&base, &target);
        // What it cannot read comes as nothing.
        assert_eq!(
            vcdiff::decode(&base, &written),
            target,
            "read by open-vcdiff"
        );
        for form in [FORMAT_STANDARD, FORMAT_CHECKSUM] {
            for within in [false, true] {
                let written = vcdiff::encode(&base, &target, form, within);
                let read = ably_delta::decode(&written, &base, MAX);
                assert_eq!(read.as_ref(), Ok(&target), "{form:?} {within}");
            }
        }
        let written = vcdiff::encode(&base, &target, FORMAT_INTERLEAVED, true);
        let refused = ably_delta::decode(&written, &base, MAX).expect_err("interleaved");
        assert_eq!(refused.code(), ErrorCode::DELTA_FAILED);
    }
    println!("{PAIRS} pairs, both ways");
}

/// A payload and another that has much in common with it; neither is empty, for open-vcdiff tells an
/// empty one from none by nothing.
fn pair(next: &mut impl FnMut(usize) -> usize) -> (Vec<u8>, Vec<u8>) {
    let letters = [2, 20, 256][next(3)];
    let length = [1, 10, 300, 5000][next(4)];
    let base: Vec<u8> = (0..length).map(|_| next(letters) as u8).collect();
    let mut target = base.clone();
    for _ in 0..next(6) {
        let at = next(target.len() + 1);
        match next(4) {
            0 => target.truncate(at),
            1 => target.insert(at, next(256) as u8),
            2 => target.extend_from_within(at..),
            _ => target
                .splice(at..at, vec![next(256) as u8; next(200)])
                .for_each(drop),
        }
        target.truncate(20_000);
    }
    target.push(b'.');
    (base, target)
}
