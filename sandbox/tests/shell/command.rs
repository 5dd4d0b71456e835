//! The program `ably-sandbox`.

use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;
use tokio::time::timeout;

use crate::peer::PATIENCE;

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ably-sandbox"));
    command.args(arguments).kill_on_drop(true);
    command
}

async fn run(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = timeout(PATIENCE, command(arguments).output())
        .await
        .expect("to end");
    let output = output.expect("to run");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        output.status.code(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

#[tokio::test]
async fn it_says_where_it_listens_and_stops_cleanly() {
    for (arguments, signal, lines) in [
        (
            &["--listen", "127.0.0.1:0", "--key", "my.key:secret"][..],
            "TERM",
            1,
        ),
        (&["--listen", "127.0.0.1:0"], "INT", 2),
    ] {
        let mut child = command(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .expect("to start");
        let mut out = BufReader::new(child.stdout.take().expect("stdout")).lines();
        let mut said = Vec::new();
        for _ in 0..lines {
            let line = timeout(PATIENCE, out.next_line()).await.expect("a line");
            said.push(line.expect("text").expect("a line"));
        }
        let last = said.last().expect("a line");
        let port = last
            .strip_prefix("listening on http://127.0.0.1:")
            .expect("the announcement");
        assert_ne!(port.parse::<u16>().expect("a port"), 0);
        if lines == 2 {
            let key = said[0].strip_prefix("key ").expect("a key");
            assert!(key.contains('.') && key.contains(':'), "{key}");
        }
        let id = child.id().expect("a process").to_string();
        let kill = Command::new("kill")
            .args(["-s", signal, &id])
            .status()
            .await;
        assert!(kill.expect("kill").success());
        let status = timeout(PATIENCE, child.wait())
            .await
            .expect("to end")
            .expect("a status");
        assert_eq!(status.code(), Some(0), "{signal}");
    }
}

#[tokio::test]
async fn wrong_arguments_are_explained_with_status_2() {
    for (arguments, word) in [
        (&["--nonsense"][..], "--nonsense"),
        (&["--listen"], "--listen"),
        (&["extra"], "extra"),
        (&["--tls-cert", "/dev/null"], "--tls-key"),
        (&["--app-spec", "/no/such/file"], "/no/such/file"),
    ] {
        let (status, out, error) = run(arguments).await;
        assert_eq!((status, out.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(error.contains(word) && error.contains("--help"), "{error}");
    }
}

#[tokio::test]
async fn failing_to_start_is_status_1_and_keeps_the_secret() {
    let (status, _, error) =
        run(&["--listen", "127.0.0.1:0", "--key", "nosuchkey:topsecret"]).await;
    assert_eq!(status, Some(1));
    assert!(
        error.contains("key") && !error.contains("topsecret"),
        "{error}"
    );
    let (status, _, _) = run(&["--listen", "256.0.0.1:1"]).await;
    assert_eq!(status, Some(1));
}

#[tokio::test]
async fn help_names_every_option() {
    let (status, out, _) = run(&["--help"]).await;
    assert_eq!(status, Some(0));
    for option in [
        "--listen",
        "--key",
        "--app-spec",
        "--data",
        "--tls-cert",
        "--tls-key",
        "--help",
        "--version",
    ] {
        assert!(out.contains(option), "{option}");
    }
    assert_eq!(
        run(&["--version"]).await.1,
        concat!("ably-sandbox ", env!("CARGO_PKG_VERSION"), "\n")
    );
}
