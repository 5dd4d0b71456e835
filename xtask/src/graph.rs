//! The workspace's packages and what they depend on, from `cargo metadata`.
//!
//! Holds no rule: `deps` judges.

use std::collections::{BTreeMap, VecDeque};
use std::path::Path;

use serde_json::Value;

use crate::{Result, process};

/// What an edge is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Needed by the library or binary, at run time or by its build script: it ships.
    Shipped,
    /// Needed by tests, benches and examples only.
    Dev,
}

/// A package, ours or not.
#[derive(Debug, Clone, Default)]
pub(crate) struct Package {
    /// Its name.
    pub(crate) name: String,
    /// Its folder from the workspace's root, `.` for the root itself; `None` for someone else's.
    pub(crate) folder: Option<String>,
    /// Its features and what each of them switches on.
    pub(crate) features: BTreeMap<String, Vec<String>>,
    /// Normal dependencies taken without `default-features = false`.
    pub(crate) takes_default: Vec<String>,
    /// Normal dependencies taken with their feature `std`.
    pub(crate) takes_std: Vec<String>,
}

/// Packages by id, and the edges between them.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    /// Every package.
    pub(crate) packages: BTreeMap<String, Package>,
    /// From whom, to whom, what for.
    pub(crate) edges: BTreeMap<String, Vec<(String, Kind)>>,
}

impl Graph {
    /// Asks cargo, with every feature on, so that optional dependencies are seen too.
    pub(crate) fn load() -> Result<Self> {
        let args = ["metadata", "--format-version=1", "--all-features"];
        let text = process::output(&mut process::cargo(args))?;
        Self::parse(&text)
    }

    /// Reads what `cargo metadata` wrote.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let data: Value = serde_json::from_str(text).map_err(|e| format!("cargo metadata: {e}"))?;
        let root = string(&data["workspace_root"]);
        let mut graph = Self::default();
        for package in list(&data["packages"]) {
            let folder = match &package["source"] {
                Value::Null => folder_of(&root, &string(&package["manifest_path"])),
                _ => None,
            };
            let normal = list(&package["dependencies"])
                .iter()
                .filter(|d| d["kind"].is_null());
            let takes = |wanted: fn(&Value) -> bool| -> Vec<String> {
                normal
                    .clone()
                    .filter(|d| wanted(d))
                    .map(|d| string(&d["name"]))
                    .collect()
            };
            let takes_default = takes(|d| d["uses_default_features"] == true);
            let takes_std = takes(|d| list(&d["features"]).iter().any(|f| f == "std"));
            let features = package["features"].as_object().into_iter().flatten();
            let features = features
                .map(|(name, on)| (name.clone(), list(on).iter().map(string).collect()))
                .collect();
            let id = string(&package["id"]);
            let name = string(&package["name"]);
            let package = Package {
                name,
                folder,
                features,
                takes_default,
                takes_std,
            };
            graph.packages.insert(id, package);
        }
        for node in list(&data["resolve"]["nodes"]) {
            let edges = graph.edges.entry(string(&node["id"])).or_default();
            for dependency in list(&node["deps"]) {
                let kinds = list(&dependency["dep_kinds"]);
                let dev = kinds.iter().all(|k| k["kind"] == "dev");
                let kind = if dev { Kind::Dev } else { Kind::Shipped };
                edges.push((string(&dependency["pkg"]), kind));
            }
        }
        Ok(graph)
    }

    /// Adds a package, for made-up graphs; the name serves as the id.
    #[cfg(test)]
    pub(crate) fn add(&mut self, name: &str, folder: Option<&str>) -> &mut Package {
        let folder = folder.map(str::to_owned);
        let package = Package {
            name: name.into(),
            folder,
            ..Package::default()
        };
        self.packages.entry(name.into()).or_insert(package)
    }

    /// Adds an edge, for made-up graphs.
    #[cfg(test)]
    pub(crate) fn link(&mut self, from: &str, to: &str, kind: Kind) {
        self.edges
            .entry(from.into())
            .or_default()
            .push((to.into(), kind));
    }

    /// Our packages with their ids.
    pub(crate) fn ours(&self) -> impl Iterator<Item = (&str, &Package)> {
        self.packages
            .iter()
            .filter(|(_, p)| p.folder.is_some())
            .map(|(id, p)| (id.as_str(), p))
    }

    /// Our package of this name.
    pub(crate) fn member(&self, name: &str) -> Option<&Package> {
        self.ours()
            .map(|(_, package)| package)
            .find(|package| package.name == name)
    }

    /// Everything that ships with `id`, each with the names on a shortest way to it.
    pub(crate) fn shipped_with<'a>(&'a self, id: &'a str) -> BTreeMap<&'a str, Vec<&'a str>> {
        let mut paths: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        let mut queue = VecDeque::from([(id, vec![self.name(id)])]);
        while let Some((at, path)) = queue.pop_front() {
            for (next, kind) in self.edges.get(at).into_iter().flatten() {
                if *kind == Kind::Shipped && next != id && !paths.contains_key(next.as_str()) {
                    let mut longer = path.clone();
                    longer.push(self.name(next));
                    paths.insert(next, longer.clone());
                    queue.push_back((next, longer));
                }
            }
        }
        paths
    }

    /// What tests, benches and examples of `id` use directly.
    pub(crate) fn dev_dependencies<'a>(&'a self, id: &str) -> impl Iterator<Item = &'a str> {
        let edges = self.edges.get(id).into_iter().flatten();
        edges
            .filter(|(_, kind)| *kind == Kind::Dev)
            .map(|(to, _)| to.as_str())
    }

    fn name<'a>(&'a self, id: &'a str) -> &'a str {
        self.packages.get(id).map_or(id, |package| &package.name)
    }
}

fn folder_of(root: &str, manifest: &str) -> Option<String> {
    let folder = Path::new(manifest).parent()?.strip_prefix(root).ok()?;
    let folder = folder.to_string_lossy().replace('\\', "/");
    Some(if folder.is_empty() {
        ".".into()
    } else {
        folder
    })
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn string(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const METADATA: &str = r#"{
        "workspace_root": "/p",
        "packages": [
            {"id": "a", "name": "ably", "source": null, "manifest_path": "/p/Cargo.toml",  "features": {"default": ["x"], "x": []},
             "dependencies": [
                {"name": "b", "kind": null, "uses_default_features": true, "features": []},
                {"name": "c", "kind": null, "uses_default_features": false, "features": ["std"]},
                {"name": "d", "kind": "dev", "uses_default_features": true, "features": []},
                {"name": "e", "kind": null, "uses_default_features": false, "features": []}]},
            {"id": "b", "name": "b", "source": null, "manifest_path": "/p/plugins/b/Cargo.toml",  "features": {}, "dependencies": []},
            {"id": "c", "name": "c", "source": "registry", "manifest_path": "/r/c/Cargo.toml",  "features": {}, "dependencies": []}],
        "resolve": {"nodes": [
            {"id": "a", "deps": [
                {"pkg": "b", "dep_kinds": [{"kind": "dev"}]},
                {"pkg": "c", "dep_kinds": [{"kind": "dev"}, {"kind": "build"}]}]},
            {"id": "b", "deps": []},
            {"id": "c", "deps": [{"pkg": "a", "dep_kinds": [{"kind": null}]}]}]}}"#;

    #[test]
    fn reads_folders_features_and_edges() {
        let graph = Graph::parse(METADATA).unwrap();
        let ably = graph.member("ably").unwrap();
        assert_eq!(ably.folder.as_deref(), Some("."));
        assert_eq!(ably.takes_default, ["b"]);
        assert_eq!(ably.takes_std, ["c"]);
        assert_eq!(ably.features["default"], ["x"]);
        assert_eq!(
            graph.member("b").unwrap().folder.as_deref(),
            Some("plugins/b")
        );
        assert!(graph.member("c").is_none());
        assert_eq!(graph.dev_dependencies("a").collect::<Vec<_>>(), ["b"]);
    }

    #[test]
    fn closure_follows_normal_and_build_edges_and_ends_in_a_cycle() {
        let graph = Graph::parse(METADATA).unwrap();
        let shipped = graph.shipped_with("a");
        assert_eq!(shipped.keys().collect::<Vec<_>>(), [&"c"]);
        assert_eq!(shipped["c"], ["ably", "c"]);
    }

    #[test]
    fn nonsense_is_an_error() {
        assert!(Graph::parse("{").is_err());
    }
}
