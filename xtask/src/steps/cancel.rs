//! Whether every public function that gives a future says what holds when that is dropped.
//!
//! Reads the source line by line: public functions, and those of public traits, that are `async` or
//! give one of the types of futures below. Clippy holds the like for errors (`missing_errors_doc`).

use std::path::Path;

use crate::deps::rust_files;
use crate::graph::Graph;
use crate::{Result, report};

/// What a function gives when it is to be awaited.
const FUTURES: [&str; 6] = [
    "-> BoxFuture",
    "-> Pending",
    "-> Publish ",
    "-> Request ",
    "-> Subscribed",
    "-> impl Future",
];

/// What says it for all that implement it, in the documentation of the trait.
const ELSEWHERE: [(&str, &str); 1] = [("ably-base/src/ext/transport.rs", "connect")];

/// Folders of the packages that ship.
fn ships(folder: &str) -> bool {
    let inside = |above: &str| folder.starts_with(above);
    matches!(folder, "." | "ably-base" | "ably-engine" | "ably-protocol")
        || inside("plugins/")
        || inside("runtimes/")
}

/// Checks all packages that ship, and says how many functions were looked at.
pub(crate) fn check(root: &Path) -> Result<String> {
    let graph = Graph::load()?;
    let (mut problems, mut seen) = (Vec::new(), 0);
    for (_, package) in graph.ours() {
        let folder = package.folder.as_deref().unwrap_or_default();
        if !ships(folder) {
            continue;
        }
        for file in rust_files(&root.join(folder).join("src")) {
            let text = std::fs::read_to_string(&file).map_err(|e| e.to_string())?;
            let name = file.strip_prefix(root).unwrap_or(&file);
            let name = name.to_string_lossy().replace('\\', "/");
            for found in futures(&text) {
                seen += 1;
                let elsewhere = ELSEWHERE.contains(&(name.as_str(), found.name));
                if !found.says && !elsewhere {
                    let (line, function) = (found.line, found.name);
                    problems.push(format!(
                        "{name}:{line}: `{function}` does not say \"Cancel safety\""
                    ));
                }
            }
        }
    }
    match problems.len() {
        0 => Ok(format!("{seen} futures")),
        _ => Err(report::problems(&problems)),
    }
}

struct Found<'a> {
    name: &'a str,
    line: usize,
    says: bool,
}

/// The public functions of a file that give futures.
fn futures(text: &str) -> Vec<Found<'_>> {
    let lines: Vec<&str> = text.lines().collect();
    let (mut found, mut says, mut in_trait) = (Vec::new(), false, false);
    for (index, line) in lines.iter().enumerate() {
        let code = line.trim_start();
        if *line == "#[cfg(test)]" {
            break;
        }
        match *line {
            line if line.starts_with("pub trait ") => in_trait = true,
            "}" => in_trait = false,
            _ => {}
        }
        if code.starts_with("///") {
            says |= code.contains("Cancel safety");
            continue;
        }
        if code.starts_with("#[") {
            continue;
        }
        if let Some(name) = function(code, in_trait) {
            let rest = &lines[index..];
            let end = rest.iter().position(|line| line.ends_with(['{', ';']));
            let signature = rest[..=end.unwrap_or(0)].join(" ");
            let is_async = code.contains("async fn ");
            if is_async || FUTURES.iter().any(|f| format!("{signature} ").contains(f)) {
                let line = index + 1;
                found.push(Found { name, line, says });
            }
        }
        says = false;
    }
    found
}

/// The name of the function that a line begins, if it is public.
fn function(code: &str, in_trait: bool) -> Option<&str> {
    let code = match code.strip_prefix("pub ") {
        Some(code) => code,
        None if in_trait => code,
        None => return None,
    };
    let code = code.strip_prefix("async ").unwrap_or(code);
    let name = code.strip_prefix("fn ")?;
    name.split(['(', '<']).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn silent(text: &str) -> Vec<&str> {
        let found = futures(text).into_iter();
        found.filter(|f| !f.says).map(|f| f.name).collect()
    }

    #[test]
    fn public_futures_must_say_it() {
        let text = "\
impl A {
    /// Waits.
    pub async fn one(&self) {
    /// Waits.
    ///
    /// # Cancel safety
    /// None.
    #[must_use]
    pub async fn two<T>(&self) {
    /// Asks.
    pub fn three(
        &self,
    ) -> BoxFuture<()> {
    /// Not to be awaited.
    pub fn four(&self) -> u8 {
    async fn five(&self) {
    pub(crate) async fn six(&self) {
    pub fn seven(&self) -> Pending<()> {
}
";
        assert_eq!(silent(text), ["one", "three", "seven"]);
        assert_eq!(futures(text).len(), 4);
    }

    #[test]
    fn so_must_those_of_public_traits_and_no_tests() {
        let text = "\
pub trait A {
    fn one(&self) -> BoxFuture<()>;
}
trait B {
    fn two(&self) -> BoxFuture<()>;
}
#[cfg(test)]
mod tests {
    pub async fn three() {
";
        assert_eq!(silent(text), ["one"]);
    }
}
