//! The minimal client that asks for statistics; the HTTP client is counted elsewhere.

use ably::plugins::stats::StatsApi;
use ably_uses::{Failure, run};

fn main() -> Result<(), Failure> {
    run(async |client, _| {
        for interval in client.stats(()).await?.items() {
            println!("{}", interval.interval_id);
        }
        Ok(())
    })
}
