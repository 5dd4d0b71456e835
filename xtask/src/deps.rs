//! Who may depend on whom.
//!
//! `ably-protocol` stands on nothing of ours; on it stand `ably-engine` and the sandbox, apart from
//! each other. Then come `ably-base`, `runtimes/net`, the plugins and the other runtimes, the facade
//! `ably`, and on top bindings and examples. Each may use what is below it, and nothing else.
//!
//! The rule is checked on everything that ships with a package, however far away, and a package's
//! place is told by its folder. Development dependencies are free, with two exceptions: only the
//! root package tests with the sandbox and the testkit, and an example has none.

use std::path::Path;

use crate::graph::{Graph, Package};
use crate::{Result, process, report};

/// Runs the check on the workspace.
pub(crate) fn run(args: &[&str]) -> Result<()> {
    if !args.is_empty() {
        return Err("`cargo xtask deps` takes no arguments".into());
    }
    println!("{}", check()?);
    Ok(())
}

/// Checks the workspace and says how much was looked at.
pub(crate) fn check() -> Result<String> {
    let graph = Graph::load()?;
    let mut problems = violations(&graph);
    problems.extend(cfg_violations(&process::root(), &graph));
    if !problems.is_empty() {
        return Err(report::problems(&problems));
    }
    Ok(format!("{} packages keep the rule", graph.ours().count()))
}

/// What no client that uses only the base may carry.
pub(crate) const BANNED_IN_BASE: &[&str] = &[
    "aes",
    "aws-lc-rs",
    "aws-lc-sys",
    "axum",
    "cbc",
    "h2",
    "hmac",
    "hyper",
    "hyper-util",
    "native-tls",
    "openssl",
    "openssl-sys",
    "reqwest",
    "ring",
    "rmp",
    "rmp-serde",
    "rmpv",
    "rustls",
    "sha1",
    "sha2",
    "tokio",
    "tokio-rustls",
    "tokio-tungstenite",
    "tungstenite",
    "vcdiff",
    "vcdiff-decode",
    "vcdiff-decoder",
    "webpki-roots",
];

/// Plugins that may use another plugin.
const PLUGIN_ON_PLUGIN: &[(&str, &str)] =
    &[("annotations", "rest"), ("push", "rest"), ("stats", "rest")];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layer {
    Protocol,
    Engine,
    Base,
    Net,
    Plugin,
    Runtime,
    Facade,
    Binding,
    Example,
    Sandbox,
    Testkit,
    Tests,
    Bench,
    Xtask,
}

impl Layer {
    fn of(folder: &str) -> Option<Self> {
        Some(match folder.split('/').collect::<Vec<_>>()[..] {
            ["."] => Self::Facade,
            ["ably-protocol"] => Self::Protocol,
            ["ably-engine"] => Self::Engine,
            ["ably-base"] => Self::Base,
            ["plugins", _] => Self::Plugin,
            ["runtimes", "net"] => Self::Net,
            ["runtimes", _] => Self::Runtime,
            ["bindings", _] => Self::Binding,
            ["examples", _] => Self::Example,
            ["sandbox"] => Self::Sandbox,
            ["testkit", ..] => Self::Testkit,
            ["tests", ..] => Self::Tests,
            ["benches", _] => Self::Bench,
            ["xtask"] => Self::Xtask,
            _ => return None,
        })
    }

    /// The layers that may come with a package of this one.
    fn may_carry(self) -> &'static [Self] {
        use Layer::{Base, Engine, Facade, Net, Plugin, Protocol, Runtime, Sandbox, Testkit};
        match self {
            Self::Protocol | Self::Xtask => &[],
            Self::Sandbox => &[],
            Self::Engine => &[Protocol],
            Self::Base => &[Engine, Protocol],
            Self::Net => &[Base, Engine, Protocol],
            Self::Plugin | Self::Runtime => &[Net, Base, Engine, Protocol],
            Self::Facade => &[Plugin, Runtime, Net, Base, Engine, Protocol],
            Self::Binding | Self::Bench => &[Facade, Plugin, Runtime, Net, Base, Engine, Protocol],
            Self::Testkit => &[Sandbox, Base, Engine, Protocol],
            Self::Example | Self::Tests => &[
                Facade, Plugin, Runtime, Net, Base, Engine, Protocol, Sandbox, Testkit,
            ],
        }
    }
}

/// Every breach of the rule in a graph, each with the way it comes about.
fn violations(graph: &Graph) -> Vec<String> {
    let mut problems = Vec::new();
    for (id, package) in graph.ours() {
        let folder = package.folder.as_deref().unwrap_or_default();
        let Some(layer) = Layer::of(folder) else {
            problems.push(format!(
                "{}: no layer has the folder {folder}",
                package.name
            ));
            continue;
        };
        for (other, path) in graph.shipped_with(id) {
            let Some(other) = graph.packages.get(other) else {
                continue;
            };
            if let Some(why) = forbidden(package, layer, other) {
                problems.push(format!("{} ({why})", path.join(" -> ")));
            }
        }
        if layer == Layer::Example {
            problems.extend(example(graph, id, package));
        }
        for other in graph
            .dev_dependencies(id)
            .filter_map(|other| graph.packages.get(other))
        {
            let test_tool = other.folder.as_deref().and_then(Layer::of);
            let test_tool = matches!(test_tool, Some(Layer::Sandbox | Layer::Testkit));
            if test_tool && !matches!(layer, Layer::Facade | Layer::Tests | Layer::Sandbox) {
                let (name, other) = (&package.name, &other.name);
                problems.push(format!(
                    "{name} -> {other} (for tests: the root package alone)"
                ));
            }
        }
        if matches!(layer, Layer::Protocol | Layer::Engine) {
            problems.extend(std_features(graph, package));
        }
    }
    problems
}

fn forbidden(package: &Package, layer: Layer, other: &Package) -> Option<String> {
    let Some(folder) = other.folder.as_deref() else {
        let pure = matches!(layer, Layer::Base | Layer::Engine | Layer::Protocol);
        let banned = pure && BANNED_IN_BASE.contains(&other.name.as_str());
        return banned.then(|| format!("{} must not carry {}", package.name, other.name));
    };
    let other_layer = Layer::of(folder)?;
    if layer == Layer::Plugin && other_layer == Layer::Plugin {
        let from = package
            .folder
            .as_deref()
            .unwrap_or_default()
            .trim_start_matches("plugins/");
        let to = folder.trim_start_matches("plugins/");
        let allowed = PLUGIN_ON_PLUGIN.contains(&(from, to));
        return (!allowed).then(|| "a plugin must not use this plugin".into());
    }
    // The floor is what a client costs without us.
    let floor = package.folder.as_deref() == Some("benches/floor");
    (floor || !layer.may_carry().contains(&other_layer))
        .then(|| format!("{layer:?} must not carry {other_layer:?}"))
}

/// An example is written on `ably`, or, as a third party would, on `ably-base` alone.
fn example(graph: &Graph, id: &str, package: &Package) -> Vec<String> {
    let mut problems = Vec::new();
    let edges = graph.edges.get(id).into_iter().flatten();
    let layers: Vec<Layer> = edges
        .filter_map(|(to, _)| Layer::of(graph.packages.get(to)?.folder.as_deref()?))
        .filter(|layer| !matches!(layer, Layer::Sandbox | Layer::Testkit))
        .collect();
    if layers != [Layer::Facade] && layers != [Layer::Base] {
        let name = &package.name;
        problems.push(format!(
            "{name}: an example uses `ably`, or `ably-base` alone: {layers:?}"
        ));
    }
    if graph.dev_dependencies(id).next().is_some() {
        problems.push(format!(
            "{}: an example has no dev-dependencies",
            package.name
        ));
    }
    problems
}

/// A `no_std` crate must not ask anyone for `std`.
fn std_features(graph: &Graph, package: &Package) -> Vec<String> {
    let std_by_default = |name: &&String| {
        let other = graph.packages.values().find(|other| other.name == **name);
        other.is_some_and(|other| {
            let mut on = vec!["default"];
            let mut seen = 0;
            while let Some(feature) = on.get(seen) {
                let more = other
                    .features
                    .get(*feature)
                    .into_iter()
                    .flatten()
                    .map(String::as_str);
                let more: Vec<&str> = more.filter(|feature| !on.contains(feature)).collect();
                on.extend(more);
                seen += 1;
            }
            on.contains(&"std")
        })
    };
    let takers = package
        .takes_default
        .iter()
        .filter(std_by_default)
        .chain(&package.takes_std);
    takers
        .map(|name| format!("{}: takes {name} with `std`", package.name))
        .collect()
}

/// `cfg(feature)` stands only in the facade and the bindings.
fn cfg_violations(root: &Path, graph: &Graph) -> Vec<String> {
    let mut problems = Vec::new();
    for (_, package) in graph.ours() {
        let folder = package.folder.as_deref().unwrap_or_default();
        let layer = Layer::of(folder);
        let shipped = matches!(
            layer,
            Some(
                Layer::Protocol
                    | Layer::Engine
                    | Layer::Base
                    | Layer::Net
                    | Layer::Plugin
                    | Layer::Runtime
            )
        );
        if !shipped {
            continue;
        }
        for file in rust_files(&root.join(folder).join("src")) {
            let Ok(text) = std::fs::read_to_string(&file) else {
                continue;
            };
            let lines = text.lines().enumerate();
            for (number, _) in lines.filter(|(_, line)| has_cfg_feature(line)) {
                let file = file.strip_prefix(root).unwrap_or(&file).display();
                problems.push(format!("{file}:{}: cfg(feature) in this crate", number + 1));
            }
        }
    }
    problems
}

fn has_cfg_feature(line: &str) -> bool {
    let line = line.trim_start();
    !line.starts_with("//") && line.contains("cfg") && line.contains("feature =")
}

/// The Rust files below a folder, in order.
pub(crate) fn rust_files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    let Ok(entries) = std::fs::read_dir(folder) else {
        return files;
    };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

#[cfg(test)]
mod tests;
