//! [`TokioRuntime`].

use std::{
    sync::OnceLock,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use ably_base::{
    ErrorInfo, Runtime,
    engine::{BoxFuture, Entropy, Instant, Now},
    ext::Timer,
    protocol::ErrorCode,
};
use tokio::{runtime::Handle, time::Instant as TokioInstant};

use crate::{OsEntropy, TokioTimer};

/// Time, tasks and randomness from tokio and the operating system.
///
/// Uses the runtime in which it is first asked to do something, unless it was given one. Follows
/// tokio's clock, so that a test with a paused clock drives the client too.
#[derive(Clone, Debug)]
pub struct TokioRuntime {
    handle: OnceLock<Handle>,
    origin: TokioInstant,
}

impl TokioRuntime {
    /// Uses the runtime in which the client is made.
    pub fn new() -> Self {
        Self {
            handle: OnceLock::new(),
            origin: TokioInstant::now(),
        }
    }

    /// Uses the runtime behind `handle`: for clients that are made outside of it. Hand it over as a
    /// plugin, in place of [`Tokio`](crate::Tokio).
    ///
    /// ```no_run
    /// # fn f(options: ably_base::ClientOptions, handle: tokio::runtime::Handle) {
    /// let options = options.plugin(ably_tokio::TokioRuntime::with_handle(handle));
    /// # }
    /// ```
    pub fn with_handle(handle: Handle) -> Self {
        Self {
            handle: OnceLock::from(handle),
            ..Self::new()
        }
    }

    /// The runtime, looked up where this is called when none is known yet.
    fn handle(&self) -> Result<&Handle, ErrorInfo> {
        if let Some(handle) = self.handle.get() {
            return Ok(handle);
        }
        let here = Handle::try_current().map_err(|error| {
            ErrorInfo::builder(
                ErrorCode::BAD_REQUEST,
                400,
                "the `tokio` feature of `ably` needs a tokio runtime, and there is none on this \
                 thread: make the client inside one (`#[tokio::main]`, `Runtime::enter`), or hand \
                 over `TokioRuntime::with_handle`",
            )
            .source(std::sync::Arc::new(error))
            .build()
        })?;
        Ok(self.handle.get_or_init(|| here))
    }
}

impl Default for TokioRuntime {
    fn default() -> Self {
        Self::new()
    }
}

impl Runtime for TokioRuntime {
    /// # Errors
    /// - `40000` no tokio runtime on this thread, or no source of randomness.
    fn check(&self) -> Result<(), ErrorInfo> {
        self.handle()?;
        OsEntropy::check()
    }

    fn now(&self) -> Now {
        let mono = TokioInstant::now().saturating_duration_since(self.origin);
        let wall = match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_millis()).unwrap_or(i64::MAX),
            Err(before) => -i64::try_from(before.duration().as_millis()).unwrap_or(i64::MAX),
        };
        Now {
            mono: Instant(u64::try_from(mono.as_micros()).unwrap_or(u64::MAX)),
            unix_ms: wall,
        }
    }

    fn spawn(&self, task: BoxFuture<()>) {
        match self.handle() {
            Ok(handle) => drop(handle.spawn(task)),
            // Dropping the task resolves whatever waits for it.
            Err(error) => tracing::error!(target: "ably", "a task was not started: {error}"),
        }
    }

    fn timer(&self) -> Box<dyn Timer> {
        Box::new(TokioTimer::new(self.handle().ok().cloned(), self.origin))
    }

    fn entropy(&self) -> Box<dyn Entropy> {
        Box::new(OsEntropy)
    }
}

/// The point of tokio's clock that `at` stands for; thirty years from now when it is past all
/// clocks.
pub(crate) fn tokio_instant(origin: TokioInstant, at: Instant) -> TokioInstant {
    const FAR: Duration = Duration::from_secs(86_400 * 365 * 30);
    origin
        .checked_add(Duration::from_micros(at.0).min(FAR))
        .unwrap_or(origin)
}
