//! The protocol and engine crates need no operating system; what is built on them for a browser
//! compiles for one.

use std::path::Path;

use crate::deps::rust_files;
use crate::report::Outcome;
use crate::{Result, process};

const PURE: [&str; 2] = ["ably-protocol", "ably-engine"];
const TARGET: &str = "wasm32-unknown-unknown";

/// What compiles for [`TARGET`]. The rest waits for a runtime, a transport and HTTP of its own there.
const WASM: [&str; 14] = [
    "ably-protocol",
    "ably-engine",
    "ably-base",
    "ably-polling",
    "ably-presence",
    "ably-annotations",
    "ably-delta",
    "ably-filter",
    "ably-crypto",
    "ably-msgpack",
    "ably-rest",
    "ably-push",
    "ably-stats",
    "ably-token",
];

/// Looks at the sources, which works on every machine. What they depend on is in `deps`.
pub(crate) fn no_std() -> Outcome {
    let mut problems = Vec::new();
    for name in PURE {
        let folder = process::root().join(name).join("src");
        match std::fs::read_to_string(folder.join("lib.rs")) {
            Ok(text) if !says_no_std(&text) => problems.push(format!("{name}: no `#![no_std]`")),
            Ok(_) => {}
            Err(e) => problems.push(format!("{name}: {e}")),
        }
        problems.extend(std_users(&folder));
    }
    if problems.is_empty() {
        Outcome::Pass(PURE.join(", "))
    } else {
        Outcome::Fail(problems.join("\n"))
    }
}

/// Compiles them for a target that has no operating system, when it is installed.
pub(crate) fn wasm32() -> Outcome {
    if !has_target(TARGET) {
        return Outcome::Skipped(format!("target {TARGET} not installed"));
    }
    let mut command = process::cargo(["check", "--locked", "--target", TARGET]);
    for package in WASM {
        command.args(["-p", package]);
    }
    match process::run(&mut command) {
        Ok(()) => Outcome::Pass(WASM.join(", ")),
        Err(message) => Outcome::Fail(message),
    }
}

fn has_target(target: &str) -> bool {
    let print = || -> Result<bool> {
        let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let mut command = std::process::Command::new(rustc);
        command.args(["--print", "target-libdir", "--target", target]);
        Ok(Path::new(process::output(&mut command)?.trim()).is_dir())
    };
    print().unwrap_or(false)
}

fn says_no_std(text: &str) -> bool {
    text.lines().any(|line| line.trim() == "#![no_std]")
}

/// The lines that bring `std` back, except in front of tests.
fn std_users(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for file in rust_files(folder) {
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        for (index, line) in lines.iter().enumerate() {
            let for_tests = index > 0 && lines[index - 1] == "#[cfg(test)]";
            if line.contains("extern crate std") && !line.starts_with("//") && !for_tests {
                found.push(format!("{}:{}: {line}", file.display(), index + 1));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_plain_attribute_counts() {
        assert!(says_no_std("//! Doc.\n#![no_std]\n"));
        assert!(!says_no_std("//! Doc.\n// #![no_std]\n"));
        assert!(!says_no_std("#![cfg_attr(not(feature = \"std\"), no_std)]"));
    }

    #[test]
    fn std_may_come_back_for_tests_only() {
        let folder = std::env::temp_dir().join(format!("ably-pure-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("lib.rs");
        std::fs::write(&file, "#![no_std]\n#[cfg(test)]\nextern crate std;\n").unwrap();
        assert_eq!(std_users(&folder), Vec::<String>::new());
        std::fs::write(&file, "#![no_std]\n\n#[macro_use] extern crate std;\n").unwrap();
        assert!(std_users(&folder)[0].ends_with("lib.rs:3: #[macro_use] extern crate std;"));
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_target_that_does_not_exist_is_not_installed() {
        assert!(!has_target("z80-unknown-cpm"));
    }
}
