//! `cargo xtask release-check`: all of `test`, and what takes too long for every change.

use std::sync::atomic::{AtomicU32, Ordering};

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
        name: "open-vcdiff",
        about: "deltas against the library that Ably uses",
        stops: false,
        run: open_vcdiff,
    },
    Step {
        name: "fuzz",
        about: "each fuzz target for a minute, or --fuzz-seconds",
        stops: false,
        run: fuzz,
    },
];

/// How long each fuzz target runs; a step takes no arguments.
static FUZZ_SECONDS: AtomicU32 = AtomicU32::new(60);

/// Runs everything, or the named steps.
pub(crate) fn run(args: &[&str]) -> Result<()> {
    let (seconds, names) = fuzz_seconds(args)?;
    if let Some(seconds) = seconds {
        FUZZ_SECONDS.store(seconds, Ordering::Relaxed);
    }
    let all: Vec<&Step> = steps::ALL.iter().chain(EXTRA).collect();
    report::run(&report::select(&all, &names)?)
}

/// Takes `--fuzz-seconds N` out of the arguments.
fn fuzz_seconds<'a>(args: &[&'a str]) -> Result<(Option<u32>, Vec<&'a str>)> {
    let (mut seconds, mut names) = (None, Vec::new());
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        if *arg != "--fuzz-seconds" {
            names.push(*arg);
            continue;
        }
        let number = args.next().and_then(|number| number.parse().ok());
        let number = number.filter(|number| *number > 0);
        seconds = Some(number.ok_or("--fuzz-seconds needs a number")?);
    }
    Ok((seconds, names))
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

/// A workspace of its own, which needs a C++ compiler.
fn open_vcdiff() -> Outcome {
    if !process::installed("g++") {
        return Outcome::Skipped("g++ not installed".into());
    }
    let mut command = process::cargo(["run", "--quiet", "--locked"]);
    process::run(command.current_dir(process::root().join("tests/open-vcdiff"))).into()
}

/// Runs every fuzz target for a short time, without a sanitizer so that stable Rust will do.
fn fuzz() -> Outcome {
    let folder = process::root().join("fuzz");
    if !process::installed("cargo-fuzz") {
        return Outcome::Skipped("cargo-fuzz not installed".into());
    }
    let run = || -> Result<String> {
        let table = read("fuzz/README.md")?;
        let seconds = FUZZ_SECONDS.load(Ordering::Relaxed);
        let mut list = process::cargo(["fuzz", "list"]);
        let targets = process::output(list.current_dir(&folder))?;
        for target in targets.lines() {
            let mut command = process::cargo(["fuzz", "run", "-s", "none", target, "--"]);
            command.args([&format!("-max_total_time={seconds}"), "-timeout=10"]);
            if let Some(name) = dictionary(&table, target)? {
                command.arg(format!("-dict=dictionaries/{name}.dict"));
            }
            process::run(command.current_dir(&folder))?;
        }
        Ok(format!(
            "{} targets, {seconds} s each",
            targets.lines().count()
        ))
    };
    run().into()
}

/// The dictionary of a target, if it has one, by the table in fuzz/README.md.
fn dictionary<'a>(table: &'a str, target: &str) -> Result<Option<&'a str>> {
    let start = format!("| `{target}` |");
    let row = table.lines().find(|line| line.starts_with(&start));
    let row = row.ok_or_else(|| format!("fuzz/README.md: no row of {target}"))?;
    let last = row.trim_end_matches('|').rsplit('|').next();
    Ok(last
        .map(|cell| cell.trim().trim_matches('`'))
        .filter(|name| !name.is_empty()))
}

fn read(file: &str) -> Result<String> {
    std::fs::read_to_string(process::root().join(file)).map_err(|e| format!("{file}: {e}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_rust_is_read_from_the_manifest() {
        assert_eq!(oldest().unwrap(), env!("CARGO_PKG_RUST_VERSION"));
    }

    #[test]
    fn the_table_names_the_dictionary_of_every_target() {
        let (table, manifest) = (
            read("fuzz/README.md").unwrap(),
            read("fuzz/Cargo.toml").unwrap(),
        );
        let bins = manifest.split("[[bin]]\nname = \"").skip(1);
        let targets: Vec<_> = bins.filter_map(|bin| bin.split('"').next()).collect();
        assert!(targets.contains(&"delta"), "{targets:?}");
        for target in targets {
            if let Some(name) = dictionary(&table, target).unwrap() {
                read(&format!("fuzz/dictionaries/{name}.dict")).unwrap();
            }
        }
        assert_eq!(dictionary(&table, "json_frame"), Ok(Some("json")));
        assert_eq!(dictionary(&table, "web_socket"), Ok(None));
        assert!(dictionary(&table, "nothing").is_err());
    }

    #[test]
    fn the_time_for_fuzzing_is_no_step() {
        let parsed = fuzz_seconds(&["fuzz", "--fuzz-seconds", "5", "msrv"]);
        assert_eq!(parsed, Ok((Some(5), vec!["fuzz", "msrv"])));
        assert_eq!(fuzz_seconds(&["fuzz"]), Ok((None, vec!["fuzz"])));
        for wrong in [
            &["--fuzz-seconds"][..],
            &["--fuzz-seconds", "0"],
            &["--fuzz-seconds", "x"],
        ] {
            assert!(fuzz_seconds(wrong).is_err(), "{wrong:?}");
        }
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
