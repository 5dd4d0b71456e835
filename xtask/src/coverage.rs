//! Which test stands for which case of the universal test specification.
//!
//! `tests/uts/coverage.tsv` has a line per case: its id, and `file.rs::function` below `tests/uts`
//! or `later`. A test says `// UTS: <id>` above itself, once for each case that it covers. The
//! check holds the two together, and, where the specifications lie beside the project in
//! `../shared`, holds the table against their index.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::deps::rust_files;
use crate::{Result, process, report};

const HEADER: &str = "id\ttest";
const LATER: &str = "later";

/// Runs the check, or writes the table anew.
pub(crate) fn run(args: &[&str]) -> Result<()> {
    let places = Places::of(&process::root());
    match args {
        [] => println!("{}", check(&places)?),
        ["--write"] => println!("{}", write(&places)?),
        _ => return Err("usage: cargo xtask coverage [--write]".into()),
    }
    Ok(())
}

/// Where the tests, the table and the index of the specifications are.
pub(crate) struct Places {
    tests: PathBuf,
    table: PathBuf,
    index: PathBuf,
}

impl Places {
    /// The places of the project in this folder.
    pub(crate) fn of(root: &Path) -> Self {
        let tests = root.join("tests/uts");
        let index = root.join("../shared/uts/index.tsv");
        Self {
            table: tests.join("coverage.tsv"),
            tests,
            index,
        }
    }
}

/// Checks the table against the tests and the index, and says how much is covered.
///
/// # Errors
/// Every disagreement, one a line.
pub(crate) fn check(places: &Places) -> Result<String> {
    let (found, mut problems) = scan(&places.tests);
    let text = std::fs::read_to_string(&places.table)
        .map_err(|e| format!("{}: {e}", places.table.display()))?;
    let mut lines = text.lines();
    if lines.next() != Some(HEADER) {
        problems.push("coverage.tsv: the first line is not `id<TAB>test`".into());
    }
    let mut table: BTreeMap<&str, &str> = BTreeMap::new();
    for line in lines {
        let Some((id, test)) = line
            .split_once('\t')
            .filter(|(_, test)| !test.contains('\t'))
        else {
            problems.push(format!("coverage.tsv: not two columns: {line}"));
            continue;
        };
        if table.insert(id, test).is_some() {
            problems.push(format!("coverage.tsv: {id} is there twice"));
        }
    }
    for (id, test) in table.iter().filter(|(_, test)| **test != LATER) {
        match found.get(*id) {
            Some(place) if place == test => {}
            Some(place) => problems.push(format!("{id}: the table says {test}, it is {place}")),
            None => problems.push(format!("{id}: {test} has no `// UTS: {id}` above it")),
        }
    }
    for (id, place) in &found {
        if table.get(id.as_str()).is_none_or(|test| *test == LATER) {
            problems.push(format!("{id}: {place} is not in the table"));
        }
    }
    let index = read_index(&places.index)?;
    for id in index
        .iter()
        .flatten()
        .filter(|id| !table.contains_key(id.as_str()))
    {
        problems.push(format!("{id}: in the index, not in the table"));
    }
    if !problems.is_empty() {
        return Err(report::problems(&problems));
    }
    let beside = if index.is_some() {
        ""
    } else {
        "; no index beside the project"
    };
    Ok(format!(
        "{} of {} cases have a test{beside}",
        found.len(),
        table.len()
    ))
}

/// Makes the table from the tests and the index.
fn write(places: &Places) -> Result<String> {
    let (found, problems) = scan(&places.tests);
    if !problems.is_empty() {
        return Err(report::problems(&problems));
    }
    let index = read_index(&places.index)?
        .ok_or_else(|| format!("{} is needed to write the table", places.index.display()))?;
    let ids: BTreeSet<&String> = index.iter().chain(found.keys()).collect();
    let mut text = format!("{HEADER}\n");
    for id in &ids {
        let test = found.get(*id).map_or(LATER, String::as_str);
        text.push_str(&format!("{id}\t{test}\n"));
    }
    std::fs::write(&places.table, text).map_err(|e| format!("{}: {e}", places.table.display()))?;
    Ok(format!(
        "{} of {} cases have a test",
        found.len(),
        ids.len()
    ))
}

/// The ids that apply to this version; `None` when the specifications are not there.
fn read_index(path: &Path) -> Result<Option<BTreeSet<String>>> {
    if !path.exists() {
        return Ok(None);
    }
    let text = std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
    let mut lines = text
        .lines()
        .map(|line| line.split('\t').collect::<Vec<_>>());
    let header = lines.next().unwrap_or_default();
    let column = |name: &str| {
        let at = header.iter().position(|title| *title == name);
        at.ok_or_else(|| format!("{}: no column `{name}`", path.display()))
    };
    let (id, applies) = (column("id")?, column("applies")?);
    let rows = lines.filter(|row| row.get(applies) == Some(&"2.12"));
    Ok(Some(
        rows.filter_map(|row| row.get(id).map(|id| (*id).to_owned()))
            .collect(),
    ))
}

/// Every id that a test claims, with the test's place, and what is wrong with the claims.
fn scan(tests: &Path) -> (BTreeMap<String, String>, Vec<String>) {
    let mut found = BTreeMap::new();
    let mut problems = Vec::new();
    let files = rust_files(tests);
    for file in &files {
        let name = file.strip_prefix(tests).unwrap_or(file);
        let name = name.to_string_lossy().replace('\\', "/");
        let text = std::fs::read_to_string(file).unwrap_or_default();
        let (claims, wrong) = scan_file(&text);
        problems.extend(wrong.into_iter().map(|why| format!("{name}{why}")));
        if !claims.is_empty() && !is_compiled(file, &files, tests) {
            problems.push(format!("{name}: no other file declares it as a module"));
        }
        for (id, function) in claims {
            let place = format!("{name}::{function}");
            if let Some(other) = found.insert(id.clone(), place.clone()) {
                problems.push(format!("{id}: claimed by {other} and by {place}"));
            }
        }
    }
    (found, problems)
}

/// The ids claimed in one file with the functions they stand above, and what is wrong.
fn scan_file(text: &str) -> (Vec<(String, String)>, Vec<String>) {
    let mut claims = Vec::new();
    let mut problems = Vec::new();
    let mut above: Vec<&str> = Vec::new();
    let (mut is_test, mut ignored) = (false, false);
    for (index, line) in text.lines().enumerate() {
        let (number, line) = (index + 1, line.trim());
        if let Some(id) = line.strip_prefix("// UTS:") {
            above.push(id.trim());
        } else if line.starts_with("#[") {
            // A macro's attribute such as `#[both_codecs_test]` counts as well.
            is_test |= line.contains("test") && !line.starts_with("#[cfg");
            ignored |= line.contains("ignore");
        } else if line.is_empty() || line.starts_with("//") {
            continue;
        } else {
            match function_name(line) {
                Some(name) => {
                    if !above.is_empty() && !is_test {
                        problems.push(format!(":{number}: {name} is not a #[test]"));
                    }
                    if !above.is_empty() && ignored {
                        problems.push(format!(":{number}: {name} is ignored"));
                    }
                    claims.extend(above.drain(..).map(|id| (id.to_owned(), name.to_owned())));
                }
                None if above.is_empty() => {}
                None => problems.push(format!(":{number}: {} is above no test", above.join(", "))),
            }
            above.clear();
            (is_test, ignored) = (false, false);
        }
    }
    if !above.is_empty() {
        problems.push(format!(": {} is above no test", above.join(", ")));
    }
    (claims, problems)
}

fn function_name(line: &str) -> Option<&str> {
    let mut words = line.split_whitespace();
    while let Some(word) = words.next() {
        match word {
            "fn" => {
                let name = words.next()?;
                let end = name.find(|c: char| !c.is_alphanumeric() && c != '_');
                return Some(&name[..end.unwrap_or(name.len())]);
            }
            "async" | "const" | "pub" => {}
            word if word.starts_with("pub(") => {}
            _ => return None,
        }
    }
    None
}

/// Whether a file is a root of tests or some file declares it, so that its tests exist at all.
fn is_compiled(file: &Path, files: &[PathBuf], tests: &Path) -> bool {
    let stem = |path: &Path| {
        path.file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned()
    };
    let is_mod = stem(file) == "mod";
    let folder = file.parent().unwrap_or(tests);
    let (name, folder) = match is_mod {
        true => (stem(folder), folder.parent().unwrap_or(tests)),
        false => (stem(file), folder),
    };
    if name == "main" && folder == tests {
        return true;
    }
    let declares = |other: &PathBuf| {
        let beside = other.parent() == Some(folder) && *other != *file;
        let above = other.parent() == folder.parent() && stem(other) == stem(folder);
        let text = || std::fs::read_to_string(other).unwrap_or_default();
        (beside || above) && text().lines().any(|line| declares_module(line, &name))
    };
    let outside = tests.with_extension("rs");
    files.iter().any(declares) || (outside.exists() && declares(&outside))
}

fn declares_module(line: &str, name: &str) -> bool {
    let line = line.trim().trim_start_matches("pub ");
    line.strip_prefix("mod ")
        .and_then(|rest| rest.strip_suffix(';'))
        == Some(name)
}

#[cfg(test)]
mod tests;
