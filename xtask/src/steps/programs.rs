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
/// sandbox. Those two are the very binaries that `size` measures.
pub(crate) fn examples() -> Outcome {
    let run = || -> Result<String> {
        build::everything()?;
        let quickstart = process::binary("debug", "examples/quickstart");
        process::run_for(&mut Command::new(quickstart), LIMIT)?;
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
