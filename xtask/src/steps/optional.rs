//! Steps that need more than Rust, Node and npm. What is not there is skipped by name.

use std::process::Command;

use crate::report::Outcome;
use crate::{Result, process};

/// Compiles the one feature that needs a system library, and tests it beside rustls.
pub(crate) fn native_tls() -> Outcome {
    if !has_openssl() {
        return Outcome::Skipped("OpenSSL headers not installed".into());
    }
    let args = [
        "clippy",
        "--quiet",
        "--locked",
        "-p",
        "ably",
        "--lib",
        "--no-default-features",
    ];
    let mut command = process::cargo(args);
    command.args([
        "--features",
        "tokio,websocket,http,native-tls",
        "--",
        "-D",
        "warnings",
    ]);
    if let Err(message) = process::run(&mut command) {
        return Outcome::Fail(message);
    }
    let args = ["test", "--quiet", "--locked", "-p", "ably", "--features"];
    let mut command = process::cargo(args);
    process::run(command.args(["native-tls", "--test", "network"])).into()
}

/// Whether that library can be linked; other systems bring their own.
pub(crate) fn has_openssl() -> bool {
    let needs_headers = cfg!(all(unix, not(target_vendor = "apple")));
    let mut pkg_config = Command::new("pkg-config");
    !needs_headers || process::output(pkg_config.args(["--exists", "openssl"])).is_ok()
}

/// Licences, banned packages and sources, by `deny.toml`.
pub(crate) fn deny() -> Outcome {
    if !process::installed("cargo-deny") {
        return Outcome::Skipped("cargo-deny not installed".into());
    }
    let args = [
        "deny",
        "--all-features",
        "check",
        "licenses",
        "bans",
        "sources",
    ];
    process::run(&mut process::cargo(args)).into()
}

/// Known vulnerabilities; needs the advisory database, so only a release asks for it.
pub(crate) fn advisories() -> Outcome {
    if !process::installed("cargo-deny") {
        return Outcome::Skipped("cargo-deny not installed".into());
    }
    process::run(&mut process::cargo([
        "deny",
        "--all-features",
        "check",
        "advisories",
    ]))
    .into()
}

/// The public API against the last release's tag.
pub(crate) fn semver() -> Outcome {
    if !process::installed("cargo-semver-checks") {
        return Outcome::Skipped("cargo-semver-checks not installed".into());
    }
    match last_release() {
        Err(message) => Outcome::Fail(message),
        Ok(None) => Outcome::Skipped("no release to compare with".into()),
        Ok(Some(tag)) => {
            let args = [
                "semver-checks",
                "--workspace",
                "--baseline-rev",
                tag.as_str(),
            ];
            process::run(&mut process::cargo(args)).into()
        }
    }
}

fn last_release() -> Result<Option<String>> {
    let mut git = Command::new("git");
    git.current_dir(process::root())
        .args(["tag", "--list", "v*", "--sort=-version:refname"]);
    Ok(process::output(&mut git)?.lines().next().map(str::to_owned))
}
