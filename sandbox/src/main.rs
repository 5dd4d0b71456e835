//! The `ably-sandbox` command: a sandbox that runs until it is interrupted.

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use ably_sandbox::{Builder, Sandbox};

fn main() -> ExitCode {
    let action = match parse(std::env::args_os().skip(1)) {
        Ok(action) => action,
        Err(why) => {
            eprintln!("ably-sandbox: {why}\nTry 'ably-sandbox --help'.");
            return ExitCode::from(2);
        }
    };
    let outcome = match action {
        Action::Say(text) => say(&text),
        Action::Serve { builder, has_key } => serve(*builder, has_key),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("ably-sandbox: {why}");
            ExitCode::FAILURE
        }
    }
}

enum Action {
    Say(String),
    Serve {
        builder: Box<Builder>,
        has_key: bool,
    },
}

fn parse(arguments: impl Iterator<Item = OsString>) -> Result<Action, String> {
    use lexopt::Arg::{Long, Short};
    use lexopt::ValueExt;

    let mut parser = lexopt::Parser::from_args(arguments);
    let mut builder = Sandbox::builder().listen("127.0.0.1:8080");
    let mut has_key = false;
    let (mut certificates, mut private_key) = (None, None);
    let words = |error: lexopt::Error| error.to_string();
    while let Some(argument) = parser.next().map_err(words)? {
        let name = match argument {
            Short('h') => "help".to_owned(),
            Short('V') => "version".to_owned(),
            Long(name) => name.to_owned(),
            other => return Err(words(other.unexpected())),
        };
        let mut value = || parser.value().map_err(words);
        match name.as_str() {
            "help" => return Ok(Action::Say(HELP.to_owned())),
            "version" => {
                let version = concat!("ably-sandbox ", env!("CARGO_PKG_VERSION"), "\n");
                return Ok(Action::Say(version.to_owned()));
            }
            "listen" => builder = builder.listen(value()?.string().map_err(words)?),
            "key" => {
                builder = builder.key(value()?.string().map_err(words)?);
                has_key = true;
            }
            "app-spec" => {
                let json = String::from_utf8(read("--app-spec", value()?)?);
                builder = builder.app_spec(json.map_err(|_| "--app-spec: the file is not UTF-8")?);
            }
            "data" => builder = builder.data(value()?),
            "tls-cert" => certificates = Some(read("--tls-cert", value()?)?),
            "tls-key" => private_key = Some(read("--tls-key", value()?)?),
            _ => return Err(format!("invalid option '--{name}'")),
        }
    }
    builder = match (certificates, private_key) {
        (Some(certificates), Some(private_key)) => builder.tls(certificates, private_key),
        (None, None) => builder,
        _ => return Err("--tls-cert and --tls-key must be given together".to_owned()),
    };
    Ok(Action::Serve {
        builder: Box::new(builder),
        has_key,
    })
}

fn read(option: &str, path: OsString) -> Result<Vec<u8>, String> {
    std::fs::read(&path).map_err(|error| {
        format!(
            "{option} {}: {error}",
            std::path::Path::new(&path).display()
        )
    })
}

fn serve(builder: Builder, has_key: bool) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    runtime.block_on(async {
        let interrupted = interrupted().map_err(|error| error.to_string())?;
        let sandbox = builder.start().await.map_err(|error| error.to_string())?;
        if !has_key {
            say(&format!("key {}\n", sandbox.key()))?;
        }
        say(&format!("listening on {}\n", sandbox.url()))?;
        let failure = tokio::select! {
            () = interrupted => None,
            reason = sandbox.failed() => Some(reason),
        };
        sandbox.stop().await;
        failure.map_or(Ok(()), |reason| Err(format!("the disk failed: {reason}")))
    })
}

/// Listens for signals from now on; the future completes with the first.
#[cfg(unix)]
fn interrupted() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Listens for Ctrl-C.
#[cfg(not(unix))]
fn interrupted() -> io::Result<impl Future<Output = ()>> {
    Ok(async {
        let _ = tokio::signal::ctrl_c().await;
    })
}

fn say(text: &str) -> Result<(), String> {
    let mut out = io::stdout().lock();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    written.map_err(|error| error.to_string())
}

const HELP: &str = "\
A local server that speaks the Ably protocol, for development and tests: over WebSocket, comet
and REST.

Usage: ably-sandbox [OPTIONS]

Options:
      --listen HOST:PORT  Where to listen [default: 127.0.0.1:8080]; port 0 takes a free one
      --key APP.KEY:SECRET
                          A key with every capability; may be given several times. Without it
                          the server makes an app with a key and prints the key
      --app-spec FILE     Keys, namespaces and channels of the app, as the JSON body of POST /apps
      --data DIR          Keep state in DIR, which is made if need be; what was acknowledged
                          survives a crash at any moment [default: memory only]
      --tls-cert FILE     PEM certificate chain; serves https and wss (needs --tls-key)
      --tls-key FILE      PEM private key (needs --tls-cert)
  -h, --help              Print this help
  -V, --version           Print the version

Prints 'listening on URL' when it accepts connections. Stops on SIGINT and SIGTERM.

Exit status: 0 after a clean stop, 1 when it cannot start or its disk fails, 2 for wrong
arguments. Messages are kept for two minutes, those of persisted namespaces for a day; without
--data everything is gone when it stops. DIR belongs to one server at a time.
";
