//! Which Rust item stands for which member of the API of ably-js.
//!
//! `docs/api-parity.tsv` has a line per member: its id, then the path of the item, `later` or
//! `n/a`, then a remark, which `later` and `n/a` must have. The check holds every path against the
//! pages that `cargo doc` writes, and, where the table of the API of ably-js lies beside the project
//! in `../shared`, holds the ids against it.

mod pages;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::{Result, process, report, steps};
use pages::Pages;

const HEADER: &str = "id\trust\twhy";
const LATER: &str = "later";
const NONE: &str = "n/a";

/// How many members may have nothing that corresponds.
const MOST_WITHOUT: usize = 60;

/// Makes the documentation and runs the check.
pub(crate) fn run(args: &[&str]) -> Result<()> {
    if !args.is_empty() {
        return Err("usage: cargo xtask parity".into());
    }
    println!("{}", documented()?);
    Ok(())
}

/// Makes the documentation, which takes no time when it is up to date, and checks the table.
pub(crate) fn documented() -> Result<String> {
    steps::document()?;
    check(&Places::of(&process::root(), &process::target_dir()))
}

/// Where the table, the documentation and the table of ably-js are.
pub(crate) struct Places {
    table: PathBuf,
    pages: PathBuf,
    index: PathBuf,
}

impl Places {
    /// The places of the project in `root` that is built into `target`.
    pub(crate) fn of(root: &Path, target: &Path) -> Self {
        Self {
            table: root.join("docs/api-parity.tsv"),
            pages: target.join("doc"),
            index: root.join("../shared/api/ably-js-2.12.0-api.tsv"),
        }
    }
}

/// Checks the table, and says how many members are where.
///
/// # Errors
/// Everything that is wrong, one a line.
pub(crate) fn check(places: &Places) -> Result<String> {
    let text = read(&places.table)?;
    let (table, mut problems) = parse(&text);
    let mut pages = Pages::new(&places.pages);
    let mut known: BTreeMap<&str, Result<()>> = BTreeMap::new();
    let (mut mapped, mut later, mut without) = (0, 0, 0);
    for (id, row) in &table {
        match row.rust {
            LATER => {
                later += 1;
                if row.why.is_empty() {
                    problems.push(format!("{id}: later, and for what it waits is not said"));
                }
            }
            NONE => {
                without += 1;
                if row.why.is_empty() {
                    problems.push(format!("{id}: n/a without a reason"));
                }
            }
            path => {
                mapped += 1;
                let found = known.entry(path).or_insert_with(|| pages.find(path));
                if let Err(why) = found {
                    problems.push(format!("{id}: {path}: {why}"));
                }
            }
        }
    }
    if without > MOST_WITHOUT {
        problems.push(format!(
            "{without} members are n/a, more than {MOST_WITHOUT}"
        ));
    }
    let index = read_index(&places.index)?;
    if let Some(index) = &index {
        let missing = index.iter().filter(|id| !table.contains_key(id.as_str()));
        problems.extend(missing.map(|id| format!("{id}: not in the table")));
        let unknown = table.keys().filter(|id| !index.contains(**id));
        problems.extend(unknown.map(|id| format!("{id}: ably-js has no such member")));
    }
    if !problems.is_empty() {
        return Err(report::problems(&problems));
    }
    let beside = match index {
        Some(_) => "",
        None => "; no table of ably-js beside the project",
    };
    Ok(format!(
        "{} members: {mapped} mapped, {later} later, {without} n/a{beside}",
        table.len()
    ))
}

/// A line of the table.
struct Row<'a> {
    rust: &'a str,
    why: &'a str,
}

/// The lines by their ids, and what is wrong with the form of the table.
fn parse(text: &str) -> (BTreeMap<&str, Row<'_>>, Vec<String>) {
    let mut table = BTreeMap::new();
    let mut problems = Vec::new();
    let mut lines = text.lines();
    if lines.next() != Some(HEADER) {
        problems.push("the first line is not `id<TAB>rust<TAB>why`".to_owned());
    }
    for line in lines {
        let columns: Vec<&str> = line.split('\t').collect();
        let &[id, rust, why] = columns.as_slice() else {
            problems.push(format!("not three columns: {line}"));
            continue;
        };
        if table.insert(id, Row { rust, why }).is_some() {
            problems.push(format!("{id}: there twice"));
        }
    }
    (table, problems)
}

/// The ids of ably-js; `None` when its table is not there.
fn read_index(path: &Path) -> Result<Option<BTreeSet<String>>> {
    if !path.exists() {
        return Ok(None);
    }
    let text = read(path)?;
    let ids = text
        .lines()
        .skip(1)
        .filter_map(|line| line.split('\t').next());
    Ok(Some(ids.map(str::to_owned).collect()))
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))
}

#[cfg(test)]
mod tests;
