//! Project tasks, run as `cargo xtask <command>`.
//!
//! Each command is a module of its own; this file only reads the command line. Nothing here is
//! part of a shipped crate, and nothing here needs more than Rust, Node and npm: what needs more
//! says so and is skipped.

mod coverage;
mod deps;
mod graph;
mod process;

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
        "deps" => deps::run(rest),
        "coverage" => coverage::run(rest),
        other => Err(format!("no command `{other}`; see `cargo xtask --help`")),
    }
}

fn help() -> String {
    String::from(HELP)
}

const HELP: &str = "\
Project tasks. Usage: cargo xtask <command> [arguments]

Commands:
  deps                     Check who depends on whom against the rule in CONTRIBUTING.md.
  coverage [--write]       Check tests/uts/coverage.tsv against the tests (and against the index of
                           test specifications when ../shared is there); --write makes it anew.
  help                     This text.

CARGO_TARGET_DIR is respected. cargo-nextest is used when it is installed.
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_names_every_command_and_step() {
        let help = help();
        for word in ["deps", "coverage"] {
            assert!(help.contains(word), "{word}");
        }
    }

    #[test]
    fn unknown_commands_and_no_command_fail() {
        assert!(dispatch(&["tset"]).unwrap_err().contains("tset"));
        assert!(dispatch(&[]).is_err());
        assert_eq!(dispatch(&["--help"]), Ok(()));
    }
}
