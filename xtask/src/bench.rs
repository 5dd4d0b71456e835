//! `cargo xtask bench receive`: what a received message costs.
//!
//! Three clients read the same flood from one server on this machine: ours, the floor program, and
//! ably-js. CPU time is each program's own, of its process; instructions and allocations come from
//! callgrind, as the difference of two runs, so that starting and connecting do not count.
//!
//! The modules are the other benchmarks.

mod presence;
mod reconnect;
mod rest;

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::Result;
use crate::callgrind::{self, Counts};
use crate::process::{self, Background};

/// Ours may execute so many times the floor's instructions.
const INSTRUCTIONS: f64 = 1.3;
/// Ours may allocate so often for a message.
const ALLOCATIONS: f64 = 2.0;

const CASES: [(&str, usize); 4] = [("json", 1), ("json", 10), ("msgpack", 1), ("msgpack", 10)];

/// Builds, runs and prints the table.
pub(crate) fn run(args: &[&str]) -> Result<()> {
    match args {
        ["presence"] => return presence::run(),
        ["reconnect"] => return reconnect::run(),
        ["rest"] => return rest::run(),
        _ => {}
    }
    let options = Options::parse(args)?;
    for (package, more) in [
        ("ably-replay", &[][..]),
        (
            "ably-floor",
            &["--bin", "ably-floor-receive", "--features", "receive"],
        ),
        ("ably-bench-client", &[]),
    ] {
        let args = ["build", "--release", "--quiet", "--locked", "-p", package];
        process::run(process::cargo(args).args(more))?;
    }
    let clients = clients()?;
    let mut server = Command::new(process::binary("release", "ably-replay"));
    let server = Background::start(&mut server)?;
    let url = server.line.as_str();
    let mut rows = Vec::new();
    for (format, per_frame) in CASES {
        for client in &clients {
            println!("    {format}, {per_frame} a frame: {}", client.name);
            let nanos = (0..options.runs)
                .map(|_| client.time(url, format, per_frame, options.messages))
                .collect::<Result<Vec<f64>>>()?;
            let nanos = nanos.into_iter().fold(f64::INFINITY, f64::min);
            let counts = match options.callgrind {
                Some(messages) if client.native => {
                    Some(client.count(url, format, per_frame, messages)?)
                }
                _ => None,
            };
            rows.push(Row {
                format,
                per_frame,
                client: client.name,
                nanos,
                counts,
            });
        }
    }
    print!("{}", table(&rows));
    let problems = over_bounds(&rows);
    for problem in &problems {
        println!("over the bound: {problem}");
    }
    match problems.is_empty() || !options.check {
        true => Ok(()),
        false => Err(format!("{} bounds exceeded", problems.len())),
    }
}

struct Options {
    messages: usize,
    callgrind: Option<usize>,
    runs: usize,
    check: bool,
}

impl Options {
    fn parse(args: &[&str]) -> Result<Self> {
        const USAGE: &str = "usage: cargo xtask bench receive [options] | presence | reconnect | rest; \
                             see `cargo xtask --help`";
        let mut options = Self {
            messages: 200_000,
            callgrind: Some(20_000),
            runs: 3,
            check: false,
        };
        let mut args = args.iter();
        if args.next() != Some(&"receive") {
            return Err(USAGE.into());
        }
        while let Some(arg) = args.next() {
            let mut number = || -> Result<usize> {
                let number = args.next().and_then(|number| number.parse().ok());
                number
                    .filter(|n| *n > 0)
                    .ok_or_else(|| format!("{arg} needs a number"))
            };
            match *arg {
                "--messages" => options.messages = number()?,
                "--callgrind" => options.callgrind = Some(number()?),
                "--runs" => options.runs = number()?,
                "--no-callgrind" => options.callgrind = None,
                "--check" => options.check = true,
                _ => return Err(USAGE.into()),
            }
        }
        if options.callgrind.is_some() && !process::installed("valgrind") {
            println!("SKIPPED: instruction and allocation counts: valgrind not installed");
            options.callgrind = None;
        }
        Ok(options)
    }
}

struct Client {
    name: &'static str,
    program: PathBuf,
    before: Vec<String>,
    native: bool,
    modules: Option<PathBuf>,
}

fn clients() -> Result<Vec<Client>> {
    let native = |name, binary| {
        let program = process::binary("release", binary);
        Client {
            name,
            program,
            before: Vec::new(),
            native: true,
            modules: None,
        }
    };
    let mut clients = vec![
        native("ably", "ably-bench-client"),
        native("floor", "ably-floor-receive"),
    ];
    if let Some((script, modules)) = ably_js("receive.cjs") {
        clients.push(Client {
            name: "ably-js",
            program: "node".into(),
            before: vec![script.to_string_lossy().into_owned()],
            native: false,
            modules: Some(modules),
        });
    } else {
        println!("SKIPPED: ably-js not installed; `cargo xtask test npm` installs it");
    }
    Ok(clients)
}

/// A script that uses ably-js, and the folder where that is installed.
fn ably_js(script: &str) -> Option<(PathBuf, PathBuf)> {
    let script = process::root().join("benches/ably-js").join(script);
    let modules = process::root().join("tests/interop/node_modules");
    let there = process::installed("node") && modules.join("ably").is_dir();
    there.then_some((script, modules))
}

impl Client {
    /// Nanoseconds of CPU time for a message.
    fn time(&self, url: &str, format: &str, per_frame: usize, messages: usize) -> Result<f64> {
        let mut command = Command::new(&self.program);
        command
            .args(&self.before)
            .args(arguments(url, format, per_frame, messages));
        if let Some(modules) = &self.modules {
            command.env("NODE_PATH", modules);
        }
        let text = process::output(&mut command)?;
        let report: Value = serde_json::from_str(text.trim())
            .map_err(|e| format!("{} wrote {text:?}: {e}", self.name))?;
        let (Some(nanos), Some(done)) = (report["cpu_ns"].as_f64(), report["messages"].as_u64())
        else {
            return Err(format!("{} wrote {text:?}", self.name));
        };
        if done != messages as u64 {
            return Err(format!(
                "{} received {done} of {messages} messages",
                self.name
            ));
        }
        Ok(nanos / messages as f64)
    }

    /// Instructions and allocations for a message.
    fn count(
        &self,
        url: &str,
        format: &str,
        per_frame: usize,
        messages: usize,
    ) -> Result<PerMessage> {
        let run = |messages| {
            callgrind::run(
                Path::new(&self.program),
                &arguments(url, format, per_frame, messages),
            )
        };
        let few = messages / 10;
        Ok(PerMessage::slope(run(few)?, run(few + messages)?, messages))
    }
}

fn arguments(url: &str, format: &str, per_frame: usize, messages: usize) -> Vec<String> {
    let channel = format!("bench-{messages}-{per_frame}");
    vec![
        url.to_owned(),
        format.to_owned(),
        channel,
        messages.to_string(),
    ]
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct PerMessage {
    instructions: f64,
    allocations: f64,
}

impl PerMessage {
    fn slope(few: Counts, many: Counts, messages: usize) -> Self {
        let each = |few: u64, many: u64| (many as f64 - few as f64) / messages as f64;
        Self {
            instructions: each(few.instructions, many.instructions),
            allocations: each(few.allocations, many.allocations),
        }
    }
}

struct Row {
    format: &'static str,
    per_frame: usize,
    client: &'static str,
    nanos: f64,
    counts: Option<PerMessage>,
}

fn floor_of<'a>(rows: &'a [Row], row: &Row) -> Option<&'a Row> {
    let same = |other: &&Row| other.format == row.format && other.per_frame == row.per_frame;
    rows.iter()
        .filter(same)
        .find(|other| other.client == "floor")
}

fn over_bounds(rows: &[Row]) -> Vec<String> {
    let mut problems = Vec::new();
    for row in rows.iter().filter(|row| row.client == "ably") {
        let what = format!("{}, {} a frame", row.format, row.per_frame);
        let floor = floor_of(rows, row).and_then(|floor| floor.counts);
        let (Some(ours), Some(floor)) = (row.counts, floor) else {
            continue;
        };
        let ratio = ours.instructions / floor.instructions;
        if ratio > INSTRUCTIONS {
            problems.push(format!(
                "{what}: {ratio:.2} x the floor's instructions, bound {INSTRUCTIONS}"
            ));
        }
        // In hundredths, as printed: a buffer renewed every few hundred messages is no breach.
        let count = (ours.allocations * 100.0).round() / 100.0;
        if count > ALLOCATIONS {
            problems.push(format!(
                "{what}: {count:.2} allocations, bound {ALLOCATIONS}"
            ));
        }
    }
    problems
}

fn table(rows: &[Row]) -> String {
    let mut text = String::from(
        "| format | a frame | client | CPU ns | x floor | instructions | x floor | allocations |\n\
         |---|--:|---|--:|--:|--:|--:|--:|\n",
    );
    for row in rows {
        let floor = floor_of(rows, row);
        let ratio = |ours: f64, floor: Option<f64>| match floor {
            Some(floor) => format!("{:.2}", ours / floor),
            None => "-".to_owned(),
        };
        let time = ratio(row.nanos, floor.map(|floor| floor.nanos));
        let counts = match row.counts {
            Some(counts) => {
                let floor = floor
                    .and_then(|floor| floor.counts)
                    .map(|counts| counts.instructions);
                let ratio = ratio(counts.instructions, floor);
                format!(
                    "{:.0} | {ratio} | {:.2}",
                    counts.instructions, counts.allocations
                )
            }
            None => "- | - | -".to_owned(),
        };
        let (format, per_frame, client) = (row.format, row.per_frame, row.client);
        let nanos = row.nanos;
        text.push_str(&format!(
            "| {format} | {per_frame} | {client} | {nanos:.0} | {time} | {counts} |\n"
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(client: &'static str, nanos: f64, counts: Option<(f64, f64)>) -> Row {
        let counts = counts.map(|(instructions, allocations)| PerMessage {
            instructions,
            allocations,
        });
        Row {
            format: "json",
            per_frame: 1,
            client,
            nanos,
            counts,
        }
    }

    #[test]
    fn bounds_are_judged_against_the_floor_of_the_same_case() {
        let floor = || row("floor", 1000.0, Some((4000.0, 6.0)));
        let good = [row("ably", 1200.0, Some((5200.0, 2.004))), floor()];
        assert_eq!(over_bounds(&good), Vec::<String>::new());
        let slow = [row("ably", 1200.0, Some((5300.0, 2.0))), floor()];
        assert!(over_bounds(&slow)[0].contains("1.32 x the floor's instructions"));
        let greedy = [row("ably", 1200.0, Some((5200.0, 2.1))), floor()];
        assert!(over_bounds(&greedy)[0].contains("2.10 allocations"));
    }

    #[test]
    fn the_table_has_a_dash_for_what_was_not_counted() {
        let rows = [
            row("floor", 1000.0, Some((4000.0, 6.0))),
            row("ably-js", 9000.0, None),
        ];
        let text = table(&rows);
        assert!(
            text.contains("| json | 1 | floor | 1000 | 1.00 | 4000 | 1.00 | 6.00 |\n"),
            "{text}"
        );
        assert!(
            text.contains("| json | 1 | ably-js | 9000 | 9.00 | - | - | - |\n"),
            "{text}"
        );
    }

    #[test]
    fn the_slope_leaves_out_what_every_run_costs() {
        let few = Counts {
            instructions: 1_000_000,
            allocations: 500,
        };
        let many = Counts {
            instructions: 3_000_000,
            allocations: 2_500,
        };
        let each = PerMessage::slope(few, many, 1000);
        assert_eq!(
            each,
            PerMessage {
                instructions: 2000.0,
                allocations: 2.0
            }
        );
    }

    #[test]
    fn options_are_read_and_nonsense_refused() {
        let options = Options::parse(&["receive", "--messages", "5", "--no-callgrind"]).unwrap();
        assert_eq!(
            (options.messages, options.callgrind, options.runs),
            (5, None, 3)
        );
        for wrong in [
            &[][..],
            &["send"],
            &["receive", "--runs", "0"],
            &["receive", "--fast"],
            &["rest", "--fast"],
        ] {
            assert!(Options::parse(wrong).is_err(), "{wrong:?}");
        }
    }
}
