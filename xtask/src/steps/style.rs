//! Formatting, lints and documentation.

use crate::graph::{Graph, Package};
use crate::report::Outcome;
use crate::steps::{build, has_openssl};
use crate::{Result, process};

/// `cargo fmt --check`.
pub(crate) fn fmt() -> Outcome {
    process::run(&mut process::cargo(["fmt", "--all", "--check"])).into()
}

/// Clippy on each package alone: together, one package's features would hide what another lacks.
pub(crate) fn clippy() -> Outcome {
    lint_all().into()
}

/// `cargo doc`, where a warning is an error.
pub(crate) fn docs() -> Outcome {
    document().into()
}

/// Makes the documentation of all packages.
pub(crate) fn document() -> Result<()> {
    let mut command = process::cargo(["doc", "--no-deps", "--locked"]);
    command
        .args(build::everywhere())
        .args(build::full())
        .env("RUSTDOCFLAGS", "-D warnings");
    process::run(&mut command)
}

fn lint_all() -> Result<String> {
    let graph = Graph::load()?;
    let mut packages: Vec<&Package> = graph.ours().map(|(_, package)| package).collect();
    packages.retain(|package| package.name != "ably-tls-native" || has_openssl());
    packages.sort_unstable_by_key(|package| &package.name);
    let mut failed = Vec::new();
    for package in &packages {
        let name = package.name.as_str();
        let args = ["clippy", "--quiet", "--locked", "--all-targets", "-p", name];
        let mut command = process::cargo(args);
        match package.folder.as_deref() {
            Some(".") => command.args(build::full()),
            Some(folder) if folder.starts_with("benches/") => command.arg("--all-features"),
            _ => &mut command,
        };
        if process::run(command.args(["--", "-D", "warnings"])).is_err() {
            failed.push(name);
        }
    }
    match failed.len() {
        0 => Ok(format!("{} packages", packages.len())),
        _ => Err(format!("in {}", failed.join(", "))),
    }
}
