//! Runs the fault proxy, which is a program of its own so that this one stays light.

use crate::{Result, process};

/// Builds and runs it, with these arguments.
pub(crate) fn run(args: &[&str]) -> Result<()> {
    let build = ["run", "--quiet", "-p", "ably-testkit-proxy", "--"];
    process::run(process::cargo(build).args(args))
}
