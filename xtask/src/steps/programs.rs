//! Running the programs that a reader tries first.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::process::{self, Background};
use crate::report::Outcome;
use crate::steps::build;
use crate::{Result, size};

/// None of the programs takes longer.
const LIMIT: Duration = Duration::from_secs(60);

const KEY: &str = "app.key:secret";

/// What the quickstart says once each. Bob was away for one message, and gets it by resuming.
const SAID_ONCE: [&str; 4] = [
    "alice connected",
    "bob received published while bob was away",
    "bob received published when bob was back",
    "history published while bob was away",
];

/// The quickstart does what it shows; the minimal client and the floor get their message back from the
/// sandbox. Those two are the very binaries that `size` measures. The decoder in the example of deltas
/// is asked for what comes after the first message.
pub(crate) fn examples() -> Outcome {
    let run = || -> Result<String> {
        build::everything()?;
        let mut quickstart = quickstart(&process::binary("debug", "examples/quickstart"));
        check_said(&process::lines_for(&mut quickstart, LIMIT)?)?;
        let measured = size::binaries()?;
        let mut sandbox = Command::new(process::binary("debug", "ably-sandbox"));
        let sandbox = Background::start(sandbox.args(["--listen", "127.0.0.1:0", "--key", KEY]))?;
        let address = address(&sandbox.line)?;
        for program in measured {
            let url = format!("ws://{address}");
            process::run_for(Command::new(program).args([&url, KEY]), LIMIT)?;
        }
        let (host, port) = address.rsplit_once(':').unwrap_or_default();
        let mut delta = Command::new(process::binary("debug", "ably-example-delta"));
        let said = process::lines_for(delta.args([host, port, KEY]), LIMIT)?;
        check_deltas(&said)?;
        Ok("quickstart, floor, minimal, delta".into())
    };
    run().into()
}

/// Against its own sandbox, whatever the environment says: with a key it would talk to Ably.
fn quickstart(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_remove("ABLY_API_KEY");
    command
}

fn check_said(lines: &[String]) -> Result<()> {
    for expected in SAID_ONCE {
        let count = lines.iter().filter(|line| *line == expected).count();
        if count != 1 {
            return Err(format!(
                "the quickstart said `{expected}` {count} times, not once"
            ));
        }
    }
    Ok(())
}

/// Two of the example's three messages come as deltas, far smaller than they are.
fn check_deltas(lines: &[String]) -> Result<()> {
    let sizes = |line: &String| -> Option<(u32, u32)> {
        let (whole, delta) = line.split_once(" bytes, sent as ")?;
        Some((whole.parse().ok()?, delta.parse().ok()?))
    };
    let read: Vec<_> = lines.iter().map(sizes).collect();
    match read[..] {
        [Some((one, small)), Some((other, tiny))] if small * 4 < one && tiny * 4 < other => Ok(()),
        _ => Err(format!("the example of deltas said {lines:?}")),
    }
}

/// `HOST:PORT` of a sandbox that says `listening on http://HOST:PORT`.
fn address(line: &str) -> Result<&str> {
    let host = line.split_once("http://").map(|(_, host)| host.trim());
    host.ok_or_else(|| format!("the sandbox said: {line}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quickstart_never_gets_a_key() {
        let command = quickstart(Path::new("quickstart"));
        let envs: Vec<_> = command.get_envs().collect();
        assert_eq!(envs, [("ABLY_API_KEY".as_ref(), None)]);
    }

    #[test]
    fn what_the_quickstart_says_is_looked_at() {
        let mut lines: Vec<String> = SAID_ONCE.map(String::from).into();
        lines.push("bob connected".into());
        assert_eq!(check_said(&lines), Ok(()));
        lines.push(SAID_ONCE[1].into());
        let twice = check_said(&lines).unwrap_err();
        assert!(twice.contains("was away` 2 times"), "{twice}");
        let nothing = check_said(&[]).unwrap_err();
        assert!(nothing.contains("`alice connected` 0 times"), "{nothing}");
    }

    #[test]
    fn the_address_is_read_from_what_the_sandbox_says() {
        let said = address("listening on http://127.0.0.1:38161");
        assert_eq!(said, Ok("127.0.0.1:38161"));
        assert!(address("hello").is_err());
    }

    #[test]
    fn two_small_deltas_are_expected() {
        let lines =
            |lines: &[&str]| check_deltas(&lines.iter().map(|l| l.to_string()).collect::<Vec<_>>());
        assert_eq!(
            lines(&["344 bytes, sent as 26", "344 bytes, sent as 26"]),
            Ok(())
        );
        for wrong in [
            &[][..],
            &["344 bytes, sent as 26"],
            &["344 bytes, sent as 300", "344 bytes, sent as 26"],
            &["344 bytes, sent as 26", "hello"],
        ] {
            assert!(lines(wrong).is_err(), "{wrong:?}");
        }
    }
}
