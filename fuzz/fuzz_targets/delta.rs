//! A delta and the payload that it is for, both chosen by a peer.
//!
//! The first byte is the length of the payload, which comes next; the rest is the delta. Both are
//! also what the sandbox makes a delta of.
#![no_main]

use ably_delta::decode;
use ably_protocol::ErrorCode;
use ably_sandbox::core::vcdiff;
use libfuzzer_sys::fuzz_target;

const BOUND: usize = 4096;

fuzz_target!(|data: &[u8]| {
    let Some((length, rest)) = data.split_first() else {
        return;
    };
    let (base, delta) = rest.split_at(rest.len().min(usize::from(*length)));
    match decode(delta, base, BOUND) {
        Ok(made) => {
            assert!(made.len() <= BOUND);
            // The bound decides whether, and never what.
            assert_eq!(decode(delta, base, made.len()).as_ref(), Ok(&made));
            if let Some(less) = made.len().checked_sub(1) {
                assert!(decode(delta, base, less).is_err());
            }
            if !made.is_empty() {
                // Nothing is left over, and nothing is missing.
                let more = [delta, &[0]].concat();
                assert!(decode(&more, base, BOUND).is_err());
            }
        }
        Err(error) => {
            assert_eq!(
                (error.code(), error.status_code()),
                (ErrorCode::DELTA_FAILED, 400)
            );
        }
    }
    let written = vcdiff::encode(base, delta);
    let read = decode(&written, base, delta.len()).expect("what was written can be read");
    assert_eq!(read, delta);
});
