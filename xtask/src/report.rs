//! Running named steps one after another, and the closing table.

use std::time::{Duration, Instant};

use crate::Result;

/// A named piece of work with a result of its own.
pub(crate) struct Step {
    /// What it is called on the command line and in the table.
    pub(crate) name: &'static str,
    /// One line for the help text.
    pub(crate) about: &'static str,
    /// Whether nothing after it is worth trying when it fails.
    pub(crate) stops: bool,
    /// Does the work.
    pub(crate) run: fn() -> Outcome,
}

/// How a step ended.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Outcome {
    /// Done, with a note for the table (may be empty).
    Pass(String),
    /// Not right; the text says what.
    Fail(String),
    /// Not run, because of what the text names.
    Skipped(String),
}

impl From<Result<()>> for Outcome {
    fn from(result: Result<()>) -> Self {
        result.map(|()| String::new()).into()
    }
}

impl From<Result<String>> for Outcome {
    fn from(result: Result<String>) -> Self {
        match result {
            Ok(note) => Self::Pass(note),
            Err(message) => Self::Fail(message),
        }
    }
}

/// Several findings as one error: how many, then one a line.
pub(crate) fn problems(found: &[String]) -> String {
    let plural = if found.len() == 1 { "" } else { "s" };
    format!("{} problem{plural}\n  {}", found.len(), found.join("\n  "))
}

/// Chooses the steps named on the command line; none named means all.
pub(crate) fn select<'a>(all: &[&'a Step], names: &[&str]) -> Result<Vec<&'a Step>> {
    if let Some(unknown) = names
        .iter()
        .find(|name| !all.iter().any(|step| step.name == **name))
    {
        return Err(format!("no step `{unknown}`; see `cargo xtask --help`"));
    }
    let wanted = |step: &Step| names.is_empty() || names.contains(&step.name);
    Ok(all.iter().copied().filter(|step| wanted(step)).collect())
}

/// Runs the steps in order, prints the closing table, and fails when one of them failed.
pub(crate) fn run(steps: &[&Step]) -> Result<()> {
    let started = Instant::now();
    let mut rows: Vec<Row> = Vec::new();
    let mut stopped_by = None;
    for (index, step) in steps.iter().enumerate() {
        if let Some(name) = stopped_by {
            let outcome = Outcome::Skipped(format!("{name} failed"));
            rows.push(Row {
                name: step.name,
                outcome,
                took: Duration::ZERO,
            });
            continue;
        }
        println!(
            "\n==> [{}/{}] {}: {}",
            index + 1,
            steps.len(),
            step.name,
            step.about
        );
        let start = Instant::now();
        let outcome = (step.run)();
        let took = start.elapsed();
        match &outcome {
            Outcome::Pass(_) => println!("<== {}: PASS in {}", step.name, seconds(took)),
            Outcome::Fail(why) => println!("<== {}: FAIL in {}: {why}", step.name, seconds(took)),
            Outcome::Skipped(why) => println!("<== {}: SKIPPED: {why}", step.name),
        }
        if step.stops && matches!(outcome, Outcome::Fail(_)) {
            stopped_by = Some(step.name);
        }
        rows.push(Row {
            name: step.name,
            outcome,
            took,
        });
    }
    print!("\n{}", table(&rows, started.elapsed()));
    match rows
        .iter()
        .filter(|row| matches!(row.outcome, Outcome::Fail(_)))
        .count()
    {
        0 => Ok(()),
        1 => Err("a step failed".into()),
        n => Err(format!("{n} steps failed")),
    }
}

struct Row {
    name: &'static str,
    outcome: Outcome,
    took: Duration,
}

fn table(rows: &[Row], total: Duration) -> String {
    let mut text = format!("{:<12} {:<8} {:>8}  note\n", "step", "result", "time");
    for row in rows {
        let (result, note) = match &row.outcome {
            Outcome::Pass(note) => ("PASS", note.clone()),
            // How many problems there are, and the first of them.
            Outcome::Fail(why) => {
                let lines: Vec<&str> = why.lines().take(2).map(str::trim).collect();
                ("FAIL", lines.join(": "))
            }
            Outcome::Skipped(why) => ("SKIPPED", format!("SKIPPED: {why}")),
        };
        let line = format!(
            "{:<12} {result:<8} {:>8}  {note}",
            row.name,
            seconds(row.took)
        );
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text.push_str(&format!("{:<12} {:<8} {:>8}\n", "all", "", seconds(total)));
    text
}

fn seconds(time: Duration) -> String {
    let tenths = time.as_millis() / 100;
    if tenths < 1200 {
        format!("{}.{} s", tenths / 10, tenths % 10)
    } else {
        format!("{} m {:02} s", tenths / 600, tenths / 10 % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: Step = Step {
        name: "good",
        about: "",
        stops: true,
        run: || Outcome::Pass(String::new()),
    };
    const BAD: Step = Step {
        name: "bad",
        about: "",
        stops: false,
        run: || Outcome::Fail("broken".into()),
    };
    const LAST: Step = Step {
        name: "last",
        about: "",
        stops: true,
        run: || Outcome::Fail("also".into()),
    };

    #[test]
    fn one_failure_fails_the_run_but_the_rest_still_runs() {
        assert_eq!(run(&[&GOOD]), Ok(()));
        assert_eq!(run(&[&BAD, &GOOD]), Err("a step failed".into()));
        assert_eq!(run(&[&BAD, &GOOD, &LAST]), Err("2 steps failed".into()));
    }

    #[test]
    fn nothing_runs_after_a_step_that_stops() {
        assert_eq!(run(&[&LAST, &BAD, &BAD]), Err("a step failed".into()));
    }

    #[test]
    fn a_step_that_does_not_exist_is_an_error() {
        assert_eq!(select(&[&GOOD, &BAD], &[]).unwrap().len(), 2);
        assert_eq!(select(&[&GOOD, &BAD], &["bad"]).unwrap()[0].name, "bad");
        assert!(select(&[&GOOD], &["godo"]).err().unwrap().contains("godo"));
    }

    #[test]
    fn table_shows_every_outcome() {
        let row = |name, outcome| Row {
            name,
            outcome,
            took: Duration::from_millis(61_250),
        };
        let text = table(
            &[
                row("a", Outcome::Pass("12 tests".into())),
                row("b", Outcome::Fail("first\n  second\n  third".into())),
                row("c", Outcome::Skipped("g++ not installed".into())),
            ],
            Duration::from_secs(125),
        );
        assert!(
            text.contains("a            PASS       61.2 s  12 tests\n"),
            "{text}"
        );
        assert!(
            text.contains("b            FAIL       61.2 s  first: second\n"),
            "{text}"
        );
        assert!(text.contains("SKIPPED: g++ not installed\n"), "{text}");
        assert!(text.contains("2 m 05 s\n"), "{text}");
    }
}
