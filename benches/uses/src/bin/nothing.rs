//! The minimal client: what the others are compared with.

use ably_uses::{Failure, run};

fn main() -> Result<(), Failure> {
    run(async |_, _| Ok(()))
}
