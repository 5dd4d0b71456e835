//! What the pages written by `cargo doc` say exists.
//!
//! `all.html` of a crate lists its items and is written anew each time, so a page that a removed
//! item has left behind does not count. The members of an item are the anchors of its page, up to
//! its blanket implementations: every type has those.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::Result;

const KINDS: [&str; 8] = [
    "struct", "enum", "trait", "type", "fn", "constant", "union", "macro",
];
const MEMBERS: [&str; 6] = [
    "structfield",
    "variant",
    "method",
    "tymethod",
    "associatedconstant",
    "associatedtype",
];

/// The pages below one folder, each read once.
pub(super) struct Pages {
    folder: PathBuf,
    read: BTreeMap<PathBuf, BTreeSet<String>>,
}

impl Pages {
    /// The pages below `folder`.
    pub(super) fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            read: BTreeMap::new(),
        }
    }

    /// Whether `path` is a module or re-exported crate, an item, or a member of an item.
    ///
    /// # Errors
    /// What of the path is not there.
    pub(super) fn find(&mut self, path: &str) -> Result<()> {
        let mut segments = path.split("::");
        let mut crate_name = segments.next().unwrap_or_default().to_owned();
        let mut module = String::new();
        self.links(&crate_name)?;
        while let Some(segment) = segments.next() {
            if let Some(name) = self.reexport(&crate_name, &module, segment)? {
                (crate_name, module) = (name, String::new());
                self.links(&crate_name)?;
                continue;
            }
            let below = format!("{module}{segment}/");
            let has = |link: &String| link.starts_with(&below);
            if self.links(&crate_name)?.iter().any(has) {
                module = below;
                continue;
            }
            let page = KINDS.map(|kind| format!("{module}{kind}.{segment}.html"));
            let listed = self.links(&crate_name)?;
            let Some(page) = page.into_iter().find(|page| listed.contains(page)) else {
                return Err(format!("no item `{segment}`"));
            };
            return match (segments.next(), segments.next()) {
                (None, _) => Ok(()),
                (Some(member), None) => self.member(&crate_name, &page, member),
                (Some(_), Some(extra)) => Err(format!("`{extra}` is one name too many")),
            };
        }
        Ok(())
    }

    fn member(&mut self, crate_name: &str, page: &str, member: &str) -> Result<()> {
        let anchors = self.read(&format!("{crate_name}/{page}"), anchors)?;
        let mut wanted = MEMBERS.iter().map(|kind| format!("{kind}.{member}"));
        match wanted.any(|anchor| anchors.contains(&anchor)) {
            true => Ok(()),
            false => Err(format!("no member `{member}`")),
        }
    }

    /// The pages that `all.html` of a crate lists.
    fn links(&mut self, crate_name: &str) -> Result<&BTreeSet<String>> {
        self.read(&format!("{crate_name}/all.html"), links)
    }

    /// The crate that a module re-exports as `name`.
    fn reexport(&mut self, crate_name: &str, module: &str, name: &str) -> Result<Option<String>> {
        let index = self.read(&format!("{crate_name}/{module}index.html"), reexports)?;
        let end = format!(" as {name}");
        let found = index.iter().find_map(|text| text.strip_suffix(&end));
        Ok(found.map(str::to_owned))
    }

    fn read(
        &mut self,
        page: &str,
        extract: fn(&str) -> BTreeSet<String>,
    ) -> Result<&BTreeSet<String>> {
        let path = self.folder.join(page);
        if !self.read.contains_key(&path) {
            let text = std::fs::read_to_string(&path).map_err(|e| format!("{page}: {e}"))?;
            self.read.insert(path.clone(), extract(&text));
        }
        Ok(&self.read[&path])
    }
}

/// Where the links of a page go, except out of its crate.
fn links(page: &str) -> BTreeSet<String> {
    let links = quoted(page, "href=\"");
    links
        .filter(|link| link.ends_with(".html") && !link.starts_with(['.', '#']))
        .map(str::to_owned)
        .collect()
}

/// The anchors of a page before its blanket implementations.
fn anchors(page: &str) -> BTreeSet<String> {
    let end = page.find("id=\"blanket-implementations\"");
    let own = &page[..end.unwrap_or(page.len())];
    quoted(own, "id=\"").map(str::to_owned).collect()
}

/// The re-exports of crates on a page, as `crate as name`.
fn reexports(page: &str) -> BTreeSet<String> {
    let parts = page.split("id=\"reexport.").skip(1);
    parts
        .filter_map(|part| {
            let (_, text) = part.split_once("<code>pub use ")?;
            let (text, _) = text.split_once("</code>")?;
            Some(without_tags(text).trim_end_matches(';').to_owned())
        })
        .collect()
}

fn without_tags(html: &str) -> String {
    let mut text = String::new();
    let mut inside = false;
    for c in html.chars() {
        match c {
            '<' => inside = true,
            '>' => inside = false,
            c if !inside => text.push(c),
            _ => {}
        }
    }
    text
}

/// What stands in quotation marks after each `start`.
fn quoted<'a>(page: &'a str, start: &'a str) -> impl Iterator<Item = &'a str> {
    let parts = page.split(start).skip(1);
    parts.filter_map(|part| part.split('"').next())
}
