//! Running other programs: cargo above all.
//!
//! Every command is shown before it runs, so that a failure can be repeated by hand.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::Result;

/// The folder of the workspace.
///
/// Cargo tells it anew at each run. What it told when xtask was built may be another checkout that
/// shares the target folder.
pub(crate) fn root() -> PathBuf {
    let here = std::env::var_os("CARGO_MANIFEST_DIR");
    let here = here.map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    here.parent().unwrap_or(&here).to_path_buf()
}

/// Where cargo puts what it builds.
pub(crate) fn target_dir() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(dir) => root().join(dir),
        None => root().join("target"),
    }
}

/// Where the binary `name` lies when it was built with `profile`.
pub(crate) fn binary(profile: &str, name: &str) -> PathBuf {
    target_dir()
        .join(profile)
        .join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
}

/// A cargo command in the workspace's folder.
///
/// `cargo run` tells xtask about xtask's own package. Build scripts that watch those variables
/// would be run again for each switch between cargo and xtask, so they are not passed on.
pub(crate) fn cargo<'a>(args: impl IntoIterator<Item = &'a str>) -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        let Some(name) = name.to_str() else { continue };
        if name.starts_with("CARGO_PKG_")
            || name.starts_with("CARGO_MANIFEST_")
            || name.starts_with("CARGO_BIN_")
            || name == "OUT_DIR"
        {
            command.env_remove(name);
        }
    }
    command.current_dir(root()).args(args);
    command
}

/// Runs a command with its output on the terminal.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    announce(command);
    let status = command
        .status()
        .map_err(|e| format!("cannot start {}: {e}", show(command)))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("`{}`: {status}", show(command)))
    }
}

/// Runs a command with its output on the terminal, and ends it when it takes longer than `limit`.
pub(crate) fn run_for(command: &mut Command, limit: Duration) -> Result<()> {
    announce(command);
    command.stdin(Stdio::null());
    let mut child = command
        .spawn()
        .map_err(|e| format!("cannot start {}: {e}", show(command)))?;
    wait_for(&mut child, command, limit)
}

/// As [`run_for`]; returns the lines that the program wrote to stdout.
pub(crate) fn lines_for(command: &mut Command, limit: Duration) -> Result<Vec<String>> {
    announce(command);
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
    let mut child = child.map_err(|e| format!("cannot start {}: {e}", show(command)))?;
    let stdout = child
        .stdout
        .take()
        .map(|pipe| copy(pipe, std::io::stdout(), |_| true));
    wait_for(&mut child, command, limit)?;
    let lines = stdout.and_then(|thread| thread.join().ok());
    Ok(lines.unwrap_or_default())
}

fn wait_for(child: &mut Child, command: &Command, limit: Duration) -> Result<()> {
    let end = Instant::now() + limit;
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(status)) => return Err(format!("`{}`: {status}", show(command))),
            Err(e) => return Err(format!("`{}`: {e}", show(command))),
            Ok(None) if Instant::now() < end => std::thread::sleep(Duration::from_millis(20)),
            Ok(None) => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!(
                    "`{}`: not done in {} s",
                    show(command),
                    limit.as_secs()
                ));
            }
        }
    }
}

/// Runs a command and returns what it wrote to stdout; stderr is in the error.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    command.stdin(Stdio::null());
    let out = command
        .output()
        .map_err(|e| format!("cannot start {}: {e}", show(command)))?;
    if !out.status.success() {
        let stderr = String::from_utf8_lossy(&out.stderr);
        return Err(format!(
            "`{}`: {}\n{}",
            show(command),
            out.status,
            stderr.trim_end()
        ));
    }
    String::from_utf8(out.stdout).map_err(|e| format!("`{}`: {e}", show(command)))
}

/// Runs a command with its output on the terminal, and returns the lines that `keep` accepts.
pub(crate) fn tee(command: &mut Command, keep: fn(&str) -> bool) -> (Vec<String>, Result<()>) {
    announce(command);
    let child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = match child {
        Ok(child) => child,
        Err(e) => {
            return (
                Vec::new(),
                Err(format!("cannot start {}: {e}", show(command))),
            );
        }
    };
    let stdout = child
        .stdout
        .take()
        .map(|pipe| copy(pipe, std::io::stdout(), keep));
    let stderr = child
        .stderr
        .take()
        .map(|pipe| copy(pipe, std::io::stderr(), keep));
    let mut kept = Vec::new();
    for thread in stdout.into_iter().chain(stderr) {
        kept.extend(thread.join().unwrap_or_default());
    }
    let result = match child.wait() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("`{}`: {status}", show(command))),
        Err(e) => Err(format!("`{}`: {e}", show(command))),
    };
    (kept, result)
}

/// A program that runs until this is dropped.
pub(crate) struct Background {
    child: Child,
    /// The first line that it wrote, which says that it is ready.
    pub(crate) line: String,
}

impl Background {
    /// Starts a program and waits for its first line.
    pub(crate) fn start(command: &mut Command) -> Result<Self> {
        announce(command);
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
        let mut child = child.map_err(|e| format!("cannot start {}: {e}", show(command)))?;
        let stdout = child.stdout.take();
        let mut background = Self {
            child,
            line: String::new(),
        };
        let mut line = String::new();
        if let Some(stdout) = stdout {
            let mut stdout = BufReader::new(stdout);
            let _ = stdout.read_line(&mut line);
            // Read to the end, so that it is never stopped by a full or closed pipe.
            std::thread::spawn(move || std::io::copy(&mut stdout, &mut std::io::sink()));
        }
        background.line = line.trim().to_owned();
        match background.line.is_empty() {
            true => Err(format!("`{}` ended before it was ready", show(command))),
            false => Ok(background),
        }
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether a program of this name can be started.
pub(crate) fn installed(program: &str) -> bool {
    let Some(path) = std::env::var_os("PATH") else {
        return false;
    };
    let file = format!("{program}{}", std::env::consts::EXE_SUFFIX);
    std::env::split_paths(&path).any(|dir| {
        dir.join(&file).is_file() || (cfg!(windows) && dir.join(format!("{program}.cmd")).is_file())
    })
}

/// A command as it would be typed.
pub(crate) fn show(command: &Command) -> String {
    let mut text = Path::new(command.get_program())
        .file_name()
        .unwrap_or(command.get_program())
        .to_string_lossy()
        .into_owned();
    for arg in command.get_args() {
        text.push(' ');
        text.push_str(&arg.to_string_lossy());
    }
    text
}

fn announce(command: &Command) {
    println!("    $ {}", show(command));
    let _ = std::io::stdout().flush();
}

fn copy(
    from: impl std::io::Read + Send + 'static,
    mut to: impl Write + Send + 'static,
    keep: fn(&str) -> bool,
) -> std::thread::JoinHandle<Vec<String>> {
    std::thread::spawn(move || {
        let mut kept = Vec::new();
        let mut from = BufReader::new(from);
        let mut line = Vec::new();
        while matches!(from.read_until(b'\n', &mut line), Ok(n) if n > 0) {
            let _ = to.write_all(&line);
            let text = String::from_utf8_lossy(&line);
            if keep(text.trim()) {
                kept.push(text.trim().to_owned());
            }
            line.clear();
        }
        let _ = to.flush();
        kept
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tee_keeps_the_lines_asked_for_and_tells_failure() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo one; echo two >&2; exit 3"]);
        let (kept, result) = tee(&mut command, |line| line == "two");
        assert_eq!(kept, ["two"]);
        assert!(result.unwrap_err().contains('3'));
    }

    #[test]
    fn a_program_that_hangs_is_ended() {
        let mut command = Command::new("sleep");
        let error = run_for(command.arg("60"), Duration::from_millis(50)).unwrap_err();
        assert!(error.contains("not done"), "{error}");
        assert_eq!(
            run_for(&mut Command::new("true"), Duration::from_secs(60)),
            Ok(())
        );
        assert!(run_for(&mut Command::new("false"), Duration::from_secs(60)).is_err());
        let mut command = Command::new("sh");
        command.args(["-c", "echo one; echo two >&2; echo three"]);
        let lines = lines_for(&mut command, Duration::from_secs(60)).unwrap();
        assert_eq!(lines, ["one", "three"]);
    }

    #[test]
    fn a_background_program_tells_when_it_is_ready() {
        let mut command = Command::new("sh");
        let background = Background::start(command.args(["-c", "echo ready; exec sleep 60"]));
        assert_eq!(background.unwrap().line, "ready");
        let error = Background::start(&mut Command::new("false")).err().unwrap();
        assert!(error.contains("before it was ready"), "{error}");
    }

    #[test]
    fn a_program_that_is_not_there_is_not_installed() {
        assert!(installed("sh"));
        assert!(!installed("ably-no-such-program"));
        assert!(run(&mut Command::new("ably-no-such-program")).is_err());
    }
}
