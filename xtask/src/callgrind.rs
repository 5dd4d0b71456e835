//! Counting instructions and allocations with valgrind's callgrind.
//!
//! Both counts are exact for one run, unlike times, so that a bound on them can be close.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::{Result, process};

/// What a run counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Instructions executed.
    pub(crate) instructions: u64,
    /// Calls that gave memory: `malloc`, `calloc`, `realloc` and the aligned ones.
    pub(crate) allocations: u64,
}

/// Runs a program under callgrind.
pub(crate) fn run(program: &Path, args: &[String]) -> Result<Counts> {
    let out = process::target_dir().join("callgrind");
    std::fs::create_dir_all(&out).map_err(|e| format!("{}: {e}", out.display()))?;
    let name = program.file_name().unwrap_or_default().to_string_lossy();
    let out = out.join(format!("callgrind.out.{name}"));
    let mut command = Command::new("valgrind");
    command.args(["--tool=callgrind", "--quiet", "--compress-pos=no"]);
    command.arg(format!("--callgrind-out-file={}", out.display()));
    command.arg(program).args(args).stderr(Stdio::inherit());
    process::output(&mut command)?;
    let text = std::fs::read(&out).map_err(|e| format!("{}: {e}", out.display()))?;
    parse(&String::from_utf8_lossy(&text))
}

const ALLOCATORS: [&str; 6] = [
    "malloc",
    "calloc",
    "realloc",
    "posix_memalign",
    "aligned_alloc",
    "memalign",
];

/// Reads a profile: its total, and the calls into the allocator from outside it.
fn parse(text: &str) -> Result<Counts> {
    let mut names: HashMap<&str, bool> = HashMap::new();
    let mut instructions = None;
    let mut allocations = 0;
    let (mut inside, mut into) = (false, false);
    for line in text.lines() {
        if let Some(function) = line.strip_prefix("fn=") {
            inside = is_allocator(function, &mut names);
        } else if let Some(function) = line.strip_prefix("cfn=") {
            into = is_allocator(function, &mut names);
        } else if let Some(call) = line.strip_prefix("calls=") {
            let count = call
                .split_whitespace()
                .next()
                .and_then(|count| count.parse::<u64>().ok());
            let count = count.ok_or_else(|| format!("callgrind: {line}"))?;
            allocations += if into && !inside { count } else { 0 };
        } else if let Some(total) = line
            .strip_prefix("totals:")
            .or(line.strip_prefix("summary:"))
        {
            instructions = total
                .split_whitespace()
                .next()
                .and_then(|total| total.parse().ok());
        }
    }
    let instructions = instructions.ok_or("callgrind wrote no total")?;
    Ok(Counts {
        instructions,
        allocations,
    })
}

/// Whether `(12) malloc`, or `(12)` when the name was given before, is the allocator.
fn is_allocator<'a>(function: &'a str, names: &mut HashMap<&'a str, bool>) -> bool {
    let allocators: HashSet<&str> = ALLOCATORS.into_iter().collect();
    let (id, name) = function.split_once(' ').unwrap_or((function, ""));
    if !name.is_empty() {
        // A recursion has `'2` at its end, a versioned symbol `@@GLIBC_2.2.5`.
        let name = name.split(['\'', '@']).next().unwrap_or(name);
        names.insert(id, allocators.contains(name));
    }
    names.get(id).copied().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROFILE: &str = "\
events: Ir
fl=(1) main.rs
fn=(1) main
10 5
cfn=(2) malloc
calls=7 0
10 70
cfn=(3) helper
calls=2 0
10 20
fn=(3)
11 4
cfn=(2)
calls=3 0
11 30
cfn=(4) realloc'2
calls=1 0
11 30
fn=(4)
12 9
cfn=(2)
calls=100 0
12 9
totals: 1234
";

    #[test]
    fn counts_calls_into_the_allocator_from_outside_it() {
        let counts = parse(PROFILE).unwrap();
        assert_eq!(
            counts,
            Counts {
                instructions: 1234,
                allocations: 7 + 3 + 1
            }
        );
    }

    #[test]
    fn a_profile_without_a_total_is_an_error() {
        assert!(parse("events: Ir\n").is_err());
        assert!(parse("fn=(1) main\ncalls=x 0\n").is_err());
    }
}
