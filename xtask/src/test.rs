//! `cargo xtask test`: all that CI runs.
//!
//! The steps themselves are in `steps`; this only chooses among them.

use crate::report::{self, Step};
use crate::{Result, steps};

/// Runs all steps, or the named ones.
pub(crate) fn run(args: &[&str]) -> Result<()> {
    let all: Vec<&Step> = steps::ALL.iter().collect();
    report::run(&report::select(&all, args)?)
}
