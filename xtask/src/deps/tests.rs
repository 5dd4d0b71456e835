//! The rule on made-up graphs: each breach is found, and the intended shape has none.

use super::*;
use crate::graph::Kind::{Dev, Shipped};

/// The workspace as it is meant to be, much reduced.
fn intended() -> Graph {
    let mut graph = Graph::default();
    for (name, folder) in [
        ("ably", "."),
        ("ably-protocol", "ably-protocol"),
        ("ably-engine", "ably-engine"),
        ("ably-base", "ably-base"),
        ("ably-rest", "plugins/rest"),
        ("ably-stats", "plugins/stats"),
        ("ably-http", "plugins/http"),
        ("ably-tokio", "runtimes/tokio"),
        ("ably-tokio-net", "runtimes/net"),
        ("ably-sandbox", "sandbox"),
        ("ably-testkit", "testkit"),
        ("ably-floor", "benches/floor"),
        ("ably-example-minimal", "examples/minimal"),
        ("ably-example-pipe", "examples/pipe"),
        ("xtask", "xtask"),
    ] {
        graph.add(name, Some(folder));
    }
    for name in ["tokio", "hyper", "bytes", "helper"] {
        graph.add(name, None);
    }
    for (from, to) in [
        ("ably", "ably-base"),
        ("ably", "ably-stats"),
        ("ably", "ably-http"),
        ("ably", "ably-tokio"),
        ("ably-stats", "ably-rest"),
        ("ably-rest", "ably-base"),
        ("ably-http", "ably-base"),
        ("ably-http", "hyper"),
        ("ably-http", "ably-tokio-net"),
        ("ably-tokio-net", "ably-base"),
        ("ably-tokio-net", "tokio"),
        ("hyper", "tokio"),
        ("ably-tokio", "ably-base"),
        ("ably-tokio", "tokio"),
        ("ably-base", "ably-engine"),
        ("ably-engine", "ably-protocol"),
        ("ably-protocol", "bytes"),
        ("ably-testkit", "ably-base"),
        ("ably-floor", "tokio"),
        ("ably-example-minimal", "ably"),
        ("ably-example-pipe", "ably-base"),
    ] {
        graph.link(from, to, Shipped);
    }
    graph.link("ably", "ably-testkit", Dev);
    graph.link("ably", "ably-sandbox", Dev);
    graph
}

/// What the checker says after one more edge.
fn with(from: &str, to: &str, kind: crate::graph::Kind) -> Vec<String> {
    let mut graph = intended();
    graph.link(from, to, kind);
    violations(&graph)
}

#[test]
fn the_intended_shape_has_no_breach() {
    assert_eq!(violations(&intended()), Vec::<String>::new());
}

#[test]
fn arrows_must_not_point_upwards() {
    for (from, to, says) in [
        (
            "ably-protocol",
            "ably-engine",
            "Protocol must not carry Engine",
        ),
        ("ably-engine", "ably-base", "Engine must not carry Base"),
        ("ably-base", "ably-tokio", "Base must not carry Runtime"),
        ("ably-base", "ably-http", "Base must not carry Plugin"),
        ("ably-base", "ably-tokio-net", "Base must not carry Net"),
        ("ably-tokio-net", "ably-http", "Net must not carry Plugin"),
        ("ably-tokio-net", "ably-tokio", "Net must not carry Runtime"),
        ("ably-http", "ably-tokio", "Plugin must not carry Runtime"),
        ("ably-http", "ably", "Plugin must not carry Facade"),
        ("ably-tokio", "ably-http", "Runtime must not carry Plugin"),
        (
            "ably-sandbox",
            "ably-engine",
            "Sandbox must not carry Engine",
        ),
        ("ably-sandbox", "ably-http", "Sandbox must not carry Plugin"),
        (
            "ably-sandbox",
            "ably-protocol",
            "Sandbox must not carry Protocol",
        ),
        ("ably-testkit", "ably-http", "Testkit must not carry Plugin"),
        (
            "ably",
            "ably-example-minimal",
            "Facade must not carry Example",
        ),
        ("xtask", "ably-protocol", "Xtask must not carry Protocol"),
        (
            "ably-floor",
            "ably-protocol",
            "Bench must not carry Protocol",
        ),
    ] {
        let found = with(from, to, Shipped);
        let direct = format!("{from} -> {to} ({says})");
        assert!(found.contains(&direct), "{direct}: {found:?}");
    }
}

#[test]
fn test_tools_never_ship() {
    assert!(with("ably", "ably-testkit", Shipped)[0].contains("Facade must not carry Testkit"));
    assert!(!with("ably-http", "ably-sandbox", Shipped).is_empty());
    let found = with("ably-http", "ably-testkit", Dev);
    assert_eq!(
        found,
        ["ably-http -> ably-testkit (for tests: the root package alone)"]
    );
}

#[test]
fn only_named_plugins_use_plugins() {
    let found = with("ably-http", "ably-rest", Shipped);
    assert_eq!(
        found,
        ["ably-http -> ably-rest (a plugin must not use this plugin)"]
    );
    let found = with("ably-stats", "ably-http", Shipped);
    assert_eq!(
        found,
        ["ably-stats -> ably-http (a plugin must not use this plugin)"]
    );
}

#[test]
fn a_breach_far_away_is_found_with_its_way() {
    let mut graph = intended();
    graph.link("ably-base", "helper", Shipped);
    graph.link("helper", "hyper", Shipped);
    let found = violations(&graph);
    for way in [
        "ably-base -> helper -> hyper (ably-base must not carry hyper)",
        "ably-base -> helper -> hyper -> tokio (ably-base must not carry tokio)",
    ] {
        assert!(found.iter().any(|line| line == way), "{found:?}");
    }
}

#[test]
fn banned_packages_may_serve_tests() {
    assert_eq!(with("ably-base", "tokio", Dev), Vec::<String>::new());
    assert_eq!(
        with("ably-engine", "tokio", Shipped),
        [
            "ably-base -> ably-engine -> tokio (ably-base must not carry tokio)",
            "ably-engine -> tokio (ably-engine must not carry tokio)",
        ]
    );
}

#[test]
fn examples_stand_on_one_foot() {
    assert!(with("ably-example-pipe", "ably", Shipped)[0].contains("`ably-base` alone"));
    assert!(with("ably-example-minimal", "ably-http", Shipped)[0].contains("`ably-base` alone"));
    assert_eq!(
        with("ably-example-pipe", "ably-sandbox", Shipped),
        Vec::<String>::new()
    );
    assert!(with("ably-example-pipe", "helper", Dev)[0].contains("no dev-dependencies"));
}

#[test]
fn an_unknown_folder_is_a_breach() {
    let mut graph = intended();
    graph.add("ably-new", Some("transports/new"));
    assert_eq!(
        violations(&graph),
        ["ably-new: no layer has the folder transports/new"]
    );
}

#[test]
fn no_std_crates_take_no_std() {
    let mut graph = intended();
    let on = |name: &str, what: &str| (name.to_owned(), vec![what.to_owned()]);
    let bytes = graph.packages.get_mut("bytes").unwrap();
    bytes.features = [on("default", "more"), on("more", "std")]
        .into_iter()
        .collect();
    let helper = graph.packages.get_mut("helper").unwrap();
    helper.features = [on("default", "alloc"), on("std", "alloc")]
        .into_iter()
        .collect();
    for name in ["ably-engine", "ably-base"] {
        let package = graph.packages.get_mut(name).unwrap();
        package.takes_default = vec!["bytes".into(), "helper".into()];
    }
    assert_eq!(violations(&graph), ["ably-engine: takes bytes with `std`"]);
    graph.packages.get_mut("ably-protocol").unwrap().takes_std = vec!["helper".into()];
    assert_eq!(
        violations(&graph)[1],
        "ably-protocol: takes helper with `std`"
    );
}

#[test]
fn cfg_feature_is_seen_in_code_but_not_in_comments() {
    assert!(has_cfg_feature("    #[cfg(feature = \"crypto\")]"));
    assert!(has_cfg_feature("    if cfg!(feature = \"crypto\") {"));
    assert!(!has_cfg_feature("/// needs `cfg(feature = \"crypto\")`"));
    assert!(!has_cfg_feature("#[cfg(test)]"));
}
