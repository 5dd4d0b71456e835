//! [`OsEntropy`].

use ably_base::{ErrorInfo, engine::Entropy, protocol::ErrorCode};

/// The operating system's cryptographically secure generator.
#[derive(Clone, Copy, Debug, Default)]
pub struct OsEntropy;

impl OsEntropy {
    /// Says whether the generator works here.
    ///
    /// # Errors
    /// - `40000` it does not.
    pub fn check() -> Result<(), ErrorInfo> {
        getrandom::fill(&mut [0; 1]).map_err(|error| {
            ErrorInfo::new(
                ErrorCode::BAD_REQUEST,
                400,
                format!("the operating system gives no random bytes: {error}"),
            )
        })
    }
}

impl Entropy for OsEntropy {
    // A generator that worked when the client was made does not stop; if it did, a client that
    // goes on with bytes that are not random would be worse than one that ends.
    #[allow(clippy::panic)]
    fn fill(&mut self, out: &mut [u8]) {
        if let Err(error) = getrandom::fill(out) {
            panic!("the operating system gives no random bytes any more: {error}");
        }
    }
}
