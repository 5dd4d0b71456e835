//! How many bytes the smallest client costs, as a multiple of the floor program.
//!
//! Each package is built alone, so that no other package's features count, with the profile
//! `size`. The numbers are of whole, stripped binaries.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::graph::Graph;
use crate::{Result, process, steps};

/// The minimal client may have so many times the floor's bytes.
const BOUND: f64 = 1.6;

const PROFILE: &str = "size";
const FLOOR: &str = "ably-floor";
const MINIMAL: &str = "ably-example-minimal";

/// The only packages of ours that the minimal client may link.
const MINIMAL_CARRIES: &[&str] = &[
    "ably",
    "ably-base",
    "ably-engine",
    "ably-protocol",
    "ably-tokio",
    "ably-websocket",
    MINIMAL,
];

/// Prints the sizes, with `--all` of every feature.
pub(crate) fn run(args: &[&str]) -> Result<()> {
    let all = match args {
        [] => false,
        ["--all"] => true,
        _ => return Err("usage: cargo xtask size [--all]".into()),
    };
    let (floor, minimal) = measure_both()?;
    let mut rows = vec![Row::new("floor", floor), Row::new("minimal", minimal)];
    if all {
        let graph = Graph::load()?;
        let facade = graph.member("ably").ok_or("there is no package `ably`")?;
        let mut sets = steps::additions(facade);
        if steps::has_openssl() && facade.features.contains_key("native-tls") {
            sets.push("native-tls");
        }
        sets.extend(["default", "full"]);
        for feature in sets {
            let forwarded = format!("ably/{feature}");
            rows.push(Row::new(
                &format!("+ {feature}"),
                measure(MINIMAL, &[&forwarded])?,
            ));
        }
    }
    print!("{}", table(&rows, floor, minimal));
    within_bound(floor, minimal).map(|note| println!("{note}"))
}

/// Fails when the minimal client has become too big, or links what it must not.
pub(crate) fn guard() -> Result<String> {
    let tree = process::output(&mut process::cargo([
        "tree", "--locked", "-p", MINIMAL, "-e", "normal", "--prefix", "none", "--format", "{p}",
    ]))?;
    let strangers = strangers(&tree);
    if !strangers.is_empty() {
        return Err(format!("{MINIMAL} links {}", strangers.join(", ")));
    }
    let (floor, minimal) = measure_both()?;
    print!(
        "{}",
        table(
            &[Row::new("floor", floor), Row::new("minimal", minimal)],
            floor,
            minimal
        )
    );
    within_bound(floor, minimal)
}

/// Builds the floor and the minimal client as they are measured, and says where they are.
pub(crate) fn binaries() -> Result<[PathBuf; 2]> {
    Ok([build(FLOOR, &[])?, build(MINIMAL, &[])?])
}

fn measure_both() -> Result<(u64, u64)> {
    Ok((measure(FLOOR, &[])?, measure(MINIMAL, &[])?))
}

fn measure(package: &str, features: &[&str]) -> Result<u64> {
    let binary = build(package, features)?;
    let size = std::fs::metadata(&binary).map_err(|e| format!("{}: {e}", binary.display()))?;
    Ok(size.len())
}

fn build(package: &str, features: &[&str]) -> Result<PathBuf> {
    let args = [
        "build",
        "--quiet",
        "--locked",
        "--profile",
        PROFILE,
        "-p",
        package,
    ];
    let mut command = process::cargo(args);
    command.args(["--bin", package]);
    if !features.is_empty() {
        command.args(["--features", &features.join(",")]);
    }
    process::run(&mut command)?;
    Ok(process::binary(PROFILE, package))
}

fn within_bound(floor: u64, minimal: u64) -> Result<String> {
    let ratio = minimal as f64 / floor as f64;
    let note = format!("minimal {minimal} bytes = {ratio:.3} x floor (bound {BOUND})");
    if ratio <= BOUND { Ok(note) } else { Err(note) }
}

/// What a dependency tree holds of ours beyond what a minimal client may link, or of others that
/// a minimal client must not.
fn strangers(tree: &str) -> Vec<String> {
    // What belongs in a client with a runtime but not in the base.
    let banned: BTreeSet<&str> = crate::deps::BANNED_IN_BASE
        .iter()
        .copied()
        .filter(|name| *name != "tokio")
        .collect();
    let names: BTreeSet<&str> = tree
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    let ours = |name: &str| name == "ably" || name.starts_with("ably-");
    let strange = |name: &&str| match ours(name) {
        true => !MINIMAL_CARRIES.contains(name),
        false => banned.contains(name),
    };
    names
        .into_iter()
        .filter(strange)
        .map(str::to_owned)
        .collect()
}

struct Row {
    name: String,
    bytes: u64,
}

impl Row {
    fn new(name: &str, bytes: u64) -> Self {
        Self {
            name: name.to_owned(),
            bytes,
        }
    }
}

fn table(rows: &[Row], floor: u64, minimal: u64) -> String {
    let mut text =
        String::from("| program | bytes | x floor | over minimal |\n|---|--:|--:|--:|\n");
    for row in rows {
        let ratio = row.bytes as f64 / floor as f64;
        let over = row.bytes as i64 - minimal as i64;
        text.push_str(&format!(
            "| {} | {} | {ratio:.3} | {over:+} |\n",
            row.name, row.bytes
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bound_holds_up_to_itself() {
        assert!(within_bound(1000, 1600).is_ok());
        assert!(
            within_bound(1000, 1601)
                .unwrap_err()
                .contains("1.601 x floor")
        );
    }

    #[test]
    fn plugins_and_heavy_packages_are_strangers() {
        let good = "ably-example-minimal v0.1.0 (/p)\nably v0.1.0\nably-base v0.1.0\ntokio v1.5.0\n\
                    ably-websocket v0.1.0\nbytes v1.0.0 (*)\n";
        assert_eq!(strangers(good), Vec::<String>::new());
        let bad = format!(
            "{good}ably-presence v0.1.0 (/p/plugins/presence)\nrustls v0.23.0\ntungstenite v0.30.0\n"
        );
        assert_eq!(strangers(&bad), ["ably-presence", "rustls", "tungstenite"]);
    }

    #[test]
    fn the_table_tells_bytes_ratio_and_difference() {
        let rows = [Row::new("floor", 1000), Row::new("+ rest", 1750)];
        let text = table(&rows, 1000, 1500);
        assert!(text.contains("| floor | 1000 | 1.000 | -500 |\n"), "{text}");
        assert!(
            text.contains("| + rest | 1750 | 1.750 | +250 |\n"),
            "{text}"
        );
    }
}
