//! Building and testing.

use std::path::Path;
use std::process::Command;

use crate::report::Outcome;
use crate::steps::has_openssl;
use crate::{Result, process};

/// The arguments that switch on all that needs no system library.
pub(crate) fn full() -> [&'static str; 2] {
    ["--features", "ably/full"]
}

/// The arguments for all packages that can be built here.
pub(crate) fn everywhere() -> &'static [&'static str] {
    match has_openssl() {
        true => &["--workspace"],
        false => &["--workspace", "--exclude", "ably-tls-native"],
    }
}

/// Builds all that the later steps run. When this fails, they are not worth trying.
pub(crate) fn build() -> Outcome {
    everything().into()
}

/// Builds every target of every package, with the features that the tests are built with too: with
/// others, cargo would build the same again.
pub(crate) fn everything() -> Result<()> {
    let mut command = process::cargo(["build", "--locked", "--all-targets"]);
    process::run(command.args(everywhere()).args(full()))
}

/// Every test but those in documentation.
pub(crate) fn tests() -> Outcome {
    run_tests(&full())
}

/// The same while serde_json does what an application may have it do: keep the order of members and
/// the digits of numbers. Interop is left out; what it would show shows in the others.
pub(crate) fn serde_json() -> Outcome {
    let odd = "ably/full,ably-serde-json-tests/odd";
    run_tests(&["--exclude", "ably-interop", "--features", odd])
}

fn run_tests(args: &[&str]) -> Outcome {
    let mut command = process::cargo(runner().iter().copied());
    command
        .args(["--locked", "--no-fail-fast"])
        .args(everywhere())
        .args(args);
    if !nextest() {
        // Documentation has a step of its own.
        command.args(["--lib", "--bins", "--tests", "--examples"]);
    }
    let (kept, result) = process::tee(&mut command, is_summary);
    let note = summary(&kept);
    match result {
        Ok(()) => Outcome::Pass(note),
        Err(message) => Outcome::Fail(format!("{note}; {message}")),
    }
}

/// The examples in documentation.
pub(crate) fn doctests() -> Outcome {
    let mut command = process::cargo(["test", "--locked", "--doc", "--quiet"]);
    process::run(command.args(everywhere()).args(full())).into()
}

/// Installs ably-js as the lock file says, for the tests that talk to it.
pub(crate) fn npm() -> Outcome {
    install(&process::root().join("tests/interop")).into()
}

fn install(folder: &Path) -> Result<String> {
    for program in ["node", "npm"] {
        if !process::installed(program) {
            return Err(format!(
                "{program} not installed: the interop tests need Node 20 or later"
            ));
        }
    }
    let version = process::output(Command::new("node").arg("--version"))?;
    let major = version
        .trim()
        .trim_start_matches('v')
        .split('.')
        .next()
        .unwrap_or_default();
    if major.parse::<u32>().unwrap_or(0) < 20 {
        return Err(format!(
            "node {}: the interop tests need 20 or later",
            version.trim()
        ));
    }
    let changed = |file: &str| {
        std::fs::metadata(folder.join(file))
            .and_then(|m| m.modified())
            .ok()
    };
    let Some(wanted) = changed("package-lock.json") else {
        return Err(format!("{} has no package-lock.json", folder.display()));
    };
    if changed("node_modules/.package-lock.json").is_some_and(|installed| installed > wanted) {
        return Ok("already installed".into());
    }
    let mut npm = Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" });
    process::run(
        npm.current_dir(folder)
            .args(["ci", "--no-audit", "--no-fund"]),
    )?;
    Ok(format!("node {}", version.trim()))
}

fn nextest() -> bool {
    process::installed("cargo-nextest")
}

fn runner() -> &'static [&'static str] {
    if nextest() {
        &["nextest", "run"]
    } else {
        &["test"]
    }
}

fn is_summary(line: &str) -> bool {
    line.starts_with("test result:") || (line.starts_with("Summary [") && line.contains("run:"))
}

/// What the closing lines of nextest, or of each test program, add up to.
fn summary(lines: &[String]) -> String {
    if let Some(line) = lines.iter().find(|line| line.starts_with("Summary [")) {
        return line
            .split_once(']')
            .map_or(line.as_str(), |(_, rest)| rest)
            .trim()
            .to_owned();
    }
    let sum = |what: &str| -> usize {
        let counts = lines.iter().flat_map(|line| line.split([';', '.']));
        let counts = counts.filter_map(|part| part.trim().strip_suffix(what));
        counts
            .filter_map(|count| count.trim().parse::<usize>().ok())
            .sum()
    };
    let (passed, failed, ignored) = (sum("passed"), sum("failed"), sum("ignored"));
    format!(
        "{} tests run: {passed} passed, {failed} failed, {ignored} skipped",
        passed + failed
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summary_of_nextest_and_of_cargo_test() {
        let nextest = "Summary [  12.3s] 20 tests run: 19 passed, 1 failed, 2 skipped";
        assert!(is_summary(nextest));
        assert_eq!(
            summary(&[nextest.into()]),
            "20 tests run: 19 passed, 1 failed, 2 skipped"
        );
        let one = "test result: ok. 7 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out";
        let two = "test result: FAILED. 2 passed; 3 failed; 0 ignored; 0 measured";
        assert!(is_summary(one) && is_summary(two));
        let text = summary(&[one.into(), two.into()]);
        assert_eq!(text, "12 tests run: 9 passed, 3 failed, 1 skipped");
    }

    #[test]
    fn no_lock_file_is_a_failure() {
        let folder = std::env::temp_dir().join("ably-no-such-folder");
        assert!(install(&folder).is_err());
    }
}
