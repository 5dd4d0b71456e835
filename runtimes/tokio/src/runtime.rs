//! [`TokioRuntime`].

use std::{
    sync::{Arc, OnceLock},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use ably_base::{
    ErrorInfo, Runtime,
    engine::{BoxFuture, Entropy, Instant, Now},
    ext::Timer,
    protocol::ErrorCode,
};
use tokio::{runtime::Handle, time::Instant as TokioInstant};

use crate::{OsEntropy, TokioTimer, taken::Taken};

/// Time, tasks and randomness from tokio and the operating system.
///
/// Uses the runtime in which it is first asked to do something, unless it was given one. Follows
/// tokio's clock, so that a test with a paused clock drives the client too.
#[derive(Clone, Debug)]
pub struct TokioRuntime {
    taken: OnceLock<Arc<Taken>>,
    origin: TokioInstant,
}

impl TokioRuntime {
    /// Uses the runtime in which the client is made.
    pub fn new() -> Self {
        Self {
            taken: OnceLock::new(),
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
            taken: OnceLock::from(Taken::new(handle)),
            ..Self::new()
        }
    }

    /// The runtime, looked up where this is called when none is known yet.
    fn taken(&self) -> Result<&Arc<Taken>, ErrorInfo> {
        if let Some(taken) = self.taken.get() {
            return Ok(taken);
        }
        let here = Handle::try_current().map_err(|error| {
            ErrorInfo::builder(
                ErrorCode::BAD_REQUEST,
                400,
                "the `tokio` feature of `ably` needs a tokio runtime, and there is none on this \
                 thread: make the client inside one (`#[tokio::main]`, `Runtime::enter`), or hand \
                 over `TokioRuntime::with_handle`",
            )
            .source(Arc::new(error))
            .build()
        })?;
        Ok(self.taken.get_or_init(|| Taken::new(here)))
    }
}

impl Default for TokioRuntime {
    fn default() -> Self {
        Self::new()
    }
}

impl Runtime for TokioRuntime {
    /// # Errors
    /// - `40000` no tokio runtime on this thread, one without timers, or no source of randomness.
    /// - `80017` the runtime was shut down.
    fn check(&self) -> Result<(), ErrorInfo> {
        let taken = self.taken()?;
        if taken.has_gone() {
            return Err(ErrorInfo::new(
                ErrorCode::CONNECTION_CLOSED,
                400,
                "the client cannot work: its runtime was shut down",
            ));
        }
        if !taken.has_timers() {
            return Err(ErrorInfo::new(
                ErrorCode::BAD_REQUEST,
                400,
                "the tokio runtime needs `enable_all()`: it was built without timers",
            ));
        }
        OsEntropy::check()
    }

    fn is_shut_down(&self) -> bool {
        self.taken.get().is_some_and(|taken| taken.has_gone())
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
        match self.taken() {
            Ok(taken) => drop(taken.handle().spawn(task)),
            // Dropping the task resolves whatever waits for it.
            Err(error) => tracing::error!(target: "ably", "a task was not started: {error}"),
        }
    }

    fn timer(&self) -> Box<dyn Timer> {
        Box::new(TokioTimer::new(self.taken().ok().cloned(), self.origin))
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
