//! The steps of `cargo xtask test`, in the order in which they run.
//!
//! What is quick and finds much comes first; the tests come last, so that their summary stands just
//! above the closing table.

mod build;
mod cancel;
mod features;
mod optional;
mod programs;
mod pure;
mod style;

pub(crate) use build::serde_json;
pub(crate) use features::{additions, pairs as feature_pairs};
pub(crate) use optional::{advisories, has_openssl};
pub(crate) use style::document;

use crate::report::Step;
use crate::{coverage, deps, parity, process, size};

/// All of them.
pub(crate) const ALL: &[Step] = &[
    Step {
        name: "fmt",
        about: "formatting",
        stops: false,
        run: style::fmt,
    },
    Step {
        name: "deps",
        about: "who depends on whom",
        stops: false,
        run: || deps::check().into(),
    },
    Step {
        name: "coverage",
        about: "the table of specified cases against the tests",
        stops: false,
        run: || coverage::check(&coverage::Places::of(&process::root())).into(),
    },
    Step {
        name: "npm",
        about: "ably-js for the interop tests",
        stops: false,
        run: build::npm,
    },
    Step {
        name: "build",
        about: "libraries, tests, examples",
        stops: true,
        run: build::build,
    },
    Step {
        name: "clippy",
        about: "lints, package by package",
        stops: false,
        run: style::clippy,
    },
    Step {
        name: "features",
        about: "sets of the facade's features",
        stops: false,
        run: features::run,
    },
    Step {
        name: "no-std",
        about: "protocol and engine are free of std",
        stops: false,
        run: pure::no_std,
    },
    Step {
        name: "wasm32",
        about: "all that compiles for wasm32",
        stops: false,
        run: pure::wasm32,
    },
    Step {
        name: "cancel",
        about: "futures say what holds when they are dropped",
        stops: false,
        run: || cancel::check(&process::root()).into(),
    },
    Step {
        name: "docs",
        about: "documentation without a warning",
        stops: false,
        run: style::docs,
    },
    Step {
        name: "parity",
        about: "the table of ably-js's API against the documentation",
        stops: false,
        run: || parity::documented().into(),
    },
    Step {
        name: "doctests",
        about: "examples in the documentation",
        stops: false,
        run: build::doctests,
    },
    Step {
        name: "native-tls",
        about: "the feature that needs OpenSSL",
        stops: false,
        run: optional::native_tls,
    },
    Step {
        name: "deny",
        about: "licences, bans and sources",
        stops: false,
        run: optional::deny,
    },
    Step {
        name: "semver",
        about: "the API against the last release",
        stops: false,
        run: optional::semver,
    },
    Step {
        name: "size",
        about: "the minimal client against the floor",
        stops: false,
        run: || size::guard().into(),
    },
    Step {
        name: "examples",
        about: "quickstart, examples and floor run",
        stops: false,
        run: programs::examples,
    },
    Step {
        name: "tests",
        about: "unit, specified, integration and interop",
        stops: false,
        run: build::tests,
    },
];
