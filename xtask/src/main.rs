//! Project tasks, run as `cargo xtask <command>`.
//!
//! Each command is a module of its own; this file only reads the command line. Nothing here is
//! part of a shipped crate, and nothing here needs more than Rust, Node and npm: what needs more
//! says so and is skipped.

mod bench;
mod callgrind;
mod coverage;
mod deps;
mod graph;
mod parity;
mod process;
mod proxy;
mod release;
mod report;
mod size;
mod steps;
mod test;

use std::process::ExitCode;

/// What a command returns: an error is a sentence for the person at the terminal.
type Result<T, E = String> = std::result::Result<T, E>;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match dispatch(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(args: &[&str]) -> Result<()> {
    let Some((&command, rest)) = args.split_first() else {
        print!("{}", help());
        return Err("no command given".into());
    };
    if matches!(command, "help" | "--help" | "-h")
        || rest.iter().any(|a| matches!(*a, "--help" | "-h"))
    {
        print!("{}", help());
        return Ok(());
    }
    match command {
        "test" => test::run(rest),
        "deps" => deps::run(rest),
        "coverage" => coverage::run(rest),
        "parity" => parity::run(rest),
        "size" => size::run(rest),
        "bench" => bench::run(rest),
        "proxy" => proxy::run(rest),
        "release-check" => release::run(rest),
        other => Err(format!("no command `{other}`; see `cargo xtask --help`")),
    }
}

fn help() -> String {
    let mut text = String::from(HELP);
    text.push_str("\nSteps of `cargo xtask test`, in the order in which they run:\n");
    for step in steps::ALL {
        text.push_str(&format!("  {:<12} {}\n", step.name, step.about));
    }
    text.push_str("\nSteps that only `cargo xtask release-check` runs:\n");
    for step in release::EXTRA {
        text.push_str(&format!("  {:<12} {}\n", step.name, step.about));
    }
    text
}

const HELP: &str = "\
Project tasks. Usage: cargo xtask <command> [arguments]

Commands:
  test [step...]           Run all that CI runs, or only the named steps. Every step runs even when
                           an earlier one fails, unless the build itself fails.
  deps                     Check who depends on whom against the rule in CONTRIBUTING.md.
  coverage [--write]       Check tests/uts/coverage.tsv against the tests (and against the index of
                           test specifications when ../shared is there); --write makes it anew.
  parity                   Check docs/api-parity.tsv against the documentation of the crates (and
                           against the API of ably-js when ../shared is there).
  size [--all]             Size of the minimal client beside the floor program; --all adds a row for
                           each feature of the facade.
  bench receive [options]  Cost of a received message: this client, the floor program, ably-js.
                             --messages N     messages for the CPU time runs (default 200000)
                             --callgrind N    messages for the instruction counts (default 20000)
                             --runs N         CPU time runs, the fastest counts (default 3)
                             --no-callgrind   CPU time only
                             --check          fail when a bound is exceeded
  bench presence           Following 10,000 members, CPU time and memory: this client, ably-js.
  bench reconnect          From a cut socket to CONNECTED again: this client, ably-js.
  bench rest               REST requests for a second of CPU time: this client, ably-js, ably-python.
  proxy [options]          Run the fault proxy with its HTTP interface until it is interrupted.
                             --listen ADDRESS:PORT  where (default 127.0.0.1:9100)
  release-check [step...]  All of `test`, and the slow steps that a release needs besides.
                             --fuzz-seconds N  for each fuzz target (default 60)
  help                     This text.

CARGO_TARGET_DIR is respected. cargo-nextest is used when it is installed.
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_names_every_command_and_step() {
        let help = help();
        for word in [
            "test",
            "deps",
            "coverage",
            "parity",
            "size",
            "bench presence",
            "bench receive",
            "bench reconnect",
            "bench rest",
            "proxy",
            "release-check",
        ] {
            assert!(help.contains(word), "{word}");
        }
        for step in steps::ALL.iter().chain(release::EXTRA) {
            assert!(help.contains(step.name), "{}", step.name);
        }
    }

    #[test]
    fn unknown_commands_and_no_command_fail() {
        assert!(dispatch(&["tset"]).unwrap_err().contains("tset"));
        assert!(dispatch(&[]).is_err());
        assert_eq!(dispatch(&["--help"]), Ok(()));
    }
}
