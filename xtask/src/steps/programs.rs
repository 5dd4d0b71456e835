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
/// sandbox. Those two are the very binaries that `size` measures.
pub(crate) fn examples() -> Outcome {
    let run = || -> Result<String> {
        build::everything()?;
        let mut quickstart = quickstart(&process::binary("debug", "examples/quickstart"));
        check_said(&process::lines_for(&mut quickstart, LIMIT)?)?;
        let measured = size::binaries()?;
        let mut sandbox = Command::new(process::binary("debug", "ably-sandbox"));
        let sandbox = Background::start(sandbox.args(["--listen", "127.0.0.1:0", "--key", KEY]))?;
        let url = websocket_url(&sandbox.line)?;
        for program in measured {
            process::run_for(Command::new(program).args([&url, KEY]), LIMIT)?;
        }
        Ok("quickstart, floor, minimal".into())
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

/// The WebSocket URL of a sandbox that says `listening on http://HOST:PORT`.
fn websocket_url(line: &str) -> Result<String> {
    let host = line.split_once("http://").map(|(_, host)| host.trim());
    host.map(|host| format!("ws://{host}"))
        .ok_or_else(|| format!("the sandbox said: {line}"))
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
    fn the_url_is_read_from_what_the_sandbox_says() {
        let url = websocket_url("listening on http://127.0.0.1:38161");
        assert_eq!(url.as_deref(), Ok("ws://127.0.0.1:38161"));
        assert!(websocket_url("hello").is_err());
    }
}
