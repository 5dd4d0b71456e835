//! The facade with chosen sets of its features.
//!
//! A feature must compile on top of the minimal client without any other, and `full` must hold all
//! but `native-tls`. All pairs are for `cargo xtask release-check`.

use std::collections::BTreeSet;

use crate::graph::{Graph, Package};
use crate::report::Outcome;
use crate::{Result, process};

/// What a minimal client needs.
const MINIMAL: [&str; 2] = ["tokio", "websocket"];

/// Needs a system library, so `full` leaves it out.
const OUTSIDE_FULL: &str = "native-tls";

/// Checks the sets that matter most.
pub(crate) fn run() -> Outcome {
    with_facade(|facade| {
        let mut sets = vec![vec![], MINIMAL.to_vec()];
        for feature in additions(facade) {
            sets.push([&MINIMAL[..], &[feature]].concat());
        }
        sets.extend([vec!["default"], vec!["full"]]);
        sets
    })
}

/// Checks every pair of features on top of the minimal client.
pub(crate) fn pairs() -> Outcome {
    with_facade(|facade| {
        let all = additions(facade);
        let mut sets = Vec::new();
        for (index, one) in all.iter().enumerate() {
            sets.extend(
                all[index + 1..]
                    .iter()
                    .map(|two| [&MINIMAL[..], &[one, two]].concat()),
            );
        }
        sets
    })
}

/// The features that a minimal client can add one by one.
pub(crate) fn additions(facade: &Package) -> Vec<&str> {
    let names = facade.features.keys().map(String::as_str);
    names
        .filter(|name| {
            !MINIMAL.contains(name) && !matches!(*name, "default" | "full" | OUTSIDE_FULL)
        })
        .collect()
}

fn with_facade(sets: impl Fn(&Package) -> Vec<Vec<&str>>) -> Outcome {
    let check = || -> Result<String> {
        let graph = Graph::load()?;
        let facade = graph.member("ably").ok_or("there is no package `ably`")?;
        let mut problems = lists(facade);
        let sets = sets(facade);
        for set in &sets {
            let set = set.join(",");
            let args = ["clippy", "--quiet", "--locked", "-p", "ably", "--lib"];
            let mut command = process::cargo(args);
            command.args([
                "--no-default-features",
                "--features",
                &set,
                "--",
                "-D",
                "warnings",
            ]);
            if process::run(&mut command).is_err() {
                problems.push(format!("does not compile with [{set}]"));
            }
        }
        match problems.len() {
            0 => Ok(format!("{} sets", sets.len())),
            _ => Err(problems.join("; ")),
        }
    };
    check().into()
}

/// What is wrong with `default` and `full` themselves.
fn lists(facade: &Package) -> Vec<String> {
    let mut problems = Vec::new();
    let full = closure(facade, "full");
    for feature in facade.features.keys().map(String::as_str) {
        let wanted = !matches!(feature, "default" | OUTSIDE_FULL);
        if wanted != full.contains(feature) && feature != "default" {
            let verb = if wanted { "lacks" } else { "must not hold" };
            problems.push(format!("`full` {verb} {feature}"));
        }
    }
    if closure(facade, "default").contains(OUTSIDE_FULL) {
        problems.push(format!("`default` must not hold {OUTSIDE_FULL}"));
    }
    problems
}

/// A feature with all that it switches on in the same package.
fn closure<'a>(facade: &'a Package, feature: &'a str) -> BTreeSet<&'a str> {
    let mut on = BTreeSet::new();
    let mut queue = vec![feature];
    while let Some(feature) = queue.pop() {
        if let Some(more) = facade.features.get(feature).filter(|_| on.insert(feature)) {
            queue.extend(more.iter().map(String::as_str));
        }
    }
    on
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facade(features: &[(&str, &[&str])]) -> Package {
        let owned = |(name, on): &(&str, &[&str])| {
            (
                (*name).to_owned(),
                on.iter().map(|s| (*s).to_owned()).collect(),
            )
        };
        Package {
            features: features.iter().map(owned).collect(),
            ..Package::default()
        }
    }

    #[test]
    fn full_holds_all_but_native_tls() {
        let good = [
            ("default", &["rest"][..]),
            ("full", &["default", "tokio"]),
            ("rest", &["token", "dep:ably-rest"]),
            ("token", &[]),
            ("tokio", &[]),
            ("native-tls", &[]),
        ];
        assert_eq!(lists(&facade(&good)), Vec::<String>::new());
        let mut lacking = good;
        lacking[1].1 = &["default"];
        assert_eq!(lists(&facade(&lacking)), ["`full` lacks tokio"]);
        let mut too_much = good;
        too_much[0].1 = &["rest", "native-tls"];
        let found = lists(&facade(&too_much));
        assert_eq!(
            found,
            [
                "`full` must not hold native-tls",
                "`default` must not hold native-tls"
            ]
        );
        assert_eq!(additions(&facade(&good)), ["rest", "token"]);
    }
}
