//! `cargo xtask release-check`: all of `test`, and what takes too long for every change.

use crate::report::{self, Outcome, Step};
use crate::{Result, process, size, steps};

/// The steps beyond `cargo xtask test`.
pub(crate) const EXTRA: &[Step] = &[
    Step {
        name: "pairs",
        about: "every pair of the facade's features",
        stops: false,
        run: steps::feature_pairs,
    },
    Step {
        name: "serde-json",
        about: "the tests with the features of serde_json on",
        stops: false,
        run: steps::serde_json,
    },
    Step {
        name: "size-table",
        about: "the bytes of each feature",
        stops: false,
        run: || size::run(&["--all"]).into(),
    },
    Step {
        name: "advisories",
        about: "known vulnerabilities in what we use",
        stops: false,
        run: steps::advisories,
    },
    Step {
        name: "msrv",
        about: "the oldest Rust that we promise",
        stops: false,
        run: msrv,
    },
    Step {
        name: "fuzz",
        about: "each fuzz target for a minute",
        stops: false,
        run: fuzz,
    },
];

/// Runs everything, or the named steps.
pub(crate) fn run(args: &[&str]) -> Result<()> {
    let all: Vec<&Step> = steps::ALL.iter().chain(EXTRA).collect();
    report::run(&report::select(&all, args)?)
}

/// The toolchain that `rust-version` in Cargo.toml names.
fn msrv() -> Outcome {
    let version = match oldest() {
        Ok(version) => version,
        Err(message) => return Outcome::Fail(message),
    };
    let toolchain = format!("+{version}");
    let mut probe = std::process::Command::new("cargo");
    if process::output(probe.args([&toolchain, "--version"])).is_err() {
        return Outcome::Skipped(format!("Rust {version} not installed"));
    }
    let mut command = std::process::Command::new("cargo");
    command
        .current_dir(process::root())
        .args([&toolchain, "check", "--locked", "--workspace"]);
    // A target folder of its own, so that neither toolchain throws away the other's work.
    command.env("CARGO_TARGET_DIR", process::target_dir().join("msrv"));
    process::run(command.env_remove("RUSTUP_TOOLCHAIN")).into()
}

fn oldest() -> Result<String> {
    let text = std::fs::read_to_string(process::root().join("Cargo.toml"));
    let text = text.map_err(|e| format!("Cargo.toml: {e}"))?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("rust-version = "));
    Ok(line
        .ok_or("Cargo.toml: no rust-version")?
        .trim_matches('"')
        .to_owned())
}

/// Runs every fuzz target for a short time, without a sanitizer so that stable Rust will do.
fn fuzz() -> Outcome {
    let folder = process::root().join("fuzz");
    if !process::installed("cargo-fuzz") {
        return Outcome::Skipped("cargo-fuzz not installed".into());
    }
    let run = || -> Result<String> {
        let mut list = process::cargo(["fuzz", "list"]);
        let targets = process::output(list.current_dir(&folder))?;
        for target in targets.lines() {
            let args = [
                "fuzz",
                "run",
                "-s",
                "none",
                target,
                "--",
                "-max_total_time=60",
            ];
            process::run(process::cargo(args).current_dir(&folder))?;
        }
        Ok(format!("{} targets", targets.lines().count()))
    };
    run().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_rust_is_read_from_the_manifest() {
        assert_eq!(oldest().unwrap(), env!("CARGO_PKG_RUST_VERSION"));
    }

    #[test]
    fn no_two_steps_share_a_name() {
        let mut names: Vec<&str> = steps::ALL
            .iter()
            .chain(EXTRA)
            .map(|step| step.name)
            .collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
