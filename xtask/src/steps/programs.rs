//! Running the programs that a reader tries first.

use std::process::Command;
use std::time::Duration;

use crate::process::{self, Background};
use crate::report::Outcome;
use crate::steps::build;
use crate::{Result, size};

/// None of the programs takes longer.
const LIMIT: Duration = Duration::from_secs(60);

const KEY: &str = "app.key:secret";

/// The quickstart runs to its end; the minimal client and the floor get their message back from the
/// sandbox, so that what `size` measures is known to work.
pub(crate) fn examples() -> Outcome {
    let run = || -> Result<String> {
        let args = ["run", "--quiet", "--locked", "--example", "quickstart"];
        process::run_for(process::cargo(args).args(build::full()), LIMIT)?;
        echoes()?;
        Ok("quickstart, minimal, floor".into())
    };
    run().into()
}

fn echoes() -> Result<()> {
    let mut build = process::cargo(["build", "--quiet", "--locked", "-p", "ably-sandbox"]);
    process::run(build.args(["-p", size::FLOOR, "-p", size::MINIMAL]))?;
    let mut sandbox = Command::new(process::binary("debug", "ably-sandbox"));
    let sandbox = Background::start(sandbox.args(["--listen", "127.0.0.1:0", "--key", KEY]))?;
    let url = websocket_url(&sandbox.line)?;
    for program in [size::FLOOR, size::MINIMAL] {
        let mut command = Command::new(process::binary("debug", program));
        process::run_for(command.args([&url, KEY]), LIMIT)?;
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
    fn the_url_is_read_from_what_the_sandbox_says() {
        let url = websocket_url("listening on http://127.0.0.1:38161");
        assert_eq!(url.as_deref(), Ok("ws://127.0.0.1:38161"));
        assert!(websocket_url("hello").is_err());
    }
}
