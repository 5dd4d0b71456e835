//! Makes tests of documentation out of `docs/from-ably-js.md`: a module for each of its sections,
//! whose documentation is the section.
//!
//! A snippet there has no line that a reader does not need. What it stands in is added here, as
//! lines that rustdoc hides.

use std::{env, fmt::Write as _, fs, path::Path};

const GUIDE: &str = "../../docs/from-ably-js.md";

const BEFORE: &str = "\
# use ably::prelude::*;
# async fn snippet(client: Realtime, rest: Rest, channel: ably::Channel)
#     -> Result<(), Box<dyn std::error::Error>> {
";

const AFTER: &str = "\
# Ok(()) }
# fn main() -> Result<(), Box<dyn std::error::Error>> { ably_docs_tests::run(snippet) }
";

fn main() {
    println!("cargo::rerun-if-changed={GUIDE}");
    println!("cargo::rerun-if-changed=build.rs");
    let guide = fs::read_to_string(GUIDE).unwrap_or_else(|e| panic!("{GUIDE}: {e}"));
    let out = env::var("OUT_DIR").expect("cargo sets it");
    let out = Path::new(&out);
    let mut modules = String::new();
    for section in guide.split("\n## ").skip(1) {
        let (title, text) = section.split_once('\n').unwrap_or((section, ""));
        let name = module_name(title);
        fs::write(out.join(format!("{name}.md")), wrapped(title, text)).expect("OUT_DIR");
        let file = format!("concat!(env!(\"OUT_DIR\"), \"/{name}.md\")");
        writeln!(
            modules,
            "#[doc = include_str!({file})]\npub mod {name} {{}}"
        )
        .expect("a String");
    }
    fs::write(out.join("sections.rs"), modules).expect("OUT_DIR");
}

/// `Push: admin` becomes `push_admin`.
fn module_name(title: &str) -> String {
    let words = title.split(|c: char| !c.is_ascii_alphanumeric());
    let words: Vec<_> = words.filter(|w| !w.is_empty()).collect();
    words.join("_").to_lowercase()
}

/// The section with what its Rust stands in. Anything but `rust` and `rust,no_run` is refused, for
/// it would not be tried.
fn wrapped(title: &str, text: &str) -> String {
    let mut made = String::new();
    let mut inside: Option<bool> = None;
    for line in text.lines() {
        match (line.strip_prefix("```"), inside) {
            (Some(language), None) => {
                let rust = matches!(language, "rust" | "rust,no_run");
                let known = rust || matches!(language, "js" | "toml" | "sh" | "text");
                assert!(known, "{title}: a snippet of {language:?}");
                inside = Some(rust);
                writeln!(made, "{line}").expect("a String");
                made.push_str(if rust { BEFORE } else { "" });
            }
            (Some(_), Some(rust)) => {
                made.push_str(if rust { AFTER } else { "" });
                writeln!(made, "{line}").expect("a String");
                inside = None;
            }
            (None, _) => writeln!(made, "{line}").expect("a String"),
        }
    }
    assert_eq!(inside, None, "{title}: a snippet does not end");
    made
}
