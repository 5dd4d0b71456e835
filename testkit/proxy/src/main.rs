//! The `ably-testkit-proxy` command: the proxy with its HTTP interface, until it is interrupted.

use std::io::Write;
use std::net::SocketAddr;
use std::process::ExitCode;

use ably_testkit_proxy::Control;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let address = match args[..] {
        ["-h" | "--help"] => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        [] => "127.0.0.1:9100",
        ["--listen", address] => address,
        _ => {
            eprintln!("ably-testkit-proxy: wrong arguments\nTry 'ably-testkit-proxy --help'.");
            return ExitCode::from(2);
        }
    };
    match serve(address) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("ably-testkit-proxy: {address}: {why}");
            ExitCode::FAILURE
        }
    }
}

fn serve(address: &str) -> Result<(), String> {
    let address: SocketAddr = address.parse().map_err(|_| "not an address and a port")?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = runtime.map_err(|e| e.to_string())?;
    runtime.block_on(async {
        let control = Control::bind(address).await.map_err(|e| e.to_string())?;
        let address = control.address().map_err(|e| e.to_string())?;
        let mut out = std::io::stdout();
        let written = writeln!(out, "listening on http://{address}").and_then(|()| out.flush());
        written.map_err(|e| e.to_string())?;
        tokio::select! {
            () = control.serve() => {}
            _ = tokio::signal::ctrl_c() => {}
        }
        Ok(())
    })
}

const HELP: &str = "\
A proxy that makes trouble on purpose, for testing Ably clients.

Usage: ably-testkit-proxy [--listen ADDRESS:PORT]

Listens for its HTTP interface on 127.0.0.1:9100 by default, and on loopback only:

  POST   /sessions              {\"endpoint\": \"nonprod:sandbox\", \"rules\": [...]}
                                endpoint may be a URL: http://127.0.0.1:8080
                                -> {\"sessionId\", \"proxyHost\", \"proxyPort\"}
  POST   /sessions/ID/rules     {\"rules\": [...], \"position\": \"append\" or \"prepend\"}
  POST   /sessions/ID/actions   {\"type\": \"disconnect\"}
  GET    /sessions/ID/log       -> {\"events\": [...]}
  DELETE /sessions/ID
  GET    /health

A session ends by itself when nothing has happened on it for timeoutMs, by default 30 seconds.
";
