//! Whose code is in a binary, as its symbols tell.
//!
//! A mangled symbol has the name of its crate in it, and those of the crates whose types it is made
//! for, in both ways of mangling that rustc has. What was inlined has no symbol, so that a crate is
//! found by some of its functions and not by all.

use std::path::Path;

use object::{Object, ObjectSymbol};

use crate::Result;

/// The symbols of a binary that was not stripped.
pub(super) fn of(binary: &Path) -> Result<Vec<String>> {
    let wrong = |e: &dyn std::fmt::Display| format!("{}: {e}", binary.display());
    let bytes = std::fs::read(binary).map_err(|e| wrong(&e))?;
    let file = object::File::parse(&*bytes).map_err(|e| wrong(&e))?;
    let names = file.symbols().filter_map(|symbol| symbol.name().ok());
    Ok(names.map(str::to_owned).collect())
}

/// Those of `crates` that have a symbol.
pub(super) fn crates_in(symbols: &[String], crates: &[String]) -> Vec<String> {
    let present = |name: &&String| symbols.iter().any(|symbol| symbol.contains(name.as_str()));
    crates.iter().filter(present).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crates_are_found_in_both_manglings() {
        let symbols = [
            "_ZN13ably_presence7machine7Machine4send17h0123456789abcdefE",
            "_ZN4core3ptr47drop_in_place$LT$ably_delta..plugin..Step$GT$17hfedcba9876543210E",
            "_RNvMs_NtCs1a2b_11ably_filter6filterNtB4_13MessageFilter3new",
            "main",
        ]
        .map(String::from);
        let crates = ["ably_presence", "ably_delta", "ably_filter", "ably_stats"].map(String::from);
        assert_eq!(crates_in(&symbols, &crates), crates[..3]);
    }

    #[test]
    fn this_program_has_symbols_of_its_own() {
        let this = std::env::current_exe().unwrap();
        let symbols = of(&this).unwrap();
        let crates = ["xtask", "ably_presence"].map(String::from);
        // Where symbols are kept in a file beside the program, there are none in it.
        let expected = if cfg!(windows) {
            &crates[..0]
        } else {
            &crates[..1]
        };
        // The words of this test are data and no symbols.
        assert_eq!(crates_in(&symbols, &crates), expected);
        assert!(
            of(Path::new("Cargo.toml"))
                .unwrap_err()
                .contains("Cargo.toml")
        );
    }
}
