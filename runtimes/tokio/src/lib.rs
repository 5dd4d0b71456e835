//! Runs an Ably client on tokio.
//!
//! [`Tokio`] is the plugin: installed into a client, it fills the slot of the runtime with a
//! [`TokioRuntime`]. It takes the runtime that the client is made in, and says so when there is
//! none (`40000`); it never starts one. For a client that is made on another thread hand over
//! [`TokioRuntime::with_handle`] in its place. The runtime needs its time driver
//! (`enable_time`), else there is no client (`40000`; tokio's panic is caught, and a program that
//! aborts on panics does so). What dials sockets needs `enable_io`. `enable_all` and
//! `#[tokio::main]` have both.

mod entropy;
mod runtime;
mod taken;
mod timer;

use std::sync::Arc;

use ably_base::{ErrorInfo, Plugin, Plugins};

pub use entropy::OsEntropy;
pub use runtime::TokioRuntime;
pub use timer::TokioTimer;

/// Installs a [`TokioRuntime`]: the feature `tokio` of `ably`.
///
/// ```no_run
/// # fn f(options: ably_base::ClientOptions) -> ably_base::ClientOptions {
/// options.plugin(ably_tokio::Tokio)
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Tokio;

impl Plugin for Tokio {
    fn id(&self) -> &'static str {
        "tokio"
    }

    fn install(&self, into: &mut Plugins) -> Result<(), ErrorInfo> {
        into.set_runtime(Arc::new(TokioRuntime::new()));
        Ok(())
    }
}

impl Plugin for TokioRuntime {
    fn id(&self) -> &'static str {
        "tokio"
    }

    fn install(&self, into: &mut Plugins) -> Result<(), ErrorInfo> {
        into.set_runtime(Arc::new(self.clone()));
        Ok(())
    }
}
