//! [`Runtime`]: time, tasks and randomness.

use std::task::{Context, Poll};

use ably_engine::{BoxFuture, Entropy, Instant, MaybeSend, MaybeSync, Now, protocol::ErrorInfo};

/// What the client needs of an async runtime.
pub trait Runtime: MaybeSend + MaybeSync {
    /// Says whether it can work where it was made.
    ///
    /// # Errors
    /// An error that says what is missing, for example a running executor.
    fn check(&self) -> Result<(), ErrorInfo> {
        Ok(())
    }

    /// Whether it was shut down: it runs nothing any more, and never will. Requests then end with
    /// `80017`.
    fn is_shut_down(&self) -> bool {
        false
    }

    /// Reads both clocks.
    fn now(&self) -> Now;

    /// Runs a task in the background.
    fn spawn(&self, task: BoxFuture<()>);

    /// Makes a timer.
    fn timer(&self) -> Box<dyn Timer>;

    /// Makes a source of randomness; cryptographically secure outside tests.
    fn entropy(&self) -> Box<dyn Entropy>;
}

/// One timer, for one waiter.
pub trait Timer: MaybeSend {
    /// Ready once the clock has reached `at`. Another `at` replaces the one before.
    ///
    /// Ready at once, and whoever waits is woken, when the runtime is shut down
    /// ([`Runtime::is_shut_down`]).
    fn poll_until(&mut self, cx: &mut Context<'_>, at: Instant) -> Poll<()>;
}
