//! `cargo xtask bench presence`: what it costs to follow a channel with 10,000 members.
//!
//! A client enters them and stays; ours and ably-js then connect, attach, and wait for
//! `presence.get()`, which has to give all of them. CPU time is the process's own, from the attach
//! to the answer. *Held* is the heap that stays afterwards without the answer: ours as bytes asked of
//! the allocator, ably-js's by `process.memoryUsage()`, heap and external, after a full collection.
//! *Resident* is how far the process's memory grew at most, as the system sees it, for both. All is
//! given for a member; each has a clientId of 12 bytes and 50 bytes of data.

use std::process::Command;

use serde_json::Value;

use super::ably_js;
use crate::Result;
use crate::process::{self, Background};

const MEMBERS: usize = 10_000;
/// Runs of each client; the least of each number counts.
const RUNS: usize = 5;
/// Ours may hold so many bytes for a member.
const HELD: f64 = 1024.0;

const KEY: &str = "app.key:secret";

/// Builds, runs and prints the table; fails when ours holds too much.
pub(super) fn run() -> Result<()> {
    for package in ["ably-sandbox", "ably-bench-presence"] {
        let args = ["build", "--release", "--quiet", "--locked", "-p", package];
        process::run(&mut process::cargo(args))?;
    }
    let spec = process::target_dir().join("bench-presence.json");
    let limits = format!("{{\"limits\":{{\"presence\":{{\"maxMembers\":{MEMBERS}}}}}}}");
    std::fs::write(&spec, limits).map_err(|e| format!("{}: {e}", spec.display()))?;
    let mut sandbox = Command::new(process::binary("release", "ably-sandbox"));
    sandbox.args(["--listen", "127.0.0.1:0", "--key", KEY, "--app-spec"]);
    let sandbox = Background::start(sandbox.arg(&spec))?;
    let (_, port) = sandbox
        .line
        .rsplit_once(':')
        .ok_or_else(|| format!("the sandbox said: {}", sandbox.line))?;
    let arguments = |format| ["127.0.0.1", port, KEY, format].map(str::to_owned);
    let ours = process::binary("release", "ably-bench-presence");
    let count = MEMBERS.to_string();
    let mut crowd = Command::new(&ours);
    crowd.arg("enter").args(arguments("msgpack")).arg(&count);
    let _crowd = Background::start(&mut crowd)?;
    let js = ably_js("presence.cjs");
    if js.is_none() {
        println!("SKIPPED: ably-js not installed; `cargo xtask test npm` installs it");
    }
    let mut rows = Vec::new();
    for format in ["json", "msgpack"] {
        let mut command = Command::new(&ours);
        command.arg("follow").args(arguments(format)).arg(&count);
        rows.push(Row::measure("ably", format, &mut command)?);
        if let Some((script, modules)) = &js {
            let mut command = Command::new("node");
            command.arg("--expose-gc").arg(script);
            command.args(arguments(format)).arg(&count);
            command.env("NODE_PATH", modules);
            rows.push(Row::measure("ably-js", format, &mut command)?);
        }
    }
    print!("{}", table(&rows));
    within_bound(&rows)
}

struct Row {
    client: &'static str,
    format: &'static str,
    costs: Costs,
}

/// What a member costs: nanoseconds, and bytes.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Costs {
    cpu: f64,
    held: f64,
    resident: f64,
}

impl Row {
    fn measure(client: &'static str, format: &'static str, command: &mut Command) -> Result<Self> {
        println!("    {format}: {client}");
        let mut costs: Option<Costs> = None;
        for _ in 0..RUNS {
            let text = process::output(command)?;
            let more = Costs::parse(&text).ok_or_else(|| format!("{client} wrote {text:?}"))?;
            costs = Some(costs.map_or(more, |costs| costs.least(more)));
        }
        let costs = costs.ok_or("no run")?;
        Ok(Self {
            client,
            format,
            costs,
        })
    }
}

impl Costs {
    fn parse(text: &str) -> Option<Self> {
        let report: Value = serde_json::from_str(text.trim()).ok()?;
        let each = |field: &str| Some(report[field].as_f64()? / MEMBERS as f64);
        Some(Self {
            cpu: each("cpu_ns")?,
            held: each("held")?,
            resident: each("resident")?,
        })
    }

    fn least(self, other: Self) -> Self {
        Self {
            cpu: self.cpu.min(other.cpu),
            held: self.held.min(other.held),
            resident: self.resident.min(other.resident),
        }
    }
}

fn within_bound(rows: &[Row]) -> Result<()> {
    let over = |row: &&Row| row.client == "ably" && row.costs.held > HELD;
    match rows.iter().find(over) {
        Some(row) => Err(format!(
            "{}: {:.0} bytes are held for a member, bound {HELD}",
            row.format, row.costs.held
        )),
        None => Ok(()),
    }
}

fn table(rows: &[Row]) -> String {
    let mut text = String::from(
        "| format | client | CPU ns | x ours | held bytes | x ours | resident bytes | x ours |\n\
         |---|---|--:|--:|--:|--:|--:|--:|\n",
    );
    for row in rows {
        let (format, client, costs) = (row.format, row.client, row.costs);
        let ours = rows
            .iter()
            .find(|other| other.format == format && other.client == "ably");
        let ours = ours.map_or(costs, |row| row.costs);
        text.push_str(&format!(
            "| {format} | {client} | {:.0} | {:.2} | {:.0} | {:.2} | {:.0} | {:.2} |\n",
            costs.cpu,
            costs.cpu / ours.cpu,
            costs.held,
            costs.held / ours.held,
            costs.resident,
            costs.resident / ours.resident,
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(client: &'static str, cpu: f64, held: f64) -> Row {
        let costs = Costs {
            cpu,
            held,
            resident: 1000.0,
        };
        Row {
            client,
            format: "json",
            costs,
        }
    }

    #[test]
    fn costs_are_for_a_member_and_the_least_of_all_runs() {
        let one = Costs::parse("{\"cpu_ns\":10000000,\"held\":5000000,\"resident\":0}\n").unwrap();
        assert_eq!((one.cpu, one.held, one.resident), (1000.0, 500.0, 0.0));
        let other = Costs {
            cpu: 2000.0,
            held: 400.0,
            resident: 1.0,
        };
        let least = one.least(other);
        assert_eq!(
            (least.cpu, least.held, least.resident),
            (1000.0, 400.0, 0.0)
        );
        assert_eq!(Costs::parse("{\"cpu_ns\":1}"), None);
    }

    #[test]
    fn the_bound_is_for_ours() {
        assert!(within_bound(&[row("ably", 1.0, 1024.0), row("ably-js", 1.0, 9000.0)]).is_ok());
        let error = within_bound(&[row("ably", 1.0, 1025.0)]).unwrap_err();
        assert!(error.contains("1025 bytes"), "{error}");
    }

    #[test]
    fn the_table_has_ratios_to_ours() {
        let text = table(&[row("ably", 500.0, 400.0), row("ably-js", 1500.0, 600.0)]);
        assert!(
            text.contains("| json | ably-js | 1500 | 3.00 | 600 | 1.50 | 1000 | 1.00 |\n"),
            "{text}"
        );
    }
}
