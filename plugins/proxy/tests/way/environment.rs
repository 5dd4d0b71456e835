//! The environment of a process: tests run themselves again with another one.

use std::process::Command;

use crate::support::{USER_INFO, connect_proxy, context, greeted, server};

const OK: &str = "HTTP/1.1 200 OK\r\n\r\n";

/// Set in the process that is run.
const ROLE: &str = "ABLY_PROXY_TEST_ROLE";

/// Runs the test `client` of this program with these variables and no other proxies.
async fn run(variables: &[(&str, String)]) -> bool {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "environment::client", "--nocapture"]);
    for name in ["http_proxy", "https_proxy", "all_proxy", "no_proxy"] {
        command
            .env_remove(name)
            .env_remove(name.to_ascii_uppercase());
    }
    command.env(ROLE, "client");
    command.envs(variables.iter().map(|(name, value)| (name, value)));
    let output = tokio::task::spawn_blocking(move || command.output().unwrap());
    let output = output.await.unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        text.contains("1 passed") || text.contains("1 failed"),
        "{text}"
    );
    output.status.success()
}

/// Nothing by itself: what the other tests run.
#[tokio::test]
async fn client() {
    if std::env::var_os(ROLE).is_none() {
        return;
    }
    greeted(&context(None), "ably.invalid", 80).await.unwrap();
}

#[tokio::test]
async fn a_process_takes_the_proxy_of_its_environment() {
    let (port, asked) = connect_proxy(server().await, OK).await;
    let url = format!("http://{USER_INFO}@127.0.0.1:{port}");
    for name in ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"] {
        let before = asked.all().len();
        assert!(run(&[(name, url.clone())]).await, "{name}");
        let asked = asked.all();
        assert_eq!(asked.len(), before + 1, "{name}");
        assert!(asked[before].starts_with("CONNECT ably.invalid:80 "));
    }
    // Such a name leads nowhere without.
    let before = asked.all().len();
    assert!(!run(&[]).await);
    assert!(!run(&[("https_proxy", url.clone())]).await, "for TLS only");
    let except = ("NO_PROXY", "x.test, .invalid".to_owned());
    assert!(!run(&[("ALL_PROXY", url.clone()), except]).await);
    assert_eq!(asked.all().len(), before);
}
