//! How many bytes the smallest client costs, as a multiple of the floor program.
//!
//! Each package is built alone, so that no other package's features count, with the profile
//! `size`. The numbers are of whole, stripped binaries. What the minimal client links is seen twice:
//! in its dependencies, and in the symbols of the same build before it is stripped.

mod symbols;

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::graph::{Graph, Package};
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
    "ably-tokio-net",
    "ably-websocket",
    MINIMAL,
];

/// Plugins that are linked when their feature is on, called or not: with them in the minimal client
/// their symbols must be found, or the look at the symbols is worth nothing.
const REGISTERED: &[&str] = &["annotations", "crypto", "delta", "msgpack", "presence"];

/// Plugins that cost nothing until they are called: for each there is a program that does.
const CALLED: &[&str] = &["filter", "push", "rest", "stats"];
const USES: &str = "ably-uses";

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
        // All with the same features on, so that the difference is what is called.
        let uses = |what: &str| measure_program(USES, &format!("{USES}-{what}"));
        let nothing = uses("nothing")?;
        for plugin in CALLED {
            let more = uses(plugin)?.saturating_sub(nothing);
            rows.push(Row::new(
                &format!("  {plugin}, when called"),
                minimal + more,
            ));
        }
    }
    print!("{}", table(&rows, floor, minimal));
    println!("{}", no_plugin()?);
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
    Ok(format!(
        "{}; {}",
        within_bound(floor, minimal)?,
        no_plugin()?
    ))
}

/// Fails when a plugin has left a symbol in the minimal client.
fn no_plugin() -> Result<String> {
    let graph = Graph::load()?;
    let plugins = plugins(graph.ours().map(|(_, package)| package));
    let minimal = symbols::of(&unstripped(&[])?)?;
    let with = symbols::of(&unstripped(REGISTERED)?)?;
    judge_symbols(&plugins, &minimal, &with)
}

fn judge_symbols(plugins: &[String], minimal: &[String], with: &[String]) -> Result<String> {
    let crates = |names: &[&str]| -> Vec<String> {
        names.iter().map(|name| format!("ably_{name}")).collect()
    };
    let carried = crates(&["base", "engine", "protocol", "tokio", "websocket"]);
    for (symbols, expected) in [(minimal, carried), (with, crates(REGISTERED))] {
        if symbols::crates_in(symbols, &expected) != expected {
            return Err(format!(
                "the symbols do not show all of {}",
                expected.join(", ")
            ));
        }
    }
    match &symbols::crates_in(minimal, plugins)[..] {
        [] => Ok(format!(
            "none of its {} symbols is of {}",
            minimal.len(),
            plugins.join(", ")
        )),
        found => Err(format!("{MINIMAL} has symbols of {}", found.join(", "))),
    }
}

/// The crates that a minimal client is without.
fn plugins<'a>(packages: impl Iterator<Item = &'a Package>) -> Vec<String> {
    packages
        .filter(|package| {
            let folder = package.folder.as_deref().unwrap_or_default();
            folder.starts_with("plugins/") && !MINIMAL_CARRIES.contains(&package.name.as_str())
        })
        .map(|package| package.name.replace('-', "_"))
        .collect()
}

/// The minimal client with these features, as it is measured but with its symbols.
fn unstripped(features: &[&str]) -> Result<PathBuf> {
    let features: Vec<String> = features.iter().map(|name| format!("ably/{name}")).collect();
    let args = [
        "rustc",
        "--quiet",
        "--locked",
        "--profile",
        PROFILE,
        "-p",
        MINIMAL,
    ];
    let mut command = process::cargo(args);
    command.args(["--bin", MINIMAL, "--features", &features.join(",")]);
    process::run(command.args(["--", "-C", "strip=none"]))?;
    Ok(process::binary(PROFILE, MINIMAL))
}

/// Builds the floor and the minimal client as they are measured, and says where they are.
pub(crate) fn binaries() -> Result<[PathBuf; 2]> {
    Ok([build(FLOOR, FLOOR, &[])?, build(MINIMAL, MINIMAL, &[])?])
}

fn measure_both() -> Result<(u64, u64)> {
    Ok((measure(FLOOR, &[])?, measure(MINIMAL, &[])?))
}

fn measure(package: &str, features: &[&str]) -> Result<u64> {
    size_of(build(package, package, features)?)
}

fn measure_program(package: &str, program: &str) -> Result<u64> {
    size_of(build(package, program, &[])?)
}

fn size_of(binary: PathBuf) -> Result<u64> {
    let size = std::fs::metadata(&binary).map_err(|e| format!("{}: {e}", binary.display()))?;
    Ok(size.len())
}

fn build(package: &str, program: &str, features: &[&str]) -> Result<PathBuf> {
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
    command.args(["--bin", program]);
    if !features.is_empty() {
        command.args(["--features", &features.join(",")]);
    }
    process::run(&mut command)?;
    Ok(process::binary(PROFILE, program))
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
    fn the_plugins_are_those_of_the_folder() {
        let package = |name: &str, folder: &str| Package {
            name: name.into(),
            folder: Some(folder.into()),
            ..Package::default()
        };
        let packages = [
            package("ably-base", "ably-base"),
            package("ably-tls-rustls", "plugins/tls-rustls"),
            package("ably-websocket", "plugins/websocket"),
        ];
        assert_eq!(plugins(packages.iter()), ["ably_tls_rustls"]);
    }

    #[test]
    fn symbols_are_judged_only_where_they_can_be_seen() {
        let symbols = |names: &[&str]| -> Vec<String> {
            names.iter().map(|n| format!("_ZN9ably_{n}3runE")).collect()
        };
        let plugins = ["ably_presence".to_owned(), "ably_filter".to_owned()];
        let carried = ["base", "engine", "protocol", "tokio", "websocket"];
        let (minimal, with) = (symbols(&carried), symbols(REGISTERED));
        assert!(judge_symbols(&plugins, &minimal, &with).is_ok());
        let bad = [&minimal[..], &symbols(&["filter"])].concat();
        let error = judge_symbols(&plugins, &bad, &with).unwrap_err();
        assert!(error.ends_with("has symbols of ably_filter"), "{error}");
        for (minimal, with) in [(&[][..], &with[..]), (&minimal, &with[..4])] {
            let error = judge_symbols(&plugins, minimal, with).unwrap_err();
            assert!(error.contains("do not show"), "{error}");
        }
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
