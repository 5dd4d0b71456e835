//! `cargo xtask bench rest`: REST requests for a second of CPU time.
//!
//! Three clients publish and read history, one request after another, at one sandbox: ours, ably-js
//! and ably-python. CPU time is each client's own, of its process. All three use a token, because
//! ably-python refuses a key without TLS even on this machine.
//! What Node's compiler takes while it warms up counts as well: with five times the requests,
//! ably-js does about a third better.

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use super::ably_js;
use crate::Result;
use crate::process::{self, Background};

const PUBLISHES: usize = 2_000;
const PAGES: usize = 300;
/// Rounds, in which every client has its turn; its best one counts. Where the scheduler puts client
/// and sandbox changes the cost of a wake-up threefold on a busy machine, so that a few are needed.
const RUNS: usize = 5;

const KEY: &str = "app.key:secret";

/// Builds, runs and prints the table.
pub(super) fn run() -> Result<()> {
    for package in ["ably-sandbox", "ably-bench-rest"] {
        let args = ["build", "--release", "--quiet", "--locked", "-p", package];
        process::run(&mut process::cargo(args))?;
    }
    let clients = [
        Client {
            name: "ably",
            program: Ok(vec![process::binary("release", "ably-bench-rest")]),
            modules: None,
        },
        match ably_js("rest.cjs") {
            Some((script, modules)) => Client {
                name: "ably-js",
                program: Ok(vec!["node".into(), script]),
                modules: Some(modules),
            },
            None => Client {
                name: "ably-js",
                program: Err("not installed; `cargo xtask test npm` installs it".into()),
                modules: None,
            },
        },
        Client {
            name: "ably-python",
            program: ably_python(),
            modules: None,
        },
    ];
    let mut sandbox = Command::new(process::binary("release", "ably-sandbox"));
    let sandbox = Background::start(sandbox.args(["--listen", "127.0.0.1:0", "--key", KEY]))?;
    let (_, port) = sandbox
        .line
        .rsplit_once(':')
        .ok_or_else(|| format!("the sandbox said: {}", sandbox.line))?;
    let mut rows = Vec::new();
    for format in ["json", "msgpack"] {
        let mut best = clients.each_ref().map(|client| Row {
            format,
            client: client.name,
            rates: client.program.clone().map(|_| Rates::default()),
        });
        for run in 0..RUNS {
            for (client, row) in clients.iter().zip(&mut best) {
                let (Ok(program), Ok(best)) = (&client.program, &mut row.rates) else {
                    continue;
                };
                println!("    {format}: {}", client.name);
                let rates = client.time(program, port, format, run)?;
                best.publish = best.publish.max(rates.publish);
                best.history = best.history.max(rates.history);
            }
        }
        rows.extend(best);
    }
    print!("{}", table(&rows));
    Ok(())
}

/// ably-python, in an environment of its own as its requirements say; or why it is not there.
fn ably_python() -> Result<Vec<PathBuf>> {
    if !process::installed("python3") {
        return Err("python3 not installed".into());
    }
    let folder = process::root().join("benches/ably-python");
    let environment = process::target_dir().join("ably-python");
    let python = match cfg!(windows) {
        true => environment.join("Scripts/python.exe"),
        false => environment.join("bin/python"),
    };
    let mut venv = Command::new("python3");
    process::run(venv.args(["-m", "venv"]).arg(environment))
        .map_err(|_| "python3 cannot make an environment")?;
    let mut pip = Command::new(&python);
    pip.args(["-m", "pip", "install", "--quiet", "--requirement"]);
    process::run(pip.arg(folder.join("requirements.txt")))
        .map_err(|_| "ably-python cannot be installed")?;
    Ok(vec![python, folder.join("rest.py")])
}

struct Client {
    name: &'static str,
    /// The program with its first arguments, or why there is none.
    program: Result<Vec<PathBuf>>,
    modules: Option<PathBuf>,
}

impl Client {
    fn time(&self, program: &[PathBuf], port: &str, format: &str, run: usize) -> Result<Rates> {
        let channels = format!("{}-{format}-{run}", self.name);
        let (program, before) = program.split_first().ok_or("no program")?;
        let mut command = Command::new(program);
        command.args(before);
        command.args(["127.0.0.1", port, KEY, format, &channels]);
        command.args([PUBLISHES.to_string(), PAGES.to_string()]);
        if let Some(modules) = &self.modules {
            command.env("NODE_PATH", modules);
        }
        let text = process::output(&mut command)?;
        Rates::parse(&text).ok_or_else(|| format!("{} wrote {text:?}", self.name))
    }
}

/// Requests for a second of CPU time.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
struct Rates {
    publish: f64,
    history: f64,
}

impl Rates {
    fn parse(text: &str) -> Option<Self> {
        let report: Value = serde_json::from_str(text.trim()).ok()?;
        let rate = |requests: usize, field: &str| {
            let nanos = report[field].as_f64().filter(|nanos| *nanos > 0.0)?;
            Some(requests as f64 / nanos * 1e9)
        };
        Some(Self {
            publish: rate(PUBLISHES, "publish_ns")?,
            history: rate(PAGES, "history_ns")?,
        })
    }
}

struct Row {
    format: &'static str,
    client: &'static str,
    /// Or why it was not run.
    rates: Result<Rates>,
}

fn table(rows: &[Row]) -> String {
    let mut text = String::from(
        "| format | client | publish/CPU s | CPU x ours | history/CPU s | CPU x ours |\n\
         |---|---|--:|--:|--:|--:|\n",
    );
    for row in rows {
        let (format, client) = (row.format, row.client);
        let ours = rows
            .iter()
            .find(|other| other.format == format && other.client == "ably")
            .and_then(|other| other.rates.as_ref().ok());
        let line = match (&row.rates, ours) {
            (Ok(rates), Some(ours)) => format!(
                "{:.0} | {:.1} | {:.0} | {:.1}",
                rates.publish,
                ours.publish / rates.publish,
                rates.history,
                ours.history / rates.history,
            ),
            (Ok(rates), None) => format!("{:.0} | - | {:.0} | -", rates.publish, rates.history),
            (Err(why), _) => format!("SKIPPED: {why} | - | - | -"),
        };
        text.push_str(&format!("| {format} | {client} | {line} |\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_requests_for_a_second_of_cpu_time() {
        let rates = Rates::parse("{\"publish_ns\":500000000,\"history_ns\":100000000}\n");
        let expected = Rates {
            publish: 4000.0,
            history: 3000.0,
        };
        assert_eq!(rates, Some(expected));
        for wrong in [
            "",
            "{\"publish_ns\":1}",
            "{\"publish_ns\":0,\"history_ns\":1}",
        ] {
            assert_eq!(Rates::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_table_has_ratios_to_ours_and_says_what_was_skipped() {
        let row = |client, rates| Row {
            format: "json",
            client,
            rates,
        };
        let rates = |publish, history| Ok(Rates { publish, history });
        let text = table(&[
            row("ably", rates(9000.0, 3000.0)),
            row("ably-js", rates(3000.0, 1500.0)),
            row("ably-python", Err("python3 not installed".into())),
        ]);
        for line in [
            "| json | ably | 9000 | 1.0 | 3000 | 1.0 |\n",
            "| json | ably-js | 3000 | 3.0 | 1500 | 2.0 |\n",
            "| json | ably-python | SKIPPED: python3 not installed | - | - | - |\n",
        ] {
            assert!(text.contains(line), "{text}");
        }
    }
}
